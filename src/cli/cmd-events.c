/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct events - what happens to containers and images, as it happens */
#include "cli/cli.h"

#include "cli/print-json.h"
#include "cli/when.h"

#include <stdio.h>
#include <string.h>

struct printer {
	struct cli *c;
	bool as_json;
};

static int print(const struct usrct_event *ev, void *arg)
{
	const struct printer *p = arg;
	FILE *f = p->c->out.f;
	char when[LOCAL_TIME_SIZE];

	if (p->as_json)
		return fprintf(f, "%s\n", ev->json) < 0 || fflush(f) != 0 ? -EPIPE : 0;
	local_time(ev->time_ns, when);
	(void)fprintf(f, "%s %s %s %s", when, ev->type, ev->action, ev->id);
	for (const char *const *a = ev->attributes; *a; a += 2)
		(void)fprintf(f, "%s%s=%s", a == ev->attributes ? " (" : ", ", a[0], a[1]);
	(void)fputs(ev->attributes[0] ? ")\n" : "\n", f);
	return fflush(f) != 0 ? -EPIPE : 0; /* a watcher wants to see it now */
}

static int events(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **filters = NULL;
	const char *format = args_string(a, "format");
	struct printer p = { c, format && !strcmp(format, "json") };
	struct usrct_events_options o = {
		.size = sizeof(o), .no_follow = args_has(a, "stream") && !args_flag(a, "stream")
	};
	struct usrct_err e = { 0 };
	struct err bad;
	int r;

	if (args_list(a, "filter", &filters) < 0)
		return cli_fail_memory(c);
	if (args_when(a, "since", &o.since_ns, &bad) < 0 ||
	    args_when(a, "until", &o.until_ns, &bad) < 0)
		return cli_fail_local(c, &bad);
	o.filters = filters;
	r = usrct_events(c->u, &o, print, &p, &e);
	if (r == -EPIPE)
		return 1; /* `| head` has seen enough */
	return r < 0 ? cli_fail(c, &e) : 0;
}

const struct command cmd_events = {
	.name = "events",
	.aliases = (const char *const[]){ "system events", NULL },
	.group = GROUP_SYSTEM,
	.summary = "Show what happens to containers and images",
	.description =
		"Prints a line for each event as it happens, until it is interrupted. With --since "
		"it begins with those that were; with --until it ends then.\n\n"
		"TIME is how long ago (10m, 2h30m, 1d), a date with or without a time of day, RFC "
		"3339, or seconds since 1970.\n\n"
		"A filter is KEY=VALUE. Keys are type, event, container, image, label, volume, "
		"network and scope. Several values of one key are alternatives, several keys must "
		"all fit.",
	.options =
		(const struct option[]){
			{ "filter", 'f', OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	                  "Only events that fit" },
			{ "since", 0, OPTION_STRING, COMPLETE_NONE, "TIME",
	                  "Begin with the events since then" },
			{ "until", 0, OPTION_STRING, COMPLETE_NONE, "TIME", "End there" },
			{ "stream", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Go on with what happens; --stream=false ends after what has", "true" },
			{ "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORM",
	                  "How to print an event", NULL, NULL, print_formats },
			{ NULL },
		},
	.examples =
		(const struct example[]){
			{ "What ended in the last hour, and how",
	                  "usr-ct events --since 1h --until 0s --filter event=die" },
			{ "Wait for a container to become healthy or not",
	                  "usr-ct events --filter container=web --filter event=health_status" },
			{ NULL, NULL } },
	.handler = events,
	.uses_store = true,
};
