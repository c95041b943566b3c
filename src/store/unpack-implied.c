/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unpack-implied.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/strv.h"
#include "store/unpack-proto.h"
#include "store/unpack.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { LINKS_MAX = 40, LIST_BYTES_MAX = 256 << 20 };

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_listed(const struct strv *sorted, const char *path)
{
	return sorted->n > 0 &&
	       bsearch(&path, sorted->v, sorted->n, sizeof(*sorted->v), by_text) != NULL;
}

/* Those that have an entry after all; borrowed strings, sorted. */
static int noted_paths(const struct tree *t, struct strv *ret)
{
	struct tree_meta meta;
	const char *path;

	while (tree_noted(t, ret->n, &path, &meta))
		ret->n++;
	ret->v = calloc(ret->n + 1, sizeof(*ret->v));
	if (!ret->v)
		return -ENOMEM;
	for (size_t i = 0; tree_noted(t, i, &path, &meta); i++)
		ret->v[i] = (char *)(uintptr_t)path;
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_text);
	return 0;
}

int implied_write(struct tree *t, int dirfd, uint64_t *ret_n, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct strv noted = { 0 };
	int r = noted_paths(t, &noted);

	if (r < 0)
		return err_oom(e);
	*ret_n = 0;
	for (size_t i = 0; i < t->implied.n && r == 0; i++) {
		const char *path = t->implied.v[i];

		if (is_listed(&noted, path))
			continue;
		if (fd < 0)
			fd = openat(dirfd, IMPLIED_FILE,
			            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		r = fd < 0 ? -errno : fd_write_all(fd, path, strlen(path) + 1);
		++*ret_n;
	}
	free(noted.v); /* the strings are the tree's */
	return r < 0 ? err_errno(e, r, "cannot write the list of implied directories") : 0;
}

int implied_open(int list_fd, int data_fd, struct implied_below *ret, struct err *e)
{
	enum { LINE_MAX_BYTES = 160 };
	size_t size = (size_t)UNPACK_LAYERS_MAX * LINE_MAX_BYTES;
	_cleanup_free_ char *text = malloc(size + 1);
	ssize_t n;

	ret->fds = calloc(UNPACK_LAYERS_MAX, sizeof(*ret->fds));
	if (!text || !ret->fds)
		return err_oom(e);
	n = fd_read_full(list_fd, text, size);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read the list of layers");
	text[n] = '\0';
	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		int fd;

		*end = '\0';
		if (ret->n == UNPACK_LAYERS_MAX)
			return err_set(e, UCT_INTERNAL, -EPROTO, "a helper was started wrongly");
		fd = openat(data_fd, line, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "cannot open layer '%s'", line);
		ret->fds[ret->n++] = fd;
	}
	return 0;
}

void implied_done(struct implied_below *b)
{
	while (b->n > 0)
		(void)close(b->fds[--b->n]);
	free(b->fds);
	b->fds = NULL;
}

/* Linux 5.6. No link is followed, and nothing above is reached. */
static int open_plainly(int root_fd, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };

	return (int)syscall(SYS_openat2, root_fd, *path ? path : ".", &how, sizeof(how));
}

static bool hides_lower(int fd)
{
	char value[2];

	return fgetxattr(fd, "user.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y';
}

/* Whether a directory of this layer on the way to @path hides what is lower. */
static bool is_hidden_on_way(int root_fd, const char *path)
{
	char up[PATH_MAX], *slash;
	bool hides = false;

	(void)snprintf(up, sizeof(up), "%s", path);
	do {
		slash = strrchr(up, '/');
		*(slash ? slash : up) = '\0';
		_cleanup_close_ int fd = open_plainly(root_fd, up, O_RDONLY);

		hides = fd >= 0 && hides_lower(fd);
	} while (slash && !hides);
	return hides;
}

/* What lies in one layer under a path, which is open (O_PATH) as @fd; as look() says it. */
static int look_at(int root_fd, int fd, const char *path, int *ret_fd, char ret_link[PATH_MAX],
                   struct err *e)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot stat '%s' of a layer", path);
	if (S_ISDIR(st.st_mode)) {
		*ret_fd = open_plainly(root_fd, path, O_RDONLY | O_DIRECTORY);
		return *ret_fd < 0 ? err_sys(e, "cannot open '%s' of a layer", path) : S_IFDIR;
	}
	if (!S_ISLNK(st.st_mode))
		return is_whiteout(&st) ? 0 : (int)(st.st_mode & S_IFMT);
	n = readlinkat(fd, "", ret_link, PATH_MAX);
	if (n <= 0 || n == PATH_MAX)
		return err_sys(e, "cannot read link '%s' of a layer", path);
	ret_link[n] = '\0';
	return S_IFLNK;
}

