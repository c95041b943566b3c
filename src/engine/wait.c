/* SPDX-License-Identifier: Apache-2.0 */
/* wait - a container's end, seen through its monitor or, if that is dead, through its pidfd */
#include "engine/engine.h"

#include "base/clock.h"
#include "base/sock.h"
#include "container/attach.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { CONTROL_MS = 5000 };

int engine_signal(struct usrct *u, const struct target *t, int signo, struct err *e)
{
	_cleanup_close_ int pidfd = -EBADF;
	char number[16];
	const char *attributes[] = { "signal", number, NULL };
	int r;

	if (!state_is_running(&t->state))
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t->row.name);
	pidfd = proc_open(&t->state.init);
	r = pidfd < 0 ? pidfd : pidfd_signal(pidfd, 0);
	if (r == 0) {
		/* Told before it is sent, or the monitor could tell of the death first. */
		(void)snprintf(number, sizeof(number), "%d", signo);
		engine_event(u, t, "kill", attributes);
		r = pidfd_signal(pidfd, signo);
	}
	if (r == -ESRCH)
		return err_set(e, UCT_CONTAINER_STOPPED, r, "container '%s' is not running",
		               t->row.name);
	if (r < 0)
		return err_errno(e, r, "cannot signal container '%s'", t->row.name);
	engine_thaw(&t->state); /* a frozen process would not see it, nor a person its effect */
	return 0;
}

static int wait_pidfd(const struct target *t, uint64_t deadline_ns, int timeout_ms, struct err *e)
{
	_cleanup_close_ int pidfd = proc_open(&t->state.init);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int r;

	if (pidfd == -ESRCH)
		return 1;
	if (pidfd < 0)
		return err_errno(e, pidfd, "cannot hold container '%s'", t->row.name);
	r = RETRY_EINTR(poll(&p, 1, clock_remaining_ms(deadline_ns, timeout_ms)));
	return r < 0 ? err_sys(e, "cannot wait for container '%s'", t->row.name) : r;
}

/* 1 ended, 0 time is up, -EPIPE the monitor is gone. */
static int wait_monitor(int fd, uint64_t deadline_ns, int timeout_ms, int *ret_exit_code)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct attach_exit x;
	char packet[1 + sizeof(x)];

	for (;;) {
		int r = RETRY_EINTR(poll(&p, 1, clock_remaining_ms(deadline_ns, timeout_ms)));

		if (r <= 0)
			return r < 0 ? -errno : 0;
		if (sock_recv(fd, packet, sizeof(packet), NULL, 0) != sizeof(packet))
			return -EPIPE; /* we asked for nothing else */
		if (packet[0] != ATTACH_EXIT)
			continue;
		memcpy(&x, packet + 1, sizeof(x));
		*ret_exit_code = x.exit_code;
		return 1;
	}
}

int engine_monitor(struct usrct *u, const char *id, uint32_t wants)
{
	_cleanup_close_ int run_dirfd = -EBADF, fd = -EBADF;
	struct attach_hello body = { wants };
	char hello[1 + sizeof(body)] = { ATTACH_HELLO };
	int r = engine_runtime_dir(u, NULL);

	if (r < 0)
		return r;
	run_dirfd = openat(u->runtime_dirfd, id, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run_dirfd < 0)
		return -errno;
	fd = sock_connect_at(run_dirfd, ATTACH_SOCKET);
	if (fd < 0)
		return fd;
	memcpy(hello + 1, &body, sizeof(body));
	r = sock_send(fd, hello, sizeof(hello));
	return r < 0 ? r : TAKE_FD(fd);
}

int engine_control(struct usrct *u, const struct target *t, uint32_t op)
{
	_cleanup_close_ int fd = engine_monitor(u, t->row.id, 0);

	return fd < 0 ? fd : engine_control_by(fd, op);
}

int engine_control_by(int fd, uint32_t op)
{
	uint64_t deadline_ns = clock_monotonic_ns() + CONTROL_MS * UINT64_C(1000000);
	struct attach_control x = { .op = op };
	char packet[1 + sizeof(x)] = { ATTACH_CONTROL };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;
	int r;

	memcpy(packet + 1, &x, sizeof(x));
	r = sock_send(fd, packet, sizeof(packet));
	while (r == 0) {
		/* A monitor that does not answer (somebody stopped it) keeps nobody. */
		r = RETRY_EINTR(poll(&p, 1, clock_remaining_ms(deadline_ns, CONTROL_MS)));
		if (r <= 0)
			return r < 0 ? -errno : -ETIMEDOUT;
		n = sock_recv(fd, packet, sizeof(packet), NULL, 0);
		if (n <= 0)
			return n < 0 ? (int)n : -EPIPE;
		r = 0;
		if (packet[0] != ATTACH_CONTROL || n != sizeof(packet))
			continue; /* EXIT may come before it */
		memcpy(&x, packet + 1, sizeof(x));
		return x.result;
	}
	return r;
}

int engine_wait_end(struct usrct *u, const struct target *t, int timeout_ms, struct err *e)
{
	int exit_code;

	return engine_wait_exit(u, t, timeout_ms, &exit_code, e);
}

int engine_wait_exit(struct usrct *u, const struct target *t, int timeout_ms, int *ret_exit_code,
                     struct err *e)
{
	uint64_t deadline_ns = clock_monotonic_ns() + (uint64_t)MAX(timeout_ms, 0) * 1000000;
	_cleanup_close_ int fd = -EBADF;
	int r = engine_runtime_dir(u, e);

	*ret_exit_code = -1;
	if (r < 0)
		return r;
	fd = engine_monitor(u, t->row.id, 0);
	if (fd >= 0) {
		r = wait_monitor(fd, deadline_ns, timeout_ms, ret_exit_code);
		if (r >= 0)
			return r;
	}
	return wait_pidfd(t, deadline_ns, timeout_ms, e);
}
