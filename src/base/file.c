/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include "base/fd.h"
#include "base/sbuf.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

int file_read_at(int dirfd, const char *name, size_t max_bytes, char **ret, size_t *ret_len,
                 struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(max_bytes);
	char chunk[4096];
	struct stat st;
	size_t len;
	ssize_t n;
	int r;

	/* O_NONBLOCK: a FIFO planted here must not make us wait. */
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", name);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot stat '%s'", name);
	if (!S_ISREG(st.st_mode))
		return err_set(e, UCT_SYSTEM, -EINVAL, "'%s' is not a regular file", name);
	do {
		n = RETRY_EINTR(read(fd, chunk, sizeof(chunk)));
		if (n > 0)
			sbuf_add(&b, chunk, (size_t)n);
	} while (n > 0 && !b.err); /* a sticky error does not stop an endless file */
	if (n < 0)
		return err_sys(e, "cannot read '%s'", name);
	len = b.len;
	r = sbuf_take(&b, ret);
	if (r < 0)
		return err_errno(e, r, "cannot read '%s'", name);
	if (ret_len)
		*ret_len = len;
	return 0;
}

/* A temporary name beside @name; the random part keeps two writers apart. */
static int temporary_name(const char *name, char *buf, size_t size, struct err *e)
{
	uint64_t x = 0;
	const char *slash = strrchr(name, '/');
	int dir_len = slash ? (int)(slash - name) + 1 : 0;

	if (getrandom(&x, sizeof(x), 0) != sizeof(x))
		return err_sys(e, "cannot get random bytes");
	if (snprintf(buf, size, "%.*s.tmp-%016llx", dir_len, name, (unsigned long long)x) >=
	    (int)size)
		return err_errno(e, -ENAMETOOLONG, "cannot write '%s'", name);
	return 0;
}

int file_make_at(int dirfd, const char *name, const void *data, size_t n, mode_t mode,
                 struct err *e)
{
	_cleanup_close_ int fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	int r;

	if (fd < 0)
		return err_sys(e, "cannot create '%s'", name);
	r = fd_write_all(fd, data, n);
	return r < 0 ? err_errno(e, r, "cannot write '%s'", name) : 0;
}

/* fsync(2) knows no AT_FDCWD. */
static int sync_dir(int dirfd)
{
	_cleanup_close_ int fd = -EBADF;

	if (dirfd != AT_FDCWD)
		return fsync(dirfd);
	fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : fsync(fd);
}

int file_write_at(int dirfd, const char *name, const void *data, size_t n, mode_t mode,
                  bool durable, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char tmp[PATH_MAX];
	int r;

	r = temporary_name(name, tmp, sizeof(tmp), e);
	if (r < 0)
		return r;
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return err_sys(e, "cannot create '%s'", name);
	r = fd_write_all(fd, data, n);
	if (r < 0)
		r = err_errno(e, r, "cannot write '%s'", name);
	else if (durable && fsync(fd) < 0)
		r = err_sys(e, "cannot sync '%s'", name);
	else if (renameat(dirfd, tmp, dirfd, name) < 0)
		r = err_sys(e, "cannot rename '%s' into place", name);
	else if (durable && strchr(name, '/') == NULL && sync_dir(dirfd) < 0)
		r = err_sys(e, "cannot sync the directory of '%s'", name);
	if (r < 0)
		(void)unlinkat(dirfd, tmp, 0); /* it may be gone already, after the rename */
	return r;
}

