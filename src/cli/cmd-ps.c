/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct ps - list containers */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/container-columns.h"
#include "cli/human.h"
#include "cli/ps.h"
#include "cli/status.h"

#include <limits.h>
#include <string.h>

enum { LIST_MAX_BYTES = 64 << 20 };

#define PLAIN_TABLE                                                                           \
	"{{.ID}}\\t{{.Image}}\\t{{.Command}}\\t{{.RunningFor}}\\t{{.Status}}\\t{{.Ports}}\\t" \
	"{{.Names}}"

#define NAMESPACE_TABLE                                                                       \
	"{{.ID}}\\t{{.Names}}\\t{{.Pid}}\\t{{.CGROUPNS}}\\t{{.IPC}}\\t{{.MNT}}\\t{{.NET}}\\t" \
	"{{.PIDNS}}\\t{{.USERNS}}\\t{{.UTS}}"

static const char *const sort_keys[] = { "created", "command", "id",         "image",  "names",
	                                 "name",    "size",    "runningfor", "status", NULL };

typedef int compare_fn(const void *a, const void *b);

static int by_text(const char *a, const char *b)
{
	return strcmp(a, b);
}

#define COMPARE(key, expression)                                    \
	static int by_##key(const void *left, const void *right)    \
	{                                                           \
		const struct usrct_container *a = left, *b = right; \
		return expression;                                  \
	}
COMPARE(command, by_text(a->command, b->command))
COMPARE(id, by_text(a->id, b->id))
COMPARE(image, by_text(a->image, b->image))
COMPARE(name, by_text(a->name, b->name))
COMPARE(size, (a->size_rw_bytes > b->size_rw_bytes) - (a->size_rw_bytes < b->size_rw_bytes))
COMPARE(status, by_text(status_word(a->state), status_word(b->state)))
COMPARE(created, (a->created_ns > b->created_ns) - (a->created_ns < b->created_ns))

static void sort(struct usrct_container *list, size_t n, const char *key)
{
	static const struct {
		const char *key;
		compare_fn *compare;
	} table[] = { { "command", by_command },   { "id", by_id },
		      { "image", by_image },       { "names", by_name },
		      { "name", by_name },         { "size", by_size },
		      { "status", by_status },     { "created", by_created },
		      { "runningfor", by_created } };

	for (size_t i = 0; key && n > 0 && i < ARRAY_SIZE(table); i++)
		if (strcmp(table[i].key, key) == 0)
			qsort(list, n, sizeof(*list), table[i].compare);
}

static int print_rows(struct cli *c, struct columns *columns, const struct usrct_container *list,
                      size_t n, const struct container_view *view)
{
	bool has_methods = format_needs(columns->format, "Label", false);
	struct container_view v = *view;
	struct err e;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_json_ json_t *methods = NULL;

		v.ct = &list[i];
		if (has_methods) {
			methods = container_methods(&list[i]);
			if (!methods)
				return cli_fail_memory(c);
		}
		r = columns_row(columns, &v, methods, &e);
	}
	return r < 0 ? cli_fail_local(c, &e) : columns_print(c, columns);
}

static int print_ids(struct cli *c, const struct usrct_container *list, size_t n, bool truncated)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(LIST_MAX_BYTES);
	char id[72];

	for (size_t i = 0; i < n; i++)
		sbuf_addf(&b, "%s\n", human_id(list[i].id, truncated, id));
	return cli_print(c, &b);
}

/* What the flags and the columns want to know. */
static struct usrct_list_options list_options(const struct args *a, const struct columns *columns,
                                              bool all)
{
	struct usrct_list_options o = { .size = sizeof(o) };
	const char *key = args_string(a, "sort");

	o.all = all || args_flag(a, "all");
	o.last = args_flag(a, "latest") ? 1 : (unsigned)args_limit(a, "last", 0);
	if (o.last == INT_MAX)
		o.last = 0; /* as if it was not said */
	if (container_columns_need_documents(columns))
		o.details |= USRCT_LIST_DOCUMENT;
	if (container_columns_need_namespaces(columns))
		o.details |= USRCT_LIST_NAMESPACES;
	if (args_flag(a, "size") || (key && strcmp(key, "size") == 0) ||
	    format_needs(columns->format, "Size", false)) /* not for {{json .}}, as Docker */
		o.details |= USRCT_LIST_SIZE;
	return o;
}

