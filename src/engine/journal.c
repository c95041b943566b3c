/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's files are read with journalctl(1), which knows their format, their places and who
 * may read them. To follow, one journalctl runs until the container has ended; a second one then
 * reads what came after the last entry that was seen. */
#include "engine/journal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/num.h"
#include "base/sock.h"
#include "base/strv.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { LINE_MAX_BYTES = 1 << 20 };

struct reading {
	const struct usrct_logs_options *opts;
	const struct journal_form *form;
	const char *id;
	const int *out_fds;
	bool at_line_start[2];
	char cursor[512];
	char *buf;
	size_t n;
};

static int put(const struct reading *r, bool is_error, const void *data, size_t n)
{
	int fd = r->out_fds[is_error];

	return n && fd >= 0 ? fd_write_all(fd, data, n) : 0;
}

static int put_text(const struct reading *r, bool is_error, const char *text)
{
	return put(r, is_error, text, strlen(text));
}

static int put_stamp(struct reading *r, bool is_error, const json_t *entry)
{
	const char *text = json_string_value(json_object_get(entry, "__REALTIME_TIMESTAMP"));
	char stamp[RFC3339_SIZE];
	uint64_t us = 0;
	int k;

	if (!r->at_line_start[is_error])
		return 0;
	k = put_text(r, is_error, r->form->prefix);
	if (k < 0 || !r->opts->timestamps)
		return k < 0 ? k : put_text(r, is_error, r->form->details);
	if (text)
		(void)parse_u64(text, &us);
	clock_rfc3339(us * 1000, stamp);
	k = put_text(r, is_error, stamp);
	if (k == 0)
		k = put_text(r, is_error, " ");
	return k < 0 ? k : put_text(r, is_error, r->form->details);
}

/* Text, or an array of numbers where it is not UTF-8. */
static int put_message(const struct reading *r, bool is_error, const json_t *message)
{
	size_t n = json_array_size(message);
	_cleanup_free_ char *bytes = NULL;

	if (json_is_string(message))
		return put(r, is_error, json_string_value(message), json_string_length(message));
	bytes = malloc(n + 1);
	for (size_t i = 0; bytes && i < n; i++)
		bytes[i] = (char)json_integer_value(json_array_get(message, i));
	return bytes ? put(r, is_error, bytes, n) : -ENOMEM;
}

static int show_entry(struct reading *r, const char *line, size_t n)
{
	_cleanup_json_ json_t *j = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
	const char *priority = json_string_value(json_object_get(j, "PRIORITY"));
	const char *cursor = json_string_value(json_object_get(j, "__CURSOR"));
	bool is_error = priority && !strcmp(priority, "3");
	bool is_partial = json_object_get(j, "CONTAINER_PARTIAL_MESSAGE") != NULL;
	int k;

	if (!j)
		return 0; /* "-- No entries --" and its like */
	if (cursor)
		(void)snprintf(r->cursor, sizeof(r->cursor), "%s", cursor);
	k = put_stamp(r, is_error, j);
	if (k == 0)
		k = put_message(r, is_error, json_object_get(j, "MESSAGE"));
	if (k == 0 && !is_partial)
		k = put(r, is_error, "\n", 1);
	r->at_line_start[is_error] = !is_partial;
	return k;
}

/* 1 there may be more, 0 end of file. */
static int take(struct reading *r, int fd)
{
	ssize_t n = RETRY_EINTR(read(fd, r->buf + r->n, LINE_MAX_BYTES - r->n));
	char *line = r->buf, *newline;
	int k = 0;

	if (n <= 0)
		return n < 0 ? -errno : 0;
	r->n += (size_t)n;
	while (k == 0 && (newline = memchr(line, '\n', r->n - (size_t)(line - r->buf)))) {
		k = show_entry(r, line, (size_t)(newline - line));
		line = newline + 1;
	}
	r->n -= (size_t)(line - r->buf);
	memmove(r->buf, line, r->n);
	if (r->n == LINE_MAX_BYTES)
		r->n = 0; /* no entry of ours is that long */
	return k < 0 ? k : 1;
}

