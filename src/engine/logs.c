/* SPDX-License-Identifier: Apache-2.0 */
/* logs - put the output of a container together again from its log */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/fd.h"
#include "container/log.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

enum { READ_BYTES = 128 * 1024 };

struct reader {
	const struct usrct_logs_options *opts;
	int fd, out_fds[2];
	bool at_line_start[2];
	char *buf; /* READ_BYTES; a line is at most half of the writer's buffer */
	size_t n;
};

static int put(const struct reader *r, const struct log_entry *x, const void *data, size_t n)
{
	int fd = r->out_fds[x->stream == LOG_STDERR];

	return n && fd >= 0 ? fd_write_all(fd, data, n) : 0;
}

static int show(struct reader *r, const struct log_entry *x, struct err *e)
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

	for (;;) {
		struct log_entry x;
		ssize_t n = log_parse(r->buf + at, r->n - at, &x);
		int k;

		if (n == 0)
			break;
		if (n < 0) {
			at += x.n; /* a line that a full disk cut */
			continue;
		}
		k = show(r, &x, e);
		if (k < 0)
			return k;
		at += (size_t)n;
	}
	memmove(r->buf, r->buf + at, r->n - at);
	r->n -= at;
	if (r->n == READ_BYTES) /* no entry is that long: not ours */
		r->n = 0;
	return 0;
}

static int show_rest(struct reader *r, struct err *e)
{
	for (;;) {
		ssize_t n = RETRY_EINTR(read(r->fd, r->buf + r->n, READ_BYTES - r->n));
		int k;

		if (n < 0)
			return err_sys(e, "cannot read the log");
		if (n == 0)
			return 0;
		r->n += (size_t)n;
		k = show_buffer(r, e);
		if (k < 0)
			return k;
	}
}

/* Goes back from the end until @lines whole lines lie behind. */
static int seek_tail(struct reader *r, int64_t lines, struct err *e)
{
	off_t end = lseek(r->fd, 0, SEEK_END), at = end;
	int64_t seen = 0;

	if (end < 0)
		return err_sys(e, "cannot seek in the log");
	while (at > 0) {
		size_t n = (size_t)MIN(at, (off_t)READ_BYTES);
		ssize_t got = RETRY_EINTR(pread(r->fd, r->buf, n, at - (off_t)n));

		if (got != (ssize_t)n)
			return err_sys(e, "cannot read the log");
		for (size_t i = n; i > 0; i--) {
			if (r->buf[i - 1] != '\n' || at - (off_t)(n - i) == end)
				continue;
			if (++seen < lines)
				continue;
			at = at - (off_t)(n - i);
			return lseek(r->fd, at, SEEK_SET) < 0 ? err_sys(e, "cannot seek") : 0;
		}
		at -= (off_t)n;
	}
	return lseek(r->fd, 0, SEEK_SET) < 0 ? err_sys(e, "cannot seek in the log") : 0;
}

/* Waits for more, until the container has ended; then once more for what came last. */
static int follow(struct usrct *u, struct reader *r, const struct target *t, struct err *e)
{
	_cleanup_close_ int watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	_cleanup_close_ int pidfd = proc_open(&t->state.init);
	struct pollfd p[2] = { { .fd = watch_fd, .events = POLLIN },
		               { .fd = pidfd, .events = POLLIN } };
	char path[64], events[4096];
	int k = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", r->fd);
	if (watch_fd < 0 || inotify_add_watch(watch_fd, path, IN_MODIFY) < 0)
		return err_hint(e, err_sys(e, "cannot watch the log"),
		                "raise fs.inotify.max_user_instances");
	while (k == 0 && pidfd >= 0 && !p[1].revents) {
		k = show_rest(r, e);
		if (k < 0)
			return k;
		if (RETRY_EINTR(poll(p, 2, -1)) < 0)
			return err_sys(e, "cannot wait for the log");
		while (read(watch_fd, events, sizeof(events)) > 0)
			;
	}
	/* The monitor still moves what the pipes hold. */
	k = engine_wait_end(u, t, -1, e);
	return k < 0 ? k : show_rest(r, e);
}

static int logs(struct usrct *u, const struct target *t, struct reader *r, struct err *e)
{
	const struct usrct_logs_options *o = r->opts;
	bool runs = state_is_active(&t->state);
	int k = 0;

	r->fd = openat(t->dirfd, LOG_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (r->fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open the log");
	if (o && o->tail_lines >= 0)
		k = o->tail_lines ? seek_tail(r, o->tail_lines, e)
		                  : MIN((int)lseek(r->fd, 0, SEEK_END), 0);
	if (k == 0 && o && o->follow && runs)
		return follow(u, r, t, e);
	return k < 0 ? k : show_rest(r, e);
}

int usrct_container_logs(struct usrct *u, const char *ref, const struct usrct_logs_options *opts,
                         int stdout_fd, int stderr_fd, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct reader r = { .opts = opts,
		            .fd = -EBADF,
		            .out_fds = { stdout_fd, stderr_fd },
		            .at_line_start = { true, true } };
	struct err e = { 0 };
	int k = target_open(u, ref, STORE_READ, &t, &e);

	if (k == 0) {
		r.buf = malloc(READ_BYTES);
		k = r.buf ? logs(u, &t, &r, &e) : err_oom(&e);
	}
	cleanup_close(&r.fd);
	free(r.buf);
	return ENGINE_RETURN(k, out, &e);
}
