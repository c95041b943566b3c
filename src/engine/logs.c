/* SPDX-License-Identifier: Apache-2.0 */
/* logs - put the output of a container together again from its log */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/sock.h"
#include "container/log-reader.h"
#include "container/spec.h"
#include "engine/journal.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

enum { READ_BYTES = 128 * 1024 };

struct reader {
	const struct usrct_logs_options *opts;
	struct log_reader files;
	int out_fds[2];
	bool at_line_start[2];
	char *out; /* READ_BYTES, for out_stream */
	size_t out_n;
	enum log_stream out_stream;
	char *buf; /* READ_BYTES; a line is at most half of the writer's buffer */
	size_t n;
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

static int show_entry(struct reader *r, const struct log_entry *x, struct err *e)
{
	const struct usrct_logs_options *o = r->opts;
	bool *start = &r->at_line_start[x->stream == LOG_STDERR];
	char stamp[RFC3339_SIZE + 1];
	int k = 0;

	if (o && ((o->since_ns && x->time_ns < o->since_ns) ||
	          (o->until_ns && x->time_ns > o->until_ns)))
		return 0;
	if (o && o->timestamps && *start) {
		clock_rfc3339(x->time_ns, stamp);
		k = put(r, x, stamp, strlen(stamp));
		if (k == 0)
			k = put(r, x, " ", 1);
	}
	if (k == 0)
		k = put(r, x, x->data, x->n);
	if (k == 0 && x->is_whole_line)
		k = put(r, x, "\n", 1);
	*start = x->is_whole_line;
	return k < 0 ? err_errno(e, k, "cannot write the log") : 0;
}

/* Shows all whole entries in the buffer and keeps the rest. */
static int show_buffer(struct reader *r, struct err *e)
{
	size_t at = 0;
	int k;

	for (;;) {
		struct log_entry x;
		ssize_t n = log_parse(r->buf + at, r->n - at, &x);

		if (n == 0)
			break;
		if (n < 0) {
			at += x.n; /* a line that a full disk cut */
			continue;
		}
		k = show_entry(r, &x, e);
		if (k < 0)
			return k;
		at += (size_t)n;
	}
	k = put_out(r);
	if (k < 0)
		return err_errno(e, k, "cannot write the log");
	memmove(r->buf, r->buf + at, r->n - at);
	r->n -= at;
	if (r->n == READ_BYTES) /* no entry is that long: not ours */
		r->n = 0;
	return 0;
}

static int show_rest(struct reader *r, struct err *e)
{
	for (;;) {
		ssize_t n = log_reader_read(&r->files, r->buf + r->n, READ_BYTES - r->n, e);
		int k;

		if (n <= 0)
			return (int)n;
		r->n += (size_t)n;
		k = show_buffer(r, e);
		if (k < 0)
			return k;
	}
}

/* What tells that there is more, or that there will be no more. */
struct follower {
	int watch_fd, monitor_fd, init_pidfd;
};

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
static int watch_file(const struct follower *f, const struct reader *r, struct err *e)
{
	char path[64];

	if (log_reader_fd(&r->files) < 0)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", log_reader_fd(&r->files));
	return inotify_add_watch(f->watch_fd, path, IN_MODIFY | IN_MOVE_SELF) < 0
	               ? err_sys(e, "cannot watch the log")
	               : 0;
}

/* -1: no limit. */
static int remaining_ms(const struct reader *r)
{
	uint64_t now = clock_realtime_ns(), until = r->opts->until_ns;

	if (!until)
		return -1;
	return until <= now ? 0 : (int)MIN((until - now) / 1000000 + 1, (uint64_t)INT32_MAX);
}

/* 1 go on, 0 nothing will come any more. */
static int wait_more(const struct follower *f, const struct reader *r, const struct target *t,
                     struct err *e)
{
	struct pollfd p[3] = { { .fd = f->watch_fd, .events = POLLIN },
		               { .fd = f->monitor_fd, .events = POLLIN },
		               { .fd = f->init_pidfd, .events = POLLIN } };
	char packet[64], events[4096];
	struct state s;
	int n;

	if (f->monitor_fd < 0 && f->init_pidfd < 0)
		return 0;
	n = RETRY_EINTR(poll(p, ARRAY_SIZE(p), remaining_ms(r)));
	if (n <= 0)
		return n < 0 ? err_sys(e, "cannot wait for the log") : 0;
	while (read(f->watch_fd, events, sizeof(events)) > 0)
		;
	if (p[2].revents)
		return 0;
	if (!p[1].revents)
		return 1;
	if (sock_recv(f->monitor_fd, packet, sizeof(packet), NULL, 0) <= 0)
		return 0;
	/* It has ended: for good, or until it is started again. */
	return state_read(t->dirfd, &s, NULL) == 0 && state_is_active(&s) ? 1 : 0;
}

static int follow(struct usrct *u, struct reader *r, const struct target *t, struct err *e)
{
	struct follower f = { -EBADF, -EBADF, -EBADF };
	int k = follower_open(&f, u, t, e), more = 1;

	while (k == 0 && more > 0) {
		/* First the watch, then the look, twice: the look may change the file. */
		k = watch_file(&f, r, e);
		if (k == 0)
			k = show_rest(r, e);
		if (k == 0)
			k = watch_file(&f, r, e);
		if (k == 0)
			k = show_rest(r, e);
		if (k == 0)
			more = wait_more(&f, r, t, e);
	}
	if (k == 0)
		k = more < 0 ? more : show_rest(r, e);
	follower_close(&f);
	return k;
}

static int logs(struct usrct *u, const struct target *t, struct reader *r, struct err *e)
{
	const struct usrct_logs_options *o = r->opts;
	int k = log_reader_open(t->dirfd, o ? o->since_ns : 0, &r->files, e);

	if (k == 0 && o && o->tail_lines >= 0)
		k = log_reader_tail(&r->files, (uint64_t)o->tail_lines, e);
	if (k == 0)
		k = o && o->follow && state_is_active(&t->state) ? follow(u, r, t, e)
		                                                 : show_rest(r, e);
	return k;
}

/* Where its output went. */
static int show(struct usrct *u, const struct target *t, struct reader *r, struct err *e)
{
	_cleanup_json_ json_t *plan = NULL;
	const char *driver;
	int k = json_read_at(t->dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);

	if (k < 0)
		return k;
	driver = json_string_value(json_at(plan, "log.driver"));
	if (driver && !strcmp(driver, "none"))
		return err_set(e, UCT_NO_LOG, -ENODATA, "container '%s' keeps no log", t->row.name);
	if (driver && !strcmp(driver, "journald"))
		return journal_show(u, t, r->opts, r->out_fds, e);
	return logs(u, t, r, e);
}

int usrct_container_logs(struct usrct *u, const char *ref, const struct usrct_logs_options *opts,
                         int stdout_fd, int stderr_fd, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct reader r = { .opts = opts,
		            .out_fds = { stdout_fd, stderr_fd },
		            .at_line_start = { true, true } };
	struct err e = { 0 };
	int k = target_open(u, ref, STORE_READ, &t, &e);

	if (k == 0) {
		r.buf = malloc(READ_BYTES);
		r.out = malloc(READ_BYTES);
		k = r.buf && r.out ? show(u, &t, &r, &e) : err_oom(&e);
	}
	log_reader_done(&r.files);
	free(r.buf);
	free(r.out);
	return ENGINE_RETURN(k, out, &e);
}
