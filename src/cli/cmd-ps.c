/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct ps - list containers */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"
#include "cli/print-json.h"
#include "cli/status.h"
#include "cli/table.h"

#include <ctype.h>
#include <string.h>

enum { LIST_MAX_BYTES = 64 << 20, COMMAND_COLUMNS = 20 };

/* A command is text from an image: what could steer the terminal is written out. */
static void add_quoted(struct sbuf *b, const char *command, bool truncated)
{
	_cleanup_sbuf_ struct sbuf cut = SBUF_INIT(1 << 20);

	if (truncated)
		text_clip(&cut, command, COMMAND_COLUMNS);
	else
		sbuf_adds(&cut, command);
	sbuf_addc(b, '"');
	for (const char *s = cut.s ? cut.s : ""; *s; s++) {
		if (*s == '"' || *s == '\\')
			sbuf_addf(b, "\\%c", *s);
		else if (*s == '\n' || *s == '\t')
			sbuf_adds(b, *s == '\n' ? "\\n" : "\\t");
		else if (iscntrl((unsigned char)*s))
			sbuf_addf(b, "\\x%02x", (unsigned char)*s);
		else
			sbuf_addc(b, *s);
	}
	sbuf_addc(b, '"');
}

static void add_row(struct table *t, const struct usrct_container *ct, bool truncated,
                    uint64_t now_ns)
{
	_cleanup_sbuf_ struct sbuf command = SBUF_INIT(4 << 20);
	char id[72], text[STATUS_SIZE];

	add_quoted(&command, ct->command ? ct->command : "", truncated);
	table_add(t, human_id(ct->id, truncated, id));
	table_add(t, human_image(ct->image));
	table_add(t, command.s ? command.s : "");
	status_ago(ct->created_ns, now_ns, text);
	table_add(t, text);
	status_text(ct, now_ns, text);
	table_add(t, text);
	table_add(t, ct->name);
}

static void print_table(struct sbuf *b, const struct usrct_container *list, size_t n,
                        bool truncated)
{
	static const char *const titles[] = { "CONTAINER ID", "IMAGE",  "COMMAND",
		                              "CREATED",      "STATUS", "NAMES" };
	_cleanup_table_ struct table t = { .n_columns = ARRAY_SIZE(titles) };
	uint64_t now_ns = clock_realtime_ns();

	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		table_add(&t, titles[i]);
	for (size_t i = 0; i < n; i++)
		add_row(&t, &list[i], truncated, now_ns);
	table_print(&t, b);
}

/* One object a line, as Docker's --format json. */
static void print_json(struct sbuf *b, const struct usrct_container *list, size_t n, bool truncated)
{
	uint64_t now_ns = clock_realtime_ns();

	for (size_t i = 0; i < n; i++) {
		const struct usrct_container *ct = &list[i];
		char id[72], created[RFC3339_SIZE], ago[STATUS_SIZE], status[STATUS_SIZE];
		_cleanup_sbuf_ struct sbuf command = SBUF_INIT(4 << 20);

		add_quoted(&command, ct->command ? ct->command : "", truncated);
		clock_rfc3339(ct->created_ns, created);
		status_ago(ct->created_ns, now_ns, ago);
		status_text(ct, now_ns, status);
		print_json_line(b,
		                json_pack("{ss ss ss ss ss ss ss ss}", "Command",
		                          command.s ? command.s : "", "CreatedAt", created, "ID",
		                          human_id(ct->id, truncated, id), "Image",
		                          human_image(ct->image), "Names", ct->name, "RunningFor",
		                          ago, "State", status_word(ct->state), "Status", status));
	}
}

static int ps(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(LIST_MAX_BYTES);
	bool truncated = !args_flag(a, "no-trunc");
	const char *format = args_string(a, "format");
	struct usrct_container *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	char id[72];

	if (usrct_container_list(c->u, args_flag(a, "all"), &list, &n, &e) < 0)
		return cli_fail(c, &e);
	if (args_flag(a, "quiet"))
		for (size_t i = 0; i < n; i++)
			sbuf_addf(&b, "%s\n", human_id(list[i].id, truncated, id));
	else if (format && strcmp(format, "json") == 0)
		print_json(&b, list, n, truncated);
	else
		print_table(&b, list, n, truncated);
	usrct_container_list_free(list, n);
	return cli_print(c, &b);
}

const struct command cmd_ps = {
	.name = "ps",
	.aliases = (const char *const[]){ "ls", "container ls", "container ps", "container list",
	                                  NULL },
	.group = GROUP_CONTAINERS,
	.summary = "List containers",
	.options =
		(const struct option[]){
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Also those that do not run" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Only the ids" },
			{ "no-trunc", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Ids and commands in full" },
			{ "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORM",
	                  "How to print the list", "table", NULL, print_formats },
			{ NULL },
		},
	.examples = (const struct example[]){ { "Everything there is", "usr-ct ps -a" },
	                                      { "Names of what runs, for a script",
	                                        "usr-ct ps --format json | jq -r .Names" },
	                                      { NULL, NULL } },
	.handler = ps,
	.uses_store = true,
};
