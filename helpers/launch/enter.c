/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/enter.h"

#include "base/fd.h"
#include "base/proc.h"
#include "base/sock.h"
#include "container/rootfs.h"
#include "container/spec.h"
#include "container/sync.h"
#include "container/tools.h"
#include "launch/process.h"
#include "launch/secrets.h"
#include "launch/visit.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* Where descriptors are while the new process gets ready. */
enum { SYNC_FD = 3, TOOLS_FD = 4, ABOVE_ALL = 512 };

/* What the three share. */
struct entering {
	const struct enter *what;
	int their_sync_fd;
	struct entered out;
};

/* From wherever they are, without losing one on the way: the tools, then what the program gets. */
static int keep_more(const struct enter *what)
{
	int fds[TOOLS_TREES_MAX + SYNC_KEEP_MAX];
	size_t n = what->n_tools + what->n_kept;

	for (size_t i = 0; i < n; i++) {
		fds[i] = i < what->n_tools ? what->tools_fds[i] : what->kept_fds[i - what->n_tools];
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, ABOVE_ALL);
		if (fds[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < n; i++)
		if (dup3(fds[i], TOOLS_FD + (int)i, O_CLOEXEC) < 0)
			return -errno;
	return 0;
}

/* To their numbers from 3 on. The socket makes room for them; returns where it is now. */
static int hand_over_kept(const struct enter *what, struct err *e)
{
	int first = TOOLS_FD + (int)what->n_tools, sync_fd;

	if (!what->n_kept)
		return SYNC_FD;
	sync_fd = fcntl(SYNC_FD, F_DUPFD_CLOEXEC, ABOVE_ALL);
	if (sync_fd < 0)
		return err_sys(e, "cannot move a socket");
	for (size_t i = 0; i < what->n_kept; i++)
		if (dup3(first + (int)i, SYNC_FD + (int)i, 0) < 0)
			return err_sys(e, "cannot pass a descriptor on");
	return sync_fd;
}

/* 0, 1, 2 and the socket, and nothing that leads out of the container. */
static int keep_four(const struct entering *x, struct err *e)
{
	int fd = x->their_sync_fd, r;

	for (int i = 0; i < 3 && !x->what->spec->terminal; i++)
		if (dup3(x->what->stdio[i], i, 0) < 0)
			return err_sys(e, "cannot set up standard input and output");
	if (fd != SYNC_FD && dup3(fd, SYNC_FD, O_CLOEXEC) < 0)
		return err_sys(e, "cannot set up a socket");
	r = keep_more(x->what);
	if (r == 0)
		r = fd_close_from(TOOLS_FD + (int)(x->what->n_tools + x->what->n_kept));
	return r < 0 ? err_errno(e, r, "cannot close descriptors") : 0;
}

static int enter_tools(size_t n, size_t n_data, struct err *e)
{
	int fds[TOOLS_TREES_MAX] = { 0 }, r;

	for (size_t i = 0; i < n; i++)
		fds[i] = TOOLS_FD + (int)i;
	r = tools_enter(fds, n, n_data, e);
	for (size_t i = 0; i < n; i++)
		(void)close(fds[i]);
	return r;
}

static int open_terminal(int root_fd, int *ret_slave_fd, struct err *e)
{
	_cleanup_rootfs_terminal_ struct rootfs_terminal t = ROOTFS_TERMINAL_NONE;
	struct sync_msg m = { .step = SYNC_READY };
	int r = rootfs_open_terminal(root_fd, &t, e);

	if (r == 0)
		r = sync_send(SYNC_FD, &m, t.master_fd, e);
	if (r == 0)
		*ret_slave_fd = TAKE_FD(t.slave_fd);
	return r;
}

/* From here on the container is all there is, and the socket is SYNC_FD. */
static int arrive(const struct entering *x, struct err *e)
{
	/* Only now: from its own cgroup namespace nobody may be put into a cgroup of another
	 * (cgroup_namespaces(7), "nsdelegate"). */
	if (x->what->spec->namespaces & CLONE_NEWCGROUP &&
	    setns(x->what->init_pidfd, CLONE_NEWCGROUP) < 0)
		return err_sys(e, "cannot enter the container's cgroup namespace");
	if (process_become_root(e) < 0)
		return -EPERM;
	return keep_four(x, e);
}

static int become(const struct enter *what, int *sync_fd, struct err *e)
{
	const struct spec *spec = what->spec;
	_cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int slave_fd = -EBADF;
	static const int stdio[3] = { 0, 1, 2 };
	struct process p = { 0 };
	int r = 0;

	if (root_fd < 0)
		return err_sys(e, "cannot open the container's root");
	(void)setsid(); /* fails only if we lead a session already */
	if (spec->terminal)
		r = open_terminal(root_fd, &slave_fd, e);
	if (r == 0)
		r = process_prepare(spec, root_fd, /* makes_cwd= */ false, &p, e);
	if (r == 0 && what->secrets)
		r = secrets_set_env(what->secrets, &p.env, e);
	if (r == 0)
		r = spec->terminal ? process_take_terminal(slave_fd, &p.user, e)
		                   : process_take_pipes(stdio, &p.user, e);
	if (r == 0) {
		r = fd_cloexec_from(SYNC_FD);
		if (r < 0)
			r = err_errno(e, r, "cannot close descriptors");
	}
	if (r == 0)
		r = process_restrict(spec, &p, e);
	if (r == 0)
		r = hand_over_kept(what, e);
	if (r < 0)
		return r;
	*sync_fd = r;
	return process_exec(spec, &p, e);
}

/* The new process; its memory and descriptors are its own. */
static _Noreturn ON_OWN_STACK void inside(const struct entering *x)
{
	int sync_fd = x->their_sync_fd;
	struct err e = { 0 };

	process_reset_signals();
	if (arrive(x, &e) == 0) {
		sync_fd = SYNC_FD;
		if (!x->what->n_tools ||
		    enter_tools(x->what->n_tools, x->what->n_tools_data, &e) == 0)
			(void)become(x->what, &sync_fd, &e); /* comes back only to say why */
	}
	sync_fail(sync_fd, &e);
	_exit(e.uct == UCT_COMMAND_NOT_FOUND ? 127 : 126);
}

/* The one in the middle. */
static ON_OWN_STACK int pass_through(void *arg, struct err *e)
{
	struct entering *x = arg;
	const uint64_t all =
		CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWTIME;
	const uint64_t ours = x->what->spec->namespaces | x->what->spec->joined;
	struct clone_args args = {
		.flags = CLONE_PARENT | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&x->out.pidfd,
	};
	int r = visit_container(x->what->init_pidfd, ours & all, e);
	long pid;

	if (r < 0)
		return r;
	if (x->what->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)x->what->cgroup_fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		inside(x);
	x->out.pid = pid > 0 ? (pid_t)pid : 0;
	if (pid > 0)
		return 0;
	if (errno == ENOMEM) /* what the kernel says when the first process is dead */
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "the container has ended");
	if (args.flags & CLONE_INTO_CGROUP)
		return err_set(e, UCT_CGROUP_FAILED, -errno,
		               "cannot start a process in the container's cgroup: %s",
		               strerror(errno));
	return err_sys(e, "cannot start a process in the container");
}

