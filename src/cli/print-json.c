/* SPDX-License-Identifier: Apache-2.0 */
/* print-json - what several commands print as JSON */
#include "cli/print-json.h"

#include "base/json.h"
#include "base/sbuf.h"

const char *const print_formats[] = { "table", "json", NULL };

static void print(struct sbuf *b, json_t *j, size_t flags)
{
	char *text = j ? json_dumps(j, flags) : NULL;

	if (text)
		sbuf_addf(b, "%s\n", text);
	else if (!b->err)
		b->err = -ENOMEM;
	free(text);
	json_decref(j);
}

void print_json_line(struct sbuf *b, json_t *j)
{
	print(b, j, JSON_COMPACT);
}

void print_json_pretty(struct sbuf *b, json_t *j)
{
	print(b, j, JSON_INDENT(4));
}
