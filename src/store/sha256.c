/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sha256.h"

#include "base/sha256.h"
#include "store/sha256-rounds.h"

#include <endian.h>
#include <openssl/evp.h>
#include <string.h>

bool sha256_is_fast(void)
{
	return sha256_has_rounds();
}

int sha256_init(struct sha256 *x, bool fast, struct err *e)
{
	*x = (struct sha256){ 0 };
	if (fast)
		return 0;
	x->md = EVP_MD_CTX_new();
	return x->md ? 0 : err_oom(e);
}

void sha256_done(struct sha256 *x)
{
	EVP_MD_CTX_free(x->md);
	*x = (struct sha256){ 0 };
}

int sha256_start(struct sha256 *x)
{
	memcpy(x->h, sha256_initial, sizeof(x->h));
	x->n_bytes = 0;
	return !x->md || EVP_DigestInit_ex(x->md, EVP_sha256(), NULL) == 1 ? 0 : -EIO;
}

/* Fills up a block that was begun; what is left of the data begins with a block. */
static void fill(struct sha256 *x, const uint8_t **data, size_t *n)
{
	size_t have = x->n_bytes % SHA256_BLOCK, part;

	if (have == 0)
		return;
	part = MIN((size_t)SHA256_BLOCK - have, *n);
	memcpy(x->rest + have, *data, part);
	x->n_bytes += part;
	*data += part;
	*n -= part;
	if (have + part == SHA256_BLOCK)
		sha256_rounds(x->h, x->rest, 1);
}

/* @n whole blocks were hashed. */
static void advance(struct sha256 *x, const uint8_t **data, size_t *left, size_t n)
{
	x->n_bytes += n * SHA256_BLOCK;
	*data += n * SHA256_BLOCK;
	*left -= n * SHA256_BLOCK;
}

static void keep(struct sha256 *x, const uint8_t *data, size_t n)
{
	if (n)
		memcpy(x->rest, data, n);
	x->n_bytes += n;
}

int sha256_add(struct sha256 *x, const void *data, size_t n)
{
	const uint8_t *p = data;

	if (x->md)
		return EVP_DigestUpdate(x->md, data, n) == 1 ? 0 : -EIO;
	fill(x, &p, &n);
	if (n == 0)
		return 0;
	sha256_rounds(x->h, p, n / SHA256_BLOCK);
	advance(x, &p, &n, n / SHA256_BLOCK);
	keep(x, p, n);
	return 0;
}

int sha256_add_both(struct sha256 *a, const void *data, size_t n, struct sha256_waiting *b)
{
	const uint8_t *p = data;
	size_t n_blocks;

	if (a->md || b->x->md)
		return sha256_add(a, data, n);
	fill(a, &p, &n);
	n_blocks = n / SHA256_BLOCK;
	if (n_blocks > 0) {
		fill(b->x, &b->data, &b->n);
		n_blocks = MIN(n_blocks, b->n / SHA256_BLOCK);
		sha256_rounds_both(a->h, p, b->x->h, b->data, n_blocks);
		advance(a, &p, &n, n_blocks);
		advance(b->x, &b->data, &b->n, n_blocks);
	}
	return n ? sha256_add(a, p, n) : 0;
}

int sha256_finish(struct sha256 *x, uint8_t ret[SHA256_SIZE])
{
	static const uint8_t end[SHA256_BLOCK] = { 0x80 };
	uint64_t n_bits = htobe64(x->n_bytes * 8);
	size_t have = x->n_bytes % SHA256_BLOCK;

	if (x->md)
		return EVP_DigestFinal_ex(x->md, ret, NULL) == 1 ? 0 : -EIO;
	(void)sha256_add(x, end, (have < 56 ? 56 : 120) - have); /* ours do not fail */
	(void)sha256_add(x, &n_bits, sizeof(n_bits));
	for (size_t i = 0; i < ARRAY_SIZE(x->h); i++) {
		uint32_t v = htobe32(x->h[i]);

		memcpy(ret + 4 * i, &v, sizeof(v));
	}
	return 0;
}
