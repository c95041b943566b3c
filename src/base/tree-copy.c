/* SPDX-License-Identifier: Apache-2.0 */
#include "base/tree-copy.h"

#include "base/array.h"
#include "base/fd.h"
#include "base/sbuf.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

enum { ATTRIBUTES_MAX = 64 << 10 };

/* A file with several names that was copied under one of them. */
struct link {
	dev_t dev;
	ino_t ino;
	char *path; /* below the target's root */
};

struct copy {
	int top_fd; /* of the target */
	bool is_lenient;
	struct sbuf path; /* of the directory that is being copied; ends in a slash unless empty */
	struct link *links;
	size_t n_links, cap_links;
	struct tree_copied sum;
};

/* --- attributes */

static bool is_harmless(int err)
{
	return err == EPERM || err == EINVAL || err == EOPNOTSUPP || err == ENODATA;
}

/* overlayfs' own are about another tree. */
static bool is_wanted(const char *name)
{
	return (!strncmp(name, "user.", 5) && strncmp(name, "user.overlay.", 13) != 0) ||
	       !strcmp(name, "security.capability") ||
	       !strncmp(name, "system.posix_acl_", strlen("system.posix_acl_"));
}

static int copy_xattr(int from_fd, int to_fd, const char *name, char *value, bool is_lenient)
{
	ssize_t n = fgetxattr(from_fd, name, value, ATTRIBUTES_MAX);

	if (n < 0)
		return errno == ENODATA ? 0 : -errno;
	if (fsetxattr(to_fd, name, value, (size_t)n, 0) == 0)
		return 0;
	return is_lenient && is_harmless(errno) ? 0 : -errno;
}

static int copy_xattrs(int from_fd, int to_fd, bool is_lenient)
{
	_cleanup_free_ char *names = NULL, *value = NULL;
	ssize_t n = flistxattr(from_fd, NULL, 0);
	int r = 0;

	if (n <= 0) /* none, or a file system without */
		return 0;
	names = calloc(1, ATTRIBUTES_MAX + 1);
	value = malloc(ATTRIBUTES_MAX);
	if (!names || !value)
		return -ENOMEM;
	n = flistxattr(from_fd, names, ATTRIBUTES_MAX);
	if (n < 0)
		return -errno;
	for (const char *name = names; name < names + n && r == 0; name += strlen(name) + 1)
		if (is_wanted(name))
			r = copy_xattr(from_fd, to_fd, name, value, is_lenient);
	return r;
}

/* chown(2) clears set-id bits and capabilities, so it comes first. */
static int copy_owner(int to_fd, const struct stat *st, bool is_lenient)
{
	struct stat now;

	if (fstat(to_fd, &now) == 0 && now.st_uid == st->st_uid && now.st_gid == st->st_gid)
		return 0;
	if (fchown(to_fd, st->st_uid, st->st_gid) == 0)
		return 0;
	return is_lenient && is_harmless(errno) ? 0 : -errno;
}

static int copy_stat(int from_fd, int to_fd, const struct stat *st, bool is_lenient)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int r = copy_owner(to_fd, st, is_lenient);

	if (r == 0)
		r = copy_xattrs(from_fd, to_fd, is_lenient);
	if (r == 0 && fchmod(to_fd, st->st_mode & 07777) < 0)
		r = -errno;
	if (r == 0 && futimens(to_fd, times) < 0)
		r = -errno;
	return r;
}

int tree_copy_attributes(int from_fd, int to_fd, bool is_lenient, struct err *e)
{
	struct stat st;
	int r = fstat(from_fd, &st) < 0 ? -errno : copy_stat(from_fd, to_fd, &st, is_lenient);

	return r < 0 ? err_errno(e, r, "cannot copy owner and mode") : 0;
}

/* --- contents */

