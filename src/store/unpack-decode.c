/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unpack-decode.h"

#include "store/unpack.h"

#include <isa-l/igzip_lib.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <zstd.h>

enum { IN_SIZE = 256 * 1024 };
enum { ZSTD_WINDOW_LOG_MAX = 27 }; /* 128 MiB, what the zstd program accepts by default */

enum kind { KIND_UNKNOWN, KIND_PLAIN, KIND_GZIP, KIND_ZSTD };

struct decoder {
	int fd, stop_fd;
	enum kind kind;
	bool eof;          /* of the descriptor */
	bool in_member;    /* inside a gzip member or zstd frame: an end here is too early */
	bool only_zeros;   /* the last member was followed by padding */
	const uint8_t *in; /* unread input */
	size_t in_len;
	struct inflate_state gzip;
	ZSTD_DStream *zstd;
	uint8_t in_buf[IN_SIZE];
};

int decoder_new(int fd, struct decoder **ret, struct err *e)
{
	_cleanup_decoder_ struct decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return err_oom(e);
	d->fd = fd;
	d->stop_fd = -EBADF;
	isal_inflate_init(&d->gzip);
	d->gzip.crc_flag = ISAL_GZIP; /* header and trailer are there and are checked */
	d->zstd = ZSTD_createDStream();
	if (!d->zstd ||
	    ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX)))
		return err_oom(e);
	*ret = TAKE_PTR(d);
	return 0;
}

void decoder_free(struct decoder *d)
{
	if (!d)
		return;
	(void)ZSTD_freeDStream(d->zstd); /* documented to return 0 */
	free(d);
}

void decoder_stop_by(struct decoder *d, int fd)
{
	d->stop_fd = fd;
}

/* As read(2), for as long as nobody says stop. */
static ssize_t read_some(const struct decoder *d, uint8_t *buf, size_t n, struct err *e)
{
	struct pollfd ready[2] = { { .fd = d->fd, .events = POLLIN },
		                   { .fd = d->stop_fd, .events = POLLIN } };
	ssize_t r;

	if (d->stop_fd >= 0) {
		if (RETRY_EINTR(poll(ready, 2, -1)) < 0)
			return err_sys(e, "cannot wait for the layer's stream");
		if (ready[1].revents)
			return err_set(e, UCT_INTERNAL, -ECANCELED, "nobody reads on");
	}
	r = RETRY_EINTR(read(d->fd, buf, n));
	return r < 0 ? err_sys(e, "cannot read the layer's stream") : r;
}

/* Adds input behind what is unread; 1, or 0 at the end. */
static int fill(struct decoder *d, struct err *e)
{
	ssize_t n;

	if (d->eof)
		return 0;
	if (d->in_len && d->in != d->in_buf)
		memmove(d->in_buf, d->in, d->in_len);
	d->in = d->in_buf;
	if (d->in_len == IN_SIZE)
		return 1;
	n = read_some(d, d->in_buf + d->in_len, IN_SIZE - d->in_len, e);
	if (n < 0)
		return (int)n;
	if (n == 0)
		d->eof = true;
	d->in_len += (size_t)n;
	return n > 0;
}

static int has_input(struct decoder *d, size_t n, struct err *e)
{
	int r = 1;

	while (d->in_len < n && r > 0)
		r = fill(d, e);
	return r < 0 ? r : d->in_len >= n;
}

/* Decides by magic: gzip RFC 1952 2.3.1, zstd RFC 8878 3.1.1 and 3.1.2 (skippable frames). */
static int detect(struct decoder *d, struct err *e)
{
	static const uint8_t xz[] = { 0xfd, '7', 'z', 'X', 'Z' };
	int r = has_input(d, 6, e);
	const uint8_t *p = d->in;

	if (r < 0)
		return r;
	if (d->in_len == 0)
		return BAD_LAYER(e, "the layer is empty");
	d->kind = KIND_PLAIN;
	if (r == 0)
		return 0;
	if (p[0] == 0x1f && p[1] == 0x8b)
		d->kind = KIND_GZIP;
	else if ((p[0] == 0x28 || (p[0] & 0xf0) == 0x50) && p[1] == (p[0] == 0x28 ? 0xb5 : 0x2a) &&
	         p[2] == (p[0] == 0x28 ? 0x2f : 0x4d) && p[3] == (p[0] == 0x28 ? 0xfd : 0x18))
		d->kind = KIND_ZSTD;
	else if (!memcmp(p, xz, sizeof(xz)) || !memcmp(p, "BZh", 3))
		return BAD_LAYER(
			e, "the layer is compressed with xz or bzip2, which images do not use");
	return 0;
}

