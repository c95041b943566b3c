/* SPDX-License-Identifier: Apache-2.0 */
#include "store/object-write.h"

#include "base/fd.h"
#include "store/sha256.h"
#include "store/unpack-stream.h"

#include <endian.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { MEMORY_BYTES = 256 * 1024, BLOCK_BYTES = 64 * 1024, OBJECT_MODE = 0400, MODE_NOW = 0600 };
#define TEMPORARY "object"

struct object_writer {
	int dirfd, stage_fd;
	int fd; /* the temporary file; -EBADF while all is in memory */
	struct sha256 hash;
	struct stream *from; /* may be NULL */
	char *buf;
	const char *data; /* all of it, if it is in memory: in @buf, or where it came from */
	bool is_placed;   /* it came in one piece, and was placed at once */
	struct object_id id;
	char name[OBJECT_NAME_SIZE];
	uint64_t size, at; /* promised; where the next addition is expected */
	bool is_sparse;
	const int *shared;
	uint32_t n_shared, used;
};

static int crypto_error(struct err *e)
{
	return err_set(e, UCT_SYSTEM, -EIO, "libcrypto cannot hash");
}

void object_writer_free(struct object_writer *w)
{
	if (!w)
		return;
	cleanup_close(&w->fd);
	sha256_done(&w->hash);
	free(w->buf);
	free(w);
}

int object_writer_new(int objects_dirfd, int stage_dirfd, struct object_writer **ret, struct err *e)
{
	_cleanup_object_writer_ struct object_writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return err_oom(e);
	w->dirfd = objects_dirfd;
	w->stage_fd = stage_dirfd;
	w->fd = -EBADF;
	w->buf = malloc(MEMORY_BYTES);
	if (!w->buf)
		return err_oom(e);
	r = sha256_init(&w->hash, sha256_is_fast(), e);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(w);
	return 0;
}

void object_writer_hash_with(struct object_writer *w, struct stream *from)
{
	w->from = from;
}

void object_writer_share(struct object_writer *w, const int *dirfds, uint32_t n)
{
	w->shared = dirfds;
	w->n_shared = n;
}

uint32_t object_writer_shared(const struct object_writer *w)
{
	return w->used;
}

static int write_at(int fd, const char *p, size_t n, uint64_t offset, struct err *e)
{
	while (n > 0) {
		ssize_t r = RETRY_EINTR(pwrite(fd, p, n, (off_t)offset));

		if (r < 0)
			return err_sys(e, "cannot write an object");
		p += r;
		n -= (size_t)r;
		offset += (uint64_t)r;
	}
	return 0;
}

static int open_temporary(struct object_writer *w, struct err *e)
{
	w->fd = openat(w->stage_fd, TEMPORARY, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	               OBJECT_MODE);
	return w->fd < 0 ? err_sys(e, "cannot create an object") : 0;
}

int object_begin(struct object_writer *w, uint64_t size_bytes, struct err *e)
{
	cleanup_close(&w->fd);
	w->fd = -EBADF;
	w->size = size_bytes;
	w->at = 0;
	w->is_sparse = w->is_placed = false;
	w->data = w->buf;
	if (sha256_start(&w->hash) < 0)
		return crypto_error(e);
	return size_bytes > MEMORY_BYTES ? open_temporary(w, e) : 0;
}

static int add_to_hash(struct object_writer *w, const void *data, size_t n)
{
	return w->from ? stream_hash_with(w->from, &w->hash, data, n)
	               : sha256_add(&w->hash, data, n);
}

/* From now on in a file, where holes can be. */
static int make_sparse(struct object_writer *w, struct err *e)
{
	int r = 0;

	w->is_sparse = true;
	if (w->fd >= 0)
		return 0;
	r = open_temporary(w, e);
	return r < 0 ? r : write_at(w->fd, w->buf, (size_t)w->at, 0, e);
}

static bool is_zero(const char *p, size_t n)
{
	return n == 0 || (p[0] == 0 && !memcmp(p, p + 1, n - 1));
}

static int add_number(EVP_MD_CTX *md, uint64_t v)
{
	v = htole64(v);
	return EVP_DigestUpdate(md, &v, sizeof(v));
}