int enter_start(const struct enter *what, struct entered *ret, struct err *e)
{
	struct entering x = { .what = what, .out = ENTERED_NONE };
	_cleanup_close_ int theirs = -EBADF;
	int pair[2], r;

	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	x.out.sync_fd = pair[0];
	theirs = pair[1];
	x.their_sync_fd = theirs;
	r = visit(pass_through, &x, 0, e);
	if (r < 0) {
		entered_done(&x.out);
		return r;
	}
	*ret = x.out;
	return 0;
}

int enter_result(struct entered *x, struct err *e)
{
	struct sync_msg m;
	int fd = -EBADF, status;
	ssize_t n;

	for (;;) {
		n = sock_recv(x->sync_fd, &m, sizeof(m), &fd, 1);
		if (n != sizeof(m) || m.step != SYNC_READY)
			break;
		cleanup_close(&x->master_fd);
		x->master_fd = TAKE_FD(fd);
	}
	cleanup_close(&fd);
	cleanup_close(&x->sync_fd);
	x->sync_fd = -EBADF;
	if (n == 0)
		return 0;
	(void)pidfd_signal(x->pidfd, SIGKILL); /* it is about to leave, if it obeys */
	(void)RETRY_EINTR(waitpid(x->pid, &status, 0));
	entered_done(x);
	if (!sync_is_fail(&m, n))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the new process said something odd");
	if (e)
		*e = m.e;
	return m.e.code;
}

void entered_done(struct entered *x)
{
	cleanup_close(&x->pidfd);
	cleanup_close(&x->sync_fd);
	cleanup_close(&x->master_fd);
	*x = (struct entered)ENTERED_NONE;
}
