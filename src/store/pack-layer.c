/* SPDX-License-Identifier: Apache-2.0 */
/* pack-layer - the upper directory of a container becomes a layer of an image
 *
 * Whiteouts and opaque marks of overlayfs become those of the image specification (layer.md).
 * Attributes that say "the data, or the old name, is elsewhere" (metacopy, redirect) cannot come
 * from our mounts, which have both switched off; a file that has them would go into the layer
 * empty, so they are an error.
 */
#include "store/pack.h"

#include "base/strv.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

struct layer_pack {
	struct pack_upper_job *job;
	struct packer *packer;
	char led[PATH_MAX]; /* whole copies: the directory that was written last, with all above */
};

static bool is_removed(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

static int refuse_strange(const struct pack_upper_job *job, const struct walk_entry *x,
                          struct err *e)
{
	static const char *const names[] = { "user.overlay.metacopy", "user.overlay.redirect" };
	_cleanup_close_ int fd = open_again(job->proc_fd, x->fd, O_RDONLY);

	for (size_t i = 0; fd >= 0 && i < ARRAY_SIZE(names); i++)
		if (fgetxattr(fd, names[i], NULL, 0) >= 0)
			return err_set(e, UCT_STRANGE_LAYER, -ENOTSUP,
			               "'/%s' has the attribute '%s'", x->path, names[i]);
	return 0;
}

/* Whether @dir (of @n bytes) is, or lies above, the directory that was written last. */
static bool is_led_to(const struct layer_pack *l, const char *dir, size_t n)
{
	return !strncmp(l->led, dir, n) && (l->led[n] == '/' || l->led[n] == '\0');
}

static void leads_to(struct layer_pack *l, const char *dir, size_t n)
{
	memcpy(l->led, dir, n);
	l->led[n] = '\0';
}

/* The directories above a change, which a whole copy passes over at first: a layer without them
 * would give them attributes of its own. */
static int lead_to(struct layer_pack *l, const char *path, struct err *e)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
	int r = 0;

	for (const char *at = path; l->job->is_whole && r == 0 && (at = strchr(at, '/')); at++) {
		_cleanup_close_ int fd = -EBADF;
		char dir[PATH_MAX];
		struct stat st;

		if (is_led_to(l, path, (size_t)(at - path)))
			continue;
		(void)snprintf(dir, sizeof(dir), "%.*s", (int)(at - path), path);
		fd = (int)syscall(SYS_openat2, l->job->upper_fd, dir, &how, sizeof(how));
		if (fd < 0 || fstat(fd, &st) < 0)
			return err_sys(e, "cannot open directory '/%.200s'", dir);
		r = packer_add(l->packer, fd, &st, dir, e);
		leads_to(l, path, (size_t)(at - path));
	}
	return r;
}

static int add_whiteout(struct layer_pack *l, const struct walk_entry *x, const char *name,
                        struct err *e)
{
	char path[PATH_MAX + 8];
	size_t dir = strlen(x->path) - strlen(x->name);

	if (snprintf(path, sizeof(path), "%.*s.wh.%s", (int)dir, x->path, name) >=
	    (int)sizeof(path))
		return err_errno(e, -ENAMETOOLONG, "whiteout of '/%.100s...'", x->path);
	return packer_add_mark(l->packer, path, &x->st, e);
}

/* A mark of fuse-overlayfs; opaque directories are told by enter(). */
static int add_fuse_mark(struct layer_pack *l, const struct walk_entry *x, const char *name,
                         struct err *e)
{
	struct stat st;
	int r = 0;

	if (*name && x->parent_lower)
		r = lower_find(x->parent_lower, name, &st, NULL, e);
	return r <= 0 ? r : add_whiteout(l, x, name, e);
}

static int visit(void *arg, const struct walk_entry *x, struct err *e)
{
	struct layer_pack *l = arg;
	struct stat st;
	int r = 0;

	if (!x->path[0])
		return 1; /* the root has the image's attributes, not ours */
	if (pack_fuse_mark(l->job, x->name))
		return add_fuse_mark(l, x, pack_fuse_mark(l->job, x->name), e);
	if (x->parent_lower)
		r = lower_find(x->parent_lower, x->name, &st,
		               S_ISDIR(x->st.st_mode) ? x->lower : NULL, e);
	if (r < 0)
		return r;
	if (is_removed(&x->st))
		return r ? add_whiteout(l, x, x->name, e) : 0;
	/* A whole copy has also what nobody changed. */
	if (l->job->is_whole && r && !pack_differs(l->job, x, &st))
		return 1;
	if (pack_is_hidden(l->job, x))
		return 0;
	if (!strncmp(x->name, ".wh.", 4))
		return err_set(e, UCT_STRANGE_LAYER, -ENOTSUP,
		               "'/%s' has a name that means a removal in an image", x->path);
	if (S_ISREG(x->st.st_mode) || S_ISDIR(x->st.st_mode)) {
		r = refuse_strange(l->job, x, e);
		if (r < 0)
			return r;
	}
	r = lead_to(l, x->path, e);
	if (r == 0)
		r = packer_add(l->packer, x->fd, &x->st, x->path, e);
	if (r == 0 && l->job->is_whole && S_ISDIR(x->st.st_mode))
		leads_to(l, x->path, strlen(x->path));
	return r < 0 ? r : 1;
}

/* In a whole copy: what the layers have and it has not. */
static int add_missing(struct layer_pack *l, const char *path, int dir_fd,
                       const struct lower *lower, struct err *e)
{
	_cleanup_strv_ struct strv names = { 0 };
	char mark[PATH_MAX + NAME_MAX + 8];
	struct stat st, like;
	int r = lower->n ? lower_names(lower, l->job->proc_fd, &names, e) : 0;

	if (r == 0 && fstat(dir_fd, &like) < 0)
		return err_sys(e, "cannot look at '/%s'", path);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		if (fstatat(dir_fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		(void)snprintf(mark, sizeof(mark), "%s%s.wh.%s", path, *path ? "/" : "",
		               names.v[i]);
		r = lead_to(l, mark, e);
		if (r == 0)
			r = packer_add_mark(l->packer, mark, &like, e);
	}
	return r;
}

static int enter(void *arg, const char *path, int dir_fd, const struct lower *lower, struct err *e)
{
	struct layer_pack *l = arg;
	char mark[PATH_MAX + 16];
	struct stat st;

	if (l->job->is_whole)
		return add_missing(l, path, dir_fd, lower, e);
	if (!path[0] || !pack_is_opaque(l->job, dir_fd))
		return 0;
	if (fstat(dir_fd, &st) < 0)
		return err_sys(e, "cannot look at '/%s'", path);
	(void)snprintf(mark, sizeof(mark), "%s/.wh..wh..opq", path);
	return packer_add_mark(l->packer, mark, &st, e);
}

int pack_layer(struct pack_upper_job *job, struct pack_sums *ret, struct err *e)
{
	static const struct walk_ops ops = { .visit = visit, .enter = enter };
	struct pack_options o = { .out_fd = job->out_fd,
		                  .proc_fd = job->proc_fd,
		                  .is_layer = true,
		                  .is_compressed = !job->is_plain,
		                  .owners = job->owners };
	_cleanup_packer_ struct packer *p = NULL;
	struct layer_pack l = { .job = job };
	int r = packer_new(&o, &p, e);

	if (r < 0)
		return r;
	l.packer = p;
	r = walk_tree(job->upper_fd, job->proc_fd, &job->lower, &ops, &l, e);
	return r < 0 ? r : packer_finish(p, ret, e);
}
