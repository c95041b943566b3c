/* SPDX-License-Identifier: Apache-2.0 */
#include "store/check-tree.h"

#include "store/union-tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

/* A directory of the walk. */
struct level {
	DIR *dir;
	uint32_t node, n_seen;
};

struct walk {
	const struct check_start *job;
	struct union_tree tree;
	struct level levels[PATH_MAX / 2];
	size_t n;
	struct check_done *done;
	char *where; /* 256 bytes */
	char name[NAME_MAX + 1];
};

/* 1, and the reason with the path. */
static int differs(struct walk *w, const char *why)
{
	char path[160] = "";
	size_t at = 0;

	for (size_t i = 1; i < w->n; i++) {
		const struct union_node *x = &w->tree.nodes[w->levels[i].node];

		if (at < sizeof(path))
			at += (size_t)snprintf(path + at, sizeof(path) - at, "/%.*s", x->name_len,
			                       x->name);
	}
	(void)snprintf(w->where, 256, "%s/%.60s: %s", path, w->name, why);
	for (char *p = w->where; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	return 1;
}

static mode_t type_of(const struct layer_entry *t)
{
	switch (t->type) {
	case LAYER_DIR:
		return S_IFDIR;
	case LAYER_FILE:
		return S_IFREG;
	case LAYER_LINK:
		return S_IFLNK;
	case LAYER_FIFO:
		return S_IFIFO;
	case LAYER_SAME:
	case LAYER_WHITEOUT:
	case LAYER_CHAR:
	case LAYER_BLOCK:
		break;
	}
	return 0;
}

static int compare_stat(struct walk *w, const struct union_file *f, const struct stat *st)
{
	const struct layer_entry *t = &f->entry;

	if ((st->st_mode & S_IFMT) != type_of(t))
		return differs(w, "is of another kind");
	if (t->type != LAYER_LINK && (st->st_mode & 07777) != t->mode)
		return differs(w, "has another mode");
	if (!(w->job->flags & (CHECK_SINGLE_ID | CHECK_ANY_OWNER)) &&
	    (st->st_uid != t->uid || st->st_gid != t->gid))
		return differs(w, "has another owner");
	if (st->st_mtim.tv_sec != t->mtime_s || (uint32_t)st->st_mtim.tv_nsec != t->mtime_ns)
		return differs(w, "has another time");
	if (t->type == LAYER_FILE &&
	    (uint64_t)st->st_size != (f->has_object ? f->object.size_bytes : 0))
		return differs(w, "has another size");
	return 0;
}

static int compare_link(struct walk *w, int dirfd, const struct layer_entry *t)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, w->name, target, sizeof(target));

	return n == t->target_len && !memcmp(target, t->target, t->target_len)
	               ? 0
	               : differs(w, "leads elsewhere");
}

static bool has_xattr(int fd, const char *name, const void *value, size_t n)
{
	char got[65536];
	ssize_t size = fgetxattr(fd, name, got, sizeof(got));

	return size >= 0 && (size_t)size == n && (n == 0 || !memcmp(got, value, n));
}

/* How many names of those that an image can give, and of overlayfs. */
static int count_xattrs(int fd, size_t *ret, struct err *e)
{
	ssize_t size = flistxattr(fd, NULL, 0);
	_cleanup_free_ char *names = size > 0 ? malloc((size_t)size + 1) : NULL;

	*ret = 0;
	if (size <= 0)
		return 0;
	if (!names)
		return err_oom(e);
	size = flistxattr(fd, names, (size_t)size);
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
		*ret += !strncmp(names + at, "user.", 5) ||
		        !strcmp(names + at, "security.capability");
	return 0;
}

static int compare_xattrs(struct walk *w, int fd, const struct union_file *f, struct err *e)
{
	struct layer_entry left = f->entry;
	struct layer_xattr a;
	size_t n = 0, n_here = 0;
	char name[256], redirect[OBJECT_NAME_SIZE + 1] = "/";
	int r;

	while (layer_xattr_next(&left, &a) == 1) {
		memcpy(name, a.name, a.name_len); /* layer_index_next() has seen to it */
		name[a.name_len] = '\0';
		if (w->job->flags & CHECK_SINGLE_ID && strncmp(name, "user.", 5) != 0)
			continue;
		n++;
		/* Its value depends on the id map. */
		if (w->job->flags & CHECK_ANY_OWNER && strncmp(name, "user.", 5) != 0)
			continue;
		if (!has_xattr(fd, name, a.value, a.value_len))
			return differs(w, "has other attributes");
	}
	if (f->has_object) {
		object_name(f->object.digest, redirect + 1);
		if (!has_xattr(fd, "user.overlay.metacopy", "", 0) ||
		    !has_xattr(fd, "user.overlay.redirect", redirect, strlen(redirect)))
			return differs(w, "has the contents of another file");
		n += 2;
	}
	r = count_xattrs(fd, &n_here, e);
	return r < 0 || n == n_here ? r : differs(w, "has attributes that nobody gave it");
}

