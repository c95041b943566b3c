/* SPDX-License-Identifier: Apache-2.0 */
/* format - what --format and its relatives make of the rows of a list, or of single objects
 *
 *   "table"           the command's own columns, aligned under headings
 *   "table TEMPLATE"  columns divided by tabs, headings made from the fields
 *   "json"            each row as JSON on a line
 *   TEMPLATE          the row and a newline, or nothing if that is all there is; a template that
 *                     begins with {{range .}} gets all rows at once
 *
 * Usage: format_compile(), then for each row format_row(), then format_end(). Which fields a row
 * must have is told by format_needs(), so that nothing is read from disk in vain.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

struct args;
struct format;
struct sbuf;

/* A field that has a heading of its own. Lists end with a NULL name. */
struct format_field {
	const char *name, *heading;
};

/**
 * struct format_options - how a command's rows are written
 * @text:       of --format; NULL or "": as "table", or what @plain says
 * @table:      columns for "table", as in "{{.ID}}\t{{.Names}}"; NULL: the command has no table
 * @fields:     headings that are not the field's name in capitals; may be NULL
 * @no_heading: a table without its first line
 * @raw:        no \t and \n in the template's text, as Docker's inspect; and JSON is indented there
 * @has_nil:    a null of a row prints as <nil>, as Go's pointers do
 */
struct format_options {
	const char *text, *table;
	const struct format_field *fields;
	bool no_heading, raw, has_nil;
};

/* UCT_TEMPLATE. @fields is kept, the rest is not. */
int format_compile(const struct format_options *opts, struct format **ret, struct err *e);
void format_free(struct format *f);
static inline void cleanup_format(struct format **f)
{
	format_free(*f);
}
#define _cleanup_format_ _cleanup_(cleanup_format)

/* Whether rows need this field. Those of {{.}} and of "json" are needed if @is_in_json. */
bool format_needs(const struct format *f, const char *field, bool is_in_json);
bool format_is_table(const struct format *f);
bool format_is_json(const struct format *f);

/* One row; @root is consumed, NULL counts as out of memory. @extra: fields that are no part of
 * {{.}} and "json"; @methods: what {{.Label "x"}} looks into. Both borrowed, may be NULL. */
int format_row(struct format *f, json_t *root, const json_t *extra, const json_t *methods,
               struct err *e);
/* Appends all to @out: once, at the end. For live displays the rows start anew afterwards. */
int format_end(struct format *f, struct sbuf *out, struct err *e);
