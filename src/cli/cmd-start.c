/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct start - start containers that were made or have ended */
#include "cli/cli.h"
#include "cli/selection.h"

#include "cli/attach-options.h"

#include <stdio.h>

static int start_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	int r = usrct_container_start(c->u, ref, NULL, NULL, e);

	(void)a;
	return r == -EALREADY ? 0 : r; /* what is asked for is so, as Docker sees it */
}

static int start_attached(struct cli *c, const struct args *a)
{
	struct usrct_stdio io = attach_stdio(a, args_flag(a, "interactive"));
	struct usrct_start_options start = { .size = sizeof(start), .stdio = &io };
	struct usrct_err e = { 0 };
	int status = 0, r;

	r = usrct_container_start(c->u, a->words[0], &start, &status, &e);
	if (r == -EALREADY)
		r = usrct_container_attach(c->u, a->words[0], &io, &status, &e);
	return r < 0 ? cli_fail(c, &e) : status;
}

struct report {
	struct cli *c;
	int failed;
};

static void report_one(const char *id, const struct usrct_err *e, void *arg)
{
	struct report *p = arg;

	if (e)
		p->failed = cli_fail(p->c, e);
	else
		(void)fprintf(p->c->out.f, "%s\n", id);
}

static int start_all(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **filters = NULL;
	struct report p = { .c = c };
	struct usrct_err e = { 0 };

	if (args_list(a, "filter", &filters) < 0)
		return cli_fail_memory(c);
	if (usrct_container_start_all(c->u, filters, report_one, &p, &e) < 0)
		return cli_fail(c, &e);
	return p.failed;
}

static int refuse(struct cli *c, const char *what, const char *hint)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "%s", what);

	(void)err_hint(&e, r, "%s", hint);
	return cli_fail_local(c, &e);
}

static int start(struct cli *c, const struct args *a)
{
	bool all = args_flag(a, "all") || args_has(a, "filter");
	bool attached = args_flag(a, "attach") || args_flag(a, "interactive");

	if (all && (attached || a->n_words))
		return refuse(c, "--all and --filter choose the containers themselves",
		              "leave out the names, -a and -i");
	if (all)
		return start_all(c, a);
	if (!a->n_words)
		return refuse(c, "start needs a container", "name it, or use --all or --filter");
	if (!attached)
		return cli_for_each(c, a, /* echo= */ true, start_one);
	if (a->n_words == 1)
		return start_attached(c, a);
	return refuse(c, "only one container can be attached to at a time",
	              "start the others without -a and -i");
}

#define NO_CHECKPOINTS "the state of processes cannot be kept: that needs root"

const struct command cmd_start = {
	.name = "start",
	.aliases = (const char *const[]){ "container start", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Start containers that are not running",
	.description =
		"With --all all containers, with --filter those that fit, by the keys of ps: "
		"restart-policy=POLICY, should-start-on-boot=true, name=, label= and so on.\n\n"
		"After a reboot, usr-ct-restart.service of systemd --user starts what has a "
		"restart "
		"policy: systemctl --user enable usr-ct-restart, and loginctl enable-linger if it "
		"shall not wait for you to log in.",
	.exit_text = "With -a or -i that of the container's command.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_STARTABLE, true, true },
	                                     { NULL } },
	.options = (const struct option[]){ { "attach", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Show its output and wait until it ends" },
	                                    { "interactive", 'i', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "The same, and give it your standard input" },
	                                    { "all", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "All containers that do not run" },
	                                    { "filter", 'f', OPTION_LIST, COMPLETE_NONE,
	                                      "KEY=VALUE", "All containers that fit" },
	                                    { NULL } },
	.shared = attach_tables,
	.foreign = (const struct foreign_option[]){ { "checkpoint", 0, NO_CHECKPOINTS, NULL },
	                                            { "checkpoint-dir", 0, NO_CHECKPOINTS, NULL },
	                                            { NULL, 0, NULL, NULL } },
	.examples = (const struct example[]){ { "Run it once more and see what it says",
	                                        "usr-ct start -a job" },
	                                      { "What a reboot has ended",
	                                        "usr-ct start --filter should-start-on-boot=true" },
	                                      { NULL, NULL } },
	.handler = start,
	.uses_store = true,
	.takes_latest = true,
};
