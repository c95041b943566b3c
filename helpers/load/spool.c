/* SPDX-License-Identifier: Apache-2.0 */
/* spool - bytes to a blob: a temporary file, hashed while it is written, renamed to its digest */
#include "load.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "image/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 18, PROGRESS_MS = 100 };

int spool_begin(struct spool *s, struct load *l, struct err *e)
{
	*s = (struct spool){ .l = l, .fd = -EBADF };
	(void)snprintf(s->tmp_name, sizeof(s->tmp_name), "%sload", l->start.tmp_prefix);
	(void)unlinkat(l->tmp_dirfd, s->tmp_name, 0); /* of one that failed */
	s->fd = openat(l->tmp_dirfd, s->tmp_name,
	               O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (s->fd < 0)
		return err_sys(e, "cannot create '%s'", s->tmp_name);
	return digest_new(&s->hash, e);
}

static void tell_progress(struct load *l)
{
	struct load_progress m = { .type = LOAD_PROGRESS, .done_bytes = l->done_bytes };
	uint64_t now = clock_monotonic_ns();

	if (now - l->told_ns < PROGRESS_MS * 1000000ULL)
		return;
	l->told_ns = now;
	(void)load_send(l, &m, sizeof(m), NULL); /* if the engine has gone, the next one tells */
}

int spool_add(struct spool *s, const void *data, size_t n, struct err *e)
{
	size_t head = sizeof(s->magic);
	int r;

	if (n > s->l->start.max_bytes - MIN(s->l->done_bytes, s->l->start.max_bytes))
		return err_set(e, UCT_IMAGE_ARCHIVE, -EFBIG,
		               "the archive's contents are larger than %llu bytes",
		               (unsigned long long)s->l->start.max_bytes);
	r = fd_write_all(s->fd, data, n);
	if (r < 0)
		return err_errno(e, r, "cannot write a blob");
	if (s->size_bytes < head)
		memcpy(s->magic + s->size_bytes, data, MIN(n, head - (size_t)s->size_bytes));
	digest_add(s->hash, data, n);
	s->size_bytes += n;
	s->l->done_bytes += n;
	tell_progress(s->l);
	return 0;
}

int spool_end(struct spool *s, struct err *e)
{
	struct load *l = s->l;

	digest_finish(TAKE_PTR(s->hash), s->digest);
	if (!s->digest[0])
		return err_set(e, UCT_SYSTEM, -EIO, "cannot hash a blob");
	if (renameat(l->tmp_dirfd, s->tmp_name, l->blobs_dirfd, s->digest + 7) < 0)
		return err_sys(e, "cannot put blob %s into place", s->digest);
	s->tmp_name[0] = '\0';
	return 0;
}

void spool_done(struct spool *s)
{
	cleanup_close(&s->fd);
	s->fd = -EBADF;
	digest_free(s->hash);
	s->hash = NULL;
	if (s->l && s->tmp_name[0])
		(void)unlinkat(s->l->tmp_dirfd, s->tmp_name, 0); /* else the sweep takes it */
}

int spool_text(struct load *l, const char *text, size_t n, char ret_digest[72], struct err *e)
{
	_cleanup_spool_ struct spool s = { .fd = -EBADF };
	int r = spool_begin(&s, l, e);

	if (r == 0)
		r = spool_add(&s, text, n, e);
	if (r == 0)
		r = spool_end(&s, e);
	memcpy(ret_digest, s.digest, sizeof(s.digest));
	return r;
}

int blob_text(const struct load *l, const char *digest, size_t max, char **ret, size_t *ret_n,
              struct err *e)
{
	int r = file_read_at(l->blobs_dirfd, digest + 7, max, ret, ret_n, e);

	return r == -ENOENT ? NO_ARCHIVE(e, "the archive has no blob %s", digest) : r;
}

static int copy_all(struct spool *s, int fd, const struct descriptor *d, struct err *e)
{
	_cleanup_free_ char *piece = malloc(PIECE_BYTES);
	ssize_t n;
	int r = piece ? 0 : err_oom(e);

	while (r == 0) {
		n = fd_read_full(fd, piece, PIECE_BYTES);
		if (n < 0)
			return err_errno(e, (int)n, "cannot read blob %s", d->digest);
		if (n == 0)
			break;
		if ((uint64_t)n > d->size_bytes - s->size_bytes)
			return err_set(e, UCT_BAD_DIGEST, -EBADMSG, "blob %s is too long",
			               d->digest);
		r = spool_add(s, piece, (size_t)n, e);
	}
	return r;
}

int spool_copy(struct load *l, const struct descriptor *d, struct err *e)
{
	_cleanup_spool_ struct spool s = { .fd = -EBADF };
	_cleanup_close_ int fd = -EBADF;
	char path[128], got[72];
	struct stat st;
	int r;

	/* What is there was checked when it came, and is again when it is unpacked. */
	if (fstatat(l->blobs_dirfd, d->digest + 7, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (uint64_t)st.st_size == d->size_bytes)
		return 0;
	(void)snprintf(path, sizeof(path), "%s%s", l->is_flat ? "" : "blobs/sha256/",
	               d->digest + 7);
	fd = openat(l->input_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return NO_ARCHIVE(e, "the directory has no blob %s", d->digest);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open blob %s", d->digest);
	if (!S_ISREG(st.st_mode))
		return NO_ARCHIVE(e, "blob %s is not a regular file", d->digest);
	r = spool_begin(&s, l, e);
	if (r == 0)
		r = copy_all(&s, fd, d, e);
	if (r < 0)
		return r;
	digest_finish(TAKE_PTR(s.hash), got);
	if (strcmp(got, d->digest) != 0)
		return err_set(e, UCT_BAD_DIGEST, -EBADMSG, "blob %s hashes to %s", d->digest, got);
	if (renameat(l->tmp_dirfd, s.tmp_name, l->blobs_dirfd, d->digest + 7) < 0)
		return err_sys(e, "cannot put blob %s into place", d->digest);
	s.tmp_name[0] = '\0';
	return 0;
}