static int copy_range(int from_fd, int to_fd, off_t begin, off_t end)
{
	char buf[64 << 10];
	off_t from = begin, to = begin;

	while (from < end) {
		ssize_t n = copy_file_range(from_fd, &from, to_fd, &to, (size_t)(end - from), 0);

		if (n == 0)
			return 0; /* it became shorter */
		if (n < 0)
			break;
	}
	/* Two file systems, or one that does not know it. */
	while (from < end) {
		size_t want = MIN((size_t)(end - from), sizeof(buf));
		ssize_t n = RETRY_EINTR(pread(from_fd, buf, want, from));
		ssize_t k = n > 0 ? RETRY_EINTR(pwrite(to_fd, buf, (size_t)n, from)) : n;

		if (n <= 0 || k <= 0)
			return n == 0 ? 0 : k < 0 || n < 0 ? -errno : -EIO;
		from += k;
	}
	return 0;
}

static int copy_contents(int from_fd, int to_fd, off_t size)
{
	off_t at = 0;
	int r = 0;

	if (size == 0 || ioctl(to_fd, FICLONE, from_fd) == 0)
		return 0;
	while (at < size && r == 0) {
		off_t data = lseek(from_fd, at, SEEK_DATA), hole;

		if (data < 0 && errno == ENXIO)
			break; /* nothing but a hole is left */
		if (data < 0)
			data = at;
		hole = lseek(from_fd, data, SEEK_HOLE);
		if (hole < 0 || hole > size)
			hole = size;
		r = copy_range(from_fd, to_fd, data, hole);
		at = hole;
	}
	return r < 0 ? r : ftruncate(to_fd, size) < 0 ? -errno : 0;
}

/* --- entries */

static int fail(const struct copy *c, const char *name, int r, struct err *e)
{
	return err_errno(e, r, "cannot copy '%s%s'", c->path.s ? c->path.s : "", name);
}

