/* SPDX-License-Identifier: Apache-2.0 */
/* num - strict parsing of numbers: no signs, spaces, trailing bytes or overflow */
#pragma once

#include "base/macro.h"

/* Each returns 0, -EINVAL (not a number) or -ERANGE (too large), and writes only on success. */
int parse_u64(const char *s, uint64_t *ret);
int parse_u32(const char *s, uint32_t *ret);
int parse_oct(const char *s, uint32_t *ret);
/* Bytes with Docker's suffixes b, k, m, g, t (also kb, KiB ...), powers of 1024. */
int parse_size(const char *s, uint64_t *ret_bytes);
