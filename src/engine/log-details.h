/* SPDX-License-Identifier: Apache-2.0 */
/* log-details - what logs --details puts before each line: the labels, variables and the tag that
 * --log-opt asked for, as Docker writes them */
#pragma once

#include "engine/engine.h"

#include <jansson.h>

/* "KEY=VALUE,KEY=VALUE " with keys in order, percent-encoded; heap. Nothing was asked for: a space.
 */
int log_details(const struct target *t, const json_t *plan, char **ret, struct err *e);
/* Whether labels-regex= and env-regex= can be understood. */
int log_details_check(const char *key, const char *value, struct err *e);
