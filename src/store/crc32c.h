/* SPDX-License-Identifier: Apache-2.0 */
/* crc32c - the checksum of iSCSI and ext4 (RFC 3720), against accidents; only for this folder */
#pragma once

#include "base/macro.h"

struct crc32c {
	uint32_t table[8][256]; /* eight bytes a step: 1.5 GB/s where one byte gives 0.4 */
};
void crc32c_init(struct crc32c *c);
/* Continues @crc, which starts as 0. */
uint32_t crc32c_add(const struct crc32c *c, uint32_t crc, const void *data, size_t n);
