/* SPDX-License-Identifier: Apache-2.0 */
/* pack-copy - all files of all layers in one directory, for who cannot mount layers
 *
 * What overlayfs would show is written out: names from pack-lower.c, contents by reflink where the
 * file system has that (cp(1) calls it so), else block by block without the holes. The contents of
 * a metadata tree's files come from the objects. Sources are layers, which nobody changes, and the
 * target is a directory that nobody knows yet: no hostile party is present but the image itself,
 * whose links are never followed.
 */
#include "store/pack.h"

#include "base/array.h"
#include "base/fd.h"
#include "base/strv.h"
#include "store/file-capability.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>

enum { CHUNK = 1 << 18, XATTRS_MAX = 65536, DEPTH_MAX = 4096 };

/* A file that has other names, by where it was met first. */
struct met {
	dev_t dev;
	ino_t ino;
	char *path;
};

struct copy {
	const struct pack_copy_job *job;
	struct met *met; /* a hash table with open addresses */
	size_t n_met, cap_met;
	char path[PATH_MAX];
	char *buf;
};

static int copy_error(const struct copy *c, const char *what, struct err *e)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(e, UCT_NO_SPACE, -errno, "cannot copy '/%.200s': %s", c->path,
		               strerror(errno));
	return err_sys(e, "cannot %s '/%.200s'", what, c->path);
}

/* --- hard links */

static size_t slot_of(const struct copy *c, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino * 0x9e3779b97f4a7c15ULL) ^ (uint64_t)dev;
	size_t i = (size_t)(h >> 20) & (c->cap_met - 1);

	while (c->met[i].path && (c->met[i].dev != dev || c->met[i].ino != ino))
		i = (i + 1) & (c->cap_met - 1);
	return i;
}

static int grow(struct copy *c, struct err *e)
{
	struct copy bigger = { .cap_met = c->cap_met ? c->cap_met * 2 : 1024 };

	bigger.met = calloc(bigger.cap_met, sizeof(*bigger.met));
	if (!bigger.met)
		return err_oom(e);
	for (size_t i = 0; i < c->cap_met; i++)
		if (c->met[i].path)
			bigger.met[slot_of(&bigger, c->met[i].dev, c->met[i].ino)] = c->met[i];
	free(c->met);
	c->met = bigger.met;
	c->cap_met = bigger.cap_met;
	return 0;
}

/* 1: it was met before, and is one file with that now; 0: it is new. */
static int link_or_note(struct copy *c, const struct stat *st, struct err *e)
{
	size_t i;
	int r = 0;

	if (S_ISDIR(st->st_mode) || st->st_nlink < 2)
		return 0;
	if (c->n_met * 2 >= c->cap_met)
		r = grow(c, e);
	if (r < 0)
		return r;
	i = slot_of(c, st->st_dev, st->st_ino);
	if (c->met[i].path)
		return linkat(c->job->to_fd, c->met[i].path, c->job->to_fd, c->path, 0) < 0
		               ? copy_error(c, "link", e)
		               : 1;
	c->met[i] = (struct met){ st->st_dev, st->st_ino, strdup(c->path) };
	if (!c->met[i].path)
		return err_oom(e);
	c->n_met++;
	return 0;
}

/* --- one file */

