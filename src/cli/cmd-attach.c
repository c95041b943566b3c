/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct attach and usr-ct wait - be there while a container runs, or when it ends */
#include "cli/cli.h"
#include "cli/selection.h"

#include "cli/attach-options.h"

#include <stdio.h>
#include <string.h>

static int attach(struct cli *c, const struct args *a)
{
	struct usrct_stdio io = attach_stdio(a, !args_flag(a, "no-stdin"));
	struct usrct_err e = { 0 };
	int status = 0, r;

	r = usrct_container_attach(c->u, a->words[0], &io, &status, &e);
	if (r < 0)
		return cli_fail(c, &e);
	if (r == 0)
		(void)fputs("read escape sequence\n", c->err.f); /* as Docker says it */
	return status;
}

static const char *const conditions[] = { "not-running", "next-exit", "removed", "running",
	                                  "healthy",     "unhealthy", "exited",  "stopped",
	                                  "removing",    NULL };

static enum usrct_condition condition_of(const char *word)
{
	static const enum usrct_condition map[] = {
		USRCT_WAIT_NOT_RUNNING, USRCT_WAIT_NEXT_EXIT,   USRCT_WAIT_REMOVED,
		USRCT_WAIT_RUNNING,     USRCT_WAIT_HEALTHY,     USRCT_WAIT_UNHEALTHY,
		USRCT_WAIT_NOT_RUNNING, USRCT_WAIT_NOT_RUNNING, USRCT_WAIT_REMOVED,
	};

	for (size_t i = 0; word && conditions[i]; i++)
		if (!strcmp(word, conditions[i]))
			return map[i];
	return USRCT_WAIT_NOT_RUNNING;
}

static int wait_all(struct cli *c, const struct args *a)
{
	enum usrct_condition condition = condition_of(args_string(a, "condition"));
	bool runs = condition == USRCT_WAIT_RUNNING || condition == USRCT_WAIT_HEALTHY ||
	            condition == USRCT_WAIT_UNHEALTHY;
	int failed = 0;

	for (size_t i = 0; i < a->n_words; i++) {
		struct usrct_err e = { 0 };
		int status = -1, r;

		r = usrct_container_wait(c->u, a->words[i], condition, -1, &status, &e);
		if (r == -ENOENT && args_flag(a, "ignore"))
			(void)fprintf(c->out.f, "-1\n");
		else if (r < 0)
			failed = cli_fail(c, &e);
		else /* 255 where nobody knows, as Docker has it; podman's -1 for what runs */
			(void)fprintf(c->out.f, "%d\n", status < 0 && !runs ? 255 : status);
		(void)fflush(c->out.f);
	}
	return failed;
}

const struct command cmd_attach = {
	.name = "attach",
	.aliases = (const char *const[]){ "container attach", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Connect your terminal or pipes to a running container",
	.description =
		"What the container prints from now on is printed here; what it printed before is "
		"in "
		"its log. If it was made with -i, your standard input goes to it. Several can be "
		"attached at once.\n\n"
		"Typed at a terminal, ctrl-p ctrl-q leaves the container running; --detach-keys "
		"takes others: letters or ctrl- with a letter or one of @ [ \\ ] ^ _, divided by "
		"commas, or nothing at all.",
	.exit_text = "That of the container's command; 0 after the detach keys.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, false, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "no-stdin", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Only look: do not give it your standard input" },
	                                    { NULL } },
	.shared = attach_tables,
	.examples = (const struct example[]){ { "Look at what a server prints",
	                                        "usr-ct attach --no-stdin --sig-proxy=false web" },
	                                      { NULL, NULL } },
	.handler = attach,
	.uses_store = true,
	.takes_latest = true,
};

const struct command cmd_wait = {
	.name = "wait",
	.aliases = (const char *const[]){ "container wait", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Wait until containers end and print their exit statuses",
	.description =
		"One line for each, in the order of the arguments; 255 where nobody saw it end, -1 "
		"where one that runs was waited for. "
		"Without --condition a container that does not run is done at once.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, true },
	                                     { NULL } },
	.options = (const struct option[]){ { "condition", 0, OPTION_ENUM, COMPLETE_VALUES, "STATE",
	                                      "What to wait for", "not-running", NULL, conditions },
	                                    { "interval", 'i', OPTION_STRING, COMPLETE_NONE, "TIME",
	                                      "Accepted for podman's sake: nothing is looked at "
	                                      "in intervals, what happens is heard at once" },
	                                    { "ignore", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Print -1 for containers that do not exist" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Go on when a job is done", "usr-ct wait job" },
	                                      { "Go on when a server says that it is well",
	                                        "usr-ct wait --condition healthy web" },
	                                      { NULL, NULL } },
	.shared = (const struct option *const[]){ latest_option_l, NULL },
	.handler = wait_all,
	.uses_store = true,
	.takes_latest = true,
};