/* What the layers below show under @path, which leads through no link: S_IFDIR, with the topmost
 * directory of this name opened in @ret_fd; S_IFLNK, with its text in @ret_link; another type; 0:
 * nothing. */
static int look(const struct implied_below *b, const char *path, int *ret_fd,
                char ret_link[PATH_MAX], struct err *e)
{
	for (size_t i = b->n; i > 0; i--) {
		_cleanup_close_ int fd = open_plainly(b->fds[i - 1], path, O_PATH | O_NOFOLLOW);

		if (fd >= 0)
			return look_at(b->fds[i - 1], fd, path, ret_fd, ret_link, e);
		/* A file or a whiteout on the way, or a link: over what is lower. */
		if (errno == ENOTDIR || errno == ELOOP)
			return 0;
		if (errno != ENOENT)
			return err_sys(e, "cannot look for '%s' in a layer", path);
		if (is_hidden_on_way(b->fds[i - 1], path))
			return 0;
	}
	return 0;
}

/* Where we are: @path has @n bytes, and @p is what is still to be walked. */
struct way {
	char *path, *p;
	size_t n;
};

static void skip(struct way *w, size_t len)
{
	w->p += len + (w->p[len] == '/');
}

/* Empty components, "." and "..": whether it was one. */
static bool walk_dots(struct way *w)
{
	size_t len = strcspn(w->p, "/");

	if (len == 2 && w->p[0] == '.' && w->p[1] == '.') {
		while (w->n > 0 && w->path[w->n - 1] != '/')
			w->n--;
		w->n -= w->n > 0;
		w->path[w->n] = '\0';
	} else if (len > 1 || (len == 1 && *w->p != '.')) {
		return false;
	}
	skip(w, len);
	return true;
}

/* Where @path is in the layers below, all links followed inside their root, into @ret; the
 * directory there in @ret_fd. 1; 0: it is no directory there. */
static int resolve(const struct implied_below *b, const char *path, char ret[PATH_MAX], int *ret_fd,
                   struct err *e)
{
	char todo[PATH_MAX], next[PATH_MAX], link[PATH_MAX];
	struct way w = { ret, todo, 0 };
	size_t links = 0;

	(void)snprintf(todo, sizeof(todo), "%s", path);
	ret[0] = '\0';
	while (*w.p) {
		size_t len = strcspn(w.p, "/");
		_cleanup_close_ int fd = -EBADF;
		int type;

		if (walk_dots(&w))
			continue;
		if (snprintf(ret + w.n, PATH_MAX - w.n, "%s%.*s", w.n ? "/" : "", (int)len, w.p) >=
		    (int)(PATH_MAX - w.n))
			return 0;
		type = look(b, ret, &fd, link, e);
		if (type == S_IFDIR) {
			w.n = strlen(ret);
			skip(&w, len);
			continue;
		}
		if (type != S_IFLNK)
			return MIN(type, 0);
		if (++links > LINKS_MAX ||
		    snprintf(next, sizeof(next), "%s/%s", link, w.p + len) >= (int)sizeof(next))
			return 0;
		w.n = *link == '/' ? 0 : w.n;
		ret[w.n] = '\0';
		memcpy(todo, next, sizeof(todo));
		w.p = todo;
	}
	return look(b, ret, ret_fd, link, e) == S_IFDIR;
}

