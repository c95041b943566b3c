/* SPDX-License-Identifier: Apache-2.0 */
/* clock - time of day for people and files, monotonic time for measuring */
#pragma once

#include "base/macro.h"

enum { RFC3339_SIZE = 36 };

uint64_t clock_realtime_ns(void);
uint64_t clock_monotonic_ns(void);
/* For poll(2): what is left until @deadline_ns of the monotonic clock; a negative @timeout_ms has
 * no deadline, and stays -1. */
int clock_remaining_ms(uint64_t deadline_ns, int timeout_ms);
/* 2026-01-31T12:34:56.123456789Z; @buf has RFC3339_SIZE bytes. */
void clock_rfc3339(uint64_t realtime_ns, char *buf);
/* The reverse, with any fraction and zone offset; 0 or -EINVAL. */
int clock_parse_rfc3339(const char *s, uint64_t *ret_realtime_ns);
