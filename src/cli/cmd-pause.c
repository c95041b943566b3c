/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct pause, unpause - freeze containers and let them go on */
#include "cli/cli.h"

static int pause_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	(void)a;
	return usrct_container_pause(c->u, ref, e);
}

static int pause_all(struct cli *c, const struct args *a)
{
	return cli_for_each(c, a, /* echo= */ true, pause_one);
}

static int unpause_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	(void)a;
	return usrct_container_unpause(c->u, ref, e);
}

static int unpause_all(struct cli *c, const struct args *a)
{
	return cli_for_each(c, a, /* echo= */ true, unpause_one);
}

const struct command cmd_pause = {
	.name = "pause",
	.aliases = (const char *const[]){ "container pause", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Freeze all processes of containers",
	.description = "They keep their memory and use no processor time until usr-ct unpause. The "
		       "container needs a cgroup of its own. stop, kill and rm -f work on a paused "
		       "container, exec does not.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, false, true },
	                                     { NULL } },
	.examples =
		(const struct example[]){ { "Make room for something urgent",
	                                    "usr-ct pause batch && make && usr-ct unpause batch" },
	                                  { NULL, NULL } },
	.handler = pause_all,
	.uses_store = true,
};

const struct command cmd_unpause = {
	.name = "unpause",
	.aliases = (const char *const[]){ "container unpause", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Let paused containers go on",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, false, true },
	                                     { NULL } },
	.examples = (const struct example[]){ { "Let everything that is paused go on",
	                                        "usr-ct unpause $(usr-ct ps -q --filter "
	                                        "status=paused)" },
	                                      { NULL, NULL } },
	.handler = unpause_all,
	.uses_store = true,
};
