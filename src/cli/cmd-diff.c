/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct diff - what a container changed in its file system */
#include "cli/cli.h"
#include "cli/selection.h"

#include "base/sbuf.h"

#include <jansson.h>
#include <string.h>

enum { LIST_MAX_BYTES = 1 << 30 };

static const char *const formats[] = { "json", "table", NULL };

struct listing {
	struct sbuf text;
	json_t *changes; /* --format json, podman's form: {"changed": [...], ...} */
};

static int add(const struct usrct_change *change, void *arg)
{
	struct listing *l = arg;
	const char *key = change->kind == 'A'   ? "added"
	                  : change->kind == 'C' ? "changed"
	                                        : "deleted";
	json_t *list;

	if (!l->changes) {
		sbuf_addf(&l->text, "%c %s\n", change->kind, change->path);
		return l->text.err;
	}
	list = json_object_get(l->changes, key);
	if (!list) {
		list = json_array();
		(void)json_object_set_new(l->changes, key, list);
	}
	/* jansson takes only UTF-8, as JSON demands; other bytes are shown as what they are not. */
	if (json_array_append_new(list, json_string(change->path)) < 0) {
		_cleanup_free_ char *copy = strdup(change->path);

		for (char *p = copy; p && *p; p++)
			if ((unsigned char)*p >= 0x80)
				*p = '?';
		if (!copy || json_array_append_new(list, json_string(copy)) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int diff(struct cli *c, const struct args *a)
{
	const char *format = args_string(a, "format");
	struct listing l = { .text = SBUF_INIT(LIST_MAX_BYTES) };
	struct usrct_err e = { 0 };
	int r, status;

	if (format && !strcmp(format, "json")) {
		l.changes = json_object();
		if (!l.changes)
			return cli_fail_memory(c);
	}
	r = usrct_container_diff(c->u, a->words[0], add, &l, &e);
	if (r == 0 && l.changes) {
		_cleanup_free_ char *text = json_dumps(l.changes, JSON_INDENT(2) | JSON_SORT_KEYS);

		sbuf_addf(&l.text, "%s\n", text ? text : "{}");
	}
	if (r < 0)
		status = e.code ? cli_fail(c, &e) : cli_fail_memory(c);
	else
		status = cli_print(c, &l.text);
	sbuf_done(&l.text);
	json_decref(l.changes);
	return status;
}

const struct command cmd_diff = {
	.name = "diff",
	.aliases = (const char *const[]){ "container diff", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Show what a container changed in its file system",
	.description =
		"One line for each path: A it was added, C it was changed, D it was deleted. "
		"What lies in volumes and other mounts is not part of it.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORM",
	                                      "How to print the list", "table", NULL, formats },
	                                    { NULL } },
	.examples = (const struct example[]){ { "What an installation has left behind",
	                                        "usr-ct diff web | grep ^A" },
	                                      { NULL, NULL } },
	.shared = (const struct option *const[]){ latest_option_l, NULL },
	.handler = diff,
	.uses_store = true,
	.takes_latest = true,
};
