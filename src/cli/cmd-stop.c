/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct stop, kill, restart - ends and new beginnings of what runs */
#include "cli/cli.h"
#include "cli/selection.h"
#include "cli/signals.h"

#include <signal.h>
#include <stdio.h>

/* 0, or the exit status: --signal is unknown. */
static int check_signal(struct cli *c, const struct args *a, int *ret_signo)
{
	const char *name = args_string(a, "signal");
	struct err e;
	int r;

	if (!name || signal_parse(name, ret_signo) == 0)
		return 0;
	r = err_set(&e, UCT_BAD_VALUE, -EINVAL, "unknown signal '%s'", name);
	(void)err_hint(&e, r, "give a name such as TERM, or a number from 1 to %d", SIGRTMAX);
	return cli_fail_local(c, &e);
}

static struct usrct_stop_options stop_options(const struct args *a)
{
	struct usrct_stop_options o = { .size = sizeof(o),
		                        .timeout_s = args_limit(a, "timeout", -1) };
	const char *name = args_string(a, "signal");

	if (name)
		(void)signal_parse(name, &o.signo); /* checked before */
	return o;
}

struct report {
	struct cli *c;
	bool ignores; /* what does not exist */
	int failed;
};

static void report_one(const char *ref, const struct usrct_err *e, void *arg)
{
	struct report *p = arg;

	if (e && e->code == -ENOENT && p->ignores)
		return;
	if (e)
		p->failed = cli_fail(p->c, e);
	else
		(void)fprintf(p->c->out.f, "%s\n", ref);
	(void)fflush(p->c->out.f);
}

/* Those that were chosen, all at once. */
static int end_each(struct cli *c, const struct args *a, enum selection_scope scope,
                    int (*act)(struct cli *c, const char *const *refs, const struct args *a,
                               struct report *p, struct usrct_err *e))
{
	_cleanup_strv_ struct strv refs = { 0 };
	struct report p = { .c = c, .ignores = args_flag(a, "ignore") };
	struct usrct_err e = { 0 };
	int status = selection_collect(c, a, scope, &refs);

	if (status != 0 || !refs.n)
		return status;
	if (act(c, (const char *const *)(uintptr_t)refs.v, a, &p, &e) < 0)
		return cli_fail(c, &e);
	return p.failed;
}

static int stop_each(struct cli *c, const char *const *refs, const struct args *a, struct report *p,
                     struct usrct_err *e)
{
	const struct usrct_stop_options o = stop_options(a);

	return usrct_container_stop_each(c->u, refs, &o, report_one, p, e);
}

static int stop(struct cli *c, const struct args *a)
{
	int signo = 0, status = check_signal(c, a, &signo);

	return status ? status : end_each(c, a, SELECT_RUNNING, stop_each);
}

static int restart_each(struct cli *c, const char *const *refs, const struct args *a,
                        struct report *p, struct usrct_err *e)
{
	const struct usrct_stop_options o = stop_options(a);

	return usrct_container_restart_each(c->u, refs, &o, report_one, p, e);
}

static int restart(struct cli *c, const struct args *a)
{
	enum selection_scope scope = args_flag(a, "running") ? SELECT_RUNNING : SELECT_EVERY;
	int signo = 0, status = check_signal(c, a, &signo);

	return status ? status : end_each(c, a, scope, restart_each);
}

static int kill_each(struct cli *c, const char *const *refs, const struct args *a, struct report *p,
                     struct usrct_err *e)
{
	const char *name = args_string(a, "signal");
	int signo = SIGKILL;

	if (name)
		(void)signal_parse(name, &signo); /* checked before */
	return usrct_container_kill_each(c->u, refs, signo, report_one, p, e);
}

static int kill_all(struct cli *c, const struct args *a)
{
	int signo = 0, status = check_signal(c, a, &signo);

	return status ? status : end_each(c, a, SELECT_RUNNING, kill_each);
}

static const struct positional some_running[] = { { "CONTAINER", COMPLETE_RUNNING, true, true },
	                                          { NULL } };
static const struct option *const selecting[] = { selection_filter_f, selection_options, NULL };

const struct command cmd_stop = {
	.name = "stop",
	.aliases = (const char *const[]){ "container stop", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Ask containers to end, kill those that do not",
	.description =
		"Sends each container its stop signal, waits, and kills it if it has not "
		"ended in time. Several are stopped at once. A container that does not run is "
		"fine already.",
	.args = some_running,
	.options =
		(const struct option[]){ { "timeout", 't', OPTION_LIMIT, COMPLETE_NONE, "SECONDS",
	                                   "How long to wait before killing; -1 for ever",
	                                   "the container's own, usually 10", "time" },
	                                 { "signal", 's', OPTION_STRING, COMPLETE_SIGNAL, "SIGNAL",
	                                   "Name or number of the signal",
	                                   "the container's own, usually TERM" },
	                                 { NULL } },
	.shared = selecting,
	.examples = (const struct example[]){ { "Stop everything that runs", "usr-ct stop --all" },
	                                      { NULL, NULL } },
	.handler = stop,
	.uses_store = true,
};

const struct command cmd_restart = {
	.name = "restart",
	.aliases = (const char *const[]){ "container restart", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Stop containers and start them again",
	.description =
		"A container that does not run is started. One made with --rm stays for this once, "
		"until it ends again.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, true, true },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "timeout", 't', OPTION_LIMIT, COMPLETE_NONE, "SECONDS",
	                  "How long to wait before killing; -1 for ever",
	                  "the container's own, usually 10", "time" },
			{ "signal", 's', OPTION_STRING, COMPLETE_SIGNAL, "SIGNAL",
	                  "Name or number of the signal", "the container's own, usually TERM" },
			{ "running", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "All that run" },
			{ NULL } },
	.shared = selecting,
	.examples = (const struct example[]){ { "With little patience", "usr-ct restart -t 2 web" },
	                                      { NULL, NULL } },
	.handler = restart,
	.uses_store = true,
};

const struct command cmd_kill = {
	.name = "kill",
	.aliases = (const char *const[]){ "container kill", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Send containers a signal",
	.args = some_running,
	.options = (const struct option[]){ { "signal", 's', OPTION_STRING, COMPLETE_SIGNAL,
	                                      "SIGNAL", "Name or number of the signal", "KILL" },
	                                    { NULL } },
	.shared = selecting,
	.examples = (const struct example[]){ { "Let a server read its configuration again",
	                                        "usr-ct kill -s HUP web" },
	                                      { NULL, NULL } },
	.handler = kill_all,
	.uses_store = true,
};
