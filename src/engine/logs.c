/* SPDX-License-Identifier: Apache-2.0 */
/* logs - put the output of containers together again from their logs
 *
 * Of several containers the entry with the earliest time comes first, as far as entries are there;
 * what is followed is shown as it comes.
 */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "container/log-reader.h"
#include "container/spec.h"
#include "engine/journal.h"
#include "engine/log-details.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>

enum { READ_BYTES = 128 * 1024, SOURCES_MAX = 256 };

/* What tells that there is more, or that there will be no more. */
struct follower {
	int watch_fd, monitor_fd, init_pidfd;
};

/* One container's log. */
struct source {
	struct target t;
	struct log_reader files;
	char *buf; /* READ_BYTES; a line is at most half of the writer's buffer */
	size_t n, at;
	struct log_entry next; /* in buf, if has_next */
	bool has_next;
	bool at_line_start[2];
	char prefix[160], *details;
	bool is_in_journal, is_followed;
	struct follower f;
};

struct reader {
	struct usrct *u;
	const struct usrct_logs_options *opts;
	struct source *sources;
	size_t n_sources;
	int out_fds[2];
	char *out; /* READ_BYTES, for out_stream */
	size_t out_n;
	enum log_stream out_stream;
};

static int put_out(struct reader *r)
{
	int fd = r->out_fds[r->out_stream], k = 0;

	if (r->out_n && fd >= 0)
		k = fd_write_all(fd, r->out, r->out_n);
	r->out_n = 0;
	return k;
}

/* Collected, since a line at a time would be slower than most containers print. */
static int put(struct reader *r, const struct log_entry *x, const void *data, size_t n)
{
	int k = 0;

	if (r->out_stream != x->stream || r->out_n + n > READ_BYTES)
		k = put_out(r);
	r->out_stream = x->stream;
	memcpy(r->out + r->out_n, data, n); /* an entry is smaller than READ_BYTES */
	r->out_n += n;
	return k;
}

static int put_line_start(struct reader *r, const struct source *s, const struct log_entry *x)
{
	char stamp[RFC3339_SIZE];
	int k = put(r, x, s->prefix, strlen(s->prefix));

	if (k == 0 && r->opts->timestamps) {
		clock_rfc3339(x->time_ns, stamp);
		k = put(r, x, stamp, strlen(stamp));
		if (k == 0)
			k = put(r, x, " ", 1);
	}
	if (k == 0 && s->details)
		k = put(r, x, s->details, strlen(s->details));
	return k;
}

static int show_entry(struct reader *r, struct source *s, struct err *e)
{
	const struct log_entry *x = &s->next;
	bool *start = &s->at_line_start[x->stream == LOG_STDERR];
	int k = *start ? put_line_start(r, s, x) : 0;

	if (k == 0)
		k = put(r, x, x->data, x->n);
	if (k == 0 && x->is_whole_line)
		k = put(r, x, "\n", 1);
	*start = x->is_whole_line;
	s->has_next = false;
	return k < 0 ? err_errno(e, k, "cannot write the log") : 0;
}

static bool is_wanted(const struct reader *r, const struct log_entry *x)
{
	return (!r->opts->since_ns || x->time_ns >= r->opts->since_ns) &&
	       (!r->opts->until_ns || x->time_ns <= r->opts->until_ns);
}

/* The next whole entry in the buffer, if there is one. */
static void parse_next(const struct reader *r, struct source *s)
{
	while (!s->has_next) {
		ssize_t n = log_parse(s->buf + s->at, s->n - s->at, &s->next);

		if (n == 0)
			break;
		/* Negative: a line that a full disk cut. */
		s->at += n < 0 ? s->next.n : (size_t)n;
		s->has_next = n > 0 && is_wanted(r, &s->next);
	}
}

static void tell_gap(struct reader *r, struct source *s)
{
	if (!s->files.has_gap)
		return;
	s->files.has_gap = false;
	(void)put_out(r); /* what was before it stands before it */
	if (r->opts->gap)
		r->opts->gap(s->t.row.name, r->opts->arg);
}

/* 1 has_next, 0 there is nothing now. */
static int fill(struct reader *r, struct source *s, struct err *e)
{
	for (;;) {
		ssize_t n;

		parse_next(r, s);
		if (s->has_next)
			return 1;
		memmove(s->buf, s->buf + s->at, s->n - s->at);
		s->n -= s->at;
		s->at = 0;
		if (s->n == READ_BYTES) /* no entry is that long: not ours */
			s->n = 0;
		n = log_reader_read(&s->files, s->buf + s->n, READ_BYTES - s->n, e);
		if (n <= 0)
			return (int)n;
		s->n += (size_t)n;
		tell_gap(r, s);
	}
}

/* All that there is now, of all of them. */
static int show_rest(struct reader *r, struct err *e)
{
	for (;;) {
		struct source *first = NULL;
		int k;

		for (size_t i = 0; i < r->n_sources; i++) {
			struct source *s = &r->sources[i];

			k = s->is_in_journal ? 0 : fill(r, s, e);
			if (k < 0)
				return k;
			if (k > 0 && (!first || s->next.time_ns < first->next.time_ns))
				first = s;
		}
		k = first ? show_entry(r, first, e) : put_out(r);
		if (k < 0)
			return first ? k : err_errno(e, k, "cannot write the log");
		if (!first)
			return 0;
	}
}

