/* SPDX-License-Identifier: Apache-2.0 */
/* init - builds the container around itself, waits for GO, becomes its program
 *
 * It is a copy of the launcher until the exec, and the container's other processes must not get at
 * that copy: it is not dumpable, so that nobody in the container may look into /proc/1, and the
 * program it runs from is sealed memory (security/hold.h).
 */
#include "launch/init.h"

#include "base/fd.h"
#include "container/accounts.h"
#include "container/sync.h"
#include "launch/ids.h"
#include "launch/process.h"
#include "network/uplink.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int write_sysctl(const char *name, const char *value, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[256];
	int r;

	if (snprintf(path, sizeof(path), "/proc/sys/%s", name) >= (int)sizeof(path))
		return err_errno(e, -ENAMETOOLONG, "sysctl '%s'", name);
	for (char *p = path + strlen("/proc/sys/"); *p; p++)
		if (*p == '.')
			*p = '/';
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set(e, errno == ENOENT ? UCT_BAD_VALUE : UCT_SYSCTL_REFUSED, -errno,
		               "cannot open sysctl '%s': %s", name, strerror(errno));
	r = fd_write_all(fd, value, strlen(value));
	return r < 0 ? err_errno(e, r, "cannot set sysctl '%s' to '%s'", name, value) : 0;
}

/* Through the host's /proc, before it is gone: a network sysctl shows the namespace of whoever
 * opens it, and ours is read-only inside. */
static int set_sysctls(const struct init_context *c, struct err *e)
{
	char range[32];
	int r = 0;

	for (char *const *s = c->spec->sysctls; s && *s && r == 0; s++) {
		char name[256];
		const char *eq = strchr(*s, '=');

		if (!eq || eq - *s >= (ptrdiff_t)sizeof(name))
			return err_set(e, UCT_BAD_CONFIG, -EINVAL, "sysctl '%s'", *s);
		memcpy(name, *s, (size_t)(eq - *s));
		name[eq - *s] = '\0';
		r = write_sysctl(name, eq + 1, e);
	}
	if (r < 0 || !c->has_own_network)
		return r;
	/* ping without privilege, for all groups that exist here; a kernel that does not know it
	 * leaves ping as it was. */
	(void)snprintf(range, sizeof(range), "0 %u", c->n_ids - 1);
	(void)write_sysctl("net.ipv4.ping_group_range", range, NULL);
	return 0;
}

/* While the launcher writes our id map: all capabilities are there already, only no ids. */
static int before_map(const struct init_context *c, struct err *e)
{
	/* clone3(2) would take the launcher's cgroup as the root. */
	if (c->has_own_cgroup && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(e, "cannot make a cgroup namespace");
	if (c->spec->hostname && sethostname(c->spec->hostname, strlen(c->spec->hostname)) < 0)
		return err_sys(e, "cannot set host name '%s'", c->spec->hostname);
	if (c->spec->domainname &&
	    setdomainname(c->spec->domainname, strlen(c->spec->domainname)) < 0)
		return err_sys(e, "cannot set domain name '%s'", c->spec->domainname);
	return c->has_own_network ? network_loopback_up(e) : 0;
}

/* fuse-overlayfs runs outside, where the container cannot see it. */
static int ask_for_server(const struct backend_root *b, int dev_fd, void *sync_fd, struct err *e)
{
	struct sync_msg m = { .step = SYNC_ROOT };

	(void)b;
	return sync_send(*(const int *)sync_fd, &m, dev_fd, e);
}

/* Who is nobody of the store's gets from the launcher what is there. */
static int build_prepared(const struct init_context *c, struct sync_times *times, struct err *e)
{
	struct backend_root source = c->root;
	struct ids_mounts made; /* rootfs_build() closes what it uses, our exec the rest */
	struct rootfs_made mounts;
	int r = ids_receive_mounts(c, &made, e);

	if (r < 0)
		return r;
	sync_time(times, "wait for mounts");
	mounts = (struct rootfs_made){ made.root_fd, made.source_fds };
	source.container_dirfd = made.container_fd;
	source.serve = ask_for_server;
	source.serve_arg = (void *)(uintptr_t)&c->sync_fd;
	r = rootfs_build(&source, &mounts, c->spec, times, e);
	free(made.source_fds);
	return r;
}

static int build_rootfs(const struct init_context *c, struct sync_times *times, struct err *e)
{
	_cleanup_close_ int base_fd = -EBADF, container_fd = -EBADF;
	struct backend_root source = c->root;

	if (c->is_mapped)
		return build_prepared(c, times, e);
	base_fd = rootfs_reopen(c->root.base_dirfd, e);
	if (base_fd < 0)
		return base_fd;
	container_fd = rootfs_reopen(c->root.container_dirfd, e);
	if (container_fd < 0)
		return container_fd;
	source.base_dirfd = base_fd;
	source.container_dirfd = container_fd;
	source.serve = ask_for_server;
	source.serve_arg = (void *)(uintptr_t)&c->sync_fd;
	return rootfs_build(&source, NULL, c->spec, times, e);
}

/* Before READY: all that does not need the network helper. */
static int build(const struct init_context *c, struct sync_times *times, struct process *p,
                 struct rootfs_terminal *terminal, struct err *e)
{
	_cleanup_close_ int root_fd = -EBADF;
	int r;

	r = process_become_root(e);
	if (r < 0)
		return r;
	r = process_set_oom_score(c->spec, e);
	if (r < 0)
		return r;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "cannot hide from the container");
	r = set_sysctls(c, e);
	if (r < 0)
		return r;
	sync_time(times, "system controls");
	root_fd = build_rootfs(c, times, e);
	if (root_fd < 0)
		return root_fd;
	if (c->is_single)
		r = rootfs_single_id(root_fd, e);
	if (r == 0)
		r = accounts_add(root_fd, c->accounts, e);
	if (r < 0)
		return r;
	if (c->spec->terminal) {
		r = rootfs_open_terminal(root_fd, terminal, e);
		if (r == 0)
			r = rootfs_console(root_fd, terminal, e);
		if (r < 0)
			return r;
	}
	r = rootfs_enter(root_fd, e);
	sync_time(times, "pivot");
	if (r == 0)
		r = process_prepare(c->spec, root_fd, /* makes_cwd= */ true, p, e);
	if (r == 0) /* now that it is known whose they are */
		r = secrets_mount(c->secrets, root_fd, &p->user, e);
	if (r == 0)
		r = secrets_set_env(c->secrets, &p->env, e);
	/* Only now: the user and the working directory are made in a root that is read-only after.
	 */
	if (r == 0 && c->spec->root_readonly)
		r = rootfs_protect(root_fd, e);
	sync_time(times, "user, directory");
	return r;
}

