/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unpack-stream.h"

#include "store/sha256.h"
#include "store/unpack.h"

#include <isa-l/igzip_lib.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

enum { IN_SIZE = 256 * 1024, OUT_SIZE = 256 * 1024 };
enum { ZSTD_WINDOW_LOG_MAX = 27 }; /* 128 MiB, what the zstd program accepts by default */

enum kind { KIND_UNKNOWN, KIND_PLAIN, KIND_GZIP, KIND_ZSTD };

struct stream {
	int fd;
	enum kind kind;
	uint64_t max_bytes, total;
	struct err failed; /* repeated once filled */
	bool eof;          /* of the descriptor */
	bool in_member;    /* inside a gzip member or zstd frame: an end here is too early */
	bool only_zeros;   /* the last member was followed by padding */
	const uint8_t *in; /* unread input */
	size_t in_len;
	struct inflate_state gzip;
	ZSTD_DStream *zstd;
	struct sha256 hash;
	size_t n_hashed; /* of the last block, which has n_block bytes */
	size_t n_block;
	uint8_t in_buf[IN_SIZE], out_buf[OUT_SIZE];
};

int stream_new(int fd, uint64_t max_bytes, struct stream **ret, struct err *e)
{
	_cleanup_stream_ struct stream *st = calloc(1, sizeof(*st));
	int r;

	if (!st)
		return err_oom(e);
	st->fd = fd;
	st->max_bytes = max_bytes;
	isal_inflate_init(&st->gzip);
	st->gzip.crc_flag = ISAL_GZIP; /* header and trailer are there and are checked */
	st->zstd = ZSTD_createDStream();
	if (!st->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(st->zstd, ZSTD_d_windowLogMax,
	                                                     ZSTD_WINDOW_LOG_MAX)))
		return err_oom(e);
	r = sha256_init(&st->hash, sha256_is_fast(), e);
	if (r < 0)
		return r;
	if (sha256_start(&st->hash) < 0)
		return err_set(e, UCT_SYSTEM, -EIO, "libcrypto offers no SHA-256");
	*ret = TAKE_PTR(st);
	return 0;
}

void stream_free(struct stream *st)
{
	if (!st)
		return;
	(void)ZSTD_freeDStream(st->zstd); /* documented to return 0 */
	sha256_done(&st->hash);
	free(st);
}

/* Adds input behind what is unread; 1, or 0 at the end. */
static int fill(struct stream *st, struct err *e)
{
	ssize_t n;

	if (st->eof)
		return 0;
	if (st->in_len && st->in != st->in_buf)
		memmove(st->in_buf, st->in, st->in_len);
	st->in = st->in_buf;
	if (st->in_len == IN_SIZE)
		return 1;
	n = RETRY_EINTR(read(st->fd, st->in_buf + st->in_len, IN_SIZE - st->in_len));
	if (n < 0)
		return err_sys(e, "cannot read the layer's stream");
	if (n == 0)
		st->eof = true;
	st->in_len += (size_t)n;
	return n > 0;
}

static int has_input(struct stream *st, size_t n, struct err *e)
{
	int r = 1;

	while (st->in_len < n && r > 0)
		r = fill(st, e);
	return r < 0 ? r : st->in_len >= n;
}

/* Decides by magic: gzip RFC 1952 2.3.1, zstd RFC 8878 3.1.1 and 3.1.2 (skippable frames). */
static int detect(struct stream *st, struct err *e)
{
	static const uint8_t xz[] = { 0xfd, '7', 'z', 'X', 'Z' };
	int r = has_input(st, 6, e);
	const uint8_t *p = st->in;

	if (r < 0)
		return r;
	if (st->in_len == 0)
		return BAD_LAYER(e, "the layer is empty");
	st->kind = KIND_PLAIN;
	if (r == 0)
		return 0;
	if (p[0] == 0x1f && p[1] == 0x8b)
		st->kind = KIND_GZIP;
	else if ((p[0] == 0x28 || (p[0] & 0xf0) == 0x50) && p[1] == (p[0] == 0x28 ? 0xb5 : 0x2a) &&
	         p[2] == (p[0] == 0x28 ? 0x2f : 0x4d) && p[3] == (p[0] == 0x28 ? 0xfd : 0x18))
		st->kind = KIND_ZSTD;
	else if (!memcmp(p, xz, sizeof(xz)) || !memcmp(p, "BZh", 3))
		return BAD_LAYER(
			e, "the layer is compressed with xz or bzip2, which images do not use");
	return 0;
}

/* Between two members: 1 another one begins, 0 the end. Tape-minded tools pad with zeros. */
static int next_member(struct stream *st, struct err *e)
{
	int r;

	while ((r = has_input(st, 1, e)) > 0 && st->in[0] == 0) {
		st->only_zeros = true;
		st->in++;
		st->in_len--;
	}
	if (r <= 0)
		return r;
	if (st->only_zeros || st->in[0] != 0x1f)
		return BAD_LAYER(e, "the compressed layer is followed by other data");
	return 1;
}

