/* SPDX-License-Identifier: Apache-2.0 */
/* pack-tar - one thing on disk becomes one entry of a tar (pax where ustar cannot say it)
 *
 * Of extended attributes user.* and security.capability are packed, as unpacking keeps them, but
 * nothing of overlayfs' own. Holes stay holes (GNU sparse 1.0).
 */
#include "store/file-capability.h"
#include "store/owner-note.h"
#include "store/pack-out.h"
#include "store/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

enum { CHUNK = 256 * 1024, SPARSE_MIN = 64 * 1024, HOLES_MAX = 10000 };
enum { NOBODY = 65534 };
enum { NAMES_SIZE = 64 * 1024, VALUE_SIZE = 64 * 1024 };

struct packer {
	struct archive *a;
	struct archive_entry_linkresolver *links;
	struct pack_out *out;
	struct err why; /* of what failed below libarchive */
	struct pack_sums sums;
	int proc_fd;
	struct pack_owners owners;
	char xattr_names[NAMES_SIZE], xattr_value[VALUE_SIZE];
	char buf[CHUNK], zeros[CHUNK];
};

static la_ssize_t take_block(struct archive *a, void *data, const void *block, size_t n)
{
	struct packer *p = data;

	if (pack_out_write(p->out, block, n, &p->why) == 0)
		return (la_ssize_t)n;
	archive_set_error(a, EIO, "stream");
	return -1;
}

static int failed(struct packer *p, const char *path, struct err *e)
{
	const char *why = archive_error_string(p->a);

	if (p->why.code < 0) {
		if (e)
			*e = p->why;
		return p->why.code;
	}
	return err_set(e, UCT_SYSTEM, -EIO, "cannot pack '/%.300s': %s", path,
	               why ? why : "no reason given");
}

int packer_new(const struct pack_options *o, struct packer **ret, struct err *e)
{
	_cleanup_packer_ struct packer *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return err_oom(e);
	p->proc_fd = o->proc_fd;
	p->owners = o->owners;
	p->a = archive_write_new();
	p->links = archive_entry_linkresolver_new();
	if (!p->a || !p->links)
		return err_oom(e);
	archive_entry_linkresolver_set_strategy(p->links, ARCHIVE_FORMAT_TAR_PAX_RESTRICTED);
	r = pack_out_new(o->out_fd, o->is_layer, o->is_compressed, &p->out, e);
	if (r < 0)
		return r;
	/* One form of attributes: the other, libarchive's own, is for itself alone. */
	if (archive_write_set_format_pax_restricted(p->a) != ARCHIVE_OK ||
	    archive_write_set_format_option(p->a, "pax", "xattrheader", "SCHILY") != ARCHIVE_OK ||
	    archive_write_set_bytes_per_block(p->a, CHUNK) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(p->a, 1) != ARCHIVE_OK ||
	    archive_write_open(p->a, p, NULL, take_block, NULL) != ARCHIVE_OK)
		return failed(p, "", e);
	*ret = TAKE_PTR(p);
	return 0;
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	if (p->a) {
		(void)archive_write_fail(p->a); /* no end mark behind what is not complete */
		(void)archive_write_free(p->a);
	}
	if (p->links)
		archive_entry_linkresolver_free(p->links);
	pack_out_free(p->out);
	free(p);
}

static bool xattr_is_packed(const char *name)
{
	if (!strcmp(name, FILE_CAPABILITY_XATTR))
		return true;
	return !strncmp(name, "user.", 5) && strncmp(name, "user.overlay.", 13) != 0 &&
	       strncmp(name, "user.usrct.", 11) != 0;
}

static int add_xattrs(struct packer *p, int fd, struct archive_entry *ae, const char *path,
                      struct err *e)
{
	ssize_t n = flistxattr(fd, p->xattr_names, sizeof(p->xattr_names));

	if (n < 0) /* a file system without any; more than we take would be no image's */
		return errno == EOPNOTSUPP || errno == EPERM
		               ? 0
		               : err_sys(e, "cannot list the attributes of '/%s'", path);
	for (const char *name = p->xattr_names; name < p->xattr_names + n;
	     name += strlen(name) + 1) {
		ssize_t size;

		if (!xattr_is_packed(name))
			continue;
		size = fgetxattr(fd, name, p->xattr_value, sizeof(p->xattr_value));
		if (size < 0 && errno == ENODATA)
			continue;
		if (size < 0)
			return err_sys(e, "cannot read attribute '%s' of '/%s'", name, path);
		/* Those of the container's root are the root's of an image. */
		if (p->owners.maps && !strcmp(name, FILE_CAPABILITY_XATTR))
			size = file_capability_plain(p->xattr_value, size);
		archive_entry_xattr_add_entry(ae, name, p->xattr_value, (size_t)size);
	}
	return 0;
}

