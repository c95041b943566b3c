/* SPDX-License-Identifier: Apache-2.0 */
#include "store/object.h"

#include <stdio.h>

enum { NAMED_BYTES = 16 };

void object_name(const uint8_t digest[OBJECT_DIGEST_SIZE], char ret[OBJECT_NAME_SIZE])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *p = ret;

	(void)snprintf(ret, OBJECT_NAME_SIZE, "%02x/", digest[0]);
	p += 3;
	for (int i = 1; i < NAMED_BYTES; i += 3) {
		uint32_t x =
			(uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | digest[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*p++ = digits[x >> shift & 63];
	}
	*p = '\0';
}