int file_rename_new(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
	struct stat st;

	if (renameat2(from_dirfd, from, to_dirfd, to, RENAME_NOREPLACE) == 0)
		return 0;
	/* EINVAL is what glibc makes of ENOSYS, too. */
	if (errno != EINVAL && errno != EPERM)
		return -errno;
	if (fstatat(to_dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return -EEXIST;
	return renameat(from_dirfd, from, to_dirfd, to) < 0 ? -errno : 0;
}

int dir_make_at(int dirfd, const char *path, mode_t mode, struct err *e)
{
	char buf[PATH_MAX];
	size_t n = strlen(path);

	if (n == 0 || n >= sizeof(buf))
		return err_errno(e, -ENAMETOOLONG, "cannot create directory '%s'", path);
	memcpy(buf, path, n + 1);
	for (char *p = buf + 1;; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char kept = *p;

		*p = '\0';
		if (mkdirat(dirfd, buf, mode) < 0 && errno != EEXIST)
			return err_sys(e, "cannot create directory '%s'", buf);
		*p = kept;
		if (!kept)
			return 0;
	}
}

int dir_open_at(int dirfd, const char *path, mode_t mode, struct err *e)
{
	int r, fd;

	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(e, "cannot open directory '%s'", path);
	r = dir_make_at(dirfd, path, mode, e);
	if (r < 0)
		return r;
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot open directory '%s'", path) : fd;
}

/* A removal holds one descriptor per level. What lies deeper than DEPTH_MAX (a container may have
 * made ten thousand levels to annoy us) is moved up to the top and taken by a further pass. */
enum { DEPTH_MAX = 200 };
struct removal {
	int top_fd;
	unsigned moved; /* subtrees that wait at the top */
};

static int remove_level(struct removal *rm, int parent_dirfd, const char *name, unsigned depth,
                        struct err *e);

static int remove_entries(struct removal *rm, DIR *d, unsigned depth, struct err *e)
{
	struct dirent *de;
	int first = 0, r;

	while ((de = readdir(d))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		r = 0;
		if (de->d_type == DT_DIR)
			r = remove_level(rm, dirfd(d), de->d_name, depth + 1, first ? NULL : e);
		else if (unlinkat(dirfd(d), de->d_name, 0) < 0) {
			if (errno == EISDIR) /* a file system without d_type */
				r = remove_level(rm, dirfd(d), de->d_name, depth + 1,
				                 first ? NULL : e);
			else if (errno != ENOENT)
				r = err_sys(first ? NULL : e, "cannot remove '%s'", de->d_name);
		}
		if (r < 0 && !first)
			first = r;
	}
	return first;
}

static int move_to_top(struct removal *rm, int parent_dirfd, const char *name, struct err *e)
{
	char to[32];
	int r;

	IGNORE(fchmodat(parent_dirfd, name, 0700, 0)); /* a moved directory gets a new ".." */
	do {                                           /* the tree may have such names of its own */
		(void)snprintf(to, sizeof(to), ".deep-%u", rm->moved++);
		r = file_rename_new(parent_dirfd, name, rm->top_fd, to);
	} while (r == -EEXIST);
	return r < 0 ? err_errno(e, r, "cannot remove '%s'", name) : 0;
}

static int remove_level(struct removal *rm, int parent_dirfd, const char *name, unsigned depth,
                        struct err *e)
{
	unsigned moved;
	int fd, r;
	DIR *d;

	if (unlinkat(parent_dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (depth > DEPTH_MAX)
		return move_to_top(rm, parent_dirfd, name, e);
	fd = openat(parent_dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EACCES && fchmodat(parent_dirfd, name, 0700, 0) == 0)
		fd = openat(parent_dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open directory '%s'", name);
	d = fdopendir(fd);
	if (!d) {
		r = err_sys(e, "cannot read directory '%s'", name);
		(void)close(fd);
		return r;
	}
	if (depth == 0)
		rm->top_fd = fd;
	IGNORE(fchmod(fd, 0700)); /* unlink needs w and x; if it is not ours the unlink will tell */
	do {
		moved = rm->moved;
		rewinddir(d);
		r = remove_entries(rm, d, depth, e);
	} while (r == 0 && depth == 0 && rm->moved != moved);
	(void)closedir(d);
	if (r < 0)
		return r;
	if (unlinkat(parent_dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(e, "cannot remove directory '%s'", name);
	return 0;
}

int tree_remove_at(int dirfd, const char *name, struct err *e)
{
	struct removal rm = { .top_fd = -EBADF };
	struct stat st;
	int r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	r = err_sys(e, "cannot remove '%s'", name);
	/* EPERM is what POSIX says of a directory; where we may not write, it may still be a file.
	 */
	if ((r != -EISDIR && r != -EPERM && r != -EACCES) ||
	    fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return r;
	return remove_level(&rm, dirfd, name, 0, e);
}