/* Holes are jumped over, so the time is that of the data. */
static int digest_sparse(EVP_MD_CTX *md, int fd, uint64_t size, char *block, struct err *e)
{
	int good = add_number(md, size);

	for (uint64_t at = 0; at < size && good == 1;) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA);
		ssize_t n;

		if (data < 0 && errno == ENXIO)
			break; /* the rest is a hole */
		if (data < 0 && errno != EINVAL)
			return err_sys(e, "cannot look for data of an object");
		if (data >= 0)
			at = (uint64_t)data / BLOCK_BYTES * BLOCK_BYTES;
		n = RETRY_EINTR(
			pread(fd, block, (size_t)MIN(size - at, (uint64_t)BLOCK_BYTES), (off_t)at));
		if (n <= 0)
			return n < 0 ? err_sys(e, "cannot read an object")
			             : err_set(e, UCT_OBJECT_DAMAGED, -EUCLEAN,
			                       "an object is too short");
		if (!is_zero(block, (size_t)n)) {
			good = add_number(md, at);
			if (good == 1)
				good = EVP_DigestUpdate(md, block, (size_t)n);
		}
		at += (uint64_t)n;
	}
	return good == 1 ? 0 : crypto_error(e);
}

static int digest_dense(EVP_MD_CTX *md, int fd, uint64_t size, char *block, struct err *e)
{
	uint64_t at = 0;
	ssize_t n;

	while ((n = RETRY_EINTR(pread(fd, block, BLOCK_BYTES, (off_t)at))) > 0) {
		at += (uint64_t)n;
		if (EVP_DigestUpdate(md, block, (size_t)n) != 1)
			return crypto_error(e);
	}
	if (n < 0)
		return err_sys(e, "cannot read an object");
	return at == size ? 0
	                  : err_set(e, UCT_OBJECT_DAMAGED, -EUCLEAN, "an object has a wrong size");
}

int object_digest(int fd, uint64_t size_bytes, uint32_t flags, uint8_t ret[OBJECT_DIGEST_SIZE],
                  struct err *e)
{
	_cleanup_free_ char *block = malloc(BLOCK_BYTES);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool is_sparse = flags & OBJECT_SPARSE;
	int r = 0;

	if (!block || !md)
		r = err_oom(e);
	if (r == 0 && EVP_DigestInit_ex(md, is_sparse ? EVP_sha512_256() : EVP_sha256(), NULL) != 1)
		r = crypto_error(e);
	if (r == 0)
		r = is_sparse ? digest_sparse(md, fd, size_bytes, block, e)
		              : digest_dense(md, fd, size_bytes, block, e);
	if (r == 0 && EVP_DigestFinal_ex(md, ret, NULL) != 1)
		r = crypto_error(e);
	EVP_MD_CTX_free(md);
	return r;
}

/* Whether a good object of this name is there: 1; 0: none, or one that a power cut or an accident
 * left behind, which ours shall replace. */
static int find(const struct object_writer *w, const struct object_id *id, const char *name,
                struct err *e)
{
	_cleanup_close_ int fd = openat(w->dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	uint8_t digest[OBJECT_DIGEST_SIZE];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size != id->size_bytes)
		return 0;
	if (fgetxattr(fd, OBJECT_XATTR, digest, sizeof(digest)) == sizeof(digest) &&
	    memcmp(digest, id->digest, sizeof(digest)) != 0)
		return err_set(e, UCT_OBJECT_CLASH, -EEXIST,
		               "object '%s' is there with other contents", name);
	return 1;
}

static void label(int fd, const struct object_id *id)
{
	/* Where there are no attributes, the name's 128 bits must do. */
	if (fsetxattr(fd, OBJECT_XATTR, id->digest, sizeof(id->digest), 0) == 0 || errno != EACCES)
		return;
	/* Without capabilities the mode counts, even for whoever made it. */
	if (fchmod(fd, MODE_NOW) == 0)
		(void)fsetxattr(fd, OBJECT_XATTR, id->digest, sizeof(id->digest), 0);
	(void)fchmod(fd, OBJECT_MODE);
}

