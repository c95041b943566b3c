/* SPDX-License-Identifier: Apache-2.0 */
/* limits - from the user's limits to linux.resources of the OCI document */
#pragma once

#include "base/json.h"

#include <usrct/limits.h>

/* Writes what is given over what is there. The result as a whole is checked by Docker's rules:
 * UCT_BAD_LIMIT. @limits may be NULL. */
int limits_merge(const struct usrct_limits *limits, json_t *resources, struct err *e);
/* cgroup_parent and no_cgroup: UCT_BAD_LIMIT. */
int limits_check_place(const struct usrct_limits *limits, struct err *e);
/* What inspect shows of them, below HostConfig, under Docker's names. */
void limits_inspect(const json_t *spec, const json_t *plan, json_t *out);
/* "0-3,7": numbers below @n, ascending ranges. */
bool limits_is_list(const char *s, unsigned n);
