/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unpack-stream.h"

#include "store/sha256.h"
#include "store/unpack-ahead.h"
#include "store/unpack.h"

#include <stdio.h>
#include <string.h>

struct stream {
	struct ahead *ahead;
	uint64_t max_bytes, total;
	struct err failed; /* repeated once filled */
	bool is_over;
	struct sha256 hash;
	const uint8_t *block;
	size_t n_hashed; /* of the block, which has n_block bytes */
	size_t n_block;
};

int unpack_too_large(struct err *e, uint64_t max_bytes, const char *what)
{
	int r = BAD_LAYER(e, "%s unpacks to more than %llu bytes", what,
	                  (unsigned long long)max_bytes);

	return err_hint(e, r,
	                "if a layer is meant to be so large, raise the limit: "
	                "USRCT_LAYER_MAX_BYTES=200g usr-ct ...");
}

int stream_new(int fd, uint64_t max_bytes, struct stream **ret, struct err *e)
{
	_cleanup_stream_ struct stream *st = calloc(1, sizeof(*st));
	struct decoder *d;
	int r;

	if (!st)
		return err_oom(e);
	st->max_bytes = max_bytes;
	r = decoder_new(fd, &d, e);
	if (r == 0)
		r = ahead_new(d, &st->ahead, e);
	if (r == 0)
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
	ahead_free(st->ahead);
	sha256_done(&st->hash);
	free(st);
}

int stream_hash_with(struct stream *st, struct sha256 *x, const void *data, size_t n)
{
	struct sha256_waiting rest = { &st->hash, st->block + st->n_hashed,
		                       st->n_block - st->n_hashed };
	int r = sha256_add_both(x, data, n, &rest);

	st->n_hashed = st->n_block - rest.n;
	return r;
}

/* What nobody has had hashed on the way. */
static int hash_rest(struct stream *st, struct err *e)
{
	int r = sha256_add(&st->hash, st->block + st->n_hashed, st->n_block - st->n_hashed);

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
	if (n == 0 && st->is_over)
		return 0;
	if (n == 0)
		n = ahead_next(st->ahead, &st->block, &st->failed);
	if (n > 0 && (uint64_t)n > st->max_bytes - st->total)
		n = unpack_too_large(&st->failed, st->max_bytes, "the layer");
	if (n < 0) {
		if (e)
			*e = st->failed;
		return n;
	}
	st->is_over = n == 0;
	st->n_block = (size_t)n;
	st->total += (uint64_t)n;
	*ret = st->block;
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
