/* SPDX-License-Identifier: Apache-2.0 */
/* json-where - the line and column of something in a JSON text
 *
 * jansson tells positions of syntax errors only. This finds a value of a text that it has accepted,
 * by the way to it: how many members or elements to skip at each level.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

struct json_place {
	unsigned line, column; /* from 1; columns count code points */
};

/* @is_key: the key of the last member on the way, not its value. 0, or -ENOENT if the text has
 * nothing there (it is not what jansson accepted). */
int json_where(const char *text, size_t n, const size_t *way, size_t n_way, bool is_key,
               struct json_place *ret);
