/* SPDX-License-Identifier: Apache-2.0 */
/* limit-options - flags for what a container may use */
#pragma once

#include "cli/create-options.h"

extern const struct option limit_options[]; /* run, create, update */
extern const struct option place_options[]; /* run, create: where its cgroup is */

/* Into create's options, as create-options.c wants it. */
int limits_fill(struct create_request *q, const struct args *a, struct err *e);
/* Into @ret. @is_update: 0 means "no limit any more", which is written as -1. */
int limits_read(const struct args *a, bool is_update, struct usrct_limits *ret, struct err *e);

/* "1.5g", "64mb", "-1" if @minus_one: bytes. 0 or -EINVAL. For tests. */
int limit_bytes(const char *s, bool minus_one, int64_t *ret);
/* "1.5": billionths. */
int limit_nano(const char *s, int64_t *ret);
