/* SPDX-License-Identifier: Apache-2.0 */
/* attach - move bytes between the caller and the monitor until the container ends
 *
 * Writing to the caller's output may block, and then so does the container, as with a pipe.
 * Writing input to the monitor must not: it may be waiting for us to take output first.
 *
 * The terminal is in raw mode meanwhile. We put it back on every way out; for the ways that leave
 * us no time (SIGKILL) the monitor has a descriptor of it and its settings, and does it.
 */
#include "engine/attach.h"

#include "base/fd.h"
#include "base/sock.h"
#include "container/attach.h"
#include "engine/detach-keys.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <termios.h>

struct session {
	const struct attachment *a;
	int signal_fd;
	bool stdin_open, is_raw, wants_detach;
	struct detach_keys keys;
	int killed_by; /* signal that ends us, with a terminal; 0: none */
	struct termios saved;
	char in[ATTACH_CHUNK + 1]; /* a packet that waits to be sent */
	size_t in_n;
	char out[ATTACH_CHUNK + 1];
};

static const int forwarded[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

int attach_signals_block(const struct usrct_stdio *io, struct attach_signals *ret, struct err *e)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGWINCH);
	for (size_t i = 0; io->forward_signals && i < ARRAY_SIZE(forwarded); i++)
		(void)sigaddset(&set, forwarded[i]);
	if (sigprocmask(SIG_BLOCK, &set, &ret->old) < 0)
		return err_sys(e, "cannot block signals");
	ret->is_blocked = true;
	return 0;
}

void attach_signals_restore(struct attach_signals *s)
{
	if (s->is_blocked)
		(void)sigprocmask(SIG_SETMASK, &s->old, NULL);
	s->is_blocked = false;
}

static int open_signals(const struct usrct_stdio *io, struct err *e)
{
	sigset_t set;
	int fd;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGWINCH);
	for (size_t i = 0; io->forward_signals && i < ARRAY_SIZE(forwarded); i++)
		(void)sigaddset(&set, forwarded[i]);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(e, "cannot read signals") : fd;
}

/* A small packet of @n bytes, with a descriptor unless @passed_fd is negative. A monitor that is
 * gone is noticed by the next read. */
static void tell_monitor(const struct session *s, enum attach_type type, const void *body, size_t n,
                         int passed_fd)
{
	char m[1 + sizeof(struct termios)] = { (char)type };

	assert(n < sizeof(m));
	if (n)
		memcpy(m + 1, body, n);
	(void)sock_send_fds(s->a->sock_fd, m, 1 + n, &passed_fd, passed_fd >= 0 ? 1 : 0);
}

static void send_window(const struct session *s)
{
	struct winsize w;

	if (s->a->tty && ioctl(s->a->io->stdin_fd, TIOCGWINSZ, &w) == 0)
		tell_monitor(s, ATTACH_RESIZE, &w, sizeof(w), -EBADF);
}

static void enter_raw_mode(struct session *s)
{
	struct termios raw;
	int fd = s->a->io->stdin_fd;

	if (!s->a->tty || !s->a->interactive || tcgetattr(fd, &s->saved) < 0)
		return; /* not a terminal: bytes pass as they are */
	tell_monitor(s, ATTACH_TERMINAL, &s->saved, sizeof(s->saved), fd);
	raw = s->saved;
	cfmakeraw(&raw);
	s->is_raw = tcsetattr(fd, TCSADRAIN, &raw) == 0;
}

static void leave_raw_mode(struct session *s)
{
	if (!s->is_raw)
		return;
	(void)tcsetattr(s->a->io->stdin_fd, TCSADRAIN, &s->saved);
	s->is_raw = false;
	/* Taken back: the monitor need not. */
	tell_monitor(s, ATTACH_TERMINAL, NULL, 0, -EBADF);
}

static void read_input(struct session *s)
{
	char raw[ATTACH_CHUNK / 2];
	/* More can come out than in, when held keys are let go. */
	ssize_t n = RETRY_EINTR(read(s->a->io->stdin_fd, raw, sizeof(raw)));

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		s->stdin_open = false;
		s->in[0] = ATTACH_EOF;
		s->in_n = 1;
		return;
	}
	s->in[0] = ATTACH_STDIN;
	if (s->is_raw) {
		s->in_n = 1 +
		          detach_keys_filter(&s->keys, raw, (size_t)n, s->in + 1, &s->wants_detach);
		if (s->in_n == 1)
			s->in_n = 0;
	} else {
		memcpy(s->in + 1, raw, (size_t)n);
		s->in_n = 1 + (size_t)n;
	}
}

