/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unpack-tree.h"

#include "store/owner-note.h"

#include "base/file.h"
#include "store/unpack.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

struct tree_dir {
	char *path;
	size_t order, depth;
	struct tree_meta meta;
};

/* Linux 5.6. @path has the tree's root as its root, whatever links it goes through. */
static int open_in_root(const struct tree *t, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve =
			RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | (t->in_use ? 0 : RESOLVE_NO_XDEV),
	};
	int fd;

	do /* EAGAIN: somebody moved something meanwhile (openat2(2)) */
		fd = (int)syscall(SYS_openat2, t->fd[0], path, &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && t->in_use);
	return fd;
}

int tree_open(struct tree *t, int dirfd, const char *name, bool single_id, struct err *e)
{
	*t = (struct tree){ .single_id = single_id };
	if (mkdirat(dirfd, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "cannot create the layer's root");
	t->fd[0] = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (t->fd[0] < 0)
		return err_sys(e, "cannot open the layer's root");
	t->n = 1;
	/* A home with the set-group-id bit gave it its group, and would go on so. */
	if ((!single_id && fchown(t->fd[0], 0, 0) < 0) || fchmod(t->fd[0], 0755) < 0)
		return err_sys(e, "cannot set owner and mode of the layer's root");
	return 0;
}

int tree_attach(struct tree *t, int dirfd, bool single_id, struct err *e)
{
	*t = (struct tree){ .single_id = single_id, .in_use = true };
	t->fd[0] = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	if (t->fd[0] < 0)
		return err_sys(e, "cannot keep the root");
	t->n = 1;
	return 0;
}

static void pop_to(struct tree *t, size_t n)
{
	while (t->n > n)
		(void)close(t->fd[--t->n]);
}

void tree_done(struct tree *t)
{
	pop_to(t, 0);
	for (size_t i = 0; i < t->n_dirs; i++)
		free(t->dirs[i].path);
	cleanup_free(&t->dirs);
	strv_done(&t->implied);
	*t = (struct tree){ 0 };
}

int tree_clean(const char *name, char ret[PATH_MAX], struct err *e)
{
	size_t n = 0;

	for (const char *p = name; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.') {
			if (n == 0)
				return BAD_LAYER(e, "entry '%.*s' leaves the image's root",
				                 NAME_SHOWN, name);
			while (n > 0 && ret[n - 1] != '/')
				n--;
			n -= n > 0;
		} else if (len > 0 && !(len == 1 && p[0] == '.')) {
			if (len > NAME_MAX || n + len + 2 > PATH_MAX)
				return BAD_LAYER(e, "the name of entry '%.*s...' is too long",
				                 NAME_SHOWN, name);
			if (n > 0)
				ret[n++] = '/';
			memcpy(ret + n, p, len);
			n += len;
		}
		p += len;
		p += *p == '/';
	}
	ret[n] = '\0';
	return 0;
}

bool tree_is_below_file(struct tree *t, const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *parent = strndup(path, slash ? (size_t)(slash - path) : 0);
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (!slash || !parent)
		return false;
	fd = open_in_root(t, parent, O_PATH | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOTDIR;
	return fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode) &&
	       !is_whiteout(&st);
}

/* A directory entry that is not a directory: a link is followed inside the root, a whiteout of this
 * layer gives way to a directory that hides the lower one's contents. */
static int open_odd(struct tree *t, int parent_fd, const char *base, const char *path,
                    struct err *e)
{
	struct stat st;
	int fd, r;