/* Between two members: 1 another one begins, 0 the end. Tape-minded tools pad with zeros. */
static int next_member(struct decoder *d, struct err *e)
{
	int r;

	while ((r = has_input(d, 1, e)) > 0 && d->in[0] == 0) {
		d->only_zeros = true;
		d->in++;
		d->in_len--;
	}
	if (r <= 0)
		return r;
	if (d->only_zeros || d->in[0] != 0x1f)
		return BAD_LAYER(e, "the compressed layer is followed by other data");
	return 1;
}

static ssize_t read_gzip(struct decoder *d, uint8_t *buf, size_t size, struct err *e)
{
	int r;

	d->gzip.next_out = buf;
	d->gzip.avail_out = (uint32_t)size;
	while (d->gzip.avail_out > 0) {
		if (!d->in_member) {
			r = next_member(d, e);
			if (r < 0)
				return r;
			if (r == 0)
				break;
			isal_inflate_reset(&d->gzip);
			d->gzip.crc_flag = ISAL_GZIP;
			d->in_member = true;
		}
		r = has_input(d, 1, e);
		if (r < 0)
			return r;
		d->gzip.next_in = (uint8_t *)(uintptr_t)d->in;
		d->gzip.avail_in = (uint32_t)d->in_len;
		uint32_t room = d->gzip.avail_out;
		int rc = isal_inflate(&d->gzip);

		if (rc < 0)
			return BAD_LAYER(e, "the gzip data is damaged (%s)",
			                 rc == ISAL_INCORRECT_CHECKSUM ? "wrong checksum"
			                                               : "invalid code");
		d->in = d->gzip.next_in;
		d->in_len = d->gzip.avail_in;
		if (d->gzip.block_state == ISAL_BLOCK_FINISH)
			d->in_member = false;
		else if (r == 0 && d->gzip.avail_out == room)
			return BAD_LAYER(e, "the gzip data is truncated");
	}
	return (ssize_t)(size - d->gzip.avail_out);
}

static ssize_t read_zstd(struct decoder *d, uint8_t *buf, size_t size, struct err *e)
{
	ZSTD_outBuffer out = { buf, size, 0 };

	while (out.pos < out.size) {
		int r = has_input(d, 1, e);
		size_t before = out.pos, left;

		if (r < 0)
			return r;
		if (r == 0 && !d->in_member)
			break;
		ZSTD_inBuffer in = { d->in, d->in_len, 0 };

		left = ZSTD_decompressStream(d->zstd, &out, &in);
		if (ZSTD_isError(left))
			return BAD_LAYER(e, "the zstd data is damaged (%s)",
			                 ZSTD_getErrorName(left));
		d->in += in.pos;
		d->in_len -= in.pos;
		d->in_member = left != 0;
		if (r == 0 && d->in_member && out.pos == before)
			return BAD_LAYER(e, "the zstd data is truncated");
	}
	return (ssize_t)out.pos;
}

static ssize_t read_plain(struct decoder *d, uint8_t *buf, size_t size, struct err *e)
{
	size_t n = MIN(d->in_len, size); /* what was read to tell the kind */

	if (n == 0)
		return d->eof ? 0 : read_some(d, buf, size, e);
	memcpy(buf, d->in, n);
	d->in += n;
	d->in_len -= n;
	return (ssize_t)n;
}

ssize_t decoder_read(struct decoder *d, uint8_t *buf, size_t size, struct err *e)
{
	int r = d->kind == KIND_UNKNOWN ? detect(d, e) : 0;

	if (r < 0)
		return r;
	switch (d->kind) {
	case KIND_GZIP:
		return read_gzip(d, buf, size, e);
	case KIND_ZSTD:
		return read_zstd(d, buf, size, e);
	case KIND_PLAIN:
	case KIND_UNKNOWN:
	default:
		return read_plain(d, buf, size, e);
	}
}
