/* SPDX-License-Identifier: Apache-2.0 */
/* columns - the fields of a list's rows: made only where the format looks at them
 *
 * A command has a table of its columns. columns_open() reads --format with it; each row then gets
 * the fields that are needed, in the order of the table.
 */
#pragma once

#include "cli/format.h"

/**
 * struct column - one field
 * @make:     its value for a row; NULL counts as out of memory
 * @is_extra: can be named, but is no part of {{.}} and "json"
 */
struct column {
	const char *name, *heading;
	json_t *(*make)(const void *row);
	bool is_extra;
};

enum { COLUMNS_MANY = 64 };

struct columns {
	const struct column *table; /* ends with a NULL name */
	struct format *format;
	struct format_field fields[COLUMNS_MANY];
	bool is_needed[COLUMNS_MANY];
};

/* .fields of @opts is not looked at. */
int columns_open(struct columns *c, const struct column *table, const struct format_options *opts,
                 struct err *e);
bool columns_need(const struct columns *c, const char *name);
/* @methods as for format_row(). */
int columns_row(struct columns *c, const void *row, const json_t *methods, struct err *e);
void columns_done(struct columns *c);
#define _cleanup_columns_ _cleanup_(columns_done)

struct cli;
struct args;
struct sbuf;
/* Ends the list and prints it; the exit status. */
int columns_print(struct cli *cli, struct columns *c);
