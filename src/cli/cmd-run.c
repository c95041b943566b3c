/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct run and usr-ct create - a new container, started or not */
#include "cli/attach-options.h"
#include "cli/create-options.h"
#include "cli/generator.h"
#include "cli/timing.h"

#include "base/sbuf.h"

#include <signal.h>
#include <stdio.h>

static const struct option run_options[] = {
	{ "detach", 'd', OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Run in the background and print the id" },
	{ "timing", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Print afterwards how long each step of the start took" },
	{ NULL },
};

static const struct positional run_args[] = {
	{ "IMAGE", COMPLETE_IMAGE, false, false },
	{ "COMMAND", COMPLETE_NONE, true, false },
	{ "ARG", COMPLETE_NONE, true, true },
	{ NULL },
};

static void print_timing(struct cli *c, const struct timing *t)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(256 << 10);

	timing_print(t, &b, &c->err);
	if (!b.err && b.s)
		(void)fputs(b.s, c->err.f);
}

/* Without --attach all streams; with it only those. */
static int choose_streams(struct create_request *q, bool detach, struct usrct_stdio *io,
                          struct err *e)
{
	unsigned *attach = &q->create.attach;

	if (detach && *attach)
		return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		               "--attach has no effect with --detach");
	if (!*attach && !detach)
		*attach = USRCT_ATTACH_STDOUT | USRCT_ATTACH_STDERR |
		          (io->stdin_fd >= 0 ? (unsigned)USRCT_ATTACH_STDIN : 0);
	if (!(*attach & USRCT_ATTACH_STDIN))
		io->stdin_fd = -1;
	if (!(*attach & USRCT_ATTACH_STDOUT))
		io->stdout_fd = -1;
	if (!(*attach & USRCT_ATTACH_STDERR))
		io->stderr_fd = -1;
	return 0;
}

/* 137 alone could be anybody's SIGKILL. */
static void tell_oom(struct cli *c, int status)
{
	(void)fprintf(c->err.f,
	              status == 128 + SIGKILL
	                      ? "usr-ct: the container was killed: it ran out of memory\n"
	                      : "usr-ct: the kernel killed a process of the container: it ran out "
	                        "of memory\n");
}

static int run(struct cli *c, const struct args *a)
{
	_cleanup_create_request_ struct create_request q = { 0 };
	_cleanup_timing_ struct timing timing = { 0 };
	_cleanup_free_ char *id = NULL;
	bool detach = args_flag(a, "detach"), wants_timing = args_flag(a, "timing");
	struct usrct_stdio io = attach_stdio(a, args_flag(a, "interactive"));
	struct usrct_start_options start = { .size = sizeof(start),
		                             .stdio = detach ? NULL : &io,
		                             .timing = wants_timing ? timing_add : NULL,
		                             .arg = &timing };
	struct usrct_err e = { 0 };
	struct err bad;
	int status = 0, r;
	bool is_oom = false;

	start.ret_oom_killed = &is_oom;
	if (!detach && args_flag(a, "tty") && args_flag(a, "interactive") && !isatty(STDIN_FILENO))
		return cli_fail_no_tty(c);
	if (create_request_init(&q, c, a, &bad) < 0 || choose_streams(&q, detach, &io, &bad) < 0)
		return cli_fail_local(c, &bad);
	r = usrct_container_run(c->u, &q.create, &start, &id, &status, &e);
	progress_done(&q.progress);
	if (r < 0)
		status = cli_fail_start(c, &e);
	else if (is_oom)
		tell_oom(c, status);
	/* Whoever sees nothing of the container at least learns its name, as in Docker. */
	if (r >= 0 && (detach || (io.stdout_fd < 0 && io.stderr_fd < 0)))
		(void)fprintf(c->out.f, "%s\n", id);
	if (r >= 0 && detach)
		status = 0;
	if (wants_timing)
		print_timing(c, &timing);
	return status;
}