static int copy_across(const struct object_writer *w, int to_fd, struct err *e)
{
	char block[32768];
	uint64_t at = 0;

	while (at < w->size) {
		ssize_t n = RETRY_EINTR(pread(w->fd, block, sizeof(block), (off_t)at));
		int r;

		if (n <= 0)
			return err_sys(e, "cannot read an object");
		r = is_zero(block, (size_t)n) ? 0 : write_at(to_fd, block, (size_t)n, at, e);
		if (r < 0)
			return r;
		at += (uint64_t)n;
	}
	return ftruncate(to_fd, (off_t)w->size) < 0 ? err_sys(e, "cannot write an object") : 0;
}

/* The objects lie on another file system than what is being made (engine/home.h): copied there
 * under a name that a collection removes, then renamed. */
static int move_across(const struct object_writer *w, const struct object_id *id, const char *name,
                       struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char temporary[OBJECT_NAME_SIZE + 16];
	int r;

	(void)snprintf(temporary, sizeof(temporary), "%s.%d", name, (int)getpid());
	(void)unlinkat(w->dirfd, temporary, 0); /* of a process that had our number, and died */
	fd = openat(w->dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	            OBJECT_MODE);
	if (fd < 0)
		return err_sys(e, "cannot create object '%s'", name);
	r = copy_across(w, fd, e);
	if (r == 0)
		label(fd, id);
	if (r == 0 && renameat(w->dirfd, temporary, w->dirfd, name) < 0)
		r = err_sys(e, "cannot rename object '%s' into place", name);
	if (r < 0)
		(void)unlinkat(w->dirfd, temporary, 0);
	else if (unlinkat(w->stage_fd, TEMPORARY, 0) < 0)
		r = err_sys(e, "cannot remove a temporary object");
	return r;
}

static int rename_into_place(const struct object_writer *w, const struct object_id *id,
                             const char *name, struct err *e)
{
	char dir[3] = { name[0], name[1], '\0' };

	if (renameat(w->stage_fd, TEMPORARY, w->dirfd, name) == 0)
		return 0;
	if (errno == ENOENT && (mkdirat(w->dirfd, dir, 0700) == 0 || errno == EEXIST) &&
	    renameat(w->stage_fd, TEMPORARY, w->dirfd, name) == 0)
		return 0;
	/* Told before a missing directory is: that is made by then. */
	if (errno == EXDEV && (mkdirat(w->dirfd, dir, 0700) == 0 || errno == EEXIST))
		return move_across(w, id, name, e);
	return err_sys(e, "cannot rename object '%s' into place", name);
}

static int write_out(struct object_writer *w, const struct object_id *id, const char *name,
                     struct err *e)
{
	int r = 0;

	if (w->fd < 0) {
		r = open_temporary(w, e);
		if (r == 0)
			r = write_at(w->fd, w->data, (size_t)w->size, 0, e);
	}
	if (r < 0)
		return r;
	label(w->fd, id);
	return rename_into_place(w, id, name, e);
}

/* Whole contents in memory: written under their name at once, which saves a rename. Until the last
 * byte is there the file is too short, and whoever meets it replaces it. */
static int write_small(struct object_writer *w, const struct object_id *id, const char *name,
                       struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	_cleanup_close_ int fd = openat(w->dirfd, name, flags, OBJECT_MODE);
	char dir[3] = { name[0], name[1], '\0' };
	int r;

	if (fd < 0 && errno == ENOENT && (mkdirat(w->dirfd, dir, 0700) == 0 || errno == EEXIST))
		fd = openat(w->dirfd, name, flags, OBJECT_MODE);
	if (fd < 0 && errno == EEXIST) {
		r = find(w, id, name, e);
		return r == 0 ? write_out(w, id, name, e) : MIN(r, 0);
	}
	if (fd < 0)
		return err_sys(e, "cannot create object '%s'", name);
	r = write_at(fd, w->data, (size_t)w->size, 0, e);
	if (r < 0)
		(void)unlinkat(w->dirfd, name, 0); /* or a collection does it */
	else
		label(fd, id);
	return r;
}

/* What lies in the temporary file gets its name, or goes if that is there already. */
static int place_large(struct object_writer *w, const struct object_id *id, const char *name,
                       struct err *e)
{
	int r = find(w, id, name, e);

