/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/birth.h"

#include "base/fd.h"
#include "launch/process.h"
#include "launch/visit.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

struct birth {
	struct launch *l;
	const struct init_context *c;
	struct clone_args args;
};

static const char *const namespace_names[LAUNCH_NAMESPACES] = { "mnt", "user", "net" };

/* Ours, as they are now, for the launcher. */
static int open_own_namespaces(struct launch *l, struct err *e)
{
	char path[32];

	for (size_t i = 0; i < LAUNCH_NAMESPACES; i++) {
		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", namespace_names[i]);
		l->born_fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (l->born_fds[i] < 0)
			return err_sys(e, "cannot open the container's %s namespace",
			               namespace_names[i]);
	}
	return 0;
}

static int join_others(const struct birth *b, struct err *e)
{
	if (setns(b->l->join_fd, CLONE_NEWUSER) < 0)
		return err_set(e, UCT_USERNS_GONE, -errno,
		               "cannot join the other container's user namespace: %s",
		               strerror(errno));
	if (b->l->spec.joined && setns(b->l->join_fd, (int)b->l->spec.joined) < 0)
		return err_set(e, UCT_USERNS_GONE, -errno,
		               "cannot join the other container's namespaces: %s", strerror(errno));
	return 0;
}

/* In a visit. Somebody in the other container may see the new process from its birth and have the
 * right to trace what is dumpable, while it still has the host's root: so it is born hidden, and
 * all that needs the opposite is done before, where nobody of the container looks. */
static ON_OWN_STACK int be_born_elsewhere(void *arg, struct err *e)
{
	const uint64_t before =
		CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	struct birth *b = arg;
	int r = join_others(b, e);
	long pid;

	if (r == 0)
		r = process_set_oom_score(&b->l->spec, e);
	if (r == 0 && unshare((int)(b->args.flags & before)) < 0)
		r = err_sys(e, "cannot make the container's namespaces");
	if (r == 0)
		r = open_own_namespaces(b->l, e);
	if (r == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = err_sys(e, "cannot hide from the container");
	if (r < 0)
		return r;
	b->args.flags &= ~before;
	pid = syscall(SYS_clone3, &b->args, sizeof(b->args));
	if (pid == 0) {
		(void)close(b->l->init_sync_fd);
		init_main(b->c);
	}
	return pid < 0 ? err_sys(e, "cannot start the container's first process") : (int)pid;
}

/* In a visit: what others write there is in the other container's mount, not in a namespace. */
static int take_shm(void *arg, struct err *e)
{
	const struct launch *l = arg;
	int r = visit_container(l->join_fd, 0, e);

	if (r == 0)
		r = open_tree(AT_FDCWD, "/dev/shm", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return r < 0 && errno ? err_sys(e, "cannot take the other container's /dev/shm") : r;
}

static int clone_joined(struct launch *l, struct init_context *c, const struct clone_args *args,
                        struct err *e)
{
	_cleanup_close_ int shm_fd = -EBADF;
	struct birth b = { l, c, *args };
	int r;

	if (l->spec.joined & CLONE_NEWIPC) {
		shm_fd = visit(take_shm, l, 0, e);
		if (shm_fd < 0)
			return shm_fd;
		c->shm_fd = shm_fd;
	}
	c->is_born_hidden = true;
	b.args.flags = (b.args.flags & ~(uint64_t)CLONE_NEWUSER) | CLONE_PARENT;
	b.args.exit_signal = 0; /* with CLONE_PARENT it is the parent's */
	r = visit(be_born_elsewhere, &b, 0, e);
	if (r < 0)
		return r;
	l->init_pid = (pid_t)r;
	return 0;
}

int birth_clone(struct launch *l, struct init_context *c, int cgroup_fd, struct err *e)
{
	struct clone_args args = {
		.flags = l->spec.namespaces | CLONE_NEWUSER | CLONE_NEWNS | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&l->init_pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid;

	if (cgroup_fd >= 0) {
		c->has_own_cgroup = args.flags & CLONE_NEWCGROUP;
		args.flags &= ~(uint64_t)CLONE_NEWCGROUP;
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	if (l->join_fd >= 0)
		return clone_joined(l, c, &args, e);
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0) {
		(void)close(l->init_sync_fd); /* so that our death reads as end of file there */
		init_main(c);
	}
	if (pid < 0 && (errno == EPERM || errno == ENOSPC || errno == EUSERS))
		return err_set(e, UCT_NO_USERNS, -errno,
		               "cannot make the container's namespaces: %s", strerror(errno));
	if (pid < 0)
		return err_sys(e, "cannot start the container's first process");
	l->init_pid = (pid_t)pid;
	return 0;
}

int birth_namespace(const struct launch *l, enum launch_namespace which, struct err *e)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)l->init_pid,
	               namespace_names[which]);
	if (l->born_fds[which] >= 0)
		fd = fcntl(l->born_fds[which], F_DUPFD_CLOEXEC, 0);
	else
		fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot open the container's %s namespace",
	                        namespace_names[which])
	              : fd;
}

void birth_done(struct launch *l)
{
	for (size_t i = 0; i < LAUNCH_NAMESPACES; i++) {
		cleanup_close(&l->born_fds[i]);
		l->born_fds[i] = -EBADF;
	}
}
