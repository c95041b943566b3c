/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct pause, unpause - freeze containers and let them go on */
#include "cli/cli.h"
#include "cli/selection.h"

#include <errno.h>

/* Of all, those that are so already are passed over, as is what --ignore says. */
static int unless_meant(const struct args *a, int r)
{
	if (r == -ENOENT && args_flag(a, "ignore"))
		return CLI_NOTHING_DONE;
	return r == -EALREADY && args_flag(a, "all") ? CLI_NOTHING_DONE : r;
}

static int pause_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	return unless_meant(a, usrct_container_pause(c->u, ref, e));
}

static int pause_all(struct cli *c, const struct args *a)
{
	return selection_for_each(c, a, SELECT_RUNNING, pause_one);
}

static int unpause_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	return unless_meant(a, usrct_container_unpause(c->u, ref, e));
}

static int unpause_all(struct cli *c, const struct args *a)
{
	return selection_for_each(c, a, SELECT_RUNNING, unpause_one);
}

static const struct option *const selecting[] = { selection_filter_f, selection_options, NULL };

const struct command cmd_pause = {
	.name = "pause",
	.aliases = (const char *const[]){ "container pause", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Freeze all processes of containers",
	.description = "They keep their memory and use no processor time until usr-ct unpause. The "
		       "container needs a cgroup of its own. stop, kill and rm -f work on a paused "
		       "container, exec does not.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, true, true },
	                                     { NULL } },
	.examples =
		(const struct example[]){ { "Make room for something urgent",
	                                    "usr-ct pause batch && make && usr-ct unpause batch" },
	                                  { NULL, NULL } },
	.shared = selecting,
	.handler = pause_all,
	.uses_store = true,
};

const struct command cmd_unpause = {
	.name = "unpause",
	.aliases = (const char *const[]){ "container unpause", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Let paused containers go on",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, true, true },
	                                     { NULL } },
	.examples = (const struct example[]){ { "Let everything that is paused go on",
	                                        "usr-ct unpause --all" },
	                                      { NULL, NULL } },
	.shared = selecting,
	.handler = unpause_all,
	.uses_store = true,
};
