/* SPDX-License-Identifier: Apache-2.0 */
/* clients - those who are attached (container/attach.h has the protocol) */
#include "launch/monitor.h"

#include "base/sock.h"
#include "cgroup/control.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

void clients_init(struct monitor *m)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		m->clients[i] = (struct client){ .fd = -EBADF, .terminal_fd = -EBADF };
}

int clients_add(struct monitor *m, int fd, bool is_first)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &m->clients[i];

		if (c->fd >= 0)
			continue;
		*c = (struct client){ .fd = fd, .is_first = is_first, .terminal_fd = -EBADF };
		c->tail = &c->head;
		if (is_first)
			c->wants = ATTACH_WANT_OUTPUT | ATTACH_WANT_INPUT;
		return monitor_watch(m, fd, EPOLLIN, EVENT_CLIENT, i);
	}
	return -EMFILE;
}

void clients_accept(struct monitor *m)
{
	int fd = accept4(m->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (!sock_peer_is_me(fd) || clients_add(m, fd, false) < 0)
		(void)close(fd);
}

void clients_drop(struct monitor *m, unsigned index)
{
	struct client *c = &m->clients[index];

	if (c->fd < 0)
		return;
	while (c->head) {
		struct packet *p = c->head;

		c->head = p->next;
		free(p);
	}
	/* It went without putting its terminal right, so we do: it may have been killed. A client
	 * that leaves in order has taken the terminal back (a TERMINAL packet without one). */
	if (c->terminal_fd >= 0) {
		(void)tcsetattr(c->terminal_fd, TCSADRAIN, &c->terminal);
		(void)close(c->terminal_fd);
	}
	if (c->freezes)
		(void)cgroup_freeze(m->l->cgroup, false, 0, NULL);
	(void)close(c->fd); /* leaves the epoll set by itself */
	*c = (struct client){ .fd = -EBADF, .terminal_fd = -EBADF };
}

static void watch(struct monitor *m, unsigned index)
{
	const struct client *c = &m->clients[index];
	uint32_t events = m->pending_n ? 0 : EPOLLIN;

	monitor_change(m, c->fd, events | (c->head ? EPOLLOUT : 0), EVENT_CLIENT, index);
}

static int send_now(const struct client *c, const char *data, size_t n)
{
	return RETRY_EINTR(send(c->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT)) < 0 ? -errno : 0;
}

static void queue(struct monitor *m, unsigned index, size_t n)
{
	struct client *c = &m->clients[index];
	struct packet *p;

	/* Somebody who only looks must not fill our memory, nor stop the container. */
	if (!c->is_first && c->backlog_bytes + n > BACKLOG_MAX) {
		clients_drop(m, index);
		return;
	}
	p = malloc(sizeof(*p) + n);
	if (!p) {
		clients_drop(m, index);
		return;
	}
	p->next = NULL;
	p->n = n;
	memcpy(p->data, m->buf, n);
	*c->tail = p;
	c->tail = &p->next;
	c->backlog_bytes += n;
	watch(m, index);
}

void clients_send(struct monitor *m, unsigned index, size_t packet_n)
{
	const struct client *c = &m->clients[index];
	int r = c->head ? -EAGAIN : send_now(c, m->buf, packet_n);

	if (r == -EAGAIN || r == -ENOBUFS)
		queue(m, index, packet_n);
	else if (r < 0)
		clients_drop(m, index);
}

void clients_broadcast(struct monitor *m, size_t packet_n)
{
	bool is_exit = m->buf[0] == ATTACH_EXIT;

	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (m->clients[i].fd >= 0 && (is_exit || m->clients[i].wants & ATTACH_WANT_OUTPUT))
			clients_send(m, i, packet_n);
}

void clients_release(struct monitor *m)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &m->clients[i];

		c->is_first = false;
		/* It has what it needs to put its terminal right by itself. */
		cleanup_close(&c->terminal_fd);
		c->terminal_fd = -EBADF;
	}
}

static void flush_backlog(struct monitor *m, unsigned index)
{
	struct client *c = &m->clients[index];

	while (c->head) {
		struct packet *p = c->head;
		int r = send_now(c, p->data, p->n);

		if (r == -EAGAIN || r == -ENOBUFS)
			return;
		if (r < 0) {
			clients_drop(m, index);
			return;
		}
		c->head = p->next;
		c->backlog_bytes -= p->n;
		free(p);
	}
	c->tail = &c->head;
	watch(m, index);
}

bool clients_are_slow(const struct monitor *m)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (m->clients[i].fd >= 0 && m->clients[i].is_first && m->clients[i].head)
			return true;
	return false;
}