int ps_print(struct cli *c, const struct args *a, bool all)
{
	bool with_size = args_flag(a, "size");
	const struct format_options form = {
		.text = args_string(a, "format"),
		.table = args_flag(a, "namespace") ? NAMESPACE_TABLE
		         : with_size               ? PLAIN_TABLE "\\t{{.Size}}"
		                                   : PLAIN_TABLE,
		.no_heading = args_flag(a, "noheading"),
	};
	struct container_view view = { .now_ns = clock_realtime_ns(),
		                       .truncated = !args_flag(a, "no-trunc") };
	_cleanup_free_ const char **filters = NULL;
	_cleanup_columns_ struct columns columns;
	struct usrct_container *list = NULL;
	struct usrct_list_options o;
	struct usrct_err e = { 0 };
	struct err bad;
	size_t n = 0;
	int status;

	if (columns_open(&columns, container_columns, &form, &bad) < 0)
		return cli_fail_local(c, &bad);
	if (with_size && args_flag(a, "namespace")) {
		(void)err_set(&bad, UCT_FLAGS_CONFLICT, -EINVAL,
		              "--size and --namespace are two different lists");
		return cli_fail_local(c, &bad);
	}
	if (args_list(a, "filter", &filters) < 0)
		return cli_fail_memory(c);
	o = list_options(a, &columns, all);
	o.filters = filters;
	if (args_flag(a, "quiet"))
		o.details = 0;
	view.has_size = o.details & USRCT_LIST_SIZE;
	if (usrct_container_list(c->u, &o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	sort(list, n, args_string(a, "sort"));
	status = args_flag(a, "quiet") ? print_ids(c, list, n, view.truncated)
	                               : print_rows(c, &columns, list, n, &view);
	usrct_container_list_free(list, n);
	return status;
}

static int ps(struct cli *c, const struct args *a)
{
	return ps_print(c, a, /* all= */ false);
}

const struct option ps_options[] = {
	{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL, "Also those that do not run" },
	{ "filter", 'f', OPTION_LIST, COMPLETE_CONTAINER_FILTER, "KEY=VALUE",
	  "Only those that fit" },
	{ "format", 0, OPTION_STRING, COMPLETE_CONTAINER_FORMAT, "TEMPLATE",
	  "How to print the list: a template, json, or table TEMPLATE", "table" },
	{ "last", 'n', OPTION_LIMIT, COMPLETE_NONE, "NUMBER",
	  "Only the newest so many, running or not" },
	{ "latest", 'l', OPTION_FLAG, COMPLETE_NONE, NULL, "Only the newest, running or not" },
	{ "namespace", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "The numbers of the namespaces of each, as lsns(8) has them", NULL, "ns" },
	{ "no-trunc", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Ids and commands in full" },
	{ "noheading", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "A table without its first line", NULL,
	  "no-heading" },
	{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Only the ids" },
	{ "sync", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Accepted for podman's sake: what is shown is always looked up anew" },
	{ "external", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Accepted for podman's sake: other programs keep no containers in this store" },
	{ "size", 's', OPTION_FLAG, COMPLETE_NONE, NULL, "Also how much each has written" },
	{ "sort", 0, OPTION_ENUM, COMPLETE_VALUES, "KEY", "The order of the list", "newest first",
	  NULL, sort_keys },
	{ NULL },
};

const struct command cmd_ps = {
	.name = "ps",
	.aliases = (const char *const[]){ "ls", "container ls", "container ps", "container list",
	                                  NULL },
	.group = GROUP_CONTAINERS,
	.summary = "List containers",
	.description =
		"A filter is KEY=VALUE. Keys are id, name and command (regular expressions), label "
		"(KEY or KEY=VALUE), label!, status (created, running, paused, restarting, "
		"exited), "
		"exited (exit status), ancestor (image), before, since (container), until (time), "
		"volume, network, health, restart-policy, publish and is-task. Values of one key "
		"are alternatives, labels must all fit, several keys must all fit.\n\n"
		"Fields of a template are Docker's: .ID .Names .Image .Command .CreatedAt "
		".RunningFor .Ports .State .Status .Size .Labels .Label \"key\" .Mounts "
		".LocalVolumes .Networks; and podman's: .Id .ImageID .Pid .ExitCode .Exited "
		".ExitedAt .StartedAt .Created .Restarts .Health .AutoRemove .Userns "
		".CIDFile, and .Namespaces with .Cgroup .IPC .MNT .NET .PIDNS .User .UTS.",
	.options = ps_options,
	.foreign =
		(const struct foreign_option[]){
			{ "pod", 'p', "there are no pods", NULL },
			{ "watch", 'w', "the list is printed once",
	                  "use watch(1), or usr-ct events for what happens" },
			{ NULL, 0, NULL, NULL },
		},
	.examples =
		(const struct example[]){
			{ "Everything there is", "usr-ct ps -a" },
			{ "Names and states, for a script",
	                  "usr-ct ps -a --format '{{.Names}}: {{.State}}'" },
			{ "What failed", "usr-ct ps --filter status=exited --filter exited=1" },
			{ "A table of one's own",
	                  "usr-ct ps --format 'table {{.Names}}\\t{{.Size}}'" },
			{ NULL, NULL } },
	.handler = ps,
	.uses_store = true,
};
