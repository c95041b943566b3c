/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct unshare - a command among the user's own ids */
#include "cli/cli.h"

#include <usrct/system.h>

static int unshare_command(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **uidmaps = NULL, **gidmaps = NULL;
	const char *shell = secure_getenv("SHELL");
	const char *fallback[] = { shell && *shell ? shell : "/bin/sh", NULL };
	struct usrct_unshare_options o = { .size = sizeof(o),
		                           .command = fallback,
		                           .userns = args_string(a, "userns") };
	struct usrct_err e = { 0 };

	if (args_list(a, "uidmap", &uidmaps) < 0 || args_list(a, "gidmap", &gidmaps) < 0)
		return cli_fail_memory(c);
	if (a->n_words > 0)
		o.command = (const char *const *)a->words;
	o.uidmaps = uidmaps;
	o.gidmaps = gidmaps;
	(void)usrct_unshare(c->u, &o, &e); /* comes back only to say why */
	return cli_fail_start(c, &e);
}

const struct command cmd_unshare = {
	.name = "unshare",
	.aliases = (const char *const[]){ "system unshare", NULL },
	.group = GROUP_SYSTEM,
	.summary = "Run a command among your own ids, as root of them",
	.description =
		"Files that containers made may belong to your subordinate ids, and you cannot "
		"change or remove them as yourself. The command runs in the user namespace that "
		"containers are made in: there you are root, and root of these files. Nothing else "
		"is another: files, network and processes are the machine's. What the command "
		"mounts, nobody else sees.\n"
		"\n"
		"Without a command it is your shell. USRCT_UNSHARED=1, USRCT_DATA_DIR and "
		"USRCT_RUNTIME_DIR are in its environment.",
	.exit_text = "That of the command; 127 if it does not exist, 126 if it cannot be executed, "
		     "125 if usr-ct itself failed.",
	.args = (const struct positional[]){ { "COMMAND", COMPLETE_NONE, true, false },
	                                     { "ARG", COMPLETE_NONE, true, true },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "userns", 0, OPTION_STRING, COMPLETE_NONE, "MODE",
	                  "The ids that a container with this --userns would have: host-root, "
	                  "keep-id, nomap, container:NAME",
	                  "host-root" },
			{ "uidmap", 0, OPTION_LIST, COMPLETE_NONE, "MAP",
	                  "Map these ids, as --uidmap of run" },
			{ "gidmap", 0, OPTION_LIST, COMPLETE_NONE, "MAP",
	                  "The same for gids; else as --uidmap" },
			{ NULL },
		},
	.examples =
		(const struct example[]){
			{ "Remove what a container wrote into a directory of yours",
	                  "usr-ct unshare rm -rf ./data" },
			{ "Give files to a container's user 1000",
	                  "usr-ct unshare chown 1000 ./data" },
			{ "See your id map", "usr-ct unshare cat /proc/self/uid_map" },
			{ NULL, NULL },
		},
	.foreign =
		(const struct foreign_option[]){
			{ "rootless-netns", 0, "containers share no network namespace", NULL },
			{ NULL, 0, NULL, NULL } },
	.handler = unshare_command,
	.failure = EXIT_OUR_FAULT,
	.passes_rest = true,
	.uses_store = true,
};
