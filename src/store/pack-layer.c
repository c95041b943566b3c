/* SPDX-License-Identifier: Apache-2.0 */
/* pack-layer - the upper directory of a container becomes a layer of an image
 *
 * Whiteouts and opaque marks of overlayfs become those of the image specification (layer.md).
 * Attributes that say "the data, or the old name, is elsewhere" (metacopy, redirect) cannot come
 * from our mounts, which have both switched off; a file that has them would go into the layer
 * empty, so they are an error.
 */
#include "store/pack.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

struct layer_pack {
	struct pack_upper_job *job;
	struct packer *packer;
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

static int add_whiteout(struct layer_pack *l, const struct walk_entry *x, struct err *e)
{
	char path[PATH_MAX + 8];
	size_t dir = strlen(x->path) - strlen(x->name);

	if (snprintf(path, sizeof(path), "%.*s.wh.%s", (int)dir, x->path, x->name) >=
	    (int)sizeof(path))
		return err_errno(e, -ENAMETOOLONG, "whiteout of '/%.100s...'", x->path);
	return packer_add_mark(l->packer, path, &x->st, e);
}

static int visit(void *arg, const struct walk_entry *x, struct err *e)
{
	struct layer_pack *l = arg;
	struct stat st;
	int r = 0;

	if (!x->path[0])
		return 1; /* the root has the image's attributes, not ours */
	if (x->parent_lower)
		r = lower_find(x->parent_lower, x->name, &st,
		               S_ISDIR(x->st.st_mode) ? x->lower : NULL, e);
	if (r < 0)
		return r;
	if (is_removed(&x->st))
		return r ? add_whiteout(l, x, e) : 0;
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
	r = packer_add(l->packer, x->fd, &x->st, x->path, e);
	return r < 0 ? r : 1;
}

static int enter(void *arg, const char *path, int dir_fd, const struct lower *lower, struct err *e)
{
	struct layer_pack *l = arg;
	char mark[PATH_MAX + 16];
	struct stat st;

	(void)lower;
	if (!path[0] || !is_opaque(dir_fd))
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
