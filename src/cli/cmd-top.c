/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct top - the processes of a container, looked at from outside
 *
 * The host's ps looks, with the user's options, as Docker does it: an image needs no ps, and what
 * it calls ps is not run. podman's words for columns are understood as well.
 */
#include "cli/cli.h"
#include "cli/selection.h"

#include "base/fd.h"
#include "base/proc.h"
#include "base/sbuf.h"
#include "base/strv.h"
#include "cli/ps-output.h"
#include "cli/top-fields.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { OUTPUT_MAX = 16 << 20 };

static int read_all(int fd, struct sbuf *b)
{
	char chunk[16384];
	ssize_t n;

	do {
		n = RETRY_EINTR(read(fd, chunk, sizeof(chunk)));
		if (n > 0)
			sbuf_add(b, chunk, (size_t)n);
	} while (n > 0 && !b->err);
	return n < 0 ? -errno : b->err;
}

/* 0 with its output; 1: it did not like the options. */
static int run_ps(const char *path, const struct strv *argv, bool quiet, struct sbuf *b,
                  struct err *e)
{
	_cleanup_close_ int in = -EBADF, out = -EBADF, null_fd = -EBADF, pidfd = -EBADF;
	struct spawn_fd fds[3];
	struct spawn s = {
		.path = path, .argv = argv->v, .env = environ, .fds = fds, .n_fds = quiet ? 3 : 2
	};
	int pair[2], status = 0, r;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	in = pair[0];
	out = pair[1];
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_sys(e, "cannot open /dev/null");
	fds[0] = (struct spawn_fd){ null_fd, STDIN_FILENO };
	fds[1] = (struct spawn_fd){ out, STDOUT_FILENO };
	fds[2] = (struct spawn_fd){ null_fd, STDERR_FILENO };
	pidfd = proc_spawn(&s, NULL, e);
	if (pidfd < 0)
		return pidfd;
	cleanup_close(&out);
	out = -EBADF;
	r = read_all(in, b);
	cleanup_close(&in); /* if we have had enough, it must not wait for us */
	in = -EBADF;
	if (pidfd_wait(pidfd, &status) < 0 || r < 0)
		return err_set(e, UCT_NO_PS, MIN(r, -EIO), "cannot read what ps prints");
	return status ? 1 : 0;
}

static int ps_argv(const struct args *a, const int *pids, size_t n, bool with_pids,
                   struct strv *ret)
{
	struct sbuf list = SBUF_INIT(1 << 20);
	char *text = NULL;
	int r = strv_add(ret, "ps");

	for (size_t i = 1; i < a->n_words && r == 0; i++)
		r = strv_add(ret, a->words[i]);
	if (r == 0 && a->n_words < 2)
		r = strv_add(ret, "-ef");
	if (r < 0 || !with_pids)
		return r;
	for (size_t i = 0; i < n; i++)
		sbuf_addf(&list, "%s%d", i ? "," : "-q", pids[i]);
	r = sbuf_take(&list, &text);
	return r < 0 ? r : strv_take(ret, text);
}

/* Some options cannot stand beside -q, and not every ps knows it: then all processes are listed. */
static int host_ps(const struct args *a, const int *pids, size_t n, struct sbuf *b, struct err *e)
{
	_cleanup_strv_ struct strv narrow = { 0 }, wide = { 0 };
	_cleanup_sbuf_ struct sbuf text = SBUF_INIT(OUTPUT_MAX);
	char path[256];
	int r = 1;

	if (proc_find_program("ps", path, sizeof(path)) < 0)
		return err_set(e, UCT_NO_PS, -ENOENT, "the host has no ps");
	if (ps_argv(a, pids, n, true, &narrow) < 0 || ps_argv(a, pids, n, false, &wide) < 0)
		return err_oom(e);
	if (n)
		r = run_ps(path, &narrow, true, &text, e);
	if (r == 1) {
		sbuf_clear(&text);
		r = run_ps(path, &wide, false, &text, e);
	}
	/* Having found nobody is 1 as well, after the heading. */
	if (r == 1 && !text.len)
		return err_set(e, UCT_NO_PS, -EINVAL, "ps did not accept its options");
	return r < 0 ? r : ps_output_filter(text.s ? text.s : (char[]){ "" }, pids, n, b, e);
}

