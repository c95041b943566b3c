/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct rm, rename, port - smaller things done to containers */
#include "cli/cli.h"
#include "cli/selection.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

static int remove_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	bool force = args_flag(a, "force");
	const struct usrct_remove_options how = { .size = sizeof(how),
		                                  .force = force,
		                                  .volumes = args_flag(a, "volumes") };
	int r = usrct_container_remove_with(c->u, ref, &how, e);

	if (r != -ENOENT || (!force && !args_flag(a, "ignore")))
		return r;
	/* As with rm -f: said, but what should be gone is gone. */
	if (!args_flag(a, "ignore"))
		(void)cli_fail(c, e);
	return CLI_NOTHING_DONE;
}

/* What cannot be stopped is killed, and tells then what is wrong. */
static void ignore_one(const char *ref, const struct usrct_err *e, void *arg)
{
	(void)ref;
	(void)e;
	(void)arg;
}

static int remove_all(struct cli *c, const struct args *a)
{
	const struct usrct_stop_options patience = { .size = sizeof(patience),
		                                     .timeout_s = args_limit(a, "time", -1) };
	_cleanup_strv_ struct strv refs = { 0 };
	struct args chosen = *a;
	struct usrct_err e = { 0 };
	int status = selection_collect(c, a, SELECT_EVERY, &refs);

	if (status != 0)
		return status;
	chosen.words = (const char **)(uintptr_t)refs.v;
	chosen.n_words = refs.n;
	/* All at once: it takes as long as the slowest. */
	if (refs.n && args_flag(a, "force") && args_has(a, "time") &&
	    usrct_container_stop_each(c->u, (const char *const *)(uintptr_t)refs.v, &patience,
	                              ignore_one, NULL, &e) < 0)
		return cli_fail(c, &e);
	return cli_for_each(c, &chosen, /* echo= */ true, remove_one);
}

const struct command cmd_rm = {
	.name = "rm",
	.aliases = (const char *const[]){ "remove", "container rm", "container remove", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Remove containers and all they wrote",
	.description = "Mounted directories of yours are not touched. --all and --filter also mean "
		       "containers that run, which are refused without --force.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_REMOVABLE, true, true },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Kill those that run first" },
			{ "time", 't', OPTION_LIMIT, COMPLETE_NONE, "SECONDS",
	                  "With --force: ask it to end, and wait so long before killing" },
			{ "volumes", 'v', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Also its anonymous volumes, unless others have them too" },
			{ "depend", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Also those that depend on it, of which there are none" },
			{ NULL } },
	.shared = (const struct option *const[]){ selection_filter, selection_options, NULL },
	.foreign = (const struct foreign_option[]){ { "link", 'l',
	                                              "there are no links of containers", NULL },
	                                            { NULL, 0, NULL, NULL } },
	.examples =
		(const struct example[]){
			{ "Remove one, whether it runs or not", "usr-ct rm -f web" },
			{ "Remove what has ended", "usr-ct rm --filter status=exited" },
			{ "Remove all", "usr-ct rm -f --all" },
			{ NULL, NULL } },
	.handler = remove_all,
	.uses_store = true,
};

static int rename_container(struct cli *c, const struct args *a)
{
	struct usrct_err e = { 0 };

	if (usrct_container_rename(c->u, a->words[0], a->words[1], &e) < 0)
		return cli_fail(c, &e);
	return 0;
}

const struct command cmd_rename = {
	.name = "rename",
	.aliases = (const char *const[]){ "container rename", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Give a container another name",
	.description = "It may run meanwhile. Its host name stays what it is.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, false },
	                                     { "NAME", COMPLETE_NONE, false, false },
	                                     { NULL } },
	.examples = (const struct example[]){ { "Make room for a successor",
	                                        "usr-ct rename web web-old" },
	                                      { NULL, NULL } },
	.handler = rename_container,
	.uses_store = true,
};

/* "80" or "80/udp". */
static int parse_port(const char *text, char *buf, size_t size)
{
	const char *slash = strchr(text, '/'), *protocol = slash ? slash + 1 : "tcp";
	char digits[8];
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	uint32_t port;

	if (n >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (parse_u32(digits, &port) < 0 || port == 0 || port > 65535 ||
	    (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0 &&
	     strcmp(protocol, "sctp") != 0))
		return -EINVAL;
	(void)snprintf(buf, size, "%u/%s", port, protocol);
	return 0;
}

/* Without a port: all that are published, which are none so far. */
static int port(struct cli *c, const struct args *a)
{
	_cleanup_free_ char *json = NULL;
	struct usrct_err e = { 0 };
	char wanted[24];
	struct err bad;
	int r;

	if (args_flag(a, "all") && a->n_words == 0)
		return 0;
	if (args_flag(a, "all") || a->n_words == 0) {
		(void)err_set(&bad, UCT_USAGE, -EINVAL, "port takes either a container or --all");
		return cli_fail_local(c, &bad);
	}
	if (usrct_container_inspect(c->u, a->words[0], &json, &e) < 0)
		return cli_fail(c, &e);
	if (a->n_words < 2)
		return 0;
	if (parse_port(a->words[1], wanted, sizeof(wanted)) < 0) {
		r = err_set(&bad, UCT_BAD_VALUE, -EINVAL, "'%s' is not a port", a->words[1]);
		(void)err_hint(&bad, r, "write 80, 80/tcp or 53/udp");
	} else {
		r = err_set(&bad, UCT_PORT_NOT_PUBLISHED, -ENOENT,
		            "no public port '%s' published for %s", wanted, a->words[0]);
	}
	(void)r;
	return cli_fail_local(c, &bad);
}

const struct command cmd_port = {
	.name = "port",
	.aliases = (const char *const[]){ "container port", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Show where a container's ports are published",
	.description = "No port can be published yet: the list is empty, and asking for one port "
		       "fails.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, true, false },
	                                     { "PORT[/PROTOCOL]", COMPLETE_NONE, true, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Of all containers" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Where port 80 is", "usr-ct port web 80/tcp" },
	                                      { NULL, NULL } },
	.shared = (const struct option *const[]){ latest_option_l, NULL },
	.handler = port,
	.uses_store = true,
	.takes_latest = true,
};
