/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct start - start containers that were made or have ended */
#include "cli/cli.h"

#include <stdio.h>

static int start_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	(void)a;
	return usrct_container_start(c->u, ref, NULL, NULL, e);
}

static int start_attached(struct cli *c, const struct args *a)
{
	struct usrct_stdio io = { .size = sizeof(io),
		                  .stdin_fd = args_flag(a, "interactive") ? STDIN_FILENO : -1,
		                  .stdout_fd = STDOUT_FILENO,
		                  .stderr_fd = STDERR_FILENO,
		                  .forward_signals = true };
	struct usrct_start_options start = { .size = sizeof(start), .stdio = &io };
	struct usrct_err e = { 0 };
	int status = 0;

	if (usrct_container_start(c->u, a->words[0], &start, &status, &e) < 0)
		return cli_fail(c, &e);
	return status;
}

static int start(struct cli *c, const struct args *a)
{
	struct err e;
	int r;

	if (!args_flag(a, "attach") && !args_flag(a, "interactive"))
		return cli_for_each(c, a, /* echo= */ true, start_one);
	if (a->n_words == 1)
		return start_attached(c, a);
	r = err_set(&e, UCT_USAGE, -EINVAL, "only one container can be attached to at a time");
	(void)err_hint(&e, r, "start the others without -a and -i");
	return cli_fail_local(c, &e);
}

const struct command cmd_start = {
	.name = "start",
	.aliases = (const char *const[]){ "container start", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Start containers that are not running",
	.exit_text = "With -a or -i that of the container's command.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_STARTABLE, false, true },
	                                     { NULL } },
	.options = (const struct option[]){ { "attach", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Show its output and wait until it ends" },
	                                    { "interactive", 'i', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "The same, and give it your standard input" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Run it once more and see what it says",
	                                        "usr-ct start -a job" },
	                                      { NULL, NULL } },
	.handler = start,
	.uses_store = true,
};
