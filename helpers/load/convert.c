/* SPDX-License-Identifier: Apache-2.0 */
/* convert - a layer's blob under another compression, or under none; LOAD_CONVERT */
#include "load.h"

#include "base/file.h"
#include "image/digest.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 18 };

/* The one entry that a stream is; 0: it is empty. */
static int begin(struct load *l, struct archive **ret, struct err *e)
{
	struct archive_entry *ae;
	int r = archive_begin(l, true, ret, e), rc;

	if (r < 0)
		return r;
	rc = archive_read_next_header(*ret, &ae);
	if (rc == ARCHIVE_EOF)
		return 0;
	return rc < ARCHIVE_WARN ? archive_fails(*ret, e) : 1;
}

int blob_plain_digest(struct load *l, const struct entry *x, char ret[72], struct err *e)
{
	_cleanup_free_ char *piece = NULL;
	_cleanup_archive_ struct archive *a = NULL;
	_cleanup_digest_ struct digest *hash = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct load input = *l;
	uint64_t total = 0;
	ssize_t n = 0;
	int r;

	if (magic_compression(x->magic) == LOAD_PLAIN) {
		memcpy(ret, x->digest, sizeof(x->digest));
		return 0;
	}
	fd = openat(l->blobs_dirfd, x->digest + 7, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "cannot open blob %s", x->digest);
	input.input_fd = fd;
	piece = malloc(PIECE_BYTES);
	r = piece ? digest_new(&hash, e) : err_oom(e);
	if (r == 0)
		r = begin(&input, &a, e);
	while (r > 0 && (n = archive_read_data(a, piece, PIECE_BYTES)) > 0) {
		total += (uint64_t)n;
		if (total > l->start.max_bytes)
			return NO_ARCHIVE(e, "layer %s unpacks to too much", x->digest);
		digest_add(hash, piece, (size_t)n);
	}
	if (r > 0 && n < 0)
		return archive_fails(a, e);
	if (r < 0)
		return r;
	digest_finish(TAKE_PTR(hash), ret);
	return 0;
}

/* --- compression */

struct sink {
	struct spool *s;
	int r;
	struct err e;
};

static la_ssize_t on_write(struct archive *a, void *arg, const void *data, size_t n)
{
	struct sink *k = arg;

	k->r = spool_add(k->s, data, n, &k->e);
	if (k->r < 0)
		archive_set_error(a, -k->r, "cannot write");
	return k->r < 0 ? -1 : (la_ssize_t)n;
}

static void write_end(struct archive **a)
{
	if (*a)
		(void)archive_write_free(*a); /* what matters was closed before */
}

/* Nothing of when and where in it: the same layer gives the same bytes. */
static int open_writer(struct archive *w, enum load_compression how, struct sink *k, struct err *e)
{
	struct archive_entry *ae;
	int rc = archive_write_set_format_raw(w);

	if (rc == ARCHIVE_OK)
		rc = how == LOAD_ZSTD ? archive_write_add_filter_zstd(w)
		                      : archive_write_add_filter_gzip(w);
	if (rc == ARCHIVE_OK && how == LOAD_GZIP)
		rc = archive_write_set_filter_option(w, "gzip", "timestamp", NULL);
	if (rc == ARCHIVE_OK)
		rc = archive_write_set_bytes_in_last_block(w, 1);
	if (rc == ARCHIVE_OK)
		rc = archive_write_open(w, k, NULL, on_write, NULL);
	ae = rc == ARCHIVE_OK ? archive_entry_new() : NULL;
	if (!ae)
		return archive_fails(w, e);
	archive_entry_set_filetype(ae, AE_IFREG);
	rc = archive_write_header(w, ae);
	archive_entry_free(ae);
	return rc == ARCHIVE_OK ? 0 : archive_fails(w, e);
}

static int write_fails(struct archive *w, const struct sink *k, struct err *e)
{
	if (k->r == 0)
		return archive_fails(w, e);
	if (e)
		*e = k->e;
	return k->r;
}

static int compress(struct load *l, struct archive *from, struct spool *s, struct err *e)
{
	_cleanup_free_ char *piece = malloc(PIECE_BYTES);
	_cleanup_(write_end) struct archive *w = archive_write_new();
	struct sink k = { .s = s };
	ssize_t n = 0;
	int r = piece && w ? open_writer(w, (enum load_compression)l->start.compression, &k, e)
	                   : err_oom(e);

	while (r == 0 && from && (n = archive_read_data(from, piece, PIECE_BYTES)) > 0)
		if (archive_write_data(w, piece, (size_t)n) != n)
			r = write_fails(w, &k, e);
	if (r == 0 && n < 0)
		r = archive_fails(from, e);
	if (r == 0 && archive_write_close(w) != ARCHIVE_OK)
		r = write_fails(w, &k, e);
	return r;
}

static int copy(struct archive *from, struct spool *s, struct err *e)
{
	_cleanup_free_ char *piece = malloc(PIECE_BYTES);
	int r = piece ? 0 : err_oom(e);
	ssize_t n = 0;

	while (r == 0 && from && (n = archive_read_data(from, piece, PIECE_BYTES)) > 0)
		r = spool_add(s, piece, (size_t)n, e);
	return r == 0 && n < 0 ? archive_fails(from, e) : r;
}

int archive_convert(struct load *l, struct err *e)
{
	_cleanup_spool_ struct spool s = { .fd = -EBADF };
	_cleanup_archive_ struct archive *a = NULL;
	int r = begin(l, &a, e), is_full = r;

	if (r >= 0)
		r = spool_begin(&s, l, e);
	if (r >= 0)
		r = l->start.compression == LOAD_PLAIN ? copy(is_full ? a : NULL, &s, e)
		                                       : compress(l, is_full ? a : NULL, &s, e);
	if (r >= 0)
		r = spool_end(&s, e);
	return r < 0 ? r : archive_send_root(l, &s, e);
}