	if (fstatat(parent_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot stat '%s'", path);
	if (S_ISLNK(st.st_mode)) {
		fd = open_in_root(t, path, O_PATH | O_DIRECTORY);
		return fd >= 0 ? fd
		               : BAD_LAYER(e, "'%.*s' is a link that leads to no directory",
		                           NAME_SHOWN, path);
	}
	if (!is_whiteout(&st) || t->in_use)
		return BAD_LAYER(e, "'%.*s' is not a directory but has entries below it",
		                 NAME_SHOWN, path);
	if (unlinkat(parent_fd, base, 0) < 0 || mkdirat(parent_fd, base, 0755) < 0)
		return err_sys(e, "cannot replace the whiteout of '%s'", path);
	r = tree_set_opaque(parent_fd, base, path, e);
	if (r < 0)
		return r;
	fd = openat(parent_fd, base, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot open directory '%s'", path) : fd;
}

static int open_component(struct tree *t, int parent_fd, const char *base, const char *path,
                          struct err *e)
{
	const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent_fd, base, flags);

	if (fd >= 0)
		return fd;
	if (errno == ENOENT) {
		if (mkdirat(parent_fd, base, 0755) < 0)
			return err_sys(e, "cannot create directory '%s'", path);
		if (!t->in_use && strv_add(&t->implied, path) < 0)
			return err_oom(e);
		fd = openat(parent_fd, base, flags);
	} else if (errno == ENOTDIR || errno == ELOOP)
		return open_odd(t, parent_fd, base, path, e);
	return fd < 0 ? err_sys(e, "cannot open directory '%s'", path) : fd;
}

/* Pops what is not a prefix of the first @len bytes of @path. */
static void keep_prefix(struct tree *t, const char *path, size_t len)
{
	while (t->n > 1) {
		size_t l = t->len[t->n - 1];

		if (l <= len && !memcmp(t->path, path, l) && (l == len || path[l] == '/'))
			break;
		pop_to(t, t->n - 1);
	}
}

int tree_parent(struct tree *t, const char *path, const char **ret_base, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0, at;
	char upto[PATH_MAX], base[NAME_MAX + 1];

	*ret_base = slash ? slash + 1 : path;
	keep_prefix(t, path, len);
	at = t->len[t->n - 1];
	while (at < len) {
		size_t from = at ? at + 1 : 0, n = strcspn(path + from, "/");
		int fd;

		memcpy(base, path + from, n); /* tree_clean() has seen to it that it fits */
		base[n] = '\0';
		at = from + n;
		memcpy(upto, path, at);
		upto[at] = '\0';
		fd = open_component(t, t->fd[t->n - 1], base, upto, e);
		if (fd < 0)
			return fd;
		if (t->n == TREE_DEPTH) /* very deep: forget the last one, not the first */
			pop_to(t, t->n - 1);
		memcpy(t->path, upto, at);
		t->len[t->n] = at;
		t->fd[t->n++] = fd;
	}
	return t->fd[t->n - 1];
}

int tree_find_parent(struct tree *t, const char *path, const char **ret_base, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = ".";
	int fd;

	*ret_base = slash ? slash + 1 : path;
	if (slash) {
		memcpy(dir, path, (size_t)(slash - path));
		dir[slash - path] = '\0';
	}
	fd = open_in_root(t, dir, O_PATH | O_DIRECTORY);
	return fd < 0 ? err_sys(e, "cannot open directory '%s'", dir) : fd;
}

int tree_clear(struct tree *t, int parent_fd, const char *base, struct err *e)
{
	int keep = fcntl(parent_fd, F_DUPFD_CLOEXEC, 3), r;

	if (keep < 0)
		return err_sys(e, "cannot keep a directory");
	pop_to(t, 1); /* one of them may be, or lead through, what is removed */
	r = tree_remove_at(keep, base, e);
	(void)close(keep);
	return r;
}

int tree_set_opaque(int parent_fd, const char *base, const char *path, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	fd = openat(parent_fd, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open directory '%s'", path);
	if (fsetxattr(fd, "user.overlay.opaque", "y", 1, 0) < 0)
		return err_sys(e, "cannot mark directory '%s' as opaque", path);
	return 0;
}

int tree_mkdir(struct tree *t, int parent_fd, const char *base, const char *path, struct err *e)
{
	struct stat st;
	int r = 0;

	if (mkdirat(parent_fd, base, 0700) == 0)
		return 0;
	if (errno != EEXIST || fstatat(parent_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot create directory '%s'", path);
	if (S_ISDIR(st.st_mode))
		return 0;
	/* Not tree_clear(): parent_fd must stay valid, and a non-directory has nothing below it.
	 * A link may be what the stack went through, though; it is dropped after this entry. */
	if (unlinkat(parent_fd, base, 0) < 0 || mkdirat(parent_fd, base, 0700) < 0)
		return err_sys(e, "cannot replace '%s' by a directory", path);
	if (is_whiteout(&st))
		r = tree_set_opaque(parent_fd, base, path, e);
	pop_to(t, 1);
	return r;
}

int tree_note(struct tree *t, const char *path, const struct tree_meta *meta, struct err *e)
{
	size_t depth = 1;
	char *copy;

	if (t->n_dirs == t->cap_dirs) {
		size_t cap = t->cap_dirs ? t->cap_dirs * 2 : 256;
		void *p = reallocarray(t->dirs, cap, sizeof(*t->dirs));

		if (!p)
			return err_oom(e);
		t->dirs = p;
		t->cap_dirs = cap;
	}
	copy = strdup(path);
	if (!copy)
		return err_oom(e);
	for (const char *p = path; *p; p++)
		depth += *p == '/';
	t->dirs[t->n_dirs] = (struct tree_dir){ copy, t->n_dirs + 1, depth, *meta };
	t->n_dirs++;
	return 0;
}

int tree_note_anew(struct tree *t, const char *path, struct err *e)
{
	const struct tree_meta made = { .mode = 0755, .mtime = { 0, UTIME_OMIT } };
	int r = tree_note(t, path, &made, e);

	if (r == 0)
		t->dirs[t->n_dirs - 1].order = 0; /* any entry is later, also an earlier one */
	return r;
}

bool tree_noted(const struct tree *t, size_t i, const char **ret_path, struct tree_meta *ret)
{
	if (i >= t->n_dirs)
		return false;
	*ret_path = t->dirs[i].path;
	*ret = t->dirs[i].meta;
	return true;
}

/* Deepest first; among equals in the archive's order, so that the last mention wins. */
static int by_depth(const void *a, const void *b)
{
	const struct tree_dir *x = a, *y = b;

	if (x->depth != y->depth)
		return x->depth < y->depth ? 1 : -1;
	return x->order < y->order ? -1 : x->order > y->order;
}

int tree_chown_error(const struct tree_meta *meta, const char *path, struct err *e)
{
	if (errno != EINVAL && errno != EOVERFLOW)
		return err_sys(e, "cannot set the owner of '%s'", path);
	return err_hint(e,
	                BAD_LAYER(e, "owner %u:%u of '%.*s' is outside your range of ids",
	                          meta->uid, meta->gid, NAME_SHOWN, path),
	                "have more subordinate ids: usermod --add-subuids, --add-subgids");
}

int tree_apply(const struct tree *t, int fd, const struct tree_meta *meta, const char *path,
               struct err *e)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, meta->mtime };
	int r;

	if (!t->single_id && fchown(fd, meta->uid, meta->gid) < 0)
		return tree_chown_error(meta, path, e);
	if (t->single_id && !t->in_use) {
		r = owner_note(fd, meta->uid, meta->gid, path, e);
		if (r < 0)
			return r;
	}
	if (fchmod(fd, meta->mode & 07777) < 0)
		return err_sys(e, "cannot set the mode of '%s'", path);
	if (futimens(fd, times) < 0)
		return err_sys(e, "cannot set the time of '%s'", path);
	return 0;
}

int tree_seal(struct tree *t, struct err *e)
{
	if (t->n_dirs > 1)
		qsort(t->dirs, t->n_dirs, sizeof(*t->dirs), by_depth);
	for (size_t i = 0; i < t->n_dirs; i++) {
		_cleanup_close_ int fd = -EBADF;
		_cleanup_close_ int parent_fd = -EBADF;
		const char *base;
		int r;

		parent_fd = tree_find_parent(t, t->dirs[i].path, &base, NULL);
		if (parent_fd >= 0)
			fd = openat(parent_fd, base,
			            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		/* Gone: a later entry replaced it by something else. Not readable: in single-id
		 * mode, mentioned twice and sealed already. */
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
			continue;
		if (fd < 0 && errno == EACCES && fchmodat(parent_fd, base, 0700, 0) == 0)
			fd = openat(parent_fd, base,
			            O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "cannot open directory '%s'", t->dirs[i].path);
		r = tree_apply(t, fd, &t->dirs[i].meta, t->dirs[i].path, e);
		if (r < 0)
			return r;
	}
	return 0;
}
