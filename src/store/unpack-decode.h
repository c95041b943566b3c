/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-decode - a descriptor's bytes without their compression; only for unpack
 *
 * gzip (all members), zstd (all frames) or none, told apart by their first bytes. A stream that
 * ends early, fails its checksum, or is followed by anything but zero bytes is UCT_BAD_LAYER.
 */
#pragma once

#include "base/err.h"

struct decoder;

int decoder_new(int fd, struct decoder **ret, struct err *e);
/* Fills @buf as far as it can; the number of bytes, 0 at the end. Blocks. Not to be called again
 * after an error. */
ssize_t decoder_read(struct decoder *d, uint8_t *buf, size_t size, struct err *e);
/* From now on a read that would block ends with -ECANCELED as soon as @fd can be read. */
void decoder_stop_by(struct decoder *d, int fd);
void decoder_free(struct decoder *d);
static inline void cleanup_decoder(struct decoder **d)
{
	decoder_free(*d);
}
#define _cleanup_decoder_ _cleanup_(cleanup_decoder)
