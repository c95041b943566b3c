/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/visit.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { STACK_BYTES = 256 * 1024 };

struct visiting {
	int (*fn)(void *arg, struct err *e);
	void *arg;
	int r;
	struct err e;
};

static ON_OWN_STACK int run(void *arg)
{
	struct visiting *v = arg;

	v->r = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_sys(&v->e, "cannot hide")
	                                              : v->fn(v->arg, &v->e);
	return 0;
}

int visit(int (*fn)(void *arg, struct err *e), void *arg, unsigned long flags, struct err *e)
{
	struct visiting v = { .fn = fn, .arg = arg };
	/* Of its own: a child that shares ours would overwrite what we return to. */
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
	int was_dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), status;
	pid_t pid;

	if (stack == MAP_FAILED)
		return err_sys(e, "cannot make a stack");
	pid = clone(run, stack + STACK_BYTES,
	            (int)(flags | CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD), &v);
	if (pid < 0)
		v.r = err_sys(&v.e, "cannot start a process");
	else
		(void)RETRY_EINTR(waitpid(pid, &status, 0));
	(void)munmap(stack, STACK_BYTES);
	(void)prctl(PR_SET_DUMPABLE, was_dumpable, 0, 0, 0); /* the memory was one */
	if (v.r < 0 && e)
		*e = v.e;
	return v.r;
}

int visit_container(int init_pidfd, unsigned long more, struct err *e)
{
	if (setns(init_pidfd, (int)(CLONE_NEWUSER | CLONE_NEWNS | more)) < 0) {
		if (errno == ESRCH)
			return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "the container has ended");
		return err_sys(e, "cannot enter the container's namespaces");
	}
	/* setns(2) has done so by itself, unless fs.suid_dumpable is odd. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "cannot hide");
	return 0;
}
