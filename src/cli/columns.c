/* SPDX-License-Identifier: Apache-2.0 */
/* columns - the fields of a list's rows: made only where the format looks at them */
#include "cli/columns.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/cli.h"

#include <assert.h>
#include <string.h>

enum { OUTPUT_MAX_BYTES = 128 << 20 };

int columns_open(struct columns *c, const struct column *table, const struct format_options *opts,
                 struct err *e)
{
	struct format_options o = *opts;
	size_t n = 0;
	int r;

	*c = (struct columns){ .table = table };
	for (; table[n].name; n++)
		c->fields[n] = (struct format_field){ table[n].name, table[n].heading };
	assert(n < COLUMNS_MANY);
	o.fields = c->fields;
	r = format_compile(&o, &c->format, e);
	for (size_t i = 0; i < n && r == 0; i++)
		c->is_needed[i] = format_needs(c->format, table[i].name, !table[i].is_extra);
	return r;
}

bool columns_need(const struct columns *c, const char *name)
{
	for (size_t i = 0; c->table[i].name; i++)
		if (c->is_needed[i] && strcmp(c->table[i].name, name) == 0)
			return true;
	return false;
}

int columns_row(struct columns *c, const void *row, const json_t *methods, struct err *e)
{
	_cleanup_json_ json_t *root = json_object(), *extra = json_object();
	const struct column *t = c->table;

	for (size_t i = 0; t[i].name; i++)
		if (c->is_needed[i] && json_object_set_new(t[i].is_extra ? extra : root, t[i].name,
		                                           t[i].make(row)) < 0)
			return err_oom(e);
	return format_row(c->format, json_incref(root), extra, methods, e);
}

int columns_print(struct cli *cli, struct columns *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(OUTPUT_MAX_BYTES);
	struct err e;

	if (format_end(c->format, &b, &e) < 0)
		return cli_fail_local(cli, &e);
	return cli_print(cli, &b);
}

void columns_done(struct columns *c)
{
	format_free(c->format);
	c->format = NULL;
}
