/* SPDX-License-Identifier: Apache-2.0 */
/* human - sizes, times, ids and names in the form that Docker users read without thinking */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

enum { HUMAN_SIZE = 64, SHORT_ID_CHARS = 12 };

/* "0B", "5.61MB", "1.24GB": three digits, powers of 1000. @buf has HUMAN_SIZE bytes. */
void human_bytes(uint64_t bytes, char *buf);
/* "Less than a second", "3 seconds", "About a minute", "2 hours", "5 days", "3 weeks" ... */
void human_age(uint64_t ns, char *buf);
/* "2026-01-31 12:34:56 +0000 UTC", local, as Docker's CreatedAt; "" for 0. */
void human_time(uint64_t realtime_ns, char *buf);
/* "2026-07-03T12:30:00Z", or "...+02:00"; otherwise the same. */
void human_time_iso(uint64_t realtime_ns, char *buf);
/* "850ms", "3.2s", "2m05s" */
void human_took(uint64_t ns, char *buf);
/* Hexadecimal digits of an id without "sha256:", cut to twelve if @truncated. */
const char *human_id(const char *id, bool truncated, char buf[72]);
/* Without docker.io/ and docker.io/library/, as Docker shows its own names. */
const char *human_image(const char *name);

/* A point in time: RFC 3339, a date with or without time (local), seconds since 1970, or how long
 * before @now_ns ("10m", "1h30m", "2d"). 0 or -EINVAL. */
int parse_when(const char *s, uint64_t now_ns, uint64_t *ret_realtime_ns);
