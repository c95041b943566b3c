/* SPDX-License-Identifier: Apache-2.0 */
/* sha256 - digests of small documents (FIPS 180-4)
 *
 * For programs that should not pay for loading libcrypto: the command line hashes a manifest and a
 * configuration of its own, nothing large. Helpers that move data use libcrypto.
 */
#pragma once

#include "base/macro.h"

/* Section 4.2.2, aligned for who loads several at once; 5.3.3. */
extern const uint32_t sha256_constants[64], sha256_initial[8];

enum { SHA256_TEXT_SIZE = 72 }; /* "sha256:", 64 hexadecimal digits, NUL */

void sha256_text(const void *data, size_t n, char ret[SHA256_TEXT_SIZE]);
