/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct stop, kill, rm - three ways to be done with containers */
#include "cli/cli.h"
#include "cli/signals.h"

#include <signal.h>

static int stop_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	return usrct_container_stop(c->u, ref, args_number(a, "timeout", -1), e);
}

static int stop(struct cli *c, const struct args *a)
{
	return cli_for_each(c, a, /* echo= */ true, stop_one);
}

static int kill_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	const char *name = args_string(a, "signal");
	int signo = SIGKILL;

	if (name)
		(void)signal_parse(name, &signo); /* checked by kill_all() */
	return usrct_container_kill(c->u, ref, signo, e);
}

static int kill_all(struct cli *c, const struct args *a)
{
	const char *name = args_string(a, "signal");
	struct err e;
	int signo, r;

	if (!name || signal_parse(name, &signo) == 0)
		return cli_for_each(c, a, /* echo= */ true, kill_one);
	r = err_set(&e, UCT_BAD_VALUE, -EINVAL, "unknown signal '%s'", name);
	(void)err_hint(&e, r, "give a name such as TERM, or a number from 1 to %d", SIGRTMAX);
	return cli_fail_local(c, &e);
}

static int remove_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	bool force = args_flag(a, "force");
	int r = usrct_container_remove(c->u, ref, force, e);

	if (r != -ENOENT || !force)
		return r;
	/* As with rm -f: said, but what should be gone is gone. */
	(void)cli_fail(c, e);
	return CLI_NOTHING_DONE;
}

static int remove_all(struct cli *c, const struct args *a)
{
	return cli_for_each(c, a, /* echo= */ true, remove_one);
}

const struct command cmd_stop = {
	.name = "stop",
	.aliases = (const char *const[]){ "container stop", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Ask containers to end, kill those that do not",
	.description = "Sends each container its stop signal, waits, and kills it if it has not "
		       "ended in time. A container that does not run is fine already.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, false, true },
	                                     { NULL } },
	.options = (const struct option[]){ { "timeout", 't', OPTION_NUMBER, COMPLETE_NONE,
	                                      "SECONDS", "How long to wait before killing",
	                                      "the container's own, usually 10", "time" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Stop everything that runs",
	                                        "usr-ct stop $(usr-ct ps -q)" },
	                                      { NULL, NULL } },
	.handler = stop,
	.uses_store = true,
};

const struct command cmd_kill = {
	.name = "kill",
	.aliases = (const char *const[]){ "container kill", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Send containers a signal",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, false, true },
	                                     { NULL } },
	.options = (const struct option[]){ { "signal", 's', OPTION_STRING, COMPLETE_SIGNAL,
	                                      "SIGNAL", "Name or number of the signal", "KILL" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Let a server read its configuration again",
	                                        "usr-ct kill -s HUP web" },
	                                      { NULL, NULL } },
	.handler = kill_all,
	.uses_store = true,
};

const struct command cmd_rm = {
	.name = "rm",
	.aliases = (const char *const[]){ "remove", "container rm", "container remove", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Remove containers and all they wrote",
	.description = "Mounted directories of yours are not touched.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_REMOVABLE, false, true },
	                                     { NULL } },
	.options = (const struct option[]){ { "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Kill those that run first" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Remove one, whether it runs or not",
	                                        "usr-ct rm -f web" },
	                                      { "Remove all", "usr-ct rm -f $(usr-ct ps -aq)" },
	                                      { NULL, NULL } },
	.handler = remove_all,
	.uses_store = true,
};
