/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct logs - what a container has printed */
#include "cli/cli.h"

#include "base/num.h"
#include "cli/selection.h"
#include "cli/when.h"

#include <stdio.h>
#include <string.h>

static int get_tail(const struct args *a, int64_t *ret, struct err *e)
{
	const char *s = args_string(a, "tail");
	uint32_t n;
	int r;

	*ret = -1;
	if (!s || strcmp(s, "all") == 0 || strcmp(s, "-1") == 0)
		return 0;
	if (parse_u32(s, &n) == 0) {
		*ret = n;
		return 0;
	}
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--tail takes a number of lines or all, not '%s'",
	            s);
	return err_hint(e, r, "see usr-ct logs --help");
}

/* What stands before each line, and where something is missing. */
struct look {
	struct cli *c;
	bool names, ids, colors;
	unsigned n; /* each has a colour of its own, as long as there are some */
};

static void make_prefix(const char *id, const char *name, char *buf, size_t size, void *arg)
{
	static const int colors[] = { 36, 33, 32, 35, 34, 31 };
	struct look *l = arg;
	int color = colors[l->n++ % ARRAY_SIZE(colors)];

	buf[0] = '\0';
	if (!l->names && !l->ids)
		return;
	if (l->colors)
		(void)snprintf(buf, size, "\x1b[%dm%.*s\x1b[0m ", color, l->names ? 100 : 12,
		               l->names ? name : id);
	else
		(void)snprintf(buf, size, "%.*s ", l->names ? 100 : 12, l->names ? name : id);
}

static void tell_gap(const char *name, void *arg)
{
	const struct look *l = arg;

	(void)fprintf(l->c->err.f,
	              "usr-ct: warning: output of container '%s' is missing here: more was "
	              "rotated away than this could read\n",
	              name);
	(void)fflush(l->c->err.f);
}

static int logs(struct cli *c, const struct args *a)
{
	struct look look = { .c = c,
		             .names = args_flag(a, "names"),
		             .ids = a->n_words > 1,
		             .colors = args_flag(a, "color") };
	struct usrct_logs_options o = { .size = sizeof(o),
		                        .follow = args_flag(a, "follow"),
		                        .timestamps = args_flag(a, "timestamps"),
		                        .details = args_flag(a, "details"),
		                        .prefix = make_prefix,
		                        .gap = tell_gap,
		                        .arg = &look };
	struct usrct_err e = { 0 };
	struct err bad;
	int r;

	if (get_tail(a, &o.tail_lines, &bad) < 0 || args_when(a, "since", &o.since_ns, &bad) < 0 ||
	    args_when(a, "until", &o.until_ns, &bad) < 0)
		return cli_fail_local(c, &bad);
	r = usrct_container_logs_each(c->u, a->words, &o, STDOUT_FILENO, STDERR_FILENO, &e);
	if (r == -EPIPE)
		return 1; /* `| head` has seen enough */
	return r < 0 ? cli_fail(c, &e) : 0;
}

const struct command cmd_logs = {
	.name = "logs",
	.aliases = (const char *const[]){ "container logs", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Show what a container has printed",
	.description = "Its standard output goes to standard output, its standard error to "
		       "standard error, byte for byte. The logs of several containers are put "
		       "in the order of their times, each line behind its container's id, or name "
		       "with --names.\n\n"
		       "TIME is how long ago (10m, 2h30m, 1d), a date with or without a time of "
		       "day, RFC 3339, or seconds since 1970.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, true },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "follow", 'f', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Go on until the container ends" },
			{ "timestamps", 't', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Put the time in front of each line" },
			{ "tail", 'n', OPTION_STRING, COMPLETE_NONE, "LINES",
	                  "Only so many lines from the end", "all" },
			{ "since", 0, OPTION_STRING, COMPLETE_NONE, "TIME",
	                  "Only what is younger" },
			{ "until", 0, OPTION_STRING, COMPLETE_NONE, "TIME", "Only what is older" },
			{ "details", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Put the labels, variables and tag that --log-opt asked for in front of "
	                  "each line" },
			{ "names", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Put the container's name in front of each line" },
			{ "color", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "With names or several containers: each has a colour" },
			{ NULL },
		},
	.shared = (const struct option *const[]){ latest_option_l, NULL },
	.examples =
		(const struct example[]){
			{ "The last ten lines, and then what comes",
	                  "usr-ct logs -f --tail 10 web" },
			{ "The last half hour, with times", "usr-ct logs -t --since 30m web" },
			{ "Two servers side by side", "usr-ct logs -f --names --color web db" },
			{ NULL, NULL } },
	.handler = logs,
	.uses_store = true,
	.takes_latest = true,
};