/* --init: this process stays number 1 and reaps; its child becomes the program. */
static int split_init(const struct init_context *c, int slave_fd, struct err *e)
{
	char pid_text[16], *argv[] = { (char *)(uintptr_t) "init", pid_text, NULL };
	char *env[] = { NULL };
	pid_t child = fork();

	if (child < 0)
		return err_sys(e, "cannot fork");
	if (child == 0) {
		if (slave_fd >= 0 && (setsid() < 0 || ioctl(slave_fd, TIOCSCTTY, 1) < 0))
			return err_sys(e, "cannot take the terminal");
		return 0;
	}
	(void)snprintf(pid_text, sizeof(pid_text), "%d", (int)child);
	(void)fexecve(c->init_program_fd, argv, env);
	_exit(127);
}

/* All but its execve(2), with no more rights than it is to have. */
static int be_program(const struct init_context *c, const struct process *p,
                      const struct rootfs_terminal *terminal, struct err *e)
{
	/* Nothing but 0, 1 and 2 survives into the program; closed at the exec, so that the end of
	 * the sync socket still says that it happened. */
	int r = fd_cloexec_from(3);

	if (r < 0)
		return err_errno(e, r, "cannot close descriptors");
	(void)setsid(); /* fails only if we lead a session already */
	r = c->spec->terminal ? process_take_terminal(terminal->slave_fd, &p->user, e)
	                      : process_take_pipes(c->stdio, &p->user, e);
	return r < 0 ? r : process_restrict(c->spec, p, e);
}

static int run(const struct init_context *c, struct err *e)
{
	struct sync_msg m = { .step = SYNC_READY }, go;
	_cleanup_rootfs_terminal_ struct rootfs_terminal terminal = ROOTFS_TERMINAL_NONE;
	struct process p = { 0 };
	int r;

	r = before_map(c, e);
	sync_time(&m.times[1], "born, names, loopback");
	if (r == 0)
		r = sync_expect(c->sync_fd, SYNC_MAPPED, "launcher", &go, NULL, e);
	sync_time(&m.times[1], "id map");
	if (r == 0)
		r = build(c, &m.times[1], &p, &terminal, e);
	if (r == 0)
		r = sync_send(c->sync_fd, &m, terminal.master_fd, e);
	if (r < 0)
		return r;
	cleanup_close(&terminal.master_fd);
	terminal.master_fd = -EBADF;
	/* While the launcher waits for the network helper and writes that we run. */
	r = be_program(c, &p, &terminal, e);
	if (r == 0)
		r = sync_expect(c->sync_fd, SYNC_GO, "launcher", &go, NULL, e);
	if (r == 0 && c->init_program_fd >= 0)
		r = split_init(c, terminal.slave_fd, e);
	return r < 0 ? r : process_exec(c->spec, &p, e);
}

_Noreturn void init_main(const struct init_context *c)
{
	struct err e = { 0 };

	process_reset_signals();
	(void)run(c, &e); /* comes back only to say why */
	sync_fail(c->sync_fd, &e);
	_exit(e.uct == UCT_COMMAND_NOT_FOUND ? 127 : 126);
}
