/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-stream - a descriptor as a sequence of decompressed, hashed blocks; only for unpack
 *
 * What may be in it says unpack-decode.h, who decompresses it unpack-ahead.h.
 */
#pragma once

#include "base/err.h"

struct stream;

int stream_new(int fd, uint64_t max_bytes, struct stream **ret, struct err *e);
/* The next block, valid until the next call; its length, 0 at the end. An error repeats. */
ssize_t stream_next(struct stream *st, const void **ret, struct err *e);
/* Hashes @n bytes for the caller as well, which is much cheaper than after one another where the
 * processor has instructions for it (sha256.h). */
struct sha256;
int stream_hash_with(struct stream *st, struct sha256 *x, const void *data, size_t n);
/* "sha256:..." of all blocks so far. */
int stream_digest(struct stream *st, char ret[72], struct err *e);
void stream_free(struct stream *st);
static inline void cleanup_stream(struct stream **st)
{
	stream_free(*st);
}
#define _cleanup_stream_ _cleanup_(cleanup_stream)
