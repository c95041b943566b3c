/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sha256-rounds.h"

#include <assert.h>

bool sha256_has_rounds(void)
{
	return false;
}

void sha256_rounds(uint32_t h[8], const uint8_t *data, size_t n)
{
	(void)h;
	(void)data;
	(void)n;
	assert(!"no rounds");
}

void sha256_rounds_both(uint32_t a[8], const uint8_t *a_data, uint32_t b[8], const uint8_t *b_data,
                        size_t n)
{
	(void)b;
	(void)b_data;
	sha256_rounds(a, a_data, n);
}

void sha256_rounds_both_simply(uint32_t a[8], const uint8_t *a_data, uint32_t b[8],
                               const uint8_t *b_data, size_t n)
{
	sha256_rounds_both(a, a_data, b, b_data, n);
}