static int open_beneath(int dirfd, const char *name, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC | O_NOFOLLOW,
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS |
		                           RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Gone meanwhile, or something else is there or mounted there: not a part of the tree. */
static bool is_passed_over(int r)
{
	return r == -ENOENT || r == -EXDEV || r == -ELOOP || r == -ENXIO || r == -ENOTDIR;
}

/* 1 it is one more name of a file that was copied, 0 it is not. */
static int copy_link(struct copy *c, const struct stat *st, int to_fd, const char *name)
{
	for (size_t i = 0; i < c->n_links; i++)
		if (c->links[i].ino == st->st_ino && c->links[i].dev == st->st_dev)
			return linkat(c->top_fd, c->links[i].path, to_fd, name, 0) < 0 ? -errno : 1;
	if (array_grow(&c->links, c->n_links, &c->cap_links, sizeof(*c->links)) < 0)
		return -ENOMEM;
	c->links[c->n_links] = (struct link){ st->st_dev, st->st_ino,
		                              strf("%s%s", c->path.s ? c->path.s : "", name) };
	return c->links[c->n_links++].path ? 0 : -ENOMEM;
}

static int copy_file(struct copy *c, int from_dirfd, int to_dirfd, const char *name, struct err *e)
{
	_cleanup_close_ int from = open_beneath(from_dirfd, name, O_RDONLY | O_NONBLOCK), to = -1;
	struct stat st = { 0 };
	int r;

	if (is_passed_over(from)) {
		c->sum.n_skipped += from != -ENOENT;
		return 0;
	}
	if (from < 0 || fstat(from, &st) < 0)
		return fail(c, name, from < 0 ? from : -errno, e);
	if (!S_ISREG(st.st_mode))
		return 0;
	r = st.st_nlink > 1 ? copy_link(c, &st, to_dirfd, name) : 0;
	if (r != 0)
		return r < 0 ? fail(c, name, r, e) : 0;
	to = openat(to_dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return fail(c, name, -errno, e);
	r = copy_contents(from, to, st.st_size);
	if (r == 0)
		r = copy_stat(from, to, &st, c->is_lenient);
	c->sum.bytes += (uint64_t)st.st_size;
	return r < 0 ? fail(c, name, r, e) : 0;
}

static int copy_symlink(struct copy *c, int from_dirfd, int to_dirfd, const char *name,
                        const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_dirfd, name, target, sizeof(target) - 1);

	if (n < 0)
		return errno == EINVAL || errno == ENOENT ? 0 : -errno;
	target[n] = '\0';
	if (symlinkat(target, to_dirfd, name) < 0)
		return -errno;
	if (fchownat(to_dirfd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    !(c->is_lenient && is_harmless(errno)))
		return -errno;
	(void)utimensat(to_dirfd, name, times, AT_SYMLINK_NOFOLLOW); /* not all have them */
	return 0;
}

static int copy_fifo(struct copy *c, int to_dirfd, const char *name, const struct stat *st)
{
	if (mkfifoat(to_dirfd, name, st->st_mode & 0777) < 0)
		return -errno;
	if (fchownat(to_dirfd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 &&
	    !(c->is_lenient && is_harmless(errno)))
		return -errno;
	return fchmodat(to_dirfd, name, st->st_mode & 07777, 0) < 0 ? -errno : 0;
}

static int copy_level(struct copy *c, int from_fd, int to_fd, unsigned depth, struct err *e);

static int copy_directory(struct copy *c, int from_dirfd, int to_dirfd, const char *name,
                          unsigned depth, struct err *e)
{
	_cleanup_close_ int from = open_beneath(from_dirfd, name, O_RDONLY | O_DIRECTORY), to = -1;
	size_t len = c->path.len;
	int r;

	if (is_passed_over(from)) {
		c->sum.n_skipped += from != -ENOENT;
		return 0;
	}
	if (from < 0)
		return fail(c, name, from, e);
	if (mkdirat(to_dirfd, name, 0700) < 0)
		return fail(c, name, -errno, e);
	to = openat(to_dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return fail(c, name, -errno, e);
	sbuf_addf(&c->path, "%s/", name);
	if (c->path.err || depth >= TREE_COPY_DEPTH_MAX)
		return fail(c, "", -ENAMETOOLONG, e);
	r = copy_level(c, from, to, depth + 1, e);
	c->path.len = len;
	c->path.s[len] = '\0';
	return r;
}

static int copy_entry(struct copy *c, int dirfds[2], const char *name, unsigned depth,
                      struct err *e)
{
	struct stat st;
	int r = 0;

	if (fstatat(dirfds[0], name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : fail(c, name, -errno, e);
	c->sum.n_entries++;
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return copy_file(c, dirfds[0], dirfds[1], name, e);
	case S_IFDIR:
		return copy_directory(c, dirfds[0], dirfds[1], name, depth, e);
	case S_IFLNK:
		r = copy_symlink(c, dirfds[0], dirfds[1], name, &st);
		break;
	case S_IFIFO:
		r = copy_fifo(c, dirfds[1], name, &st);
		break;
	default:
		c->sum.n_skipped++;
	}
	return r < 0 ? fail(c, name, r, e) : 0;
}

static int copy_level(struct copy *c, int from_fd, int to_fd, unsigned depth, struct err *e)
{
	int dirfds[2] = { from_fd, to_fd }, own = fcntl(from_fd, F_DUPFD_CLOEXEC, 3), r = 0;
	DIR *d = own < 0 ? NULL : fdopendir(own);
	struct dirent *de;
	struct stat st = { 0 };

	if (!d) {
		r = fail(c, "", -errno, e);
		cleanup_close(&own);
		return r;
	}
	rewinddir(d);
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = copy_entry(c, dirfds, de->d_name, depth, e);
	(void)closedir(d);
	if (r == 0 && fstat(from_fd, &st) < 0)
		r = fail(c, "", -errno, e);
	if (r < 0)
		return r;
	r = copy_stat(from_fd, to_fd, &st, c->is_lenient);
	return r < 0 ? fail(c, "", r, e) : 0;
}

int tree_copy(int from_fd, int to_fd, bool is_lenient, struct tree_copied *ret, struct err *e)
{
	struct copy c = { .top_fd = to_fd, .is_lenient = is_lenient, .path = SBUF_INIT(64 << 10) };
	int r;

	sbuf_adds(&c.path, "");
	r = copy_level(&c, from_fd, to_fd, 0, e);
	for (size_t i = 0; i < c.n_links; i++)
		free(c.links[i].path);
	free(c.links);
	sbuf_done(&c.path);
	if (ret)
		*ret = c.sum;
	return r;
}
