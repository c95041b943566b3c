/* SPDX-License-Identifier: Apache-2.0 */
/* sha256 - two streams hashed side by side; only for unpack
 *
 * A layer's bytes go into two digests, that of the tar and that of the file they belong to. Each
 * round of SHA-256 waits for the one before it, so the processor's SHA instructions are busy half
 * of the time with one stream; a second one that is interleaved costs next to nothing. libcrypto
 * offers no such thing, so for processors with these instructions the rounds are here (the unit
 * test compares them with libcrypto's); all others get libcrypto, twice.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { SHA256_SIZE = 32, SHA256_BLOCK = 64 };

struct sha256 {
	uint32_t h[8];
	uint64_t n_bytes;
	uint8_t rest[SHA256_BLOCK]; /* n_bytes % SHA256_BLOCK of them */
	void *md;                   /* EVP_MD_CTX; NULL: the rounds are ours */
};

/* Whether this processor has the instructions. */
bool sha256_is_fast(void);
/* @fast: sha256_is_fast(); false uses libcrypto. Once for each; then sha256_start() before each
 * digest, also the first. */
int sha256_init(struct sha256 *x, bool fast, struct err *e);
void sha256_done(struct sha256 *x);
int sha256_start(struct sha256 *x);
/* All of these return 0 or -EIO, which only libcrypto does. */
int sha256_add(struct sha256 *x, const void *data, size_t n);
/* All of the data into @a and, as much as is free of charge, what waits for @b into that: what is
 * left of it stays there. */
struct sha256_waiting {
	struct sha256 *x;
	const uint8_t *data;
	size_t n;
};
int sha256_add_both(struct sha256 *a, const void *data, size_t n, struct sha256_waiting *b);
int sha256_finish(struct sha256 *x, uint8_t ret[SHA256_SIZE]);