bool clients_have_backlog(const struct monitor *m)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (m->clients[i].fd >= 0 && m->clients[i].head)
			return true;
	return false;
}

void clients_watch(struct monitor *m)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (m->clients[i].fd >= 0)
			watch(m, i);
}

static void set_terminal(struct client *c, const char *data, size_t n, int fd)
{
	cleanup_close(&c->terminal_fd);
	c->terminal_fd = -EBADF;
	if (fd < 0 || n != sizeof(c->terminal))
		return; /* the client takes it back: it has put the terminal right itself */
	memcpy(&c->terminal, data, sizeof(c->terminal));
	c->terminal_fd = TAKE_FD(fd);
}

static void set_window(struct monitor *m, const char *data, size_t n)
{
	struct winsize w;

	if (n != sizeof(w) || !m->l->spec.terminal || m->l->output_fds[0] < 0)
		return;
	memcpy(&w, data, sizeof(w));
	(void)ioctl(m->l->output_fds[0], TIOCSWINSZ, &w); /* sends SIGWINCH by itself */
}

/* The kernel does it in its own time; whoever asked waits for it. */
static int freeze(struct monitor *m, struct client *c)
{
	int r;

	if (!m->l->cgroup[0] || m->has_ended)
		return -ENOENT;
	if (cgroup_is_frozen(m->l->cgroup))
		return -EBUSY;
	r = cgroup_freeze(m->l->cgroup, true, 0, NULL);
	c->freezes = r == 0 || r == -ETIMEDOUT;
	return c->freezes ? 0 : r;
}

static void control(struct monitor *m, unsigned index, const char *data, size_t n)
{
	struct attach_control x;

	if (n != sizeof(x))
		return;
	memcpy(&x, data, sizeof(x));
	x.result =
		x.op == ATTACH_OP_FREEZE ? freeze(m, &m->clients[index]) : monitor_control(m, x.op);
	m->clients[index].awaits_check = x.op == ATTACH_OP_CHECK && x.result == 0;
	if (m->clients[index].awaits_check)
		return; /* later */
	memcpy(m->buf + 1, &x, sizeof(x));
	clients_send(m, index, 1 + sizeof(x));
}

void clients_answer_check(struct monitor *m, int result)
{
	struct attach_control x = { .op = ATTACH_OP_CHECK, .result = result };

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		if (m->clients[i].fd < 0 || !m->clients[i].awaits_check)
			continue;
		m->clients[i].awaits_check = false;
		m->buf[0] = ATTACH_CONTROL;
		memcpy(m->buf + 1, &x, sizeof(x));
		clients_send(m, i, 1 + sizeof(x));
	}
}

static void handle(struct monitor *m, unsigned index, size_t n, int fd)
{
	struct client *c = &m->clients[index];
	const char *data = m->buf + 1;
	struct attach_hello hello;

	switch (m->buf[0]) {
	case ATTACH_HELLO:
		if (n == sizeof(hello)) {
			memcpy(&hello, data, sizeof(hello));
			c->wants = hello.wants;
			monitor_greet(m, index);
		}
		break;
	case ATTACH_STDIN:
		if (c->wants & ATTACH_WANT_INPUT)
			pump_input(m, data, n);
		break;
	case ATTACH_EOF:
		/* As with Docker's StdinOnce: where nobody was attached from the start, somebody
		 * who comes and goes does not end the input for those who come later. */
		if (c->wants & ATTACH_WANT_INPUT && m->l->start.flags & SYNC_ATTACH)
			pump_input_end(m);
		break;
	case ATTACH_CONTROL:
		control(m, index, data, n);
		break;
	case ATTACH_RESIZE:
		set_window(m, data, n);
		break;
	case ATTACH_TERMINAL:
		set_terminal(c, data, n, fd);
		return; /* it took the descriptor */
	default:
		break; /* a later version's word */
	}
}

void clients_event(struct monitor *m, unsigned index, uint32_t events)
{
	struct client *c = &m->clients[index];
	int fd = -EBADF;
	ssize_t n;

	if (c->fd < 0)
		return;
	if (events & EPOLLOUT)
		flush_backlog(m, index);
	if (c->fd < 0 || !(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	n = sock_recv(c->fd, m->buf, sizeof(m->buf), &fd, 1);
	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		clients_drop(m, index);
		return;
	}
	handle(m, index, (size_t)n - 1, fd);
	if (m->buf[0] != ATTACH_TERMINAL)
		cleanup_close(&fd); /* nobody asked for it */
}