static int follower_open(struct follower *f, struct usrct *u, const struct target *t, struct err *e)
{
	char path[64];

	f->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", t->dirfd);
	/* Files get their names by rename, the first one by being made. */
	if (f->watch_fd < 0 || inotify_add_watch(f->watch_fd, path, IN_MOVED_TO | IN_CREATE) < 0)
		return err_hint(e, err_sys(e, "cannot watch the log"),
		                "raise fs.inotify.max_user_instances");
	/* The monitor speaks after its last byte is in the log. */
	f->monitor_fd = engine_monitor(u, t->row.id, 0);
	if (f->monitor_fd < 0 && state_is_running(&t->state))
		f->init_pidfd = proc_open(&t->state.init);
	return 0;
}

static void follower_close(struct follower *f)
{
	cleanup_close(&f->watch_fd);
	cleanup_close(&f->monitor_fd);
	cleanup_close(&f->init_pidfd);
}

/* Which file is read changes; adding a watch twice is one. */
static int watch_file(const struct source *s, struct err *e)
{
	char path[64];

	if (log_reader_fd(&s->files) < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", log_reader_fd(&s->files));
	return inotify_add_watch(s->f.watch_fd, path, IN_MODIFY | IN_MOVE_SELF) < 0
	               ? err_sys(e, "cannot watch the log")
	               : 0;
}

static int watch_files(const struct reader *r, struct err *e)
{
	int k = 0;

	for (size_t i = 0; i < r->n_sources && k == 0; i++)
		if (r->sources[i].is_followed)
			k = watch_file(&r->sources[i], e);
	return k;
}

/* Ready at --until by the time of day, also if that is set meanwhile; -EBADF: no limit. */
static int open_timer(const struct reader *r, int *ret, struct err *e)
{
	uint64_t ns = r->opts->until_ns;
	const struct itimerspec t = { .it_value = { (time_t)(ns / 1000000000),
		                                    (long)(ns % 1000000000) } };

	if (!ns)
		return 0;
	*ret = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
	return *ret < 0 || timerfd_settime(*ret, TFD_TIMER_ABSTIME, &t, NULL) < 0
	               ? err_sys(e, "cannot set a timer")
	               : 0;
}

/* Whether more may come, after what the three descriptors said. */
static bool goes_on(const struct source *s, const struct pollfd *p)
{
	char packet[64], events[4096];
	struct state state;

	while (read(s->f.watch_fd, events, sizeof(events)) > 0)
		;
	if (p[2].revents)
		return false;
	if (!p[1].revents)
		return true;
	if (sock_recv(s->f.monitor_fd, packet, sizeof(packet), NULL, 0) <= 0)
		return false;
	/* It has ended: for good, or until it is started again. */
	return state_read(s->t.dirfd, &state, NULL) == 0 && state_is_active(&state);
}

/* 1 go on, 0 nothing will come any more. */
static int wait_more(struct reader *r, int timer_fd, struct pollfd *p, struct err *e)
{
	struct pollfd *timer = &p[3 * r->n_sources];
	bool any = false;

	for (size_t i = 0; i < r->n_sources; i++) {
		struct source *s = &r->sources[i];

		s->is_followed = s->is_followed && (s->f.monitor_fd >= 0 || s->f.init_pidfd >= 0);
		any = any || s->is_followed;
		p[3 * i] = (struct pollfd){ s->is_followed ? s->f.watch_fd : -1, POLLIN, 0 };
		p[3 * i + 1] = (struct pollfd){ s->is_followed ? s->f.monitor_fd : -1, POLLIN, 0 };
		p[3 * i + 2] = (struct pollfd){ s->is_followed ? s->f.init_pidfd : -1, POLLIN, 0 };
	}
	if (!any)
		return 0;
	*timer = (struct pollfd){ timer_fd, POLLIN, 0 };
	if (RETRY_EINTR(poll(p, 3 * r->n_sources + 1, -1)) < 0)
		return err_sys(e, "cannot wait for the log");
	if (timer->revents)
		return 0;
	for (size_t i = 0; i < r->n_sources; i++)
		if (r->sources[i].is_followed)
			r->sources[i].is_followed = goes_on(&r->sources[i], &p[3 * i]);
	return 1;
}

static int follow(struct reader *r, struct err *e)
{
	_cleanup_free_ struct pollfd *p = calloc(3 * r->n_sources + 1, sizeof(*p));
	_cleanup_close_ int timer_fd = -EBADF;
	int k = p ? open_timer(r, &timer_fd, e) : err_oom(e), more = 1;

	for (size_t i = 0; i < r->n_sources && k == 0; i++)
		if (r->sources[i].is_followed)
			k = follower_open(&r->sources[i].f, r->u, &r->sources[i].t, e);
	while (k == 0 && more > 0) {
		/* First the watch, then the look, twice: the look may change the file. */
		k = watch_files(r, e);
		if (k == 0)
			k = show_rest(r, e);
		if (k == 0)
			k = watch_files(r, e);
		if (k == 0)
			k = show_rest(r, e);
		if (k == 0)
			more = wait_more(r, timer_fd, p, e);
	}
	if (k == 0)
		k = more < 0 ? more : show_rest(r, e);
	return k;
}

static int open_files(const struct reader *r, struct source *s, struct err *e)
{
	const struct usrct_logs_options *o = r->opts;
	int k = log_reader_open(s->t.dirfd, o->since_ns, &s->files, e);

	if (k == 0 && o->tail_lines >= 0)
		k = log_reader_tail(&s->files, (uint64_t)o->tail_lines, e);
	s->is_followed = o->follow && state_is_active(&s->t.state);
	s->buf = k == 0 ? malloc(READ_BYTES) : NULL;
	return k == 0 && !s->buf ? err_oom(e) : k;
}

/* Where its output went. */
static int open_source(const struct reader *r, const char *ref, struct source *s, struct err *e)
{
	_cleanup_json_ json_t *plan = NULL;
	const char *driver;
	int k = target_open(r->u, ref, STORE_READ, &s->t, e);

	if (k == 0)
		k = json_read_at(s->t.dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);
	if (k < 0)
		return k;
	driver = json_string_value(json_at(plan, "log.driver"));
	if (driver && !strcmp(driver, "none"))
		return err_set(e, UCT_NO_LOG, -ENODATA, "container '%s' keeps no log",
		               s->t.row.name);
	if (r->opts->prefix)
		r->opts->prefix(s->t.row.id, s->t.row.name, s->prefix, sizeof(s->prefix),
		                r->opts->arg);
	if (r->opts->details)
		k = log_details(&s->t, plan, &s->details, e);
	s->is_in_journal = driver && !strcmp(driver, "journald");
	return k < 0 || s->is_in_journal ? k : open_files(r, s, e);
}

/* The journal of one container at a time: its order is journalctl's. */
static int show_journals(struct reader *r, struct err *e)
{
	int k = 0;

	for (size_t i = 0; i < r->n_sources && k == 0; i++) {
		const struct source *s = &r->sources[i];
		const struct journal_form form = { s->prefix, s->details ? s->details : "" };

		if (!s->is_in_journal)
			continue;
		if (r->n_sources > 1 && r->opts->follow)
			return err_set(e, UCT_LOGS_APART, -EOPNOTSUPP,
			               "the output of container '%s' is in the journal",
			               s->t.row.name);
		k = journal_show(r->u, &s->t, r->opts, &form, r->out_fds, e);
	}
	return k;
}

static int logs(struct reader *r, const char *const *refs, struct err *e)
{
	size_t n = 0;
	int k = 0;

	while (refs[n])
		n++;
	if (n > SOURCES_MAX)
		return err_set(e, UCT_BAD_VALUE, -E2BIG, "logs shows at most %d containers at once",
		               SOURCES_MAX);
	r->sources = calloc(n, sizeof(*r->sources));
	r->out = malloc(READ_BYTES);
	if (!r->sources || !r->out)
		return err_oom(e);
	for (; r->n_sources < n && k == 0; r->n_sources++) {
		r->sources[r->n_sources] = (struct source){ .t = TARGET_NONE,
			                                    .files = { .dirfd = -EBADF },
			                                    .at_line_start = { true, true },
			                                    .f = { -EBADF, -EBADF, -EBADF } };
		k = open_source(r, refs[r->n_sources], &r->sources[r->n_sources], e);
	}
	if (k == 0)
		k = show_journals(r, e);
	return k < 0 ? k : follow(r, e);
}

static void source_done(struct source *s)
{
	follower_close(&s->f);
	log_reader_done(&s->files);
	target_done(&s->t);
	free(s->details);
	free(s->buf);
}

int usrct_container_logs_each(struct usrct *u, const char *const *refs,
                              const struct usrct_logs_options *opts, int stdout_fd, int stderr_fd,
                              struct usrct_err *out)
{
	struct usrct_logs_options mine = { .size = sizeof(mine), .tail_lines = -1 };
	struct reader r = { .u = u, .opts = &mine, .out_fds = { stdout_fd, stderr_fd } };
	struct err e = { 0 };
	int k;

	/* A caller that was compiled with an older header gives a shorter one. */
	if (opts)
		memcpy(&mine, opts, MIN(opts->size, sizeof(mine)));
	k = refs[0] ? logs(&r, refs, &e) : 0;

	for (size_t i = 0; i < r.n_sources; i++)
		source_done(&r.sources[i]);
	free(r.sources);
	free(r.out);
	return ENGINE_RETURN(k, out, &e);
}

int usrct_container_logs(struct usrct *u, const char *ref, const struct usrct_logs_options *opts,
                         int stdout_fd, int stderr_fd, struct usrct_err *e)
{
	const char *const refs[] = { ref, NULL };

	return usrct_container_logs_each(u, refs, opts, stdout_fd, stderr_fd, e);
}
