/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct stats - what running containers use, as a table that stays up to date
 *
 * On a terminal each round is written over the last one: the cursor goes home, each line is cleared
 * to its end, and so is the rest of the screen; nothing flickers and nothing is left. Signals are
 * read from a descriptor, so that the cursor is shown again whatever ends the display.
 */
#include "cli/cli.h"
#include "cli/selection.h"

#include "base/array.h"
#include "base/sbuf.h"
#include "cli/format.h"
#include "cli/stats-row.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

enum { FIRST_MS = 250, OUTPUT_MAX = 16 << 20 };

static const struct format_field headings[] = {
	{ "CPUPerc", "CPU %" },
	{ "MemPerc", "MEM %" },
	{ "MemUsage", "MEM USAGE / LIMIT" },
	{ "NetIO", "NET I/O" },
	{ "BlockIO", "BLOCK I/O" },
	{ "ID", "CONTAINER ID" },
	{ "PIDs", "PIDS" },
	{ "CPUPressure", "CPU PSI" },
	{ "MemPressure", "MEM PSI" },
	{ "IOPressure", "I/O PSI" },
	{ NULL, NULL },
};
static const char columns[] = "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t"
			      "{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";

struct display {
	struct cli *c;
	struct format *format;
	struct stats_row *rows;
	size_t n, cap;
	bool is_named; /* the user said which; otherwise all that run, or all */
	bool all, truncated, plot, live;
	int signal_fd;
	unsigned interval_ms;
};

static int add_row(struct display *d, const char *ref, struct err *e)
{
	if (array_grow(&d->rows, d->n, &d->cap, sizeof(*d->rows)) < 0)
		return err_oom(e);
	d->rows[d->n] = (struct stats_row){ .ref = strdup(ref) };
	return d->rows[d->n].ref ? (d->n++, 0) : err_oom(e);
}

static void drop_row(struct display *d, size_t i)
{
	free(d->rows[i].ref);
	memmove(&d->rows[i], &d->rows[i + 1], (d->n - i - 1) * sizeof(*d->rows));
	d->n--;
}

static bool is_listed(const struct usrct_container *list, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].id, id))
			return true;
	return false;
}

/* Containers come and go. */
static int refresh_rows(struct display *d, struct usrct_err *e)
{
	struct usrct_container *list = NULL;
	struct err mine;
	size_t n = 0;
	const struct usrct_list_options opts = { .size = sizeof(opts), .all = d->all };
	int r = usrct_container_list(d->c->u, &opts, &list, &n, e);

	if (r < 0)
		return r;
	for (size_t i = d->n; i > 0; i--)
		if (!is_listed(list, n, d->rows[i - 1].ref))
			drop_row(d, i - 1);
	for (size_t i = 0; i < n && r == 0; i++) {
		bool is_known = false;

		for (size_t k = 0; k < d->n && !is_known; k++)
			is_known = !strcmp(d->rows[k].ref, list[i].id);
		if (is_known)
			continue;
		r = add_row(d, list[i].id, &mine);
		if (r == 0)
			(void)snprintf(d->rows[d->n - 1].now.name, sizeof(d->rows[0].now.name),
			               "%s", list[i].name);
	}
	usrct_container_list_free(list, n);
	return r;
}

/* One sample of each. *ret_running: how many of them run. */
static int sample(struct display *d, size_t *ret_running, struct usrct_err *e)
{
	int r = d->is_named ? 0 : refresh_rows(d, e);

	*ret_running = 0;
	for (size_t i = 0; i < d->n && r == 0; i++) {
		struct usrct_stats s;

		r = usrct_container_stats(d->c->u, d->rows[i].ref, &s, e);
		*ret_running += r == 0;
		/* It has ended, or was removed after we saw it. */
		if (r == -ESRCH || (r == -ENOENT && (!d->is_named || d->rows[i].has_now))) {
			stats_row_sample(&d->rows[i], NULL);
			r = 0;
		} else if (r == 0) {
			stats_row_sample(&d->rows[i], &s);
		}
	}
	return r;
}

static int add_rows(struct display *d, struct sbuf *b, struct err *e)
{
	bool is_table = format_is_table(d->format);
	int r = 0;

	for (size_t i = 0; i < d->n && r == 0; i++) {
		const struct stats_row *row = &d->rows[i];
		json_t *extra;

		if (d->plot) {
			stats_row_plot(row, &d->c->out, b);
			continue;
		}
		extra = stats_row_extra(row);
		r = format_row(d->format, stats_row_fields(row, d->truncated, is_table), extra,
		               NULL, e);
		json_decref(extra);
	}
	return r < 0 || d->plot ? r : format_end(d->format, b, e);
}

/* Over what stands there; lines that do not fit on the screen would move it. */
static void put_live(struct display *d, const char *text)
{
	FILE *f = d->c->out.f;
	unsigned line = 1;

	term_measure(&d->c->out);
	(void)fputs("\033[H", f);
	for (; *text && line < d->c->out.rows; line++) {
		size_t n = strcspn(text, "\n");

		(void)fwrite(text, 1, n, f);
		(void)fputs("\033[K\n", f);
		text += n + (text[n] == '\n');
	}
	(void)fputs("\033[J", f);
}

static int show(struct display *d)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(OUTPUT_MAX);
	struct err e;

	if (add_rows(d, &b, &e) < 0)
		return cli_fail_local(d->c, &e);
	if (d->live && b.s)
		put_live(d, b.s);
	else if (b.s)
		(void)fputs(b.s, d->c->out.f);
	return fflush(d->c->out.f) != 0 || ferror(d->c->out.f) ? 1 : 0;
}

