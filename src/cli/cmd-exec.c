/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct exec - one more command in a container that runs */
#include "cli/cli.h"
#include "cli/env-file.h"
#include "cli/selection.h"

#include "base/strv.h"

/* What the files say, then what stands on the command line, which wins. */
static int collect_env(const struct args *a, struct strv *ret, struct err *e)
{
	_cleanup_free_ const char **files = NULL, **given = NULL;
	int r = 0;

	if (args_list(a, "env-file", &files) < 0 || args_list(a, "env", &given) < 0)
		return err_oom(e);
	for (const char **f = files; f && *f && r == 0; f++)
		r = env_file_read(*f, ret, e);
	for (const char **v = given; v && *v && r == 0; v++)
		r = strv_add(ret, *v) < 0 ? err_oom(e) : 0;
	return r;
}

static int no_command(struct cli *c)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "exec needs a command to run");

	(void)err_hint(&e, r, "usr-ct exec -it CONTAINER sh");
	return cli_fail_local(c, &e);
}

static int exec(struct cli *c, const struct args *a)
{
	bool detach = args_flag(a, "detach"), tty = args_flag(a, "tty");
	struct usrct_stdio io = { .size = sizeof(io),
		                  .stdin_fd = args_flag(a, "interactive") ? STDIN_FILENO : -1,
		                  .stdout_fd = STDOUT_FILENO,
		                  .stderr_fd = STDERR_FILENO,
		                  .detach_keys = args_string(a, "detach-keys") };
	_cleanup_strv_ struct strv env = { 0 };
	struct usrct_exec_options o = { .size = sizeof(o),
		                        .command = a->words + 1,
		                        .user = args_string(a, "user"),
		                        .workdir = args_nonempty(a, "workdir"),
		                        .tools = args_string(a, "tools"),
		                        .tty = tty,
		                        .interactive = args_flag(a, "interactive"),
		                        .privileged = args_flag(a, "privileged"),
		                        .stdio = detach ? NULL : &io };
	struct usrct_err e = { 0 };
	struct err bad;
	int status = 0;

	o.n_kept_fds = (unsigned)args_number(a, "preserve-fds", 0);
	if (a->n_words < 2 && !o.tools)
		return no_command(c);
	if (!detach && tty && o.interactive && !isatty(STDIN_FILENO))
		return cli_fail_no_tty(c);
	if (collect_env(a, &env, &bad) < 0)
		return cli_fail_local(c, &bad);
	o.env = (const char *const *)env.v;
	if (usrct_container_exec(c->u, a->words[0], &o, &status, &e) < 0)
		return cli_fail_start(c, &e);
	return status;
}

static const struct option exec_options[] = {
	{ "interactive", 'i', OPTION_FLAG, COMPLETE_NONE, NULL, "Pass standard input on" },
	{ "tty", 't', OPTION_FLAG, COMPLETE_NONE, NULL, "Give it a terminal" },
	{ "detach", 'd', OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Run in the background; what it prints is thrown away" },
	{ "user", 'u', OPTION_STRING, COMPLETE_NONE, "USER[:GROUP]",
	  "User inside the container, by name or number", "the container's" },
	{ "workdir", 'w', OPTION_STRING, COMPLETE_NONE, "DIR", "Directory to start in",
	  "the container's" },
	{ "env", 'e', OPTION_LIST, COMPLETE_ENV, "NAME[=VALUE]",
	  "Set an environment variable, or pass on your own" },
	{ "env-file", 0, OPTION_LIST, COMPLETE_FILE, "FILE",
	  "Read environment variables from a file" },
	{ "detach-keys", 0, OPTION_STRING, COMPLETE_NONE, "KEYS",
	  "Keys that leave it running, typed at a terminal", "ctrl-p,ctrl-q" },
	{ "privileged", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "All capabilities of the container's user namespace, and no system call filter" },
	{ "preserve-fds", 0, OPTION_NUMBER, COMPLETE_NONE, "NUMBER",
	  "Pass on so many of your open descriptors, from 3 on" },
	{ "cidfile", 0, OPTION_STRING, COMPLETE_FILE, "FILE",
	  "The container whose id is in FILE, instead of a name" },
	{ "tools", 0, OPTION_STRING, COMPLETE_DIR, "DIR|IMAGE",
	  "Give it this directory or image as its root, and the container's at /container" },
	{ NULL },
};

const struct command cmd_exec = {
	.name = "exec",
	.aliases = (const char *const[]){ "container exec", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Run a command in a running container",
	.description =
		"The command gets what the container's own has: its namespaces, cgroup, "
		"environment, limits, capabilities and system call filter. It ends with the "
		"container. A container whose monitor was killed will do.\n"
		"\n"
		"Signals you send to usr-ct are not passed on. If usr-ct ends, or you leave a "
		"terminal with the detach keys, the command goes on, and what it prints is thrown "
		"away.\n"
		"\n"
		"--tools brings programs into a container that has none. What runs has the tools "
		"at "
		"/, so that they find their libraries, and the container's files at /container, "
		"where it starts; processes, network and all else are the container's, whose own "
		"files and mounts stay as they are. The default command is /bin/sh, as root. The "
		"tools are read-only, /tmp is empty and writable. strace of others may need "
		"--privileged.",
	.exit_text = "That of the command; 128 plus the signal's number if it was killed; 127 if "
		     "it does not exist, 126 if it cannot be executed, 125 if usr-ct itself "
		     "failed.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, false, false },
	                                     { "COMMAND", COMPLETE_NONE, true, false },
	                                     { "ARG", COMPLETE_NONE, true, true },
	                                     { NULL } },
	.options = exec_options,
	.examples =
		(const struct example[]){
			{ "A shell in a container that runs", "usr-ct exec -it web sh" },
			{ "One command, as another user, in another directory",
	                  "usr-ct exec -u www-data -w /var/www web ls -l" },
			{ "A shell beside a program whose image has none",
	                  "usr-ct exec -it --tools alpine web" },
			{ "Feed a file to a command inside", "usr-ct exec -i db psql < dump.sql" },
			{ NULL, NULL },
		},
	.shared = (const struct option *const[]){ latest_option_l, NULL },
	.handler = exec,
	.failure = EXIT_OUR_FAULT,
	.passes_rest = true,
	.uses_store = true,
	.takes_latest = true,
};
