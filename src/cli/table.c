/* SPDX-License-Identifier: Apache-2.0 */
/* table - text in aligned columns, spaced as Docker's lists are */
#include "cli/table.h"

#include "base/sbuf.h"
#include "cli/term.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

/* Docker's: three spaces between columns, none narrower than ten with them. Scripts that cut by
 * position exist, regrettably. */
enum { GAP = 3, COLUMN_MIN = 10 };

void table_add(struct table *t, const char *cell)
{
	int r = strv_add(&t->cells, cell);

	if (r < 0 && t->err == 0)
		t->err = r;
}

void table_addf(struct table *t, const char *fmt, ...)
{
	char *cell = NULL;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&cell, fmt, ap);
	va_end(ap);
	r = strv_take(&t->cells, r < 0 ? NULL : cell);
	if (r < 0 && t->err == 0)
		t->err = r;
}

static void measure(const struct table *t, size_t *widths)
{
	for (size_t i = 0; i < t->n_columns; i++)
		widths[i] = COLUMN_MIN;
	for (size_t i = 0; i < t->cells.n; i++) {
		size_t *w = &widths[i % t->n_columns];

		*w = MAX(*w, text_columns(t->cells.v[i]) + GAP);
	}
}

void table_print(const struct table *t, struct sbuf *b)
{
	size_t widths[TABLE_COLUMNS_MAX], column;

	assert(t->n_columns > 0 && t->n_columns <= TABLE_COLUMNS_MAX);
	if (t->err < 0) {
		b->err = t->err;
		return;
	}
	measure(t, widths);
	for (size_t i = 0; i < t->cells.n && !b->err; i++) {
		column = i % t->n_columns;
		sbuf_adds(b, t->cells.v[i]);
		if (column + 1 == t->n_columns)
			sbuf_addc(b, '\n');
		else
			text_pad(b, widths[column] - text_columns(t->cells.v[i]));
	}
}

void table_done(struct table *t)
{
	strv_done(&t->cells);
}