/* fuse-overlayfs 1.10 says of a file with data that it has none. */
static bool lies_about_holes(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == 0x65735546UL; /* FUSE */
}

/* Whoever cannot be asked for holes is read: what is all zeros is one. */
static int find_holes(struct packer *p, int fd, struct archive_entry *ae, off_t size)
{
	off_t at = 0, began = -1;
	int n_found = 0;

	while (at < size) {
		ssize_t n =
			RETRY_EINTR(pread(fd, p->buf, (size_t)MIN(size - at, (off_t)CHUNK), at));
		bool is_hole = n > 0 && !p->buf[0] && !memcmp(p->buf, p->buf + 1, (size_t)n - 1);

		if (n <= 0 || n_found == HOLES_MAX) {
			archive_entry_sparse_clear(ae);
			return 0;
		}
		if (is_hole && began >= 0) {
			archive_entry_sparse_add_entry(ae, began, at - began);
			n_found++;
		}
		began = is_hole ? -1 : began < 0 ? at : began;
		at += n;
	}
	if (began >= 0)
		archive_entry_sparse_add_entry(ae, began, size - began);
	else if (n_found == 0)
		archive_entry_sparse_add_entry(ae, 0, 0);
	return 0; /* and so it is read once more */
}

/* Tells libarchive where there is data. Too many holes: none. */
static int add_holes(struct packer *p, int fd, struct archive_entry *ae, const struct stat *st)
{
	off_t at = 0;

	if (st->st_size < SPARSE_MIN || st->st_blocks * 512 >= st->st_size)
		return 0;
	if (lies_about_holes(fd))
		return find_holes(p, fd, ae, st->st_size);
	for (int i = 0; at < st->st_size; i++) {
		off_t data = lseek(fd, at, SEEK_DATA), end;

		if (data < 0 && errno == ENXIO)
			break;
		end = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
		if (end < 0 || i == HOLES_MAX) {
			archive_entry_sparse_clear(ae);
			return 0;
		}
		data = MIN(data, st->st_size);
		end = MIN(end, st->st_size);
		if (end > data)
			archive_entry_sparse_add_entry(ae, data, end - data);
		at = end;
	}
	if (archive_entry_sparse_count(ae) == 0)
		archive_entry_sparse_add_entry(ae, 0, 0);
	return 1;
}

static int give(struct packer *p, const void *data, size_t n, const char *path, struct err *e)
{
	return archive_write_data(p->a, data, n) < 0 ? failed(p, path, e) : 0;
}

/* libarchive wants every byte, also of holes, and leaves those out itself. */
static int add_data(struct packer *p, int fd, off_t size, bool has_holes, const char *path,
                    struct err *e)
{
	off_t at = 0;
	int r = 0;

	while (at < size && r == 0) {
		size_t want = (size_t)MIN(size - at, (off_t)CHUNK);
		off_t data = has_holes ? lseek(fd, at, SEEK_DATA) : at;
		ssize_t n = 0;

		if (data < 0 || data > size)
			data = size;
		if (data > at) {
			want = (size_t)MIN(data - at, (off_t)CHUNK);
			r = give(p, p->zeros, want, path, e);
			at += (off_t)want;
			continue;
		}
		n = RETRY_EINTR(pread(fd, p->buf, want, at));
		if (n < 0)
			return err_sys(e, "cannot read '/%s'", path);
		p->sums.data_bytes += (uint64_t)n;
		/* It became shorter: the header has promised the rest. */
		r = n > 0 ? give(p, p->buf, (size_t)n, path, e) : give(p, p->zeros, want, path, e);
		at += n > 0 ? (off_t)n : (off_t)want;
	}
	return r;
}

static int set_link(int fd, struct archive_entry *ae, const char *path, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "cannot read the link '/%s'", path);
	target[n] = '\0';
	archive_entry_set_symlink(ae, target);
	return 0;
}

/* Of a container with ids of its own the tar has the container's numbers. */
static void set_owner(const struct packer *p, int fd, const struct stat *st,
                      struct archive_entry *ae)
{
	uint32_t uid = st->st_uid, gid = st->st_gid;