/* True: a signal says that it is enough. */
static bool wait_round(const struct display *d, unsigned ms)
{
	struct pollfd p = { .fd = d->signal_fd, .events = POLLIN };
	struct signalfd_siginfo si;

	if (RETRY_EINTR(poll(&p, 1, (int)ms)) == 0)
		return false;
	/* Taken, or it would end us in the moment in which it is not blocked any more. */
	IGNORE(read(d->signal_fd, &si, sizeof(si)));
	return true;
}

static int run(struct display *d, bool once)
{
	struct usrct_err e = { 0 };
	size_t running = 0;
	int r = sample(d, &running, &e);

	/* What is used at this moment takes two looks. */
	if (r == 0 && running && wait_round(d, MIN(d->interval_ms, (unsigned)FIRST_MS)))
		return 0;
	for (;;) {
		if (r == 0)
			r = sample(d, &running, &e);
		if (r < 0)
			return cli_fail(d->c, &e);
		r = show(d);
		if (r != 0 || once || (d->is_named && !running && !d->all))
			return r;
		if (wait_round(d, d->interval_ms))
			return 0;
	}
}

static int prepare(struct display *d, const struct args *a, struct err *e)
{
	struct format_options o = { .text = args_string(a, "format"),
		                    .table = columns,
		                    .fields = headings };
	int interval_s = args_number(a, "interval", 1), r = 0;

	if (d->plot && o.text)
		r = err_set(e, UCT_USAGE, -EINVAL, "--plot and --format exclude each other");
	else if (interval_s < 1 || interval_s > 86400)
		r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--interval: from 1 to 86400 seconds");
	if (r < 0)
		return r;
	d->interval_ms = (unsigned)interval_s * 1000;
	for (const char **w = a->words; w && *w && r == 0; w++)
		r = add_row(d, *w, e);
	return r < 0 ? r : format_compile(&o, &d->format, e);
}

static int stats(struct cli *c, const struct args *a)
{
	bool once = args_flag(a, "no-stream");
	struct display d = {
		.c = c,
		.is_named = a->n_words > 0,
		.all = args_flag(a, "all"),
		.truncated = !args_flag(a, "no-trunc"),
		.plot = args_flag(a, "plot"),
		.live = c->out.is_tty && !once && !args_flag(a, "no-reset"),
		.signal_fd = -1,
	};
	struct err e;
	sigset_t mask, old;
	int r = prepare(&d, a, &e);

	if (r == 0) {
		(void)sigemptyset(&mask);
		(void)sigaddset(&mask, SIGINT);
		(void)sigaddset(&mask, SIGTERM);
		(void)sigaddset(&mask, SIGHUP);
		(void)sigprocmask(SIG_BLOCK, &mask, &old);
		d.signal_fd = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
		if (d.live) /* hidden, or it would jump about */
			(void)fputs("\033[?25l\033[2J", c->out.f);
		r = run(&d, once);
		if (d.live) {
			(void)fputs("\033[?25h", c->out.f);
			(void)fflush(c->out.f);
		}
		cleanup_close(&d.signal_fd);
		(void)sigprocmask(SIG_SETMASK, &old, NULL);
	} else {
		r = cli_fail_local(c, &e);
	}
	while (d.n)
		drop_row(&d, d.n - 1);
	free(d.rows);
	format_free(d.format);
	return r;
}

const struct command cmd_stats = {
	.name = "stats",
	.aliases = (const char *const[]){ "container stats", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Show what containers use of CPU, memory, network, disks",
	.description =
		"Shows the containers named, or all that run, until it is interrupted or the last "
		"of "
		"those named has ended. CPU % is of one processor, so four busy ones are 400 %.\n"
		"\n"
		"Numbers come from the container's cgroup. Where it has none, or the memory "
		"controller "
		"is not delegated, they are sums over its processes and are marked with ~.\n"
		"\n"
		"--format knows the fields ID, Container, Name, CPUPerc, MemUsage, MemPerc, NetIO, "
		"BlockIO, PIDs, and besides those of json AvgCPU, MemUsageBytes, MemLimit, "
		"NetInput, "
		"NetOutput, BlockInput, BlockOutput, UpTime, CPUPressure, MemPressure, IOPressure, "
		"Estimated and Paused. Pressure (PSI) is the part of the last ten seconds in which "
		"something in the container had to wait.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_RUNNING, true, true },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Also containers that do not run" },
			{ "no-stream", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Once, then end" },
			{ "no-trunc", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Ids in full" },
			{ "no-reset", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Do not write over the last round" },
			{ "interval", 'i', OPTION_NUMBER, COMPLETE_NONE, "SECONDS",
	                  "How often to look", "1" },
			{ "plot", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Draw processor, memory and pressure over time" },
			{ "format", 0, OPTION_STRING, COMPLETE_NONE, "FORM",
	                  "How to print a container: table, json, or a template", "table" },
			{ NULL },
		},
	.examples =
		(const struct example[]){
			{ "A picture of what web does", "usr-ct stats --plot web" },
			{ "One number for a script", "usr-ct stats --no-stream --format "
	                                             "'{{.MemUsageBytes}}' web" },
			{ NULL, NULL } },
	.shared = (const struct option *const[]){ latest_option_l, NULL },
	.handler = stats,
	.uses_store = true,
	.takes_latest = true,
};