/* Splits "a/b/c" into "a/b" (or "") and "c". */
static const char *split(const char *path, char dir[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	(void)snprintf(dir, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 0, path);
	return slash ? slash + 1 : path;
}

struct settling {
	const struct implied_below *below;
	int root_fd; /* of the layer */
	bool single_id;
	struct strv implied, explicit; /* sorted; met while merging */
};

static int copy_xattrs(int from_fd, int to_fd, struct err *e)
{
	char names[65536], value[65536];
	ssize_t size = flistxattr(from_fd, names, sizeof(names));

	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
		const char *name = names + at;
		ssize_t n;

		if (strncmp(name, "user.", 5) != 0 || !strncmp(name, "user.overlay.", 13))
			continue;
		n = fgetxattr(from_fd, name, value, sizeof(value));
		if (n >= 0 && fsetxattr(to_fd, name, value, (size_t)n, 0) < 0)
			return err_sys(e, "cannot set attribute '%.64s'", name);
	}
	return 0;
}

static int copy_meta(const struct settling *s, int from_fd, int to_fd, const char *path,
                     struct err *e)
{
	struct timespec times[2] = { { 0, UTIME_OMIT } };
	struct stat st;
	int r;

	if (fstat(from_fd, &st) < 0)
		return err_sys(e, "cannot stat '%s' of a layer", path);
	times[1] = st.st_mtim;
	if (!s->single_id && fchown(to_fd, st.st_uid, st.st_gid) < 0)
		return err_sys(e, "cannot set the owner of '%s'", path);
	r = copy_xattrs(from_fd, to_fd, e);
	if (r == 0 && (fchmod(to_fd, st.st_mode & 07777) < 0 || futimens(to_fd, times) < 0))
		r = err_sys(e, "cannot set mode and time of '%s'", path);
	return r;
}

/* A directory whose time stays as it is, whatever is done in it. */
struct kept {
	int fd;
	struct timespec mtime;
};

static int keep(const struct settling *s, const char *path, struct kept *ret)
{
	struct stat st;

	ret->fd = open_plainly(s->root_fd, path, O_RDONLY | O_DIRECTORY);
	if (ret->fd < 0 || fstat(ret->fd, &st) < 0)
		return -errno;
	ret->mtime = st.st_mtim;
	return 0;
}

static void release(struct kept *k)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT }, k->mtime };

	if (k->fd >= 0)
		IGNORE(futimens(k->fd, times)); /* only a time */
	cleanup_close(&k->fd);
}
#define _cleanup_kept_ _cleanup_(release)

static int merge(struct settling *s, const char *from, const char *to, struct err *e);

