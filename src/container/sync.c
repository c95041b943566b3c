/* SPDX-License-Identifier: Apache-2.0 */
#include "container/sync.h"

#include "base/clock.h"
#include "base/sock.h"

#include <stdio.h>

static const char *step_name(uint32_t step)
{
	static const char *const names[] = { "?",     "START", "STARTED", "MAPPED",
		                             "READY", "GO",    "FAIL",    "SCOPED",
		                             "KEEP",  "ROOT",  "MOUNT",   "DOCUMENTS" };

	return step < ARRAY_SIZE(names) ? names[step] : "?";
}

/* Of one who left with a message unread, the kernel reports first that it is gone, and then what it
 * had to say. */
static ssize_t receive(int fd, struct sync_msg *ret, int *passed)
{
	ssize_t n = sock_recv(fd, ret, sizeof(*ret), passed, 1);

	return n == -ECONNRESET ? sock_recv(fd, ret, sizeof(*ret), passed, 1) : n;
}

bool sync_is_fail(struct sync_msg *m, ssize_t n)
{
	if (n != sizeof(*m) || m->step != SYNC_FAIL || m->e.code >= 0)
		return false;
	/* Its memory is not ours to trust. */
	m->e.msg[sizeof(m->e.msg) - 1] = m->e.hint[sizeof(m->e.hint) - 1] = '\0';
	return true;
}

static int take_fail(const struct sync_msg *m, struct err *e)
{
	if (e)
		*e = m->e;
	return m->e.code;
}

int sync_send(int fd, const struct sync_msg *m, int passed_fd, struct err *e)
{
	int r = sock_send_fds(fd, m, sizeof(*m), &passed_fd, passed_fd >= 0 ? 1 : 0);
	int passed = -EBADF;
	struct sync_msg last;

	if (r != -EPIPE && r != -ECONNRESET)
		return r < 0 ? err_errno(e, r, "cannot send %s", step_name(m->step)) : 0;
	if (sync_is_fail(&last, receive(fd, &last, &passed))) /* nothing to wait for: it is gone */
		r = take_fail(&last, e);
	else
		r = err_set(e, UCT_LAUNCHER_DIED, r, "nobody is left to receive %s",
		            step_name(m->step));
	cleanup_close(&passed);
	return r;
}

static const char *said(const struct sync_msg *m, ssize_t n)
{
	return n == sizeof(*m) ? step_name(m->step) : "something malformed";
}

int sync_expect(int fd, enum sync_step step, const char *who, struct sync_msg *ret, int *ret_fd,
                struct err *e)
{
	int passed = -EBADF;
	ssize_t n = receive(fd, ret, &passed);

	if (ret_fd)
		*ret_fd = passed;
	else
		cleanup_close(&passed);
	if (n == 0 || n == -ECONNRESET)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE, "%s ended before %s", who,
		               step_name(step));
	if (n < 0)
		return err_errno(e, (int)n, "cannot receive %s from %s", step_name(step), who);
	if (n == sizeof(*ret) && ret->step == step)
		return 0;
	if (ret_fd) {
		cleanup_close(ret_fd);
		*ret_fd = -EBADF;
	}
	if (sync_is_fail(ret, n))
		return take_fail(ret, e);
	return err_set(e, UCT_INTERNAL, -EPROTO, "%s said %s instead of %s", who, said(ret, n),
	               step_name(step));
}

int sync_expect_end(int fd, const char *who, struct err *e)
{
	int passed = -EBADF;
	struct sync_msg m;
	ssize_t n = receive(fd, &m, &passed);

	cleanup_close(&passed);
	if (n == 0 || n == -ECONNRESET)
		return 0;
	if (n < 0)
		return err_errno(e, (int)n, "cannot receive from %s", who);
	if (sync_is_fail(&m, n))
		return take_fail(&m, e);
	return err_set(e, UCT_INTERNAL, -EPROTO, "%s said %s after GO", who, said(&m, n));
}

void sync_fail(int fd, const struct err *e)
{
	struct sync_msg m = { .step = SYNC_FAIL, .e = *e };

	(void)sock_send(fd, &m, sizeof(m));
}

void sync_time(struct sync_times *t, const char *step)
{
	uint64_t now = clock_monotonic_ns();
	struct sync_timing *x;

	if (t->n == SYNC_STEPS_MAX)
		return;
	x = &t->t[t->n];
	x->start_ns = t->n ? t->t[t->n - 1].end_ns : now;
	x->end_ns = now;
	(void)snprintf(x->step, sizeof(x->step), "%s", step);
	t->n++;
}
