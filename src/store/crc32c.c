/* SPDX-License-Identifier: Apache-2.0 */
#include "store/crc32c.h"

#include <string.h>

enum { STRIDE = 8 };
#define POLYNOMIAL 0x82f63b78u /* bits reversed */

void crc32c_init(struct crc32c *c)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t x = i;

		for (int bit = 0; bit < 8; bit++)
			x = x & 1 ? x >> 1 ^ POLYNOMIAL : x >> 1;
		c->table[0][i] = x;
	}
	for (int k = 1; k < STRIDE; k++)
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t x = c->table[k - 1][i];

			c->table[k][i] = c->table[0][x & 0xff] ^ x >> 8;
		}
}

uint32_t crc32c_add(const struct crc32c *c, uint32_t crc, const void *data, size_t n)
{
	const uint8_t *p = data;

	crc = ~crc;
	for (; n >= STRIDE; n -= STRIDE, p += STRIDE) {
		crc ^= p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = c->table[7][crc & 0xff] ^ c->table[6][crc >> 8 & 0xff] ^
		      c->table[5][crc >> 16 & 0xff] ^ c->table[4][crc >> 24] ^ c->table[3][p[4]] ^
		      c->table[2][p[5]] ^ c->table[1][p[6]] ^ c->table[0][p[7]];
	}
	for (; n > 0; n--)
		crc = c->table[0][(crc ^ *p++) & 0xff] ^ crc >> 8;
	return ~crc;
}
