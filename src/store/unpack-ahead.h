/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-ahead - decompresses a few blocks ahead, in a thread; only for unpack
 *
 * To decompress a layer takes about as long as to hash and write what came of it, so a layer alone
 * has two processors to itself, and an image's last one need not keep everybody waiting. Most
 * layers are small: the thread begins with the second megabyte.
 */
#pragma once

#include "store/unpack-decode.h"

struct ahead;

/* Takes @d. */
int ahead_new(struct decoder *d, struct ahead **ret, struct err *e);
/* The next block, valid until the next call; its length, 0 at the end. Not to be called again after
 * the end or an error. */
ssize_t ahead_next(struct ahead *a, const uint8_t **ret, struct err *e);
/* At any time: nothing more is read, however long the other end of the stream keeps silent. */
void ahead_free(struct ahead *a);
static inline void cleanup_ahead(struct ahead **a)
{
	ahead_free(*a);
}
#define _cleanup_ahead_ _cleanup_(cleanup_ahead)
