/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct history - the steps that made an image */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/columns.h"
#include "cli/human.h"
#include "cli/platform-options.h"
#include "cli/status.h"
#include "cli/when.h"

#include <stdio.h>
#include <string.h>

enum { CREATED_BY_CHARS = 45 };

struct step {
	const json_t *j;
	uint64_t now_ns, created_ns;
	bool truncated, human;
};

static const char *text(const void *row, const char *key)
{
	const char *s = json_string_value(json_object_get(((const struct step *)row)->j, key));

	return s ? s : "";
}

static json_t *id(const void *row)
{
	const struct step *s = row;
	const char *full = text(row, "Id");
	char buf[72];

	if (full[0] == '<')
		return json_string(full);
	return json_string(s->truncated ? human_id(full, true, buf) : full);
}

/* In whole seconds and the user's time zone, as docker and podman print it. */
static json_t *created_at(const void *row)
{
	char buf[HUMAN_SIZE];

	human_time_iso(((const struct step *)row)->created_ns, buf);
	return json_string(buf[0] ? buf : "N/A");
}

static json_t *created_since(const void *row)
{
	const struct step *s = row;
	char buf[STATUS_SIZE];

	if (!s->created_ns)
		return json_string("N/A");
	if (!s->human)
		return created_at(row);
	status_ago(s->created_ns, s->now_ns, buf);
	return json_string(buf);
}

/* What somebody else wrote into an image: nothing that a terminal would obey, on one line. */
static json_t *visible(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);

	for (char *p = copy; p && *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '\t' || c == '\n')
			*p = ' ';
		else if (c < ' ' || c == 0x7f)
			*p = '?';
		else if (c == 0xc2 && (unsigned char)p[1] >= 0x80 && (unsigned char)p[1] < 0xa0)
			p[0] = p[1] = '?'; /* U+0080 to U+009F */
	}
	return copy ? json_string(copy) : NULL;
}

/* As UTF-8: cut between characters. */
static json_t *created_by(const void *row)
{
	const struct step *s = row;
	_cleanup_json_ json_t *full = visible(text(row, "CreatedBy"));
	const char *copy = json_string_value(full);
	size_t n = 0, chars = 0;

	if (!copy)
		return NULL;
	for (; copy[n] && chars < CREATED_BY_CHARS; n++)
		chars += ((unsigned char)copy[n + 1] & 0xc0) != 0x80;
	if (!s->truncated || !copy[n])
		return json_string(copy);
	for (n = 0, chars = 0; chars < CREATED_BY_CHARS - 1; n++)
		chars += ((unsigned char)copy[n + 1] & 0xc0) != 0x80;
	return json_sprintf("%.*s…", (int)n, copy);
}

static json_t *size(const void *row)
{
	const struct step *s = row;
	json_int_t bytes = json_integer_value(json_object_get(s->j, "Size"));
	char buf[HUMAN_SIZE];

	if (!s->human)
		return json_sprintf("%lld", (long long)bytes);
	human_bytes((uint64_t)bytes, buf);
	return json_string(buf);
}

static json_t *comment(const void *row)
{
	return visible(text(row, "Comment"));
}

static json_t *author(const void *row)
{
	return visible(text(row, "Author"));
}

static json_t *tags(const void *row)
{
	return json_incref(json_object_get(((const struct step *)row)->j, "Tags"));
}

static json_t *empty(const void *row)
{
	return json_incref(json_object_get(((const struct step *)row)->j, "EmptyLayer"));
}

static const struct column columns[] = {
	{ "Comment", "COMMENT", comment, false },
	{ "CreatedAt", "CREATED AT", created_at, false },
	{ "CreatedBy", "CREATED BY", created_by, false },
	{ "CreatedSince", "CREATED", created_since, false },
	{ "ID", "IMAGE", id, false },
	{ "Size", "SIZE", size, false },
	{ "Created", "CREATED", created_since, true },
	{ "Author", "AUTHOR", author, true },
	{ "EmptyLayer", "EMPTY", empty, true },
	{ "Tags", "TAGS", tags, true },
	{ NULL, NULL, NULL, false },
};

static int print_rows(struct cli *c, const struct args *a, const json_t *steps)
{
	bool quiet = args_flag(a, "quiet");
	const struct format_options form = {
		.text = quiet ? "{{.ID}}" : args_string(a, "format"),
		.table = "{{.ID}}\\t{{.CreatedSince}}\\t{{.CreatedBy}}\\t{{.Size}}\\t{{.Comment}}",
	};
	_cleanup_columns_ struct columns list;
	const json_t *j;
	struct err e;
	size_t i;
	int r = columns_open(&list, columns, &form, &e);

	json_array_foreach(steps, i, j)
	{
		struct step s = { .j = j,
			          .now_ns = clock_realtime_ns(),
			          .truncated = !args_flag(a, "no-trunc"),
			          .human = !args_has(a, "human") || args_flag(a, "human") };

		/* Zeros stand for unknown, as in images that are the same whenever they are made.
		 */
		if (parse_when(text(&s, "Created"), s.now_ns, &s.created_ns) < 0)
			s.created_ns = 0;
		if (r == 0)
			r = columns_row(&list, &s, NULL, &e);
	}
	return r < 0 ? cli_fail_local(c, &e) : columns_print(c, &list);
}

static int history(struct cli *c, const struct args *a)
{
	_cleanup_free_ char *json = NULL;
	_cleanup_json_ json_t *steps = NULL;
	struct usrct_err e = { 0 };
	int status = platform_check(c, a, a->words[0]);

	if (status)
		return status;
	if (usrct_image_history(c->u, a->words[0], &json, &e) < 0)
		return cli_fail(c, &e);
	status = cli_read_answer(c, json, &steps);
	if (status)
		return status;
	return print_rows(c, a, steps);
}

const struct command cmd_history = {
	.name = "history",
	.aliases = (const char *const[]){ "image history", NULL },
	.group = GROUP_IMAGES,
	.summary = "Show the steps that made an image",
	.description =
		"Newest first. SIZE is what the step's layer takes on this disk; steps that "
		"changed only the configuration have none. Older steps have no id, since images "
		"keep none.\n\n"
		"Fields of a template: .ID .CreatedSince .CreatedAt .CreatedBy .Size .Comment, and "
		".Author .EmptyLayer .Tags.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, false }, { NULL } },
	.options =
		(const struct option[]){
			{ "format", 0, OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	                  "How to print the list: a template, json, or table TEMPLATE", "table" },
			{ "human", 'H', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Sizes and times for people; --human=false prints bytes and dates",
	                  "true" },
			{ "no-trunc", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Nothing is cut", NULL,
	                  "notruncate" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Only the ids" },
			{ NULL },
		},
	.shared = (const struct option *const[]){ platform_check_options, NULL },
	.examples = (const struct example[]){ { "Which step made it large",
	                                        "usr-ct history --format "
	                                        "'{{.Size}}\\t{{.CreatedBy}}' site" },
	                                      { NULL, NULL } },
	.handler = history,
	.uses_store = true,
};
