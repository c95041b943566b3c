/* SPDX-License-Identifier: Apache-2.0 */
/* check-ask - letting usr-ct-check look at something */
#include "engine/check.h"

#include "base/libexec.h"
#include "base/sock.h"

#include <poll.h>
#include <unistd.h>

enum { HELPERS_MAX = 4, WORTH_IT = 512 };

static int start(struct usrct *u, const struct check_request *q, uint32_t part, uint32_t n_parts,
                 struct libexec *ret, struct err *e)
{
	struct check_start m = {
		.type = CHECK_START,
		.job = q->job,
		.flags = q->flags | (u->is_single_id && q->in_namespace ? CHECK_SINGLE_ID : 0u),
		.n_skip = part,
		.n_parts = n_parts,
		.uid = geteuid(),
	};
	int fds[4] = { q->dirfd, q->list_fd }, r = libexec_start("check", ret, e);
	size_t n = 2;

	if (r < 0)
		return r;
	if (q->in_namespace && !u->is_single_id)
		fds[n++] = u->held.userns_fd;
	if (q->layers_fd >= 0)
		fds[n++] = q->layers_fd;
	r = sock_send_fds(ret->sock_fd, &m, sizeof(m), fds, n);
	return r < 0 ? err_errno(e, r, "cannot talk to the checker") : 0;
}

/* One packet: 1 go on; 0 that helper is done. */
static int hear(struct libexec *helper, int (*found)(const struct check_found *f, void *arg),
                void *arg, struct check_done *sum, struct err *e)
{
	union {
		struct check_found found;
		struct check_done done;
		struct check_fail fail;
	} m;
	ssize_t n = sock_recv(helper->sock_fd, &m, sizeof(m), NULL, 0);
	int r;

	if (n == sizeof(m.found) && m.found.type == CHECK_FOUND) {
		m.found.where[sizeof(m.found.where) - 1] = '\0';
		r = found(&m.found, arg);
		return r < 0 ? err_errno(e, r, "cannot note what was found") : 1;
	}
	if (n == sizeof(m.fail) && m.fail.type == CHECK_FAIL && m.fail.e.code < 0) {
		if (e)
			*e = m.fail.e;
		return m.fail.e.code;
	}
	if (n != sizeof(m.done) || m.done.type != CHECK_DONE)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE, "the checker ended unexpectedly");
	sum->n += m.done.n;
	sum->bytes += m.done.bytes;
	libexec_done(helper);
	helper->sock_fd = -EBADF;
	return 0;
}

static uint32_t n_helpers(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	return cpus < 1 ? 1 : (uint32_t)MIN(cpus, (long)HELPERS_MAX);
}

int check_ask(struct usrct *u, const struct check_request *q,
              int (*found)(const struct check_found *f, void *arg), void *arg,
              struct check_done *ret, struct err *e)
{
	struct libexec helpers[HELPERS_MAX];
	struct pollfd fds[HELPERS_MAX];
	uint32_t running = 0, n = q->n > WORTH_IT ? n_helpers() : 1;
	int r = q->in_namespace ? engine_hold(u, e) : 0;

	for (uint32_t i = 0; i < n; i++) {
		helpers[i] = (struct libexec)LIBEXEC_NONE;
		if (r == 0)
			r = start(u, q, i, n, &helpers[i], e);
		running += r == 0;
	}
	while (r >= 0 && running > 0) {
		for (uint32_t i = 0; i < n; i++)
			fds[i] = (struct pollfd){ .fd = helpers[i].sock_fd, .events = POLLIN };
		if (RETRY_EINTR(poll(fds, n, -1)) < 0)
			r = err_sys(e, "cannot wait for the checker");
		for (uint32_t i = 0; i < n && r >= 0; i++)
			if (fds[i].fd >= 0 && fds[i].revents) {
				r = hear(&helpers[i], found, arg, ret, e);
				running -= r == 0;
			}
	}
	for (uint32_t i = 0; i < n; i++)
		libexec_done(&helpers[i]); /* end of file ends those that still work */
	return MIN(r, 0);
}
