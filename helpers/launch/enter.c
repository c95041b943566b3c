/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/enter.h"

#include "base/proc.h"
#include "base/sock.h"
#include "container/rootfs.h"
#include "container/spec.h"
#include "container/sync.h"
#include "launch/process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* A function that does not return, called on a stack of our own: ASan would not know that stack. */
#define OWN_STACK __attribute__((no_sanitize_address, noinline))

enum { SYNC_FD = 3, STACK_BYTES = 256 * 1024 };

/* What the three share. */
struct entering {
	const struct enter *what;
	int their_sync_fd;
	struct entered out;
	int r; /* of the one in the middle */
	struct err e;
};

/* 0, 1, 2 and the socket, and nothing that leads out of the container. */
static int keep_four(const struct entering *x, struct err *e)
{
	int fd = x->their_sync_fd;

	for (int i = 0; i < 3 && !x->what->spec->terminal; i++)
		if (dup3(x->what->stdio[i], i, 0) < 0)
			return err_sys(e, "cannot set up standard input and output");
	if (fd != SYNC_FD && dup3(fd, SYNC_FD, O_CLOEXEC) < 0)
		return err_sys(e, "cannot set up a socket");
	if (close_range(SYNC_FD + 1, ~0U, 0) < 0)
		return err_sys(e, "cannot close descriptors");
	return 0;
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
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "cannot become root in the container");
	return keep_four(x, e);
}

static int become(const struct spec *spec, struct err *e)
{
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
	if (r == 0)
		r = spec->terminal ? process_take_terminal(slave_fd, &p.user, e)
		                   : process_take_pipes(stdio, &p.user, e);
	if (r == 0 && close_range(SYNC_FD, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		r = err_sys(e, "cannot close descriptors");
	if (r == 0)
		r = process_restrict(spec, &p, e);
	return r < 0 ? r : process_exec(spec, &p, e);
}

/* The new process; its memory and descriptors are its own. */
static _Noreturn OWN_STACK void inside(const struct entering *x)
{
	int sync_fd = x->their_sync_fd;
	struct err e = { 0 };

	process_reset_signals();
	if (arrive(x, &e) == 0) {
		sync_fd = SYNC_FD;
		(void)become(x->what->spec, &e); /* comes back only to say why */
	}
	sync_fail(sync_fd, &e);
	_exit(e.uct == UCT_COMMAND_NOT_FOUND ? 127 : 126);
}

static int refused(struct err *e, int errnum)
{
	if (errnum == ESRCH)
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "the container has ended");
	return err_errno(e, -errnum, "cannot enter the container's namespaces");
}

/* The one in the middle. What it writes is the caller's memory. */
static OWN_STACK int pass_through(void *arg)
{
	struct entering *x = arg;
	const uint64_t all =
		CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWTIME;
	struct clone_args args = {
		.flags = CLONE_PARENT | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&x->out.pidfd,
	};
	long pid;

	/* Before the new process can be seen. setns(2) has done it too, if fs.suid_dumpable is not
	 * odd. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    setns(x->what->init_pidfd,
	          (int)(CLONE_NEWUSER | CLONE_NEWNS | (x->what->spec->namespaces & all))) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		x->r = refused(&x->e, errno);
		return 1;
	}
	if (x->what->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)x->what->cgroup_fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		inside(x);
	if (pid < 0 && args.flags & CLONE_INTO_CGROUP && errno != ENOMEM)
		x->r = err_set(&x->e, UCT_CGROUP_FAILED, -errno,
		               "cannot start a process in the container's cgroup: %s",
		               strerror(errno));
	else if (pid < 0)
		x->r = refused(&x->e, errno == ENOMEM ? ESRCH : errno); /* its init is dead */
	x->out.pid = pid > 0 ? (pid_t)pid : 0;
	return 0;
}

static int pass(struct entering *x, struct err *e)
{
	/* Of its own: a child that shares ours would overwrite what we return to. */
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	int was_dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), status;
	pid_t pid;

	if (stack == MAP_FAILED)
		return err_sys(e, "cannot make a stack");
	pid = clone(pass_through, stack + STACK_BYTES,
	            CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, x);
	if (pid < 0)
		x->r = err_sys(&x->e, "cannot start a process");
	else
		(void)RETRY_EINTR(waitpid(pid, &status, 0));
	(void)munmap(stack, STACK_BYTES);
	(void)prctl(PR_SET_DUMPABLE, was_dumpable, 0, 0, 0); /* the memory was one */
	if (x->r < 0 && e)
		*e = x->e;
	return x->r;
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
	x.their_sync_fd = theirs = pair[1];
	r = pass(&x, e);
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
	if (n != sizeof(m) || m.step != SYNC_FAIL || m.e.code >= 0)
		return err_set(e, UCT_INTERNAL, -EPROTO, "the new process said something odd");
	m.e.msg[sizeof(m.e.msg) - 1] = m.e.hint[sizeof(m.e.hint) - 1] = '\0';
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
