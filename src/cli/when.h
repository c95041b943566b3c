/* SPDX-License-Identifier: Apache-2.0 */
/* when - points in time that users write and read */
#pragma once

#include "cli/parse.h"

enum { LOCAL_TIME_SIZE = 48 };

/* The value of --since or --until as realtime; 0 if it was not given. */
int args_when(const struct args *a, const char *name, uint64_t *ret_ns, struct err *e);
/* 2026-01-31T12:34:56.123456789+02:00, in the user's time zone. @buf has LOCAL_TIME_SIZE bytes. */
void local_time(uint64_t realtime_ns, char *buf);
