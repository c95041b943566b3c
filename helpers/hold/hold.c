/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-hold - keep the user's namespace and hand it out (security/hold.h has the protocol)
 *
 * The first process forks; the child makes a user namespace, the first maps it with newuidmap and
 * newgidmap, which only a process outside may do, and leaves. The child then listens, alone in its
 * session, and leaves when nobody asked for a while.
 */
#include "security/hold.h"
#include "base/fd.h"
#include "base/libexec.h"
#include "base/sock.h"
#include "security/idmap.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { PARENT_FD = 3, RUNTIME_DIRFD = 4, IDLE_MS = 5 * 60 * 1000 };

struct holder {
	int listen_fd;
	int userns_fd;
	int launcher_fd;
	char map[ID_MAP_LABEL_SIZE];
	struct id_maps maps;
	struct hold_ask launcher; /* of which file launcher_fd is a copy */
};

static int tell_parent(int fd, uint32_t type, const struct err *e)
{
	struct hold_answer a = { .type = type };

	if (e)
		a.e = *e;
	return sock_send(fd, &a, sizeof(a));
}

static int copy_launcher(struct holder *h, struct err *e)
{
	_cleanup_close_ int fd = libexec_open("launch", e);
	struct stat st;
	int copy;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot stat the launcher");
	copy = fd_sealed_program(fd, e);
	if (copy < 0)
		return copy;
	cleanup_close(&h->launcher_fd);
	h->launcher_fd = copy;
	h->launcher.dev = st.st_dev;
	h->launcher.ino = st.st_ino;
	h->launcher.mtime_ns =
		(uint64_t)st.st_mtim.tv_sec * 1000000000ULL + (uint64_t)st.st_mtim.tv_nsec;
	return 0;
}

static bool is_current(const struct holder *h, const struct hold_ask *ask)
{
	return h->launcher_fd >= 0 && ask->dev == h->launcher.dev && ask->ino == h->launcher.ino &&
	       ask->mtime_ns == h->launcher.mtime_ns;
}

/* Returns whether the client spoke our language; if not, it is of another version and will start
 * a holder of its own once we are gone. */
static bool serve(struct holder *h)
{
	_cleanup_close_ int fd = accept4(h->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct hold_answer answer = { .type = HOLD_GIVE };
	struct timeval patience = { .tv_sec = 1 };
	struct hold_ask ask;
	int fds[2];

	if (fd < 0 || !sock_peer_is_me(fd))
		return true;
	/* A client that connects and says nothing must not stop the others for long. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (sock_recv(fd, &ask, sizeof(ask), NULL, 0) != sizeof(ask) || ask.type != HOLD_ASK)
		return true;
	if (ask.version != HOLD_VERSION)
		return false;
	if (!is_current(h, &ask) && copy_launcher(h, &answer.e) < 0) {
		answer.type = HOLD_FAIL;
		(void)sock_send(fd, &answer, sizeof(answer));
		return true;
	}
	memcpy(answer.map, h->map, sizeof(answer.map));
	answer.maps = h->maps;
	fds[0] = h->userns_fd;
	fds[1] = h->launcher_fd;
	(void)sock_send_fds(fd, &answer, sizeof(answer), fds, 2); /* it may have left */
	return true;
}

static int label_maps(struct holder *h, struct err *e)
{
	int r = id_map_read("/proc/self/uid_map", &h->maps.uids, e);

	if (r == 0)
		r = id_map_read("/proc/self/gid_map", &h->maps.gids, e);
	if (r == 0)
		id_map_label(&h->maps.uids, &h->maps.gids, h->map);
	return r;
}

static int hold(int outside_fd)
{
	struct holder h = { .listen_fd = -EBADF, .userns_fd = -EBADF, .launcher_fd = -EBADF };
	struct pollfd p = { .events = POLLIN };
	struct err e = { 0 };
	char byte = 0;
	int r;

	if (unshare(CLONE_NEWUSER) < 0) {
		(void)err_set(&e, UCT_NO_USERNS, -errno, "cannot make a user namespace: %s",
		              strerror(errno));
		(void)tell_parent(outside_fd, HOLD_FAIL, &e);
		return 1;
	}
	/* READY here means: map me. The answer is a byte; end of file means that it failed. */
	if (tell_parent(outside_fd, HOLD_READY, NULL) < 0 ||
	    sock_recv(outside_fd, &byte, 1, NULL, 0) != 1)
		return 1;
	(void)close(outside_fd);
	r = setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? err_sys(&e, "cannot become root")
	                                                     : copy_launcher(&h, &e);
	if (r == 0)
		r = label_maps(&h, &e);
	if (r == 0) {
		h.userns_fd = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
		if (h.userns_fd < 0)
			r = err_sys(&e, "cannot open the user namespace");
	}
	if (r == 0) {
		(void)unlinkat(RUNTIME_DIRFD, HOLD_SOCKET,
		               0); /* a dead holder's; we have the lock */
		h.listen_fd = sock_listen_at(RUNTIME_DIRFD, HOLD_SOCKET, &e);
		r = MIN(h.listen_fd, 0);
	}
	(void)tell_parent(PARENT_FD, r < 0 ? HOLD_FAIL : HOLD_READY, &e);
	if (r < 0)
		return 1;
	(void)close(PARENT_FD);
	if (chdir("/") < 0) /* no mount is kept busy by us */
		return 1;
	p.fd = h.listen_fd;
	while (poll(&p, 1, IDLE_MS) > 0 && serve(&h))
		;
	(void)unlinkat(RUNTIME_DIRFD, HOLD_SOCKET, 0);
	return 0;
}

static int map_child(pid_t child, int inside_fd, struct err *e)
{
	struct hold_answer said = { 0 };
	struct id_map uids, gids;
	int r;

	r = id_map_of_user(false, &uids, e);
	if (r == 0)
		r = id_map_of_user(true, &gids, e);
	if (r < 0)
		return r;
	if (sock_recv(inside_fd, &said, sizeof(said), NULL, 0) != sizeof(said))
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE, "the namespace holder ended");
	if (said.type != HOLD_READY) {
		*e = said.e;
		return said.e.code;
	}
	r = id_map_write_privileged(child, false, &uids, e);
	if (r == 0)
		r = id_map_write_privileged(child, true, &gids, e);
	if (r < 0)
		return r;
	r = sock_send(inside_fd, "", 1);
	return r < 0 ? err_errno(e, r, "cannot tell the namespace holder to go on") : 0;
}

int main(void)
{
	struct err e = { 0 };
	int pair[2], r;
	pid_t child;

	(void)prctl(PR_SET_NAME, "usr-ct-hold", 0, 0, 0);
	(void)fd_set_cloexec(PARENT_FD, 1);
	(void)fd_set_cloexec(RUNTIME_DIRFD, 1);
	(void)fd_close_from(RUNTIME_DIRFD + 1); /* what the user's shell left open */
	r = sock_pair(pair, &e);
	if (r < 0) {
		(void)tell_parent(PARENT_FD, HOLD_FAIL, &e);
		return 1;
	}
	child = fork(); /* no threads, no locks: we link nothing that has any before this point */
	if (child == 0) {
		(void)close(pair[0]);
		_exit(hold(pair[1]));
	}
	(void)close(pair[1]);
	r = child < 0 ? err_sys(&e, "cannot fork") : map_child(child, pair[0], &e);
	if (r < 0) {
		(void)tell_parent(PARENT_FD, HOLD_FAIL, &e);
		(void)close(pair[0]); /* its end of file ends the child */
		return 1;
	}
	return 0;
}
