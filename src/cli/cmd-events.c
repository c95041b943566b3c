/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct events - what happens to containers and images, as it happens */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/format.h"
#include "cli/when.h"

#include <stdio.h>
#include <string.h>

struct printer {
	struct cli *c;
	struct format *format; /* NULL: a line for people */
	bool short_ids;
	struct err e;
};

static const char *attribute(const struct usrct_event *ev, const char *name)
{
	for (const char *const *a = ev->attributes; *a; a += 2)
		if (!strcmp(a[0], name))
			return a[1];
	return "";
}

static int print_line(const struct printer *p, const struct usrct_event *ev)
{
	FILE *f = p->c->out.f;
	char when[LOCAL_TIME_SIZE];
	int shown = p->short_ids && !strcmp(ev->type, "container") ? 12 : 1000;

	local_time(ev->time_ns, when);
	(void)fprintf(f, "%s %s %s %.*s", when, ev->type, ev->action, shown, ev->id);
	for (const char *const *a = ev->attributes; *a; a += 2)
		(void)fprintf(f, "%s%s=%s", a == ev->attributes ? " (" : ", ", a[0], a[1]);
	(void)fputs(ev->attributes[0] ? ")\n" : "\n", f);
	return fflush(f) != 0 ? -EPIPE : 0; /* a watcher wants to see it now */
}

/* Fields as Go names them, the older ones, and podman's. */
static json_t *other_names(const struct usrct_event *ev)
{
	json_t *attributes = json_object();

	for (const char *const *a = ev->attributes; *a; a += 2)
		(void)json_object_set_new(attributes, a[0], json_string(a[1]));
	return json_pack("{so ss ss ss ss ss ss ss sI sI}", "Attributes", attributes,
	                 "ContainerExitCode", attribute(ev, "exitCode"), "Status", ev->action, "ID",
	                 ev->id, "From", attribute(ev, "image"), "Image", attribute(ev, "image"),
	                 "Name", attribute(ev, "name"), "Scope", "local", "Time",
	                 (json_int_t)(ev->time_ns / 1000000000), "TimeNano",
	                 (json_int_t)ev->time_ns);
}

static int print(const struct usrct_event *ev, void *arg)
{
	_cleanup_json_ json_t *extra = NULL;
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1 << 20);
	struct printer *p = arg;
	int r;

	if (!p->format)
		return print_line(p, ev);
	extra = other_names(ev);
	r = format_row(p->format, json_loads(ev->json, 0, NULL), extra, NULL, &p->e);
	if (r == 0)
		r = format_end(p->format, &b, &p->e);
	if (r < 0)
		return r;
	if (b.len && fwrite(b.s, 1, b.len, p->c->out.f) != b.len)
		return -EPIPE;
	return fflush(p->c->out.f) != 0 ? -EPIPE : 0;
}

static int follow(struct cli *c, const struct args *a, const struct usrct_events_options *o,
                  struct printer *p)
{
	struct format_options format = { .text = args_string(a, "format") };
	struct usrct_err e = { 0 };
	int r;

	if (format.text && *format.text && format_compile(&format, &p->format, &p->e) < 0)
		return cli_fail_local(c, &p->e);
	r = usrct_events(c->u, o, print, p, &e);
	if (r == -EPIPE)
		return 1; /* `| head` has seen enough */
	if (r < 0 && p->e.uct)
		return cli_fail_local(c, &p->e);
	return r < 0 ? cli_fail(c, &e) : 0;
}

static int events(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **filters = NULL;
	struct usrct_events_options o = {
		.size = sizeof(o),
		.no_follow = args_has(a, "stream") && !args_flag(a, "stream"),
	};
	struct printer p = { .c = c,
		             .short_ids = args_has(a, "no-trunc") && !args_flag(a, "no-trunc") };
	struct err bad;
	int status;

	if (args_list(a, "filter", &filters) < 0)
		return cli_fail_memory(c);
	if (args_when(a, "since", &o.since_ns, &bad) < 0 ||
	    args_when(a, "until", &o.until_ns, &bad) < 0)
		return cli_fail_local(c, &bad);
	o.filters = filters;
	status = follow(c, a, &o, &p);
	format_free(p.format);
	return status;
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
		"A filter is KEY=VALUE. Keys are type, event (or status), container, image, label, "
		"volume, network and scope. Several values of one key are alternatives, several "
		"keys must "
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
			{ "no-trunc", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Ids in full; --no-trunc=false prints twelve letters of a container's",
	                  "true" },
			{ "format", 0, OPTION_STRING, COMPLETE_NONE, "FORM",
	                  "A template such as {{.Action}} {{.Actor.Attributes.name}}, or json" },
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
