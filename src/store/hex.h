/* SPDX-License-Identifier: Apache-2.0 */
/* hex - ids and digests are lower-case hex digits, and nothing else becomes part of a path */
#pragma once

#include <stdbool.h>
#include <string.h>

/* Exactly @n digits; with @n 0 any number of them but none at all. */
static inline bool is_hex(const char *s, size_t n)
{
	size_t len = strspn(s, "0123456789abcdef");

	return s[len] == '\0' && len > 0 && (n == 0 || len == n);
}

static inline bool is_digest(const char *s)
{
	return !strncmp(s, "sha256:", 7) && is_hex(s + 7, 64);
}