static int make_args(const struct reading *r, bool follow, struct strv *args)
{
	const struct usrct_logs_options *o = r->opts;
	int k = strv_add(args, "journalctl");

	k = MIN(k, strv_add(args, "--quiet"));
	k = MIN(k, strv_add(args, "--all"));
	k = MIN(k, strv_add(args, "--no-pager"));
	k = MIN(k, strv_add(args, "--output=json"));
	k = MIN(k, strv_addf(args, "CONTAINER_ID_FULL=%s", r->id));
	if (r->cursor[0])
		k = MIN(k, strv_addf(args, "--after-cursor=%s", r->cursor));
	else if (o && o->tail_lines >= 0)
		k = MIN(k, strv_addf(args, "--lines=%lld", (long long)o->tail_lines));
	else if (follow) /* else only the last ten */
		k = MIN(k, strv_add(args, "--no-tail"));
	if (o && o->since_ns)
		k = MIN(k, strv_addf(args, "--since=@%llu.%06llu",
		                     (unsigned long long)(o->since_ns / 1000000000),
		                     (unsigned long long)(o->since_ns / 1000 % 1000000)));
	if (o && o->until_ns)
		k = MIN(k, strv_addf(args, "--until=@%llu.%06llu",
		                     (unsigned long long)(o->until_ns / 1000000000),
		                     (unsigned long long)(o->until_ns / 1000 % 1000000)));
	if (follow)
		k = MIN(k, strv_add(args, "--follow"));
	return k;
}

/* Returns a pidfd; its output in @ret_fd. */
static int start_journalctl(const struct reading *r, bool follow, int *ret_fd, struct err *e)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), theirs = -EBADF;
	_cleanup_strv_ struct strv args = { 0 };
	char path[256];
	int fds[2], pidfd;

	if (proc_find_program("journalctl", path, sizeof(path)) < 0)
		return err_set(e, UCT_JOURNAL_UNREADABLE, -ENOENT, "there is no journalctl");
	if (make_args(r, follow, &args) < 0)
		return err_oom(e);
	if (null_fd < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	theirs = fds[1];
	{
		struct spawn_fd map[] = { { null_fd, 0 }, { theirs, 1 } };
		struct spawn s = { .path = path,
			           .argv = args.v,
			           .env = environ,
			           .fds = map,
			           .n_fds = ARRAY_SIZE(map) };

		pidfd = proc_spawn(&s, NULL, e);
	}
	if (pidfd < 0)
		(void)close(fds[0]);
	else
		*ret_fd = fds[0];
	return pidfd;
}

/* Until it ends, or with a monitor until that says that the container has ended. */
static int pass_on(struct reading *r, int fd, int monitor_fd, const struct target *t)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN },
		               { .fd = monitor_fd, .events = POLLIN } };
	char packet[64];
	int k = 1;

	while (k > 0) {
		if (RETRY_EINTR(poll(p, 2, -1)) < 0)
			return -errno;
		if (p[0].revents) {
			k = take(r, fd);
		} else if (p[1].revents) {
			struct state s;

			if (sock_recv(monitor_fd, packet, sizeof(packet), NULL, 0) <= 0 ||
			    state_read(t->dirfd, &s, NULL) < 0 || !state_is_active(&s))
				return 0;
		}
	}
	return k;
}

static int run_once(struct reading *r, int monitor_fd, const struct target *t, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, pidfd = -EBADF;
	bool follow = monitor_fd >= 0;
	int status = 0, k;

	pidfd = start_journalctl(r, follow, &fd, e);
	if (pidfd < 0)
		return pidfd;
	k = pass_on(r, fd, monitor_fd, t);
	if (follow || k < 0)
		(void)pidfd_signal(pidfd, SIGTERM);
	(void)pidfd_wait(pidfd, &status);
	if (k < 0)
		return err_errno(e, k, "cannot pass the journal on");
	/* 1: there are no entries */
	if (!follow && (!WIFEXITED(status) || WEXITSTATUS(status) > 1))
		return err_set(e, UCT_JOURNAL_UNREADABLE, -EIO, "journalctl failed");
	return 0;
}

int journal_show(struct usrct *u, const struct target *t, const struct usrct_logs_options *opts,
                 const struct journal_form *form, const int out_fds[2], struct err *e)
{
	struct reading r = { .opts = opts,
		             .form = form,
		             .id = t->row.id,
		             .out_fds = out_fds,
		             .at_line_start = { true, true },
		             .buf = malloc(LINE_MAX_BYTES) };
	_cleanup_close_ int monitor_fd = -EBADF;
	int k = 0;

	if (!r.buf)
		return err_oom(e);
	if (opts && opts->follow && state_is_active(&t->state))
		monitor_fd = engine_monitor(u, t->row.id, 0);
	if (monitor_fd >= 0)
		k = run_once(&r, monitor_fd, t, e);
	if (k == 0)
		k = run_once(&r, -EBADF, t, e);
	free(r.buf);
	return k;
}
