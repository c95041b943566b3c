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

int sync_send(int fd, const struct sync_msg *m, int passed_fd, struct err *e)
{
	int r = sock_send_fds(fd, m, sizeof(*m), &passed_fd, passed_fd >= 0 ? 1 : 0);

	if (r == -EPIPE || r == -ECONNRESET)
		return err_set(e, UCT_LAUNCHER_DIED, r, "nobody is left to receive %s",
		               step_name(m->step));
	return r < 0 ? err_errno(e, r, "cannot send %s", step_name(m->step)) : 0;
}

int sync_expect(int fd, enum sync_step step, const char *who, struct sync_msg *ret, int *ret_fd,
                struct err *e)
{
	int passed = -EBADF;
	ssize_t n = sock_recv(fd, ret, sizeof(*ret), &passed, 1);

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
	if (n == sizeof(*ret) && ret->step == SYNC_FAIL && ret->e.code < 0) {
		/* Its memory is not ours to trust. */
		ret->e.msg[sizeof(ret->e.msg) - 1] = ret->e.hint[sizeof(ret->e.hint) - 1] = '\0';
		if (e)
			*e = ret->e;
		return ret->e.code;
	}
	return err_set(e, UCT_INTERNAL, -EPROTO, "%s said %s instead of %s", who,
	               n == sizeof(*ret) ? step_name(ret->step) : "something malformed",
	               step_name(step));
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