static int compare_open(struct walk *w, int dirfd, const struct union_file *f, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, w->name[0] ? w->name : ".",
	                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == EACCES) /* of a single id's own; what stat says must do */
		return 0;
	return fd < 0 ? differs(w, "cannot be opened") : compare_xattrs(w, fd, f, e);
}

static int compare(struct walk *w, int dirfd, struct union_file *f, struct err *e)
{
	struct stat st;
	int r;

	if (fstatat(dirfd, w->name, &st, AT_SYMLINK_NOFOLLOW | (w->name[0] ? 0 : AT_EMPTY_PATH)) <
	    0)
		return differs(w, "cannot be looked at");
	r = compare_stat(w, f, &st);
	if (r == 0 && f->ino && f->ino != st.st_ino)
		return differs(w, "is no link to the same file");
	f->ino = st.st_ino;
	w->done->n++;
	if (r == 0 && f->entry.type == LAYER_LINK)
		return compare_link(w, dirfd, &f->entry);
	return r == 0 && f->entry.type != LAYER_FIFO ? compare_open(w, dirfd, f, e) : r;
}

static int enter(struct walk *w, int dirfd, const char *name, uint32_t node, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (d && w->n < ARRAY_SIZE(w->levels)) {
		w->levels[w->n++] = (struct level){ .dir = d, .node = node };
		return 0;
	}
	if (d)
		(void)closedir(d);
	else
		cleanup_close(&fd);
	if (w->job->flags & CHECK_SINGLE_ID && errno == EACCES)
		return 0;
	return d ? err_errno(e, -ENAMETOOLONG, "the tree is too deep")
	         : differs(w, "cannot be read");
}

static int leave(struct walk *w)
{
	const struct level *l = &w->levels[w->n - 1];

	w->name[0] = '\0';
	if (l->n_seen != w->tree.nodes[l->node].n_here)
		return differs(w, "lacks something");
	(void)closedir(w->levels[--w->n].dir);
	return 0;
}

/* What meta_tree_add_mount_points() puts into the /etc of an image that does not have it. */
static bool is_mount_point(const struct walk *w, int dirfd)
{
	static const char *const names[] = { "hosts", "hostname", "resolv.conf" };
	const struct union_node *dir = &w->tree.nodes[w->levels[w->n - 1].node];
	struct stat st;

	if (w->n != 2 || dir->name_len != 3 || memcmp(dir->name, "etc", 3) != 0 ||
	    fstatat(dirfd, w->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(w->name, names[i]))
			return st.st_mode == (S_IFREG | 0644) && st.st_size == 0;
	return false;
}

static int step(struct walk *w, struct err *e)
{
	struct level *l = &w->levels[w->n - 1];
	const struct dirent *de = readdir(l->dir);
	struct union_node *node;
	int r;

	if (!de)
		return leave(w);
	if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
		return 0;
	(void)snprintf(w->name, sizeof(w->name), "%s", de->d_name);
	node = union_tree_find(&w->tree, l->node, w->name, strlen(w->name));
	if (!node)
		return is_mount_point(w, dirfd(l->dir)) ? 0 : differs(w, "should not be there");
	l->n_seen++;
	r = compare(w, dirfd(l->dir), &w->tree.files[node->file], e);
	if (r != 0 || w->tree.files[node->file].entry.type != LAYER_DIR)
		return r;
	return enter(w, dirfd(l->dir), w->name, (uint32_t)(node - w->tree.nodes), e);
}

static int compare_all(struct walk *w, int tree_fd, struct err *e)
{
	int r = enter(w, tree_fd, "fs", 0, e);

	if (r == 0 && w->n > 0)
		r = compare(w, dirfd(w->levels[0].dir), &w->tree.files[0], e);
	while (r == 0 && w->n > 0)
		r = step(w, e);
	while (w->n > 0)
		(void)closedir(w->levels[--w->n].dir);
	return r;
}

int check_tree(const struct check_start *job, int dirfd, const struct layer_stack *layers,
               char ret_where[256], struct check_done *done, struct err *e)
{
	struct walk *w = calloc(1, sizeof(*w));
	int r = 0;

	if (!w)
		return err_oom(e);
	w->job = job;
	w->where = ret_where;
	w->done = done;
	for (size_t i = 0; i < layers->n && r == 0; i++)
		r = union_tree_add(&w->tree, layers->list[i].data, layers->list[i].n, e);
	if (r == 0)
		r = w->tree.n_nodes ? compare_all(w, dirfd, e)
		                    : err_set(e, UCT_INTERNAL, -EINVAL, "a tree of no layers");
	union_tree_done(&w->tree);
	free(w);
	return r;
}
