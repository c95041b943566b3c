/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sock.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int sock_pair(int ret_fds[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return err_sys(e, "cannot make a socket pair");
	return 0;
}

int sock_send(int fd, const void *data, size_t n)
{
	return sock_send_fds(fd, data, n, NULL, 0);
}

int sock_send_fds(int fd, const void *data, size_t n, const int *fds, size_t n_fds)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(SOCK_FDS_MAX * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n_fds > SOCK_FDS_MAX)
		return -E2BIG;
	if (n_fds) {
		struct cmsghdr *c;

		m.msg_control = control.buf;
		m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
	}
	return RETRY_EINTR(sendmsg(fd, &m, MSG_NOSIGNAL)) < 0 ? -errno : 0;
}

static void take_fds(struct msghdr *m, int *ret_fds, size_t max_fds)
{
	size_t got = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (got < max_fds)
				ret_fds[got++] = fd;
			else
				(void)close(fd); /* more than we asked for */
		}
	}
}

ssize_t sock_recv(int fd, void *buf, size_t n, int *ret_fds, size_t max_fds)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(SOCK_FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = { buf, n };
	struct msghdr m = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t got;

	for (size_t i = 0; i < max_fds; i++)
		ret_fds[i] = -EBADF;
	got = RETRY_EINTR(recvmsg(fd, &m, MSG_CMSG_CLOEXEC));
	if (got < 0)
		return -errno;
	take_fds(&m, ret_fds, max_fds);
	if (!(m.msg_flags & MSG_TRUNC))
		return got;
	for (size_t i = 0; i < max_fds; i++) {
		cleanup_close(&ret_fds[i]);
		ret_fds[i] = -EBADF;
	}
	return -EMSGSIZE;
}

/* sun_path has 108 bytes; /proc/self/fd/N/NAME always fits (unix(7)). */
static int address_at(int dirfd, const char *name, struct sockaddr_un *ret)
{
	int n;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", dirfd, name);
	return n < (int)sizeof(ret->sun_path) ? 0 : -ENAMETOOLONG;
}

int sock_listen_at(int dirfd, const char *name, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct sockaddr_un a;
	int r = address_at(dirfd, name, &a);

	if (r < 0)
		return err_errno(e, r, "cannot listen on '%s'", name);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(e, "cannot make a socket");
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 64) < 0)
		return err_sys(e, "cannot listen on '%s'", name);
	return TAKE_FD(fd);
}

int sock_connect_at(int dirfd, const char *name)
{
	_cleanup_close_ int fd = -EBADF;
	struct sockaddr_un a;
	int r = address_at(dirfd, name, &a);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (RETRY_EINTR(connect(fd, (struct sockaddr *)&a, sizeof(a))) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int sock_peer_is_me(int fd)
{
	struct ucred c = { 0 };
	socklen_t n = sizeof(c);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &n) == 0 && c.uid == geteuid();
}
