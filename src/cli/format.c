/* SPDX-License-Identifier: Apache-2.0 */
/* format - what --format and its relatives make of the rows of a list, or of single objects */
#include "cli/format.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/template.h"
#include "cli/term.h"

#include <ctype.h>
#include <string.h>

/* Docker's spacing: see table.c. */
enum { OUTPUT_MAX_BYTES = 64 << 20, GAP = 3, COLUMN_MIN = 10, COLUMNS_MAX = 64 };

struct format {
	struct template *template; /* NULL: JSON */
	bool is_table, is_for_list, no_heading, raw, has_nil;
	json_t *headings;   /* of a table */
	const char **names; /* of all fields, for did-you-mean */
	json_t *rows;       /* of a template for the whole list */
	struct sbuf text;   /* what was written so far; a table's cells with tabs */
	size_t n_rows;
};

void format_free(struct format *f)
{
	if (!f)
		return;
	template_free(f->template);
	json_decref(f->headings);
	json_decref(f->rows);
	sbuf_done(&f->text);
	free(f->names);
	free(f);
}

static int add_headings(struct format *f, const struct format_field *fields, struct err *e)
{
	size_t n = 0;

	while (fields && fields[n].name)
		n++;
	f->headings = json_object();
	f->names = calloc(n + 1, sizeof(*f->names));
	if (!f->headings || !f->names)
		return err_oom(e);
	for (size_t i = 0; i < n; i++) {
		f->names[i] = fields[i].name;
		if (json_object_set_new(f->headings, fields[i].name,
		                        json_string(fields[i].heading)) < 0)
			return err_oom(e);
	}
	return 0;
}

/* Where the columns of "table {{.ID}}" begin; *@ret_n: where they end. */
static size_t table_columns(const char *text, size_t *ret_n)
{
	size_t begin = strlen("table"), n = strlen(text);

	begin += strspn(text + begin, " ");
	while (n > begin && text[n - 1] == ' ')
		n--;
	/* "table\t{{.ID}}": the tab divides, it does not begin an empty column. */
	if (strncmp(text + begin, "\\t", 2) == 0)
		begin += 2;
	*ret_n = n;
	return begin;
}

static bool is_table(const struct format_options *opts)
{
	const char *text = opts->text;

	if (!opts->table)
		return false;
	return !text || !*text ||
	       (strncmp(text, "table", 5) == 0 && (text[5] == '\0' || strchr(" \\\t{", text[5])));
}

int format_compile(const struct format_options *opts, struct format **ret, struct err *e)
{
	_cleanup_format_ struct format *f = calloc(1, sizeof(*f));
	const char *source = opts->text && *opts->text ? opts->text : NULL;
	_cleanup_free_ char *text = NULL;
	size_t begin = 0, n = 0;
	int r;

	if (!f)
		return err_oom(e);
	f->text = (struct sbuf)SBUF_INIT(OUTPUT_MAX_BYTES);
	f->is_table = is_table(opts);
	f->no_heading = opts->no_heading;
	f->raw = opts->raw;
	f->has_nil = opts->has_nil;
	if (!f->is_table && (!source || strcmp(source, "json") == 0)) {
		*ret = TAKE_PTR(f);
		return 0;
	}
	if (f->is_table && source)
		begin = table_columns(source, &n);
	if (f->is_table && begin >= n) {
		begin = 0;
		text = strdup(opts->table);
	} else {
		text = strndup(source, f->is_table ? n : strlen(source));
	}
	if (!text)
		return err_oom(e);
	r = template_compile(text, begin, opts->raw ? 0 : TEMPLATE_ESCAPES, &f->template, e);
	if (r == 0)
		r = add_headings(f, opts->fields, e);
	if (r < 0)
		return r;
	f->is_for_list = !f->is_table && !opts->raw && template_is_for_list(f->template);
	*ret = TAKE_PTR(f);
	return 0;
}

bool format_is_table(const struct format *f)
{
	return f->is_table;
}

bool format_is_json(const struct format *f)
{
	return !f->template;
}

bool format_needs(const struct format *f, const char *field, bool is_in_json)
{
	if (!f->template)
		return is_in_json;
	/* A list's elements go through {{range .}}, whose dot says nothing about them. */
	return template_uses(f->template, field) || (is_in_json && template_uses_all(f->template));
}

static int add_heading(struct format *f, struct err *e)
{
	const struct template_data data = { .root = f->headings, .headings = true };
	int r;

	if (!f->is_table || f->no_heading || f->n_rows > 0)
		return 0;
	r = template_run(f->template, &data, &f->text, e);
	sbuf_addc(&f->text, '\n');
	return r;
}