/* Where the contents are: the file itself, or the object that a metadata tree names. */
static int open_content(const struct copy *c, int from_fd, struct err *e)
{
	char redirect[64];
	ssize_t n;
	int fd;

	if (fgetxattr(from_fd, "user.overlay.metacopy", NULL, 0) < 0)
		return fcntl(from_fd, F_DUPFD_CLOEXEC, 3);
	n = fgetxattr(from_fd, "user.overlay.redirect", redirect, sizeof(redirect) - 1);
	if (n < 2 || redirect[0] != '/' || c->job->objects_fd < 0)
		return err_set(e, UCT_STORE_DAMAGED, -EUCLEAN, "'/%.200s' names no object",
		               c->path);
	redirect[n] = '\0';
	fd = openat(c->job->objects_fd, redirect + 1, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && c->job->shared_fd >= 0)
		fd = openat(c->job->shared_fd, redirect + 1, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_set(e, UCT_STORE_DAMAGED, -errno, "object '%s' of '/%.200s': %s",
	                        redirect + 1, c->path, strerror(errno))
	              : fd;
}

static int copy_block(const struct copy *c, int from, int to, off_t at, off_t end, struct err *e)
{
	while (at < end) {
		ssize_t n =
			RETRY_EINTR(pread(from, c->buf, (size_t)MIN(end - at, (off_t)CHUNK), at));

		if (n <= 0)
			return n < 0 ? copy_error(c, "read", e)
			             : err_set(e, UCT_STORE_DAMAGED, -EUCLEAN,
			                       "'/%.200s' is too short", c->path);
		n = RETRY_EINTR(pwrite(to, c->buf, (size_t)n, at));
		if (n < 0)
			return copy_error(c, "write", e);
		at += n;
	}
	return 0;
}

/* From one hole to the next; file systems that know none say that all is data. */
static int copy_blocks(const struct copy *c, int from, int to, off_t size, struct err *e)
{
	off_t at = 0, end;
	int r = 0;

	while (at < size && r == 0) {
		off_t data = lseek(from, at, SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			break;
		at = data < 0 ? at : data;
		end = lseek(from, at, SEEK_HOLE);
		end = end < 0 ? size : MIN(end, size);
		r = copy_block(c, from, to, at, end, e);
		at = end;
	}
	if (r < 0)
		return r;
	return ftruncate(to, size) < 0 ? copy_error(c, "write", e) : 0;
}

static int copy_content(const struct copy *c, int from_fd, int to_fd, const struct stat *st,
                        struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (st->st_size == 0)
		return 0;
	fd = open_content(c, from_fd, e);
	if (fd < 0)
		return fd;
	if (ioctl(to_fd, FICLONE, fd) == 0)
		return 0;
	return copy_blocks(c, fd, to_fd, st->st_size, e);
}

/* --- owners */

/* An id that the container does not have is nobody there. Its file keeps it, unless somebody else
 * in the container has that number outside. */
static int shift_id(const struct copy *c, const struct id_map *map, uint32_t *id, struct err *e)
{
	uint32_t unused;

	if (id_map_out(map, *id, id) || !id_map_in(map, *id, &unused))
		return 0;
	return err_set(e, UCT_OWNER_OUTSIDE_MAP, -ERANGE,
	               "'/%.200s' belongs to %u, whom the container does not have", c->path,
	               (unsigned)*id);
}

static int give(const struct copy *c, int fd, const char *name, const struct stat *st,
                struct err *e)
{
	const struct id_maps *maps = c->job->maps;
	uint32_t uid = st->st_uid, gid = st->st_gid;
	int r = 0;

	if (c->job->is_single_id)
		return 0;
	if (maps)
		r = shift_id(c, &maps->uids, &uid, e);
	if (maps && r == 0)
		r = shift_id(c, &maps->gids, &gid, e);
	if (r < 0)
		return r;
	return fchownat(fd, name, uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0
	               ? copy_error(c, "set the owner of", e)
	               : 0;
}

static int set_capability(const struct copy *c, int fd, const char *value, size_t size)
{
	uint8_t v3[FILE_CAPABILITY_V3];
	uint32_t root;

	if (!c->job->maps || c->job->is_single_id || !id_map_out(&c->job->maps->uids, 0, &root) ||
	    file_capability_for(value, (ssize_t)size, root, v3) < 0)
		return fsetxattr(fd, FILE_CAPABILITY_XATTR, value, size, 0);
	return fsetxattr(fd, FILE_CAPABILITY_XATTR, v3, sizeof(v3), 0);
}

static int set_xattr(const struct copy *c, int fd, const char *name, const char *value, size_t size)
{
	return !strcmp(name, FILE_CAPABILITY_XATTR) ? set_capability(c, fd, value, size)
	                                            : fsetxattr(fd, name, value, size, 0);
}

static int copy_xattrs(const struct copy *c, int from_fd, int to_fd, struct err *e)
{
	_cleanup_free_ char *names = malloc(XATTRS_MAX), *value = malloc(XATTRS_MAX);
	ssize_t n, len;

	if (!names || !value)
		return err_oom(e);
	n = flistxattr(from_fd, names, XATTRS_MAX);
	for (char *at = names; n > 0 && at < names + n; at += strlen(at) + 1) {
		if (!strncmp(at, "user.overlay.", 13) || !strncmp(at, "security.selinux", 16))
			continue;
		len = fgetxattr(from_fd, at, value, XATTRS_MAX);
		/* What this file system or user cannot have, unpacking could not give either. */
		if (len >= 0 && set_xattr(c, to_fd, at, value, (size_t)len) < 0 &&
		    errno != EOPNOTSUPP && errno != EPERM)
			return copy_error(c, "set attributes of", e);
	}
	return 0;
}

/* The owner first: changing it drops set-uid bits and capabilities. */
static int copy_attributes(const struct copy *c, int from_fd, int to_fd, const struct stat *st,
                           struct err *e)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	int r = give(c, to_fd, "", st, e);

	if (r == 0)
		r = copy_xattrs(c, from_fd, to_fd, e);
	if (r == 0 && fchmod(to_fd, st->st_mode & 07777) < 0)
		r = copy_error(c, "set the mode of", e);
	if (r == 0 && futimens(to_fd, times) < 0)
		r = copy_error(c, "set the time of", e);
	return r;
}

static int copy_file(struct copy *c, const struct lower *from, int to_dirfd, const char *name,
                     const struct stat *st, struct err *e)
{
	_cleanup_close_ int from_fd = lower_open(from, name, c->job->proc_fd);
	_cleanup_close_ int to_fd = -EBADF;
	int r;

	if (from_fd < 0)
		return err_errno(e, from_fd, "cannot open '/%.200s'", c->path);
	to_fd = openat(to_dirfd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to_fd < 0)
		return copy_error(c, "make", e);
	r = copy_content(c, from_fd, to_fd, st, e);
	return r < 0 ? r : copy_attributes(c, from_fd, to_fd, st, e);
}

/* Links, FIFOs and sockets; devices are in no layer of ours. */
static int copy_other(struct copy *c, const struct lower *from, int to_dirfd, const char *name,
                      const struct stat *st, struct err *e)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	char target[PATH_MAX];
	ssize_t n;
	int r;

	if (S_ISLNK(st->st_mode)) {
		n = readlinkat(from->fds[0], name, target, sizeof(target) - 1);
		for (size_t i = 1; n < 0 && i < from->n; i++)
			n = readlinkat(from->fds[i], name, target, sizeof(target) - 1);
		if (n < 0)
			return copy_error(c, "read", e);
		target[n] = '\0';
		if (symlinkat(target, to_dirfd, name) < 0)
			return copy_error(c, "make", e);
	} else if (mknodat(to_dirfd, name, st->st_mode & (S_IFMT | 07777), 0) < 0) {
		return S_ISFIFO(st->st_mode) ? copy_error(c, "make", e) : 0;
	}
	r = give(c, to_dirfd, name, st, e);
	if (r < 0)
		return r;
	if (!S_ISLNK(st->st_mode) && fchmodat(to_dirfd, name, st->st_mode & 07777, 0) < 0)
		return copy_error(c, "set the mode of", e);
	return utimensat(to_dirfd, name, times, AT_SYMLINK_NOFOLLOW) < 0
	               ? copy_error(c, "set the time of", e)
	               : 0;
}

/* --- directories; one frame each, so that the depth of an image is no recursion of ours */

struct frame {
	struct lower lower;
	struct strv names;
	size_t next, path_len;
	int to_fd;
	struct stat st;
};

static void frame_done(struct frame *f)
{
	lower_done(&f->lower);
	strv_done(&f->names);
	cleanup_close(&f->to_fd);
}

struct frames {
	struct frame *v;
	size_t n, cap;
};

/* Takes over @lower. */
static int frame_push(struct copy *c, struct frames *s, struct lower *lower, int to_fd,
                      const struct stat *st, struct err *e)
{
	struct frame *f;

	if (s->n == DEPTH_MAX || array_grow(&s->v, s->n, &s->cap, sizeof(*s->v)) < 0) {
		lower_done(lower);
		(void)close(to_fd);
		return err_oom(e);
	}
	f = &s->v[s->n++];
	*f = (struct frame){
		.lower = *lower, .to_fd = to_fd, .st = *st, .path_len = strlen(c->path)
	};
	*lower = (struct lower){ 0 };
	return lower_names(&f->lower, c->job->proc_fd, &f->names, e);
}

/* What a directory is like comes last: making things in it changes its time. */
static int frame_pop(struct copy *c, struct frames *s, struct err *e)
{
	struct frame *f = &s->v[--s->n];
	_cleanup_close_ int from_fd =
		open_again(c->job->proc_fd, f->lower.fds[0], O_RDONLY | O_DIRECTORY);
	int r;

	c->path[f->path_len] = '\0';
	r = from_fd < 0 ? err_errno(e, from_fd, "cannot open '/%.200s'", c->path)
	                : copy_attributes(c, from_fd, f->to_fd, &f->st, e);
	frame_done(f);
	return r;
}

static int make_dir(struct copy *c, int to_dirfd, const char *name, struct err *e)
{
	int fd;

	if (mkdirat(to_dirfd, name, 0700) < 0)
		return copy_error(c, "make", e);
	fd = openat(to_dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? copy_error(c, "open", e) : fd;
}

static int copy_entry(struct copy *c, struct frames *s, const char *name, struct err *e)
{
	struct frame *f = &s->v[s->n - 1];
	struct lower child = { 0 };
	struct stat st;
	int r = lower_find(&f->lower, name, &st, &child, e), to_dirfd = f->to_fd, fd;

	if (r <= 0)
		return r < 0 ? r : 0;
	if (S_ISDIR(st.st_mode)) {
		fd = make_dir(c, to_dirfd, name, e);
		if (fd < 0)
			lower_done(&child);
		return fd < 0 ? fd : frame_push(c, s, &child, fd, &st, e);
	}
	lower_done(&child);
	r = link_or_note(c, &st, e);
	if (r != 0)
		return MIN(r, 0);
	return S_ISREG(st.st_mode) ? copy_file(c, &f->lower, to_dirfd, name, &st, e)
	                           : copy_other(c, &f->lower, to_dirfd, name, &st, e);
}

static int step(struct copy *c, struct frames *s, struct err *e)
{
	struct frame *f = &s->v[s->n - 1];
	size_t at = f->path_len, n;
	const char *name;

	if (f->next == f->names.n)
		return frame_pop(c, s, e);
	name = f->names.v[f->next++];
	n = strlen(name);
	if (at + n + 2 > sizeof(c->path))
		return err_errno(e, -ENAMETOOLONG, "below '/%.100s...'", c->path);
	if (at > 0)
		c->path[at++] = '/';
	memcpy(c->path + at, name, n + 1);
	return copy_entry(c, s, name, e);
}

static int copy_all(struct copy *c, struct lower *lower, struct err *e)
{
	int to_fd = fcntl(c->job->to_fd, F_DUPFD_CLOEXEC, 3), r;
	struct frames s = { 0 };
	struct stat st;

	if (to_fd < 0)
		return err_sys(e, "cannot keep the copy");
	if (fstat(lower->fds[0], &st) < 0) {
		(void)close(to_fd);
		return err_sys(e, "cannot look at a layer");
	}
	st.st_mode = (st.st_mode & ~(mode_t)07777) | 0755; /* as the root of an overlay here */
	st.st_uid = st.st_gid = 0;
	r = frame_push(c, &s, lower, to_fd, &st, e);
	while (r == 0 && s.n > 0)
		r = step(c, &s, e);
	while (s.n > 0)
		frame_done(&s.v[--s.n]);
	free(s.v);
	return r;
}

int pack_copy(const struct pack_copy_job *job, struct lower *lower, struct err *e)
{
	struct copy c = { .job = job, .buf = malloc(CHUNK) };
	int r = c.buf ? copy_all(&c, lower, e) : err_oom(e);

	for (size_t i = 0; i < c.cap_met; i++)
		free(c.met[i].path);
	free(c.met);
	free(c.buf);
	return r;
}
