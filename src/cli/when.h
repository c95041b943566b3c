/* SPDX-License-Identifier: Apache-2.0 */
/* when - points in time that users write and read */
#pragma once

#include "cli/parse.h"

enum { LOCAL_TIME_SIZE = 48 };

/* The value of --since or --until as realtime; 0 if it was not given. */
int args_when(const struct args *a, const char *name, uint64_t *ret_ns, struct err *e);
/* "1h30m", "500ms", "1.5s" as Go writes it; 0 if it was not given. At least a millisecond, or 0. */
int args_duration(const struct args *a, const char *name, uint64_t *ret_ns, struct err *e);
/* The text alone; 0 or -EINVAL. */
int parse_go_duration(const char *s, uint64_t *ret_ns);
/* 2026-01-31T12:34:56.123456789+02:00, in the user's time zone. @buf has LOCAL_TIME_SIZE bytes. */
void local_time(uint64_t realtime_ns, char *buf);
