/* SPDX-License-Identifier: Apache-2.0 */
/* hold - the asking side; helpers/hold is the answering one */
#include "security/hold.h"

#include "base/libexec.h"
#include "base/sock.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static int launcher_id(struct hold_ask *ask, struct err *e)
{
	_cleanup_free_ char *path = libexec_path("launch");
	struct stat st;

	if (!path)
		return err_oom(e);
	if (stat(path, &st) < 0)
		return err_set(e, UCT_HELPER_MISSING, -ENOENT, "cannot find '%s'", path);
	*ask = (struct hold_ask){
		.type = HOLD_ASK,
		.version = HOLD_VERSION,
		.dev = st.st_dev,
		.ino = st.st_ino,
		.mtime_ns =
			(uint64_t)st.st_mtim.tv_sec * 1000000000ULL + (uint64_t)st.st_mtim.tv_nsec,
	};
	return 0;
}

/* A connection on which the question was asked; 0: there is nobody, or its process is gone: both
 * mean start one. */
static int ask(int runtime_dirfd, int *ret_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct hold_ask question;
	int r = launcher_id(&question, e);

	if (r < 0)
		return r;
	fd = sock_connect_at(runtime_dirfd, HOLD_SOCKET);
	if (fd < 0)
		return 0;
	if (!sock_peer_is_me(fd))
		return err_set(e, UCT_NO_RUNTIME_DIR, -EPERM,
		               "somebody else listens on the namespace holder's socket");
	if (sock_send(fd, &question, sizeof(question)) < 0)
		return 0;
	*ret_fd = TAKE_FD(fd);
	return 1;
}

/* 1 given, 0 nobody answers. */
static int hear(int fd, struct hold_given *ret, struct err *e)
{
	struct hold_answer answer = { 0 };
	int fds[2];
	ssize_t n = sock_recv(fd, &answer, sizeof(answer), fds, 2);

	ret->userns_fd = fds[0];
	ret->launcher_fd = fds[1];
	memcpy(ret->map, answer.map, sizeof(ret->map));
	ret->map[sizeof(ret->map) - 1] = '\0';
	ret->maps = answer.maps;
	if (n == sizeof(answer) && answer.type == HOLD_GIVE && fds[0] >= 0 && fds[1] >= 0)
		return 1;
	hold_given_done(ret);
	*ret = (struct hold_given)HOLD_GIVEN_NONE;
	if (n == sizeof(answer) && answer.type == HOLD_FAIL) {
		if (e)
			*e = answer.e;
		return answer.e.code < 0 ? answer.e.code : -EIO;
	}
	return 0; /* it died while answering, or is of another version and left */
}

static int ask_and_hear(int runtime_dirfd, struct hold_given *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	int r = ask(runtime_dirfd, &fd, e);

	return r <= 0 ? r : hear(fd, ret, e);
}

int hold_ask(int runtime_dirfd)
{
	int fd = -EBADF;

	(void)ask(runtime_dirfd, &fd, NULL);
	return fd;
}

static int start(int runtime_dirfd, struct err *e)
{
	_cleanup_libexec_ struct libexec holder = LIBEXEC_NONE; /* ends once its child is ready */
	struct hold_answer answer = { 0 };
	ssize_t n;
	int r;

	r = libexec_start_apart("hold", runtime_dirfd, &holder, e);
	if (r < 0)
		return r;
	n = sock_recv(holder.sock_fd, &answer, sizeof(answer), NULL, 0);
	if (n == sizeof(answer) && answer.type == HOLD_READY)
		return 0;
	if (n == sizeof(answer) && answer.type == HOLD_FAIL) {
		if (e)
			*e = answer.e;
		return answer.e.code < 0 ? answer.e.code : -EIO;
	}
	return err_set(e, UCT_LAUNCHER_DIED, -EPIPE,
	               "the namespace holder ended before it was ready");
}

int hold_get(int runtime_dirfd, int asked_fd, struct hold_given *ret, struct err *e)
{
	_cleanup_close_ int fd = asked_fd, lock_fd = -EBADF;
	int r = fd >= 0 ? hear(fd, ret, e) : 0;

	if (r == 0)
		r = ask_and_hear(runtime_dirfd, ret, e);
	if (r != 0)
		return r < 0 ? r : 0;
	/* One at a time: many commands may find that there is no holder at the same moment. */
	lock_fd = openat(runtime_dirfd, HOLD_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lock_fd < 0)
		return err_sys(e, "cannot open '%s'", HOLD_LOCK);
	if (RETRY_EINTR(flock(lock_fd, LOCK_EX)) < 0)
		return err_sys(e, "cannot lock '%s'", HOLD_LOCK);
	r = ask_and_hear(runtime_dirfd, ret, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = start(runtime_dirfd, e);
	if (r < 0)
		return r;
	r = ask_and_hear(runtime_dirfd, ret, e);
	if (r == 0)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE,
		               "the namespace holder does not answer");
	return r < 0 ? r : 0;
}
