/* SPDX-License-Identifier: Apache-2.0 */
/* table - text in aligned columns, spaced as Docker's lists are */
#pragma once

#include "base/strv.h"

struct sbuf;

enum { TABLE_COLUMNS_MAX = 12 };

struct table {
	size_t n_columns;
	struct strv cells; /* row by row, the heading first */
	int err;           /* negative errno of the first failure */
};

void table_add(struct table *t, const char *cell);
void table_addf(struct table *t, const char *fmt, ...) PRINTF(2, 3);
void table_print(const struct table *t, struct sbuf *b);
void table_done(struct table *t);
#define _cleanup_table_ _cleanup_(table_done)
