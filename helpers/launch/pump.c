/* SPDX-License-Identifier: Apache-2.0 */
/* pump - bytes between the container's ends and everybody else */
#include "launch/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

bool pump_output(struct monitor *m, int stream)
{
	int fd = m->l->output_fds[stream];
	ssize_t n = RETRY_EINTR(read(fd, m->buf + 1, ATTACH_CHUNK));

	if (n < 0 && errno == EAGAIN)
		return true;
	/* A terminal whose last user has closed it says EIO, not end of file. */
	if (n <= 0)
		return false;
	m->buf[0] = stream == LOG_STDOUT ? ATTACH_STDOUT : ATTACH_STDERR;
	if (m->l->plan.log.driver == LOG_TO_JOURNAL)
		journal_append(&m->l->journal, (enum log_stream)stream, m->buf + 1, (size_t)n);
	else
		log_append(&m->log, (enum log_stream)stream, m->buf + 1, (size_t)n);
	squeeze_check(m);
	clients_broadcast(m, (size_t)n + 1);
	return true;
}

void pump_watch(struct monitor *m)
{
	uint32_t events = clients_are_slow(m) ? 0 : EPOLLIN;

	for (unsigned i = 0; i < 2; i++) {
		/* A terminal is one descriptor for both directions. */
		uint32_t out = i == 0 && m->l->spec.terminal && m->pending_n ? EPOLLOUT : 0;

		if (m->output_open[i])
			monitor_change(m, m->l->output_fds[i], events | out, EVENT_OUTPUT, i);
	}
}

static void close_input(struct monitor *m)
{
	if (m->l->input_fd < 0 || m->l->spec.terminal)
		return;
	(void)close(m->l->input_fd);
	m->l->input_fd = -EBADF;
}

static void write_pending(struct monitor *m)
{
	while (m->pending_at < m->pending_n) {
		ssize_t n = RETRY_EINTR(write(m->l->input_fd, m->pending_input + m->pending_at,
		                              m->pending_n - m->pending_at));

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0) { /* nobody reads any more: what comes is thrown away */
			close_input(m);
			break;
		}
		m->pending_at += (size_t)n;
	}
	free(m->pending_input);
	m->pending_input = NULL;
	m->pending_n = m->pending_at = 0;
	if (m->input_ended)
		close_input(m);
}

void pump_input(struct monitor *m, const char *data, size_t n)
{
	ssize_t w = 0;

	if (m->l->input_fd < 0 || m->input_ended || n == 0)
		return;
	if (!m->pending_n) {
		w = RETRY_EINTR(write(m->l->input_fd, data, n));
		if (w < 0 && errno != EAGAIN) {
			close_input(m);
			return;
		}
		w = MAX(w, (ssize_t)0);
	}
	if ((size_t)w == n)
		return;
	/* No packet is read from any client while something waits, so this happens once. */
	m->pending_input = malloc(n - (size_t)w);
	if (!m->pending_input)
		return;
	memcpy(m->pending_input, data + w, n - (size_t)w);
	m->pending_n = n - (size_t)w;
	m->pending_at = 0;
	clients_watch(m);
	if (m->l->spec.terminal)
		pump_watch(m);
	else
		(void)monitor_watch(m, m->l->input_fd, EPOLLOUT, EVENT_INPUT, 0);
}

void pump_input_ready(struct monitor *m)
{
	if (!m->pending_n)
		return;
	write_pending(m);
	if (m->pending_n)
		return;
	if (m->l->spec.terminal)
		pump_watch(m);
	else if (m->l->input_fd >= 0)
		(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, m->l->input_fd, NULL);
	clients_watch(m);
}

void pump_end(struct monitor *m)
{
	free(m->pending_input);
	m->pending_input = NULL;
	m->pending_n = m->pending_at = 0;
	clients_watch(m);
}

void pump_input_end(struct monitor *m)
{
	m->input_ended = true;
	if (m->l->spec.terminal) {
		/* What a person at the terminal would type to end the input. */
		char eof = 4;

		IGNORE(write(m->l->input_fd, &eof, 1));
		m->input_ended = false;
	} else if (!m->pending_n) {
		close_input(m);
	}
}