	if (r == 0)
		return write_out(w, id, name, e);
	if (r > 0 && unlinkat(w->stage_fd, TEMPORARY, 0) < 0)
		return err_sys(e, "cannot remove a temporary object");
	return MIN(r, 0);
}

static bool is_same(int fd, const struct object_writer *w, const struct object_id *id)
{
	char got[16 * 1024];
	uint8_t digest[OBJECT_DIGEST_SIZE];
	uint64_t at = 0;

	if (w->fd >= 0)
		return object_digest(fd, id->size_bytes, id->flags, digest, NULL) == 0 &&
		       !memcmp(digest, id->digest, sizeof(digest));
	while (at < id->size_bytes) {
		ssize_t n = RETRY_EINTR(pread(fd, got, sizeof(got), (off_t)at));

		if (n <= 0 || (uint64_t)n > id->size_bytes - at ||
		    memcmp(got, w->data + at, (size_t)n) != 0)
			return false;
		at += (uint64_t)n;
	}
	return true;
}

/* Whether a shared directory has it, and our own objects have not. Nothing is believed: the
 * contents are compared. */
static bool is_shared(struct object_writer *w, const struct object_id *id, const char *name)
{
	struct stat st;

	if (w->n_shared && fstatat(w->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return false;
	for (uint32_t i = 0; i < w->n_shared; i++) {
		_cleanup_close_ int fd =
			openat(w->shared[i], name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

		if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_mode & 0022 ||
		    (uint64_t)st.st_size != id->size_bytes || !is_same(fd, w, id))
			continue;
		w->used |= 1u << i;
		return true;
	}
	return false;
}

static int place(struct object_writer *w, const struct object_id *id, const char *name,
                 struct err *e)
{
	if (!is_shared(w, id, name))
		return w->fd < 0 ? write_small(w, id, name, e) : place_large(w, id, name, e);
	if (w->fd >= 0 && unlinkat(w->stage_fd, TEMPORARY, 0) < 0)
		return err_sys(e, "cannot remove a temporary object");
	return 0;
}

/* The digest is known, so is the name. */
static int settle(struct object_writer *w, struct err *e)
{
	struct object_id id = { .size_bytes = w->size };
	int r = w->at != w->size && !w->is_sparse ? make_sparse(w, e) : 0;

	if (r == 0 && w->is_sparse) {
		id.flags = OBJECT_SPARSE;
		if (ftruncate(w->fd, (off_t)w->size) < 0)
			r = err_sys(e, "cannot set the size of an object");
		if (r == 0)
			r = object_digest(w->fd, w->size, id.flags, id.digest, e);
	} else if (r == 0 && sha256_finish(&w->hash, id.digest) < 0) {
		r = crypto_error(e);
	}
	if (r < 0)
		return r;
	w->id = id;
	object_name(id.digest, w->name);
	r = place(w, &id, w->name, e);
	cleanup_close(&w->fd);
	w->fd = -EBADF;
	return r;
}

int object_add(struct object_writer *w, const void *data, size_t n, uint64_t offset, struct err *e)
{
	int r = 0;

	if (offset > w->size || n > w->size - offset || (w->is_placed && n > 0))
		return err_set(e, UCT_INTERNAL, -EINVAL, "an object is larger than was said");
	if (offset != w->at && !w->is_sparse)
		r = make_sparse(w, e);
	if (r < 0)
		return r;
	w->at = offset + n;
	if (!w->is_sparse && add_to_hash(w, data, n) < 0)
		return crypto_error(e);
	if (w->fd >= 0)
		return write_at(w->fd, data, n, offset, e);
	if (n == w->size) { /* the pointer is good for this call only */
		w->data = data;
		w->is_placed = true;
		return settle(w, e);
	}
	memcpy(w->buf + offset, data, n);
	return 0;
}

int object_finish(struct object_writer *w, struct object_id *ret, char ret_name[OBJECT_NAME_SIZE],
                  struct err *e)
{
	int r = w->is_placed ? 0 : settle(w, e);

	if (r < 0)
		return r;
	*ret = w->id;
	memcpy(ret_name, w->name, OBJECT_NAME_SIZE);
	return 0;
}