static void send_input(struct session *s)
{
	ssize_t n = RETRY_EINTR(send(s->a->sock_fd, s->in, s->in_n, MSG_NOSIGNAL | MSG_DONTWAIT));

	if (n >= 0 || errno != EAGAIN)
		s->in_n = 0; /* sent; or the monitor is gone, which the next read tells */
}

/* 1: it ended; 0: go on. */
static int take_packet(struct session *s, int *ret_exit_code, struct err *e)
{
	const struct usrct_stdio *io = s->a->io;
	ssize_t n = sock_recv(s->a->sock_fd, s->out, sizeof(s->out), NULL, 0);
	struct attach_exit x;
	int fd, r;

	/* It left with a packet of ours unread. The kernel tells that once, and first; what it had
	 * sent before, its EXIT too, comes next (unix(7) has nothing on it; af_unix.c has). */
	if (n == -ECONNRESET)
		n = sock_recv(s->a->sock_fd, s->out, sizeof(s->out), NULL, 0);
	if (n == 0 || n == -ECONNRESET)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE,
		               "the container's monitor is gone, its exit status is unknown");
	if (n < 0)
		return err_errno(e, (int)n, "cannot read from the container");
	if (s->out[0] == ATTACH_EXIT && n == 1 + (ssize_t)sizeof(x)) {
		memcpy(&x, s->out + 1, sizeof(x));
		*ret_exit_code = x.exit_code;
		if (s->a->ret_oom_killed)
			*s->a->ret_oom_killed = x.flags & ATTACH_EXIT_OOM;
		return 1;
	}
	if (s->out[0] != ATTACH_STDOUT && s->out[0] != ATTACH_STDERR)
		return 0;
	fd = s->out[0] == ATTACH_STDOUT ? io->stdout_fd : io->stderr_fd;
	r = fd < 0 ? 0 : fd_write_all(fd, s->out + 1, (size_t)n - 1);
	if (r == -EAGAIN) { /* somebody made our terminal non-blocking */
		struct pollfd p = { .fd = fd, .events = POLLOUT };

		(void)poll(&p, 1, -1);
		r = fd_write_all(fd, s->out + 1, (size_t)n - 1);
	}
	return r < 0 ? err_errno(e, r, "cannot write the container's output") : 0;
}

static void take_signals(struct session *s)
{
	struct signalfd_siginfo si;

	while (read(s->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGWINCH) {
			send_window(s);
		} else if (s->a->tty) {
			/* With a terminal, Ctrl-C comes as a byte; a signal is meant for us alone,
			 * as in Docker. The container goes on. */
			s->killed_by = (int)si.ssi_signo;
			s->wants_detach = true;
		} else if (s->a->init_pidfd >= 0)
			(void)pidfd_signal(s->a->init_pidfd, (int)si.ssi_signo);
	}
}

static int step(struct session *s, int *ret_exit_code, struct err *e)
{
	bool reads = s->stdin_open && !s->in_n;
	struct pollfd p[3] = {
		{ .fd = s->a->sock_fd, .events = (short)(POLLIN | (s->in_n ? POLLOUT : 0)) },
		{ .fd = s->signal_fd, .events = POLLIN },
		{ .fd = reads ? s->a->io->stdin_fd : -1, .events = POLLIN },
	};

	if (RETRY_EINTR(poll(p, ARRAY_SIZE(p), -1)) < 0)
		return err_sys(e, "cannot wait for the container");
	if (p[1].revents)
		take_signals(s);
	if (p[0].revents & POLLOUT)
		send_input(s);
	if (p[2].revents)
		read_input(s);
	if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
		return take_packet(s, ret_exit_code, e);
	return 0;
}

int attach_run(const struct attachment *a, int *ret_exit_code, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return err_oom(e);
	s->a = a;
	s->stdin_open = a->interactive && a->io->stdin_fd >= 0;
	r = detach_keys_parse(a->io->detach_keys, &s->keys, e);
	s->signal_fd = r < 0 ? r : open_signals(a->io, e);
	if (s->signal_fd < 0) {
		r = s->signal_fd;
		free(s);
		return r;
	}
	enter_raw_mode(s);
	send_window(s);
	while (r == 0 && !s->killed_by && !(s->wants_detach && !s->in_n))
		r = step(s, ret_exit_code, e);
	leave_raw_mode(s);
	if (r == 0 && s->killed_by) {
		*ret_exit_code = 128 + s->killed_by;
		r = 1;
	}
	(void)close(s->signal_fd);
	free(s);
	return r;
}
