/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct healthcheck run - ask a container now whether it is well */
#include "cli/cli.h"

#include <stdio.h>

static int healthcheck(struct cli *c, const struct args *a)
{
	struct usrct_err e = { 0 };
	bool is_healthy = false;

	if (usrct_container_check(c->u, a->words[0], &is_healthy, &e) < 0)
		return cli_fail(c, &e);
	if (!is_healthy)
		(void)fprintf(c->out.f, "unhealthy\n");
	return is_healthy ? 0 : 1;
}

const struct command cmd_healthcheck = {
	.name = "healthcheck run",
	.group = GROUP_CONTAINERS,
	.summary = "Run a container's health check now",
	.description =
		"Prints nothing if it succeeds. The result counts as those of the checks that "
		"are made all the time, and inspect shows it.",
	.exit_text = "0 if the check succeeds, 1 if it does not, 125 if there is nothing to check.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, false, false },
	                                     { NULL } },
	.examples = (const struct example[]){ { "Wait no longer for the next one",
	                                        "usr-ct healthcheck run web" },
	                                      { NULL, NULL } },
	.handler = healthcheck,
	.failure = EXIT_OUR_FAULT,
	.uses_store = true,
};