/* Whether what follows the container are podman's words for columns; *ret_unknown: among them is
 * one that is none. Options of ps begin with a dash, or are letters of which no such word consists.
 */
static bool has_fields(const struct args *a, const char **ret_unknown)
{
	bool any = false;

	*ret_unknown = NULL;
	for (size_t i = 1; i < a->n_words; i++)
		for (const char *s = a->words[i]; *s; s += strcspn(s, ","), s += *s == ',') {
			if (top_field(s, strcspn(s, ",")))
				any = true;
			else if (!*ret_unknown)
				*ret_unknown = s;
		}
	return any && a->words[1][0] != '-';
}

static int refuse_field(struct cli *c, const char *word)
{
	_cleanup_sbuf_ struct sbuf names = SBUF_INIT(1024);
	struct err e;
	int r = err_set(&e, UCT_BAD_VALUE, -EINVAL, "top has no column '%.*s'",
	                (int)strcspn(word, ","), word);

	(void)top_field_names(&names);
	(void)err_hint(&e, r, "there are %.230s", names.s ? names.s : "");
	return cli_fail_local(c, &e);
}

static void add_fields(const struct args *a, int pid, struct sbuf *b)
{
	bool is_first = true;

	for (size_t i = 1; i < a->n_words; i++)
		for (const char *s = a->words[i]; *s; s += strcspn(s, ","), s += *s == ',') {
			const struct top_field *f = top_field(s, strcspn(s, ","));

			if (!is_first)
				sbuf_addc(b, '\t');
			is_first = false;
			if (!pid)
				sbuf_adds(b, top_field_heading(f));
			else if (!top_field_print(f, pid, b))
				sbuf_addc(b, '-'); /* it ended while we looked */
		}
	sbuf_addc(b, '\n');
}

static int top(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf rows = SBUF_INIT(OUTPUT_MAX), out = SBUF_INIT(2 * OUTPUT_MAX);
	_cleanup_free_ int *pids = NULL;
	struct usrct_err e = { 0 };
	const char *unknown;
	struct err mine;
	size_t n = 0;

	if (has_fields(a, &unknown) && unknown)
		return refuse_field(c, unknown);
	if (usrct_container_processes(c->u, a->words[0], &pids, &n, &e) < 0)
		return cli_fail(c, &e);
	if (has_fields(a, &unknown)) {
		add_fields(a, 0, &rows);
		for (size_t i = 0; i < n; i++)
			add_fields(a, pids[i], &rows);
	} else if (host_ps(a, pids, n, &rows, &mine) < 0) {
		return cli_fail_local(c, &mine);
	}
	if (rows.s)
		ps_output_align(rows.s, &out);
	return cli_print(c, &out);
}

const struct command cmd_top = {
	.name = "top",
	.aliases = (const char *const[]){ "container top", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Show the processes of a container",
	.description =
		"Runs the host's ps with the options given, -ef without any, and shows those lines "
		"that are about processes of the container. Numbers and users are the host's.\n"
		"\n"
		"Words of podman's name columns instead: args, capamb, capbnd, capeff, capinh, "
		"capprm, comm, etime, group, groups, hgroup, hgroups, hpid, huser, label, nice, "
		"pcpu, pgid, pid, ppid, rgroup, rss, ruser, seccomp, state, stime, time, tty, "
		"user, "
		"vsz, or %p and its like. pid and user are then "
		"as "
		"inside, hpid and huser as outside. Nothing of the image is run.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, false, false },
	                                     { "PS-OPTION", COMPLETE_NONE, true, true },
	                                     { NULL } },
	.examples = (const struct example[]){ { "Threads too", "usr-ct top web -eLf" },
	                                      { "Numbers inside and outside",
	                                        "usr-ct top web pid,hpid,user,args" },
	                                      { NULL, NULL } },
	.shared = (const struct option *const[]){ latest_option_l, NULL },
	.handler = top,
	.passes_rest = true,
	.uses_store = true,
	.takes_latest = true,
};