/* One name of @from_fd becomes one of the directory @to; what is there already stays. */
static int move_name(struct settling *s, int from_fd, int to_fd, const char *from, const char *to,
                     const char *name, struct err *e)
{
	char a[PATH_MAX], b[PATH_MAX];
	struct stat st, there;

	if (file_rename_new(from_fd, name, to_fd, name) == 0)
		return 0;
	if (fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fstatat(to_fd, name, &there, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot move '%s/%s'", from, name);
	if (!S_ISDIR(st.st_mode) || !S_ISDIR(there.st_mode))
		return tree_remove_at(from_fd, name, e);
	if (snprintf(a, sizeof(a), "%s/%s", from, name) >= (int)sizeof(a) ||
	    snprintf(b, sizeof(b), "%s/%s", to, name) >= (int)sizeof(b))
		return BAD_LAYER(e, "a name in '%.*s' is too long", NAME_SHOWN, to);
	return merge(s, a, b, e);
}

/* Everything in the layer's directory @from goes to its directory @to; both are there. */
static int merge(struct settling *s, const char *from, const char *to, struct err *e)
{
	_cleanup_kept_ struct kept target = { .fd = -EBADF };
	_cleanup_close_ int from_fd = open_plainly(s->root_fd, from, O_RDONLY | O_DIRECTORY);
	char dir[PATH_MAX];
	struct dirent *de;
	DIR *d;
	int fd, r;

	if (from_fd < 0 || keep(s, to, &target) < 0)
		return err_sys(e, "cannot open '%s'", from);
	if (!is_listed(&s->implied, to) && strv_add(&s->explicit, to) < 0)
		return err_oom(e);
	if (hides_lower(from_fd)) {
		r = tree_set_opaque(target.fd, ".", to, e);
		if (r < 0)
			return r;
	}
	fd = fcntl(from_fd, F_DUPFD_CLOEXEC, 3);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		cleanup_close(&fd);
		return err_sys(e, "cannot read '%s'", from);
	}
	r = 0;
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = move_name(s, from_fd, target.fd, from, to, de->d_name, e);
	(void)closedir(d);
	if (r < 0)
		return r;
	_cleanup_close_ int parent_fd = -EBADF;
	const char *base = split(from, dir);

	parent_fd = open_plainly(s->root_fd, dir, O_RDONLY | O_DIRECTORY);
	if (parent_fd < 0 || unlinkat(parent_fd, base, AT_REMOVEDIR) < 0)
		return err_sys(e, "cannot remove '%s'", from);
	return 0;
}

/* The directories on the way to @path, with what the layers below say of them. */
static int make_parents(const struct settling *s, const char *path, struct err *e)
{
	char upto[PATH_MAX], dir[PATH_MAX];

	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		_cleanup_kept_ struct kept parent = { .fd = -EBADF };
		_cleanup_close_ int from_fd = -EBADF;
		_cleanup_close_ int fd = -EBADF;
		const char *base;
		int r;

		(void)snprintf(upto, sizeof(upto), "%.*s", (int)(p - path), path);
		base = split(upto, dir);
		if (keep(s, dir, &parent) < 0)
			return err_sys(e, "cannot open '%s'", dir);
		if (mkdirat(parent.fd, base, 0755) < 0) {
			if (errno == EEXIST)
				continue;
			return err_sys(e, "cannot make '%s'", upto);
		}
		fd = openat(parent.fd, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -ENOENT : look(s->below, upto, &from_fd, dir, e);
		if (r == S_IFDIR)
			r = copy_meta(s, from_fd, fd, upto, e);
		if (r < 0)
			return err_in(e, r, "cannot make '%s'", upto);
	}
	return 0;
}

/* The layer's directory @from is a link to @to in the layers below. */
static int move_directory(struct settling *s, const char *from, const char *to, struct err *e)
{
	_cleanup_kept_ struct kept from_parent = { .fd = -EBADF }, to_parent = { .fd = -EBADF };
	char dir[PATH_MAX];
	const char *from_base, *to_base;
	struct stat st;
	int r = make_parents(s, to, e);

	if (r < 0)
		return r;
	from_base = split(from, dir);
	if (keep(s, dir, &from_parent) < 0)
		return err_sys(e, "cannot open '%s'", dir);
	to_base = split(to, dir);
	/* The layer has no directory there: a link or file of its own is in the way, and wins. */
	if (keep(s, dir, &to_parent) < 0)
		return 0;
	if (file_rename_new(from_parent.fd, from_base, to_parent.fd, to_base) == 0)
		return 0;
	if (fstatat(to_parent.fd, to_base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot move '%s' to '%s'", from, to);
	return S_ISDIR(st.st_mode) ? merge(s, from, to, e) : 0;
}

/* Whether @path has nothing to do with the layers below, since a directory of this layer on the way
 * hides them, or has an entry and so replaces what is no directory there: 1. */
static int is_cut_off(const struct settling *s, const char *path, struct err *e)
{
	char upto[PATH_MAX], dir[PATH_MAX], at[PATH_MAX], link[PATH_MAX];

	if (is_hidden_on_way(s->root_fd, path))
		return 1;
	for (const char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		_cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
		const char *base;
		int r;

		(void)snprintf(upto, sizeof(upto), "%.*s", (int)(p - path), path);
		if (is_listed(&s->implied, upto))
			continue;
		base = split(upto, dir);
		r = resolve(s->below, dir, at, &dir_fd, e);
		if (r <= 0)
			return r < 0 ? r : 1;
		if (snprintf(dir, sizeof(dir), "%s%s%s", at, *at ? "/" : "", base) >=
		    (int)sizeof(dir))
			return 1;
		r = look(s->below, dir, &fd, link, e);
		if (r != S_IFDIR)
			return r < 0 ? r : 1;
	}
	return 0;
}

/* Where the name of an implied directory is once those above it have been settled: 1. */
static int place_now(const struct settling *s, const char *path, char ret[PATH_MAX], struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char dir[PATH_MAX], at[PATH_MAX];
	const char *base = split(path, dir);
	int r = resolve(s->below, dir, at, &fd, e);

	if (r <= 0)
		return r;
	return snprintf(ret, PATH_MAX, "%s%s%s", at, *at ? "/" : "", base) < PATH_MAX;
}

static int settle(struct settling *s, const char *path, struct err *e)
{
	_cleanup_close_ int below_fd = -EBADF;
	_cleanup_close_ int fd = open_plainly(s->root_fd, path, O_RDONLY | O_DIRECTORY);
	char to[PATH_MAX], now[PATH_MAX];
	int r = is_cut_off(s, path, e);

	if (r != 0)
		return MIN(r, 0);
	r = resolve(s->below, path, to, &below_fd, e);
	if (r <= 0)
		return r; /* it is this layer that makes it */
	r = 0;
	if (strcmp(path, to) != 0 && is_hidden_on_way(s->root_fd, to))
		return 0;
	if (fd < 0) { /* it went with what it was in */
		r = place_now(s, path, now, e);
		if (r <= 0)
			return r;
		path = now;
		fd = open_plainly(s->root_fd, path, O_RDONLY | O_DIRECTORY);
		r = 0;
	}
	/* Into itself, or to the root: links that nobody would make. */
	if (!*to || (!strncmp(to, path, strlen(path)) && to[strlen(path)] == '/'))
		return 0;
	if (fd >= 0 && strcmp(path, to) != 0) {
		r = move_directory(s, path, to, e);
		cleanup_close(&fd);
		fd = -EBADF;
	}
	for (size_t i = 0; i < s->explicit.n; i++)
		if (!strcmp(s->explicit.v[i], to))
			return r;
	if (r == 0 && fd < 0)
		fd = open_plainly(s->root_fd, to, O_RDONLY | O_DIRECTORY);
	return r < 0 || fd < 0 ? r : copy_meta(s, below_fd, fd, to, e);
}

static int read_list(int dirfd, char **ret, size_t *ret_n, struct err *e)
{
	_cleanup_close_ int fd =
		openat(dirfd, IMPLIED_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open the list of implied directories");
	if (!S_ISREG(st.st_mode) || st.st_size > LIST_BYTES_MAX)
		return BAD_LAYER(e, "the layer has too many directories without entries");
	*ret = malloc((size_t)st.st_size + 1);
	if (!*ret)
		return err_oom(e);
	n = fd_read_full(fd, *ret, (size_t)st.st_size);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read the list of implied directories");
	(*ret)[n] = '\0';
	*ret_n = (size_t)n;
	return 0;
}

int implied_settle(const struct implied_below *b, int dirfd, bool single_id, struct err *e)
{
	struct settling s = { .below = b, .root_fd = -EBADF, .single_id = single_id };
	_cleanup_kept_ struct kept root = { .fd = -EBADF };
	_cleanup_free_ char *list = NULL;
	size_t n = 0;
	int r = read_list(dirfd, &list, &n, e);

	s.root_fd = openat(dirfd, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r == 0 && (s.root_fd < 0 || keep(&s, "", &root) < 0))
		r = err_sys(e, "cannot open the layer's root");
	for (size_t at = 0; at < n && r == 0; at += strlen(list + at) + 1)
		if (strv_add(&s.implied, list + at) < 0)
			r = err_oom(e);
	if (s.implied.n > 1)
		qsort(s.implied.v, s.implied.n, sizeof(*s.implied.v), by_text);
	for (size_t at = 0; at < n && r == 0; at += strlen(list + at) + 1)
		r = settle(&s, list + at, e);
	if (r == 0 && unlinkat(dirfd, IMPLIED_FILE, 0) < 0)
		r = err_sys(e, "cannot remove the list of implied directories");
	strv_done(&s.implied);
	strv_done(&s.explicit);
	cleanup_close(&s.root_fd);
	return r;
}
