/* SPDX-License-Identifier: Apache-2.0 */
/* capabilities - sets as 64-bit masks, names as in capabilities(7), applying them */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* What Docker gives a container by default. */
extern const char *const capabilities_default[];
extern const size_t capabilities_default_n;

/* "CAP_CHOWN" -> its bit; -EINVAL for an unknown name. */
int capability_parse(const char *name, uint64_t *ret_bit);

/* The name without CAP_, by number; NULL beyond the last one. */
const char *capability_name(unsigned number);
/* All that the running kernel knows. */
uint64_t capabilities_all(void);

struct capability_sets {
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

/* Drops everything else from the bounding set. Before the user is changed. */
int capabilities_bound(uint64_t bounding, struct err *e);
/* Sets the process' own sets and the ambient set. After the user was changed, with
 * PR_SET_KEEPCAPS if that was away from 0. */
int capabilities_apply(const struct capability_sets *sets, struct err *e);