static ssize_t read_gzip(struct stream *st, struct err *e)
{
	int r;

	st->gzip.next_out = st->out_buf;
	st->gzip.avail_out = OUT_SIZE;
	while (st->gzip.avail_out > 0) {
		if (!st->in_member) {
			r = next_member(st, e);
			if (r < 0)
				return r;
			if (r == 0)
				break;
			isal_inflate_reset(&st->gzip);
			st->gzip.crc_flag = ISAL_GZIP;
			st->in_member = true;
		}
		r = has_input(st, 1, e);
		if (r < 0)
			return r;
		st->gzip.next_in = (uint8_t *)(uintptr_t)st->in;
		st->gzip.avail_in = (uint32_t)st->in_len;
		uint32_t room = st->gzip.avail_out;
		int rc = isal_inflate(&st->gzip);

		if (rc < 0)
			return BAD_LAYER(e, "the gzip data is damaged (%s)",
			                 rc == ISAL_INCORRECT_CHECKSUM ? "wrong checksum"
			                                               : "invalid code");
		st->in = st->gzip.next_in;
		st->in_len = st->gzip.avail_in;
		if (st->gzip.block_state == ISAL_BLOCK_FINISH)
			st->in_member = false;
		else if (r == 0 && st->gzip.avail_out == room)
			return BAD_LAYER(e, "the gzip data is truncated");
	}
	return OUT_SIZE - (ssize_t)st->gzip.avail_out;
}

static ssize_t read_zstd(struct stream *st, struct err *e)
{
	ZSTD_outBuffer out = { st->out_buf, OUT_SIZE, 0 };

	while (out.pos < out.size) {
		int r = has_input(st, 1, e);
		size_t before = out.pos, left;

		if (r < 0)
			return r;
		if (r == 0 && !st->in_member)
			break;
		ZSTD_inBuffer in = { st->in, st->in_len, 0 };

		left = ZSTD_decompressStream(st->zstd, &out, &in);
		if (ZSTD_isError(left))
			return BAD_LAYER(e, "the zstd data is damaged (%s)",
			                 ZSTD_getErrorName(left));
		st->in += in.pos;
		st->in_len -= in.pos;
		st->in_member = left != 0;
		if (r == 0 && st->in_member && out.pos == before)
			return BAD_LAYER(e, "the zstd data is truncated");
	}
	return (ssize_t)out.pos;
}

static ssize_t read_plain(struct stream *st, struct err *e)
{
	int r = has_input(st, 1, e);
	size_t n = st->in_len;

	if (r <= 0)
		return r;
	memcpy(st->out_buf, st->in, n); /* fill() moves the input while libarchive holds a block */
	st->in_len = 0;
	return (ssize_t)n;
}

static ssize_t read_block(struct stream *st, struct err *e)
{
	int r;

	if (st->kind == KIND_UNKNOWN) {
		r = detect(st, e);
		if (r < 0)
			return r;
	}
	switch (st->kind) {
	case KIND_GZIP:
		return read_gzip(st, e);
	case KIND_ZSTD:
		return read_zstd(st, e);
	case KIND_PLAIN:
	case KIND_UNKNOWN:
	default:
		return read_plain(st, e);
	}
}

int stream_hash_with(struct stream *st, struct sha256 *x, const void *data, size_t n)
{
	struct sha256_waiting rest = { &st->hash, st->out_buf + st->n_hashed,
		                       st->n_block - st->n_hashed };
	int r = sha256_add_both(x, data, n, &rest);

	st->n_hashed = st->n_block - rest.n;
	return r;
}

/* What nobody has had hashed on the way. */
static int hash_rest(struct stream *st, struct err *e)
{
	int r = sha256_add(&st->hash, st->out_buf + st->n_hashed, st->n_block - st->n_hashed);

	st->n_hashed = st->n_block = 0;
	return r < 0 ? err_set(e, UCT_SYSTEM, r, "cannot hash the layer") : 0;
}

ssize_t stream_next(struct stream *st, const void **ret, struct err *e)
{
	ssize_t n;

	if (st->failed.code) {
		if (e)
			*e = st->failed;
		return st->failed.code;
	}
	n = hash_rest(st, &st->failed);
	if (n == 0)
		n = read_block(st, &st->failed);
	if (n > 0 && (uint64_t)n > st->max_bytes - st->total)
		n = BAD_LAYER(&st->failed, "the layer unpacks to more than %llu bytes",
		              (unsigned long long)st->max_bytes);
	if (n < 0) {
		if (e)
			*e = st->failed;
		return n;
	}
	st->n_block = (size_t)n;
	st->total += (uint64_t)n;
	*ret = st->out_buf;
	return n;
}

int stream_digest(struct stream *st, char ret[72], struct err *e)
{
	uint8_t sum[SHA256_SIZE];
	int r = hash_rest(st, e);

	if (r < 0)
		return r;
	if (sha256_finish(&st->hash, sum) < 0)
		return err_set(e, UCT_SYSTEM, -EIO, "cannot hash the layer");
	memcpy(ret, "sha256:", 8);
	for (size_t i = 0; i < sizeof(sum); i++)
		(void)snprintf(ret + 7 + 2 * i, 3, "%02x", sum[i]);
	return 0;
}