static const struct positional create_args[] = {
	{ "IMAGE|FILE.json", COMPLETE_IMAGE, true, false },
	{ "COMMAND", COMPLETE_NONE, true, false },
	{ "ARG", COMPLETE_NONE, true, true },
	{ NULL },
};

static const struct option create_own[] = {
	{ "file", 0, OPTION_STRING, COMPLETE_FILE, "FILE.json",
	  "Make it as a generator file says, whatever the file's name" },
	{ NULL },
};

static int create(struct cli *c, const struct args *a)
{
	const char *file = generator_named(a);

	_cleanup_create_request_ struct create_request q = { 0 };
	_cleanup_free_ char *id = NULL;
	struct usrct_err e = { 0 };
	struct err bad;
	int r;

	if (file)
		return generator_create(c, a, file);
	if (!a->n_words)
		return generator_missing(c);
	if (create_request_init(&q, c, a, &bad) < 0)
		return cli_fail_local(c, &bad);
	r = usrct_container_create(c->u, &q.create, &id, &e);
	progress_done(&q.progress);
	if (r < 0)
		return cli_fail(c, &e);
	(void)fprintf(c->out.f, "%s\n", id);
	return 0;
}

const struct command cmd_run = {
	.name = "run",
	.aliases = (const char *const[]){ "container run", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Run a command in a new container",
	.description =
		"Makes a container from IMAGE and runs COMMAND in it, or what the image says. The "
		"image is fetched first if it is not here. Flags for usr-ct stand before IMAGE; "
		"everything after it belongs to the command.\n"
		"\n"
		"You are root inside and yourself outside: what root in the container writes to a "
		"mounted directory is yours. Without -d, the container's output is yours too, its "
		"signals are those you send to usr-ct, and its exit status becomes that of usr-ct.",
	.exit_text = "That of the container's command; 128 plus the signal's number if it was "
		     "killed; 127 if the command does not exist, 126 if it cannot be executed, 125 "
		     "if usr-ct itself failed.",
	.args = run_args,
	.options = run_options,
	.shared = run_tables,
	.foreign = create_foreign,
	.examples =
		(const struct example[]){
			{ "A shell in a container that is gone when you leave",
	                  "usr-ct run -it --rm alpine" },
			{ "Build this directory with the image's tools; the results are yours",
	                  "usr-ct run --rm -v .:/src -w /src gcc make" },
			{ "A server in the background, then its log",
	                  "usr-ct run -d --name web --network host nginx && usr-ct logs -f web" },
			{ "Without network, and with nothing it could write to but /tmp",
	                  "usr-ct run --rm --network none --read-only --tmpfs /tmp alpine id" },
			{ "Where the milliseconds go", "usr-ct run --rm --timing alpine true" },
			{ NULL, NULL },
		},
	.handler = run,
	.failure = EXIT_OUR_FAULT,
	.passes_rest = true,
	.uses_store = true,
};

const struct command cmd_create = {
	.name = "create",
	.aliases = (const char *const[]){ "container create", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Make a container without starting it",
	.description =
		"Does what run does up to the start, and prints the container's id. usr-ct start "
		"starts it.\n"
		"\n"
		"A file whose name ends in .json is a generator file: a JSON object with name, "
		"baseImage and cmd, and if wanted workdir, copy (an array of src and dst) and "
		"limits (cpuQuota, cpuPeriod, memory, pids). Sources of copies are relative to it. "
		"The file is kept beside the container, and usr-ct recreate makes it anew.",
	.args = create_args,
	.options = create_own,
	.shared = create_tables,
	.foreign = create_foreign,
	.examples =
		(const struct example[]){
			{ "Make a container now, start it and see its output later",
	                  "usr-ct create --name job alpine sh -c 'date; sleep 5' && usr-ct start "
	                  "-a "
	                  "job" },
			{ "As a generator file says",
	                  "usr-ct create web.json && usr-ct start web" },
			{ NULL, NULL },
		},
	.handler = create,
	.passes_rest = true,
	.uses_store = true,
};
