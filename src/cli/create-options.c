/* SPDX-License-Identifier: Apache-2.0 */
/* create-options - the flags that run and create share, and what they become */
#include "cli/create-options.h"

#include "cli/attach-options.h"

#include "cli/limit-options.h"

#include <string.h>

static const char *const networks[] = { "private",       "none",  "host",
	                                "slirp4netns",   "pasta", "private:slirp4netns",
	                                "private:pasta", NULL };
static const char *const pull_policies[] = { "missing", "always", "never", NULL };

static const struct option create_options[] = {
	{ "interactive", 'i', OPTION_FLAG, COMPLETE_NONE, NULL, "Keep standard input open" },
	{ "tty", 't', OPTION_FLAG, COMPLETE_NONE, NULL, "Give it a terminal" },
	{ "rm", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Remove the container when it ends" },
	{ "name", 0, OPTION_STRING, COMPLETE_NONE, "NAME", "Name of the container",
	  "one is made up" },
	{ "env", 'e', OPTION_LIST, COMPLETE_ENV, "NAME[=VALUE]",
	  "Set an environment variable, or pass on your own" },
	{ "volume", 'v', OPTION_LIST, COMPLETE_VOLUME, "SOURCE:TARGET[:ro]",
	  "Mount a file or directory of yours; a relative path starts with ./" },
	{ "workdir", 'w', OPTION_STRING, COMPLETE_NONE, "DIR", "Directory to start in",
	  "the image's" },
	{ "user", 'u', OPTION_STRING, COMPLETE_NONE, "USER[:GROUP]",
	  "User inside the container, by name or number", "the image's" },
	{ "entrypoint", 0, OPTION_STRING, COMPLETE_NONE, "PROGRAM",
	  "Program to run instead of the image's; \"\" for none" },
	{ "hostname", 'h', OPTION_STRING, COMPLETE_NONE, "NAME", "Host name inside",
	  "the container's short id" },
	{ "network", 0, OPTION_STRING, COMPLETE_VALUES, "MODE",
	  "How it is connected: private, none, host; private:slirp4netns and private:pasta name "
	  "the program that connects it",
	  "private", "net", networks },
	{ "tmpfs", 0, OPTION_LIST, COMPLETE_NONE, "TARGET[:OPTIONS]",
	  "Mount an empty file system in memory" },
	{ "read-only", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Make its root file system unwritable" },
	{ "init", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Run a small init as process 1, which passes signals on and reaps" },
	{ "label", 'l', OPTION_LIST, COMPLETE_NONE, "KEY[=VALUE]", "Attach a label" },
	{ "pull", 0, OPTION_ENUM, COMPLETE_VALUES, "WHEN", "Whether to fetch the image", "missing",
	  NULL, pull_policies },
	{ "stop-signal", 0, OPTION_STRING, COMPLETE_SIGNAL, "SIGNAL", "Signal that asks it to end",
	  "the image's, else TERM" },
	{ "stop-timeout", 0, OPTION_NUMBER, COMPLETE_NONE, "SECONDS",
	  "How long stop waits before it kills", "10" },
	{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Show nothing while an image is fetched" },
	{ NULL },
};

static enum usrct_pull_policy pull_policy(const struct args *a)
{
	const char *s = args_string(a, "pull");

	if (s && strcmp(s, "always") == 0)
		return USRCT_PULL_ALWAYS;
	return s && strcmp(s, "never") == 0 ? USRCT_PULL_NEVER : USRCT_PULL_MISSING;
}

static int fill_lists(struct create_request *q, const struct args *a)
{
	const struct {
		const char *name;
		const char ***ret;
	} lists[] = { { "env", &q->env },
		      { "volume", &q->volumes },
		      { "tmpfs", &q->tmpfs },
		      { "label", &q->labels } };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (args_list(a, lists[i].name, lists[i].ret) < 0)
			return -ENOMEM;
	return 0;
}

static int fill_create(struct create_request *q, const struct args *a, struct err *e)
{
	const char *entrypoint = args_string(a, "entrypoint");

	if (fill_lists(q, a) < 0)
		return err_oom(e);
	q->pull = (struct usrct_pull_options){ .size = sizeof(q->pull),
		                               .progress = progress_event,
		                               .arg = &q->progress };
	/* An empty --entrypoint gives an empty vector: none, not even the image's. */
	q->entrypoint[0] = entrypoint && *entrypoint ? entrypoint : NULL;
	q->create = (struct usrct_create_options){
		.size = sizeof(q->create),
		.image = a->words[0],
		.command = a->n_words > 1 ? a->words + 1 : NULL,
		.name = args_string(a, "name"),
		.hostname = args_string(a, "hostname"),
		.workdir = args_string(a, "workdir"),
		.user = args_string(a, "user"),
		.entrypoint = entrypoint ? q->entrypoint : NULL,
		.env = q->env,
		.volumes = q->volumes,
		.tmpfs = q->tmpfs,
		.labels = q->labels,
		.network = args_string(a, "network"),
		.stop_signal = args_string(a, "stop-signal"),
		.pull = pull_policy(a),
		.pull_options = &q->pull,
		.tty = args_flag(a, "tty"),
		.interactive = args_flag(a, "interactive"),
		.read_only = args_flag(a, "read-only"),
		.init = args_flag(a, "init"),
		.auto_remove = args_flag(a, "rm"),
		.stop_timeout_s = args_number(a, "stop-timeout", -1),
	};
	return 0;
}

const struct option *const create_tables[] = { create_options, limit_options, place_options,
	                                       policy_options, NULL };

const struct option *const run_tables[] = { create_options, attach_options, limit_options,
	                                    place_options,  policy_options, NULL };

/* What the flags of each table become, in this order. */
static int (*const fills[])(struct create_request *q, const struct args *a, struct err *e) = {
	fill_create,
	limits_fill,
	policy_options_fill,
};

int create_request_init(struct create_request *q, struct cli *c, const struct args *a,
                        struct err *e)
{
	int r = 0;

	*q = (struct create_request){ 0 };
	progress_init(&q->progress, args_flag(a, "quiet") ? NULL : &c->err);
	for (size_t i = 0; i < ARRAY_SIZE(fills) && r == 0; i++)
		r = fills[i](q, a, e);
	return r;
}

void create_request_done(struct create_request *q)
{
	progress_done(&q->progress);
	free(q->env);
	free(q->volumes);
	free(q->tmpfs);
	free(q->labels);
	free(q->log_options);
}
