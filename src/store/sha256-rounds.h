/* SPDX-License-Identifier: Apache-2.0 */
/* sha256-rounds - the compression function of SHA-256 by the processor's instructions; only for
 * sha256.c. FIPS 180-4, 6.2.2; the state is H0 to H7 as numbers. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool sha256_has_rounds(void);
/* Without sha256_has_rounds() these must not be called. @n: blocks of 64 bytes. */
void sha256_rounds(uint32_t h[8], const uint8_t *data, size_t n);
void sha256_rounds_both(uint32_t a[8], const uint8_t *a_data, uint32_t b[8], const uint8_t *b_data,
                        size_t n);
/* What that is on a processor that has nothing else which would help; for the unit test. */
void sha256_rounds_both_simply(uint32_t a[8], const uint8_t *a_data, uint32_t b[8],
                               const uint8_t *b_data, size_t n);
