/* SPDX-License-Identifier: Apache-2.0 */
/* create-options - the flags that run and create share, and what they become */
#include "cli/create-options.h"

#include "cli/attach-options.h"
#include "cli/env-file.h"
#include "cli/isolation-options.h"
#include "cli/mount-options.h"
#include "cli/process-options.h"

#include "cli/limit-options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *const pull_policies[] = { "missing", "always", "never", "newer", NULL };
static const char *const streams[] = { "stdin", "stdout", "stderr", NULL };

static const struct option create_options[] = {
	{ "interactive", 'i', OPTION_FLAG, COMPLETE_NONE, NULL, "Keep standard input open" },
	{ "tty", 't', OPTION_FLAG, COMPLETE_NONE, NULL, "Give it a terminal" },
	{ "attach", 'a', OPTION_LIST, COMPLETE_VALUES, "STREAM",
	  "Stay connected to stdin, stdout or stderr only", "all of them", NULL, streams },
	{ "rm", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Remove the container when it ends" },
	{ "rootfs", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "IMAGE is a directory or a tar archive: the container gets a copy of it" },
	{ "rmi", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Remove the image too, unless others use it; implies --rm" },
	{ "name", 0, OPTION_STRING, COMPLETE_NONE, "NAME", "Name of the container",
	  "one is made up" },
	{ "replace", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Remove the container that has the name, once the new one is complete" },
	{ "label", 'l', OPTION_LIST, COMPLETE_NONE, "KEY[=VALUE]", "Attach a label" },
	{ "label-file", 0, OPTION_LIST, COMPLETE_FILE, "FILE",
	  "Attach the labels in a file, KEY=VALUE lines" },
	{ "annotation", 0, OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	  "Add an annotation to the OCI document" },
	{ "cidfile", 0, OPTION_STRING, COMPLETE_FILE, "FILE",
	  "Write the container's id to a file that does not exist yet" },
	{ "pidfile", 0, OPTION_STRING, COMPLETE_FILE, "FILE",
	  "Write the number of its first process to a file, at each start" },
	{ "pull", 0, OPTION_ENUM, COMPLETE_VALUES, "WHEN", "Whether to fetch the image", "missing",
	  NULL, pull_policies },
	{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Show nothing while an image is fetched" },
	{ "disable-content-trust", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Accepted for Docker's sake: signatures are not looked at" },
	{ NULL },
};

int create_request_list(struct create_request *q, const struct args *a, const char *name,
                        const char *const **ret, struct err *e)
{
	assert(q->n_lists < ARRAY_SIZE(q->lists));
	if (args_list(a, name, &q->lists[q->n_lists]) < 0)
		return err_oom(e);
	*ret = q->lists[q->n_lists++];
	return 0;
}

int create_request_files(struct create_request *q, const struct args *a, const char *name,
                         struct strv *ret, struct err *e)
{
	const char *const *list = NULL;
	int r = create_request_list(q, a, name, &list, e);

	for (; r == 0 && list && *list; list++)
		r = env_file_read(*list, ret, e);
	return r;
}

int create_request_values(struct create_request *q, const struct args *a, const char *name,
                          struct strv *ret, struct err *e)
{
	const char *const *list = NULL;
	int r = create_request_list(q, a, name, &list, e);

	if (r == 0 && strv_copy(ret, (char *const *)(uintptr_t)list) < 0)
		r = err_oom(e);
	return r;
}

static enum usrct_pull_policy pull_policy(const struct args *a)
{
	static const enum usrct_pull_policy policies[] = { USRCT_PULL_MISSING, USRCT_PULL_ALWAYS,
		                                           USRCT_PULL_NEVER, USRCT_PULL_NEWER };
	const char *s = args_string(a, "pull");

	for (size_t i = 0; s && pull_policies[i]; i++)
		if (!strcmp(s, pull_policies[i]))
			return policies[i];
	return USRCT_PULL_MISSING;
}

static int fill_attach(struct create_request *q, const struct args *a, struct err *e)
{
	const char *const *list = NULL;
	int r = create_request_list(q, a, "attach", &list, e);

	for (; r == 0 && list && *list; list++) {
		if (!strcasecmp(*list, "stdin"))
			q->create.attach |= USRCT_ATTACH_STDIN;
		else if (!strcasecmp(*list, "stdout"))
			q->create.attach |= USRCT_ATTACH_STDOUT;
		else if (!strcasecmp(*list, "stderr"))
			q->create.attach |= USRCT_ATTACH_STDERR;
		else
			r = err_set(e, UCT_BAD_VALUE, -EINVAL,
			            "--attach takes stdin, stdout or stderr, not '%s'", *list);
	}
	return r;
}

static int fill_labels(struct create_request *q, const struct args *a, struct err *e)
{
	int r = create_request_files(q, a, "label-file", &q->labels, e);

	if (r == 0)
		r = create_request_values(q, a, "label", &q->labels, e);
	q->create.labels = (const char *const *)(uintptr_t)q->labels.v;
	return r;
}

static int fill_create(struct create_request *q, const struct args *a, struct err *e)
{
	int r;

	if (args_has(a, "disable-content-trust") && !args_flag(a, "disable-content-trust"))
		return err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP,
		               "--disable-content-trust=false: signatures cannot be checked");
	q->pull = (struct usrct_pull_options){ .size = sizeof(q->pull),
		                               .progress = progress_event,
		                               .arg = &q->progress };
	r = registry_options_take(a, &q->registry, &q->registry_text, e);
	if (r < 0)
		return r;
	q->pull.registry = &q->registry;
	q->create.name = args_nonempty(a, "name");
	q->create.pull = pull_policy(a);
	q->create.pull_options = &q->pull;
	q->create.tty = args_flag(a, "tty");
	q->create.interactive = args_flag(a, "interactive");
	q->create.auto_remove = args_flag(a, "rm");
	q->create.remove_image = args_flag(a, "rmi");
	q->create.is_rootfs = args_flag(a, "rootfs");
	q->create.replace = args_flag(a, "replace");
	q->create.cidfile = args_nonempty(a, "cidfile");
	q->create.pidfile = args_nonempty(a, "pidfile");
	r = platform_options_take(a, q->platform, &q->pull.platform, e);
	if (r == 0)
		r = fill_labels(q, a, e);
	if (r == 0)
		r = create_request_list(q, a, "annotation", &q->create.annotations, e);
	return r < 0 ? r : fill_attach(q, a, e);
}

#define TABLES                                                                              \
	create_options, platform_options, registry_options, process_options, mount_options, \
		isolation_options, limit_options, place_options, policy_options

const struct option *const create_tables[] = { TABLES, NULL };
const struct option *const run_tables[] = { TABLES, attach_options, NULL };

/* What the flags of each table become, in this order. */
static int (*const fills[])(struct create_request *q, const struct args *a, struct err *e) = {
	fill_create, process_fill, mounts_fill, isolation_fill, limits_fill, policy_options_fill,
};

int create_request_init(struct create_request *q, struct cli *c, const struct args *a,
                        struct err *e)
{
	int r = 0;

	*q = (struct create_request){ 0 };
	q->create.size = sizeof(q->create);
	q->create.image = a->words[0];
	q->create.command = a->n_words > 1 ? a->words + 1 : NULL;
	progress_init(&q->progress, args_flag(a, "quiet") ? NULL : &c->err);
	for (size_t i = 0; i < ARRAY_SIZE(fills) && r == 0; i++)
		r = fills[i](q, a, e);
	return r;
}

void create_request_done(struct create_request *q)
{
	progress_done(&q->progress);
	strv_done(&q->env);
	strv_done(&q->labels);
	strv_done(&q->entrypoint);
	for (size_t i = 0; i < q->n_lists; i++)
		free(q->lists[i]);
	free(q->log_options);
	registry_options_done(&q->registry_text);
}
