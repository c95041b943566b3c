/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/endings.h"

#include "base/clock.h"
#include "base/sock.h"
#include "container/attach.h"

#include <poll.h>
#include <signal.h>

static void over(struct ending *x, int r)
{
	cleanup_close(&x->fd);
	x->fd = -EBADF;
	x->is_over = true;
	x->r = r;
}

static void watch_process(struct ending *x)
{
	cleanup_close(&x->fd);
	x->fd = proc_open(&x->t->state.init);
	x->is_process = true;
	if (x->fd == -ESRCH)
		over(x, 0);
	else if (x->fd < 0)
		over(x, err_errno(&x->e, x->fd, "cannot hold container '%s'", x->t->row.name));
}

void ending_watch(struct usrct *u, struct target *t, int timeout_ms, enum ending_last last,
                  struct ending *ret)
{
	*ret = (struct ending){ .t = t, .last = last };
	if (timeout_ms >= 0)
		ret->deadline_ns = clock_monotonic_ns() + (uint64_t)timeout_ms * 1000000;
	ret->fd = engine_monitor(u, t->row.id, 0);
	if (ret->fd < 0)
		watch_process(ret);
}

/* Its descriptor has something to say. */
static void hear(struct ending *x)
{
	char packet[1 + sizeof(struct attach_exit)];
	bool is_over = x->is_process;

	if (!is_over) {
		if (sock_recv(x->fd, packet, sizeof(packet), NULL, 0) != sizeof(packet)) {
			watch_process(x); /* we asked for nothing else: the monitor is gone */
			return;
		}
		is_over = packet[0] == ATTACH_EXIT;
	}
	if (is_over)
		over(x, 0);
}

static void time_is_up(struct usrct *u, struct ending *x)
{
	int r;

	x->deadline_ns = 0;
	if (x->last == ENDING_GIVE_UP) {
		over(x, 0);
		return;
	}
	r = engine_signal(u, x->t, SIGKILL, &x->e);
	if (r < 0 && r != -ESRCH)
		over(x, r);
}

static bool waits(const struct ending *x)
{
	return x->t && !x->is_over;
}

/* -1: for ever; -2: for nobody. */
static int time_left_ms(const struct ending *v, size_t n)
{
	uint64_t now = clock_monotonic_ns(), next = 0, ms;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!waits(&v[i]))
			continue;
		any = true;
		if (v[i].deadline_ns && (!next || v[i].deadline_ns < next))
			next = v[i].deadline_ns;
	}
	if (!any)
		return -2;
	if (!next)
		return -1;
	ms = next > now ? (next - now) / 1000000 + 1 : 0;
	return (int)MIN(ms, (uint64_t)INT32_MAX);
}

static void give_up_all(struct ending *v, size_t n, int r)
{
	for (size_t i = 0; i < n; i++)
		if (waits(&v[i]))
			over(&v[i], err_errno(&v[i].e, r, "cannot wait for container '%s'",
			                      v[i].t->row.name));
}

void endings_wait(struct usrct *u, struct ending *v, size_t n)
{
	_cleanup_free_ struct pollfd *p = calloc(n + 1, sizeof(*p));
	int timeout_ms;

	if (!p) {
		give_up_all(v, n, -ENOMEM);
		return;
	}
	while ((timeout_ms = time_left_ms(v, n)) != -2) {
		uint64_t now;

		for (size_t i = 0; i < n; i++)
			p[i] = (struct pollfd){ .fd = waits(&v[i]) ? v[i].fd : -1,
				                .events = POLLIN };
		if (RETRY_EINTR(poll(p, n, timeout_ms)) < 0) {
			give_up_all(v, n, -errno);
			return;
		}
		now = clock_monotonic_ns();
		for (size_t i = 0; i < n; i++) {
			if (waits(&v[i]) && p[i].revents)
				hear(&v[i]);
			else if (waits(&v[i]) && v[i].deadline_ns && v[i].deadline_ns <= now)
				time_is_up(u, &v[i]);
		}
	}
}
