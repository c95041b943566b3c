/* SPDX-License-Identifier: Apache-2.0 */
/* pack-out - where a tar goes: hashed, compressed, hashed again, written; only for pack
 *
 * Compression is ISA-L's at its first level: half the speed of the disk rather than a tenth.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct pack_out;
struct pack_sums;

/* Digests and compression cost time and are for layers only. */
int pack_out_new(int fd, bool is_layer, bool is_compressed, struct pack_out **ret, struct err *e);
int pack_out_write(struct pack_out *o, const void *data, size_t n, struct err *e);
int pack_out_finish(struct pack_out *o, struct pack_sums *ret, struct err *e);
void pack_out_free(struct pack_out *o);
