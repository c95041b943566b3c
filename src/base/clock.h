/* SPDX-License-Identifier: Apache-2.0 */
/* clock - time of day for people and files, monotonic time for measuring */
#pragma once

#include "base/macro.h"

enum { RFC3339_SIZE = 36 };

uint64_t clock_realtime_ns(void);
uint64_t clock_monotonic_ns(void);
/* 2026-01-31T12:34:56.123456789Z; @buf has RFC3339_SIZE bytes. */
void clock_rfc3339(uint64_t realtime_ns, char *buf);
/* The reverse, with any fraction and zone offset; 0 or -EINVAL. */
int clock_parse_rfc3339(const char *s, uint64_t *ret_realtime_ns);