	if (p->owners.noted) {
		if ((!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) ||
		    !owner_noted(fd, &uid, &gid))
			uid = gid = 0;
	} else if (p->owners.maps) {
		if (!id_map_in(&p->owners.maps->uids, st->st_uid, &uid))
			uid = NOBODY;
		if (!id_map_in(&p->owners.maps->gids, st->st_gid, &gid))
			gid = NOBODY;
	}
	archive_entry_set_uid(ae, uid);
	archive_entry_set_gid(ae, gid);
}

static void set_stat(struct archive_entry *ae, const struct stat *st, const char *path)
{
	archive_entry_set_pathname(ae, path);
	archive_entry_set_mode(ae, st->st_mode);
	archive_entry_set_uid(ae, st->st_uid);
	archive_entry_set_gid(ae, st->st_gid);
	archive_entry_set_mtime(ae, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	archive_entry_set_size(ae, S_ISREG(st->st_mode) ? st->st_size : 0);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		archive_entry_set_rdev(ae, st->st_rdev);
	if (S_ISDIR(st->st_mode))
		return;
	/* For archive_entry_linkify(); links and FIFOs may have several names, too. */
	archive_entry_set_dev(ae, st->st_dev);
	archive_entry_set_ino(ae, (la_int64_t)st->st_ino);
	archive_entry_set_nlink(ae, (unsigned)st->st_nlink);
}

static int write_header(struct packer *p, struct archive_entry *ae, const char *path, struct err *e)
{
	int rc = archive_write_header(p->a, ae);

	/* A warning: a name is not UTF-8, and goes out as the bytes it has. */
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
		return failed(p, path, e);
	p->sums.n_entries++;
	return 0;
}

static void cleanup_entry(struct archive_entry **ae)
{
	archive_entry_free(*ae);
}

/* What the header says besides stat(2). */
static int describe(struct packer *p, int fd, const struct stat *st, struct archive_entry *ae,
                    const char *path, struct err *e)
{
	set_stat(ae, st, path);
	set_owner(p, fd, st, ae);
	if (S_ISLNK(st->st_mode))
		return set_link(fd, ae, path, e);
	if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode))
		return add_xattrs(p, fd, ae, path, e);
	return 0;
}

/* @fd can be read from, if it is a file or directory. */
static int add_opened(struct packer *p, int fd, const struct stat *st, const char *path,
                      struct err *e)
{
	__attribute__((cleanup(cleanup_entry))) struct archive_entry *ae = archive_entry_new();
	struct archive_entry *spare = NULL;
	bool has_holes = false;
	int r;

	if (!ae)
		return err_oom(e);
	r = describe(p, fd, st, ae, path, e);
	if (has_vanished(r)) /* FUSE asks by name for what is open, too */
		return 0;
	if (r < 0)
		return r;
	archive_entry_linkify(p->links, &ae, &spare);
	archive_entry_free(spare); /* other formats' business */
	if (S_ISREG(st->st_mode) && !archive_entry_hardlink(ae))
		has_holes = add_holes(p, fd, ae, st) > 0;
	r = write_header(p, ae, path, e);
	if (r == 0 && S_ISREG(st->st_mode) && !archive_entry_hardlink(ae))
		r = add_data(p, fd, st->st_size, has_holes, path, e);
	return r;
}

int packer_add(struct packer *p, int fd, const struct stat *st, const char *path, struct err *e)
{
	_cleanup_close_ int again = -EBADF;
	struct stat now;

	if (S_ISSOCK(st->st_mode)) { /* tar has no such thing */
		p->sums.n_skipped++;
		return 0;
	}
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return add_opened(p, fd, st, path, e);
	again = open_again(p->proc_fd, fd, O_RDONLY);
	if (has_vanished(again))
		return 0;
	if (again < 0)
		return err_errno(e, again, "cannot open '/%s'", path);
	if (fstat(again, &now) < 0)
		return has_vanished(-errno) ? 0 : err_sys(e, "cannot look at '/%s'", path);
	return add_opened(p, again, &now, path, e);
}

int packer_add_mark(struct packer *p, const char *path, const struct stat *like, struct err *e)
{
	__attribute__((cleanup(cleanup_entry))) struct archive_entry *ae = archive_entry_new();
	struct stat st = { .st_mode = S_IFREG, .st_nlink = 1, .st_mtim = like->st_mtim };

	if (!ae)
		return err_oom(e);
	set_stat(ae, &st, path);
	return write_header(p, ae, path, e);
}

int packer_finish(struct packer *p, struct pack_sums *ret, struct err *e)
{
	int r;

	if (archive_write_close(p->a) != ARCHIVE_OK)
		return failed(p, "", e);
	r = pack_out_finish(p->out, &p->sums, e);
	*ret = p->sums;
	return r;
}