static int add_json(struct format *f, const json_t *root, struct err *e)
{
	_cleanup_free_ char *text = NULL;

	errno = 0;
	text = json_dumps(root, JSON_COMPACT);
	if (!text)
		return err_oom(e);
	sbuf_adds(&f->text, text);
	sbuf_addc(&f->text, '\n');
	return 0;
}

static int add_row(struct format *f, json_t *root, const json_t *extra, const json_t *methods,
                   struct err *e)
{
	const struct template_data data = {
		.root = root,
		.extra = extra,
		.methods = methods,
		.names = f->names,
		.has_nil = f->has_nil,
	};
	size_t before;
	int r = add_heading(f, e);

	f->n_rows++;
	if (r < 0)
		return r;
	if (!f->template)
		return add_json(f, root, e);
	before = f->text.len;
	r = template_run(f->template, &data, &f->text, e);
	if (r < 0 && f->text.s) {
		f->text.len = before; /* half a row is none */
		f->text.s[before] = '\0';
	}
	if (r == 0)
		sbuf_addc(&f->text, '\n');
	return r;
}

/* The rows that {{range .}} goes over also have the extra fields: they cannot be told apart. */
static int keep_row(struct format *f, json_t *root, const json_t *extra, struct err *e)
{
	if (!f->rows)
		f->rows = json_array();
	if (!f->rows ||
	    (extra && json_object_update_missing(root, (json_t *)(uintptr_t)extra) < 0) ||
	    json_array_append(f->rows, root) < 0)
		return err_oom(e);
	return 0;
}

int format_row(struct format *f, json_t *root, const json_t *extra, const json_t *methods,
               struct err *e)
{
	_unused_ _cleanup_json_ json_t *owned = root;
	int r;

	if (!root)
		return err_oom(e);
	r = f->is_for_list ? keep_row(f, root, extra, e) : add_row(f, root, extra, methods, e);
	if (r == 0 && f->text.err)
		r = f->text.err == -ENOMEM ? err_oom(e)
		                           : err_set(e, UCT_TEMPLATE_VALUE, f->text.err,
		                                     "more output than %d bytes", OUTPUT_MAX_BYTES);
	return r;
}

/* Calls @each for every cell of the text: its column, and whether a tab follows. */
static void each_cell(const struct sbuf *text, void *arg,
                      void (*each)(const char *cell, size_t column, bool is_last, void *arg))
{
	const char *s = text->s ? text->s : "", *line_end;
	char *cell;

	while (*s) {
		line_end = strchrnul(s, '\n');
		for (size_t column = 0;; column++) {
			size_t n = strcspn(s, "\t\n");

			cell = strndup(s, n);
			each(cell ? cell : "", column, s + n == line_end, arg);
			free(cell);
			s += n;
			if (s == line_end)
				break;
			s++;
		}
		s += *s == '\n';
	}
}

struct layout {
	size_t widths[COLUMNS_MAX];
	struct sbuf *out;
};

static void measure_cell(const char *cell, size_t column, bool is_last, void *arg)
{
	struct layout *l = arg;

	if (!is_last && column < COLUMNS_MAX)
		l->widths[column] = MAX(l->widths[column], text_columns(cell) + GAP);
}

static void print_cell(const char *cell, size_t column, bool is_last, void *arg)
{
	struct layout *l = arg;
	size_t width = column < COLUMNS_MAX ? l->widths[column] : 0, n = text_columns(cell);

	sbuf_adds(l->out, cell);
	if (is_last)
		sbuf_addc(l->out, '\n');
	else
		text_pad(l->out, width > n ? width - n : 1);
}

int format_end(struct format *f, struct sbuf *out, struct err *e)
{
	struct layout l = { .out = out };
	int r = 0;

	if (f->is_for_list) {
		const struct template_data data = { .root = f->rows ? f->rows : json_array() };

		r = data.root ? template_run(f->template, &data, out, e) : err_oom(e);
		if (!f->rows)
			json_decref(data.root);
		/* Like podman: the template has its own newlines; a last one is not doubled. */
		if (r == 0 && out->len && out->s[out->len - 1] != '\n')
			sbuf_addc(out, '\n');
	} else if (f->is_table) {
		r = add_heading(f, e);
		for (size_t i = 0; i < COLUMNS_MAX; i++)
			l.widths[i] = COLUMN_MIN;
		each_cell(&f->text, &l, measure_cell);
		each_cell(&f->text, &l, print_cell);
	} else {
		sbuf_add(out, f->text.s ? f->text.s : "", f->text.len);
	}
	sbuf_clear(&f->text);
	json_decref(f->rows);
	f->rows = NULL;
	f->n_rows = 0;
	return r == 0 && out->err == -ENOMEM ? err_oom(e) : r;
}
