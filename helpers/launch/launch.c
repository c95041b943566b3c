/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-launch - make a container from its documents, then look after it
 *
 * Theory of operation. The engine starts us with a handful of descriptors (launch.h) and START. We
 * enter the holder's user namespace, so that the container's can be nested in it without a set-uid
 * program; make its cgroup; clone its first process into new namespaces (init.c); write its id
 * map; and while it builds its file system we start the network helper. When both are ready the
 * state file and the attach socket appear, GO lets the program run, STARTED tells the engine, and
 * we become the monitor (monitor.c).
 *
 * Should: stay small (its memory is paid for by every container), know everything by descriptor.
 * Mustn't: read the environment, use a path that depends on the caller, link libcurl or SQLite.
 */
#include "launch/launch.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/libexec.h"
#include "base/sbuf.h"
#include "container/events.h"
#include "launch/group.h"
#include "launch/ids.h"
#include "launch/init.h"
#include "launch/visit.h"
#include "network/etc-files.h"
#include "security/idmap.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static int read_documents(struct launch *l, struct err *e)
{
	_cleanup_free_ char *config = NULL, *plan = NULL;
	size_t config_n = 0, plan_n = 0;
	int r;

	r = file_read_at(LAUNCH_CONTAINER, SPEC_FILE, SPEC_MAX_BYTES, &config, &config_n, e);
	if (r == 0)
		r = file_read_at(LAUNCH_CONTAINER, PLAN_FILE, SPEC_MAX_BYTES, &plan, &plan_n, e);
	if (r == 0)
		r = spec_parse(config, config_n, &l->spec, e);
	if (r == 0)
		r = plan_parse(plan, plan_n, &l->plan, e);
	return r < 0 ? r
	             : secrets_read(json_at(l->plan.doc, "secrets"), LAUNCH_CONTAINER, &l->secrets,
	                            e);
}

static int write_etc(const struct launch *l, struct err *e)
{
	const struct spec *spec = &l->spec;
	char ours[65] = "";
	struct etc etc = {
		.wishes = json_at(l->plan.doc, "etc"),
		.network = l->plan.network,
		.hostname = spec->hostname && *spec->hostname ? spec->hostname : ours,
		.domainname = spec->domainname ? spec->domainname : "",
	};

	if (etc.hostname == ours) /* --uts host */
		(void)gethostname(ours, sizeof(ours) - 1);
	return etc_write(&etc, LAUNCH_CONTAINER, e);
}

/* Where the ids come from. In the holder's namespace we are root over the user's ids, and only
 * over those; outside we are still nobody but the user. */
static int enter_user_namespace(struct launch *l, struct err *e)
{
	l->outer_uid = geteuid();
	l->outer_gid = getegid();
	if (!l->has_userns)
		return 0;
	if (setns(LAUNCH_USERNS, CLONE_NEWUSER) < 0)
		return err_set(e, UCT_NO_USERNS, -errno, "cannot enter the user namespace: %s",
		               strerror(errno));
	(void)close(LAUNCH_USERNS);
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "cannot become root in the user namespace");
	return 0;
}

/* A pipe whose end @ours stays here. */
static int make_pipe(int ours, bool is_open, int *ret_ours, int *ret_theirs, struct err *e)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	/* A megabyte where we may: fewer wake-ups for a container that writes a lot. */
	(void)fcntl(fds[0], F_SETPIPE_SZ, 256 * 1024);
	/* Opened again through /proc/self/fd by whoever has it: nobody else gets there. A container
	 * with ids of its own could not give it to its user. */
	if (is_open)
		(void)fchmod(fds[0], 0666);
	*ret_ours = fds[ours];
	*ret_theirs = fds[1 - ours];
	return 0;
}

int launch_make_stdio(struct launch *l, int theirs[3], struct err *e)
{
	int r;

	if (l->spec.terminal)
		return 0;
	if (l->plan.interactive) {
		r = make_pipe(1, l->spec.ids.uids.n, &l->input_fd, &theirs[0], e);
		if (r < 0)
			return r;
	} else {
		theirs[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (theirs[0] < 0)
			return err_sys(e, "cannot open /dev/null");
	}
	for (int i = 0; i < 2; i++) {
		r = make_pipe(0, l->spec.ids.uids.n, &l->output_fds[i], &theirs[1 + i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

struct birth {
	const struct launch *l;
	const struct init_context *c;
	struct clone_args args;
};

/* In a visit: born by somebody who is in the other container's user namespace already, and who must
 * be dumpable for a moment, so that the launcher gets hold of the new namespaces. */
static ON_OWN_STACK int be_born_elsewhere(void *arg, struct err *e)
{
	struct birth *b = arg;
	long pid;

	if (setns(b->l->join_fd, CLONE_NEWUSER) < 0)
		return err_set(e, UCT_USERNS_GONE, -errno,
		               "cannot join the other container's user namespace: %s",
		               strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return err_sys(e, "cannot be seen");
	pid = syscall(SYS_clone3, &b->args, sizeof(b->args));
	if (pid == 0) {
		(void)close(b->l->init_sync_fd);
		init_main(b->c);
	}
	return pid < 0 ? err_sys(e, "cannot start the container's first process") : (int)pid;
}

static int clone_joined(struct launch *l, const struct init_context *c,
                        const struct clone_args *args, struct err *e)
{
	struct birth b = { l, c, *args };
	int r;

	b.args.flags = (b.args.flags & ~(uint64_t)CLONE_NEWUSER) | CLONE_PARENT;
	b.args.exit_signal = 0; /* with CLONE_PARENT it is the parent's */
	r = visit(be_born_elsewhere, &b, 0, e);
	if (r < 0)
		return r;
	l->init_pid = (pid_t)r;
	return 0;
}

static int clone_init(struct launch *l, struct init_context *c, int cgroup_fd, struct err *e)
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

static int open_namespace(const struct launch *l, const char *name, struct err *e)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)l->init_pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot open the container's %s namespace", name) : fd;
}

/* For another run: the namespace lives on, while the process that had it may be gone by then. */
static int keep_joined(struct launch *l, struct err *e)
{
	int fd;

	if (l->join_fd < 0)
		return 0;
	fd = open_namespace(l, "user", e);
	if (fd < 0)
		return fd;
	cleanup_close(&l->join_fd);
	l->join_fd = fd;
	return 0;
}

/* Before MAPPED: after it the first process hides, and these could not be opened any more. */
static int connect_network(struct launch *l, struct err *e)
{
	_cleanup_close_ int userns_fd = -EBADF, netns_fd = -EBADF;
	struct uplink_target target;

	/* Keeps the mount namespace from being torn down before the exit status was told:
	 * unmounting an overlay beside a busy writer may take long. */
	l->mntns_fd = open_namespace(l, "mnt", e);
	if (l->mntns_fd < 0)
		return l->mntns_fd;
	if (l->plan.backend == BACKEND_FUSE && !l->has_userns) {
		l->userns_fd = open_namespace(l, "user", e);
		if (l->userns_fd < 0)
			return l->userns_fd;
	}
	if (l->plan.network == NETWORK_NONE || l->plan.network == NETWORK_HOST)
		return 0;
	userns_fd = open_namespace(l, "user", e);
	netns_fd = open_namespace(l, "net", e);
	if (userns_fd < 0 || netns_fd < 0)
		return MIN(userns_fd, netns_fd);
	target = (struct uplink_target){ userns_fd, netns_fd };
	return uplink_start(l->plan.network, &target, &l->uplink, e);
}

static int mark_running(struct launch *l, struct err *e)
{
	_cleanup_close_ int self_fd = pidfd_of(getpid());
	int r;

	l->state.status = STATE_RUNNING;
	l->state.started_ns = clock_realtime_ns();
	l->state.exit_code = -1;
	l->state.error[0] = '\0';
	l->state.is_stopped_by_user = l->state.is_oom_killed = false;
	l->state.health = l->plan.health.test.n ? HEALTH_STARTING : HEALTH_NONE;
	l->state.uplink = (struct proc_id){ 0 };
	(void)snprintf(l->state.cgroup, sizeof(l->state.cgroup), "%s", l->cgroup);
	r = proc_identify(l->init_pidfd, l->init_pid, &l->state.init);
	if (r == 0)
		r = proc_identify(self_fd, getpid(), &l->state.monitor);
	if (r == 0 && l->uplink.pid > 0) {
		_cleanup_close_ int uplink_fd = pidfd_of(l->uplink.pid);

		r = uplink_fd < 0 ? uplink_fd
		                  : proc_identify(uplink_fd, l->uplink.pid, &l->state.uplink);
	}
	if (r < 0)
		return err_errno(e, r, "cannot identify the container's processes");
	return state_write(LAUNCH_CONTAINER, &l->state, e);
}

static struct backend_root root_of(const struct launch *l)
{
	return (struct backend_root){ .backend = l->plan.backend,
		                      .base_dirfd = LAUNCH_STORE,
		                      .layers = l->plan.layers,
		                      .data = l->plan.data,
		                      .container_dirfd = LAUNCH_CONTAINER,
		                      .memory = l->plan.memory,
		                      .is_volatile = l->plan.auto_remove };
}

/* Step 3a: in the namespace where the layers have their ids, which is ours if it is anybody's. */
static int serve_root(struct launch *l, struct err *e)
{
	_cleanup_close_ int dev_fd = -EBADF;
	struct backend_root root = root_of(l);
	struct sync_msg m;
	int r = sync_expect(l->init_sync_fd, SYNC_ROOT, "the container's first process", &m,
	                    &dev_fd, e);

	if (r == 0 && dev_fd < 0)
		r = err_set(e, UCT_INTERNAL, -EPROTO, "ROOT came without a descriptor");
	if (r == 0)
		r = fuse_server_start(&root, dev_fd, l->userns_fd, &l->server, e);
	cleanup_close(&l->userns_fd);
	l->userns_fd = -EBADF;
	sync_time(&l->times[0], "fuse-overlayfs");
	return r;
}

/* Steps 3 and 4 of sync.h, with the network helper starting meanwhile. */
static int bring_up(struct launch *l, const struct backend_root *root, struct err *e)
{
	struct sync_msg m = { .step = SYNC_MAPPED };
	int master_fd = -EBADF, r;

	r = ids_write(l, e);
	if (r == 0)
		r = keep_joined(l, e);
	if (r < 0)
		return r;
	sync_time(&l->times[0], "id map");
	r = connect_network(l, e);
	if (r == 0)
		r = sync_send(l->init_sync_fd, &m, -EBADF, e);
	if (r == 0 && ids_are_mapped(l))
		r = ids_send_mounts(l, root, e);
	if (r == 0 && l->plan.backend == BACKEND_FUSE)
		r = serve_root(l, e);
	if (r == 0)
		r = sync_expect(l->init_sync_fd, SYNC_READY, "the container's first process", &m,
		                &master_fd, e);
	if (r < 0)
		return fuse_server_failed(&l->server, r, e);
	fuse_server_shut_up(&l->server);
	l->times[1] = m.times[1];
	sync_time(&l->times[0], "wait for init");
	if (l->spec.terminal) {
		if (master_fd < 0)
			return err_set(e, UCT_INTERNAL, -EPROTO, "READY came without a terminal");
		l->output_fds[0] = l->input_fd = master_fd;
		if (l->start.window.ws_col)
			(void)ioctl(master_fd, TIOCSWINSZ, &l->start.window);
	}
	r = uplink_wait(l->plan.network, &l->uplink, e);
	sync_time(&l->times[0], "wait for network");
	return r;
}

static int make_init(struct launch *l, struct err *e)
{
	_cleanup_close_ int init_program_fd = -EBADF, cgroup_fd = -EBADF;
	struct init_context c = {
		.spec = &l->spec,
		.secrets = &l->secrets,
		.accounts = json_at(l->plan.doc, "accounts"),
		.root = root_of(l),
		.stdio = { -EBADF, -EBADF, -EBADF },
		.has_own_network = l->spec.namespaces & CLONE_NEWNET,
		.n_ids = 1,
	};
	const struct id_map *gids;
	int pair[2], r;

	if (l->plan.init) {
		init_program_fd = libexec_seal("init", e);
		if (init_program_fd < 0)
			return init_program_fd;
	}
	c.init_program_fd = init_program_fd;
	r = ids_give_root(l, e);
	if (r < 0)
		return r;
	c.is_mapped = ids_are_mapped(l);
	c.is_single = !l->has_userns;
	gids = l->spec.ids.gids.n ? &l->spec.ids.gids : &l->own.gids;
	c.n_ids = MAX(c.n_ids, (uint32_t)id_map_end(gids));
	r = launch_make_stdio(l, c.stdio, e);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "cannot make a socket pair");
	l->init_sync_fd = pair[0];
	c.sync_fd = pair[1];
	r = group_make(l, &cgroup_fd, e);
	sync_time(&l->times[0], "prepare");
	if (r == 0)
		r = clone_init(l, &c, cgroup_fd, e);
	secrets_done(&l->secrets);
	sync_time(&l->times[0], "clone");
	(void)close(pair[1]);
	for (int i = 0; i < 3; i++)
		cleanup_close(&c.stdio[i]);
	return r < 0 ? r : bring_up(l, &c.root, e);
}

/* The program runs once the socket to it was closed by its exec (step 6). */
static int let_go(struct launch *l, struct err *e)
{
	const struct sync_msg m = { .step = SYNC_GO };
	int r;

	/* Not before READY: who reads "running" may enter the container (exec, cp), whose root is
	 * the host's until then. */
	r = mark_running(l, e);
	if (r == 0)
		r = sync_send(l->init_sync_fd, &m, -EBADF, e);
	if (r == 0)
		r = sync_expect_end(l->init_sync_fd, "the container's first process", e);
	sync_time(&l->times[0], "exec");
	return r;
}

/* Tells sweepers and `ps` to look at this container. The lock that says whether we live is the one
 * on LAUNCH_CONTAINER, which came with the descriptor (engine/sweep.c). */
static int mark_live(const struct launch *l, struct err *e)
{
	_cleanup_free_ char *name = strf("live/%s", l->id);
	_cleanup_close_ int fd = -EBADF;

	if (!name)
		return err_oom(e);
	fd = openat(LAUNCH_STORE, name, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? err_sys(e, "cannot make '%s'", name) : 0;
}

void launch_event(const struct launch *l, const char *action, const char *const *attributes)
{
	/* A full disk must not end a container. */
	(void)event_container(LAUNCH_STORE, LAUNCH_CONTAINER, l->id, action, attributes);
}

/* What needs no documents. */
static int prepare(struct launch *l, struct err *e)
{
	int r = enter_user_namespace(l, e);

	return r < 0 ? r : ids_read_own(l, e);
}

/* What they say that only this container's own directory shows. */
static int follow_documents(struct launch *l, bool awaits_scope, struct err *e)
{
	int r = read_documents(l, e);

	if (r == 0)
		r = write_etc(l, e);
	if (r == 0 && !awaits_scope && !l->plan.no_cgroup)
		group_look(l);
	return r;
}

/* What goes wrong before START is told after it: until then nobody listens, and the container may
 * never be. Without it l->start.step is 0. */
static int wait_for_start(struct launch *l, struct err *e)
{
	struct sync_msg m;
	int r = prepare(l, e);

	sync_time(&l->times[0], "user namespace");
	if (sync_expect(LAUNCH_SYNC, SYNC_DOCUMENTS, "engine", &m, NULL, NULL) < 0)
		return -EPIPE;
	sync_time(&l->times[0], "wait for documents");
	if (r == 0)
		r = follow_documents(l, m.flags & SYNC_SCOPE, e);
	sync_time(&l->times[0], "documents, /etc");
	if (sync_expect(LAUNCH_SYNC, SYNC_START, "engine", &m, NULL, NULL) == 0)
		l->start = m;
	sync_time(&l->times[0], "wait for START");
	return r;
}

static int start(struct launch *l, struct err *e)
{
	int r = launch_open_journal(l, e); /* with the name, which is known once it is published */

	if (r == 0)
		r = mark_live(l, e);
	if (r == 0)
		r = make_init(l, e);
	if (r == 0)
		r = let_go(l, e);
	if (r == 0) {
		launch_volume_events(l, "mount");
		launch_event(l, "start", NULL);
	}
	return r;
}

static void kill_init(struct launch *l)
{
	int status;

	if (l->init_pid > 0) {
		(void)pidfd_signal(l->init_pidfd, SIGKILL);
		(void)RETRY_EINTR(waitpid(l->init_pid, &status, 0));
	}
	l->init_pid = 0;
}

static void note_failure(struct state *s, const struct err *e)
{
	s->exit_code = 125;
	if (e->uct == UCT_COMMAND_NOT_FOUND)
		s->exit_code = 127;
	else if (e->uct == UCT_COMMAND_NOT_EXECUTABLE)
		s->exit_code = 126;
	(void)snprintf(s->error, sizeof(s->error), "%.255s", e->msg);
}

/* Whatever was made for a container that never ran. The state keeps why. */
static void undo(struct launch *l, const struct err *e)
{
	kill_init(l);
	cleanup_close(&l->mntns_fd);
	l->mntns_fd = -EBADF;
	l->state = (struct state){ .status = STATE_CREATED };
	note_failure(&l->state, e);
	if (l->plan.auto_remove)
		launch_remove_container(l, false);
	else
		(void)state_write(LAUNCH_CONTAINER, &l->state, NULL); /* FAIL says it anyway */
	launch_put_away(l);
	sync_fail(LAUNCH_SYNC, e);
	if (l->plan.auto_remove)
		launch_remove_container(l, true);
}

/* The monitor needs a few facts of them. */
void launch_shed_documents(struct launch *l)
{
	uint64_t namespaces = l->spec.namespaces;
	bool terminal = l->spec.terminal;
	struct plan kept = { .backend = l->plan.backend,
		             .auto_remove = l->plan.auto_remove,
		             .has_volumes = l->plan.has_volumes,
		             .stop_signal = l->plan.stop_signal,
		             .restart = l->plan.restart,
		             .log = l->plan.log };

	kept.log.tag = kept.log.socket = NULL;
	kept.health = l->plan.health;
	kept.stop_timeout_s = l->plan.stop_timeout_s;
	kept.timeout_s = l->plan.timeout_s;
	l->plan.health = (struct health_plan){ 0 };
	spec_done(&l->spec);
	plan_done(&l->plan);
	l->spec.terminal = terminal;
	l->spec.namespaces = namespaces;
	l->plan = kept;
}

int launch_again(struct launch *l, struct err *e)
{
	int r;

	plan_done(&l->plan); /* what was kept of it is read again */
	r = read_documents(l, e);
	if (r == 0)
		r = make_init(l, e);
	if (r == 0)
		r = let_go(l, e);
	if (r == 0) {
		launch_volume_events(l, "mount");
		launch_event(l, "start", NULL);
	} else {
		kill_init(l);
		note_failure(&l->state, e);
	}
	cleanup_close(&l->init_sync_fd);
	l->init_sync_fd = -EBADF;
	launch_shed_documents(l);
	return r;
}

void launch_guard_self(int first_foreign_fd, const char *name)
{
	sigset_t all;

	/* Signals are read from a descriptor later; until then they wait. */
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)prctl(PR_SET_NAME, name, 0, 0, 0);
	/* Helpers that put themselves into the background stay our children. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (int fd = LAUNCH_SYNC; fd < first_foreign_fd; fd++)
		(void)fd_set_cloexec(fd, 1);
	/* What the user's shell left open is not for a monitor that may live for months. */
	(void)fd_close_from(first_foreign_fd);
	IGNORE(chdir("/")); /* keep no directory of the user's busy */
}

static int first_foreign_fd(const struct launch *l)
{
	if (l->join_fd >= 0)
		return LAUNCH_JOIN + 1;
	return l->has_userns ? LAUNCH_USERNS + 1 : LAUNCH_USERNS;
}

int main(int argc, char **argv)
{
	struct launch l = {
		.init_pidfd = -EBADF,
		.init_sync_fd = -EBADF,
		.mntns_fd = -EBADF,
		.output_fds = { -EBADF, -EBADF },
		.input_fd = -EBADF,
		.join_fd = -EBADF,
		.uplink = UPLINK_NONE,
		.server = FUSE_SERVER_NONE,
		.userns_fd = -EBADF,
		.journal = { .fd = -EBADF },
	};
	struct err e = { 0 };
	struct sync_msg started = { .step = SYNC_STARTED };
	int r;

	if (argc > 3 && !strcmp(argv[2], LAUNCH_UNSHARE))
		return unshare_main(argv);
	if (argc != 3)
		return 125;
	sync_time(&l.times[0], "launcher's exec");
	if (!strcmp(argv[2], LAUNCH_EXEC))
		return exec_main(argv[1]);
	if (!strcmp(argv[2], LAUNCH_MOUNT))
		return live_mount_main();
	l.id = argv[1];
	l.has_userns = !strncmp(argv[2], LAUNCH_NESTED, strlen(LAUNCH_NESTED));
	l.join_fd = strstr(argv[2], LAUNCH_JOINS) ? LAUNCH_JOIN : -EBADF;
	launch_guard_self(first_foreign_fd(&l), "usr-ct-monitor");
	if (l.join_fd >= 0 && !l.has_userns)
		(void)close(LAUNCH_USERNS); /* whatever it is */
	r = wait_for_start(&l, &e);
	if (!l.start.step) {
		/* The engine failed or was killed. If the container is there already, an --rm goes;
		 * else it is a stage that the next sweep removes. */
		if (r == 0 && l.plan.auto_remove) {
			launch_remove_container(&l, false);
			launch_remove_container(&l, true);
		}
		(void)unlinkat(LAUNCH_RUNTIME_TOP, l.id, AT_REMOVEDIR);
		return 125;
	}
	if (r == 0)
		r = start(&l, &e);
	if (r < 0) {
		undo(&l, &e);
		return 125;
	}
	started.pid = l.init_pid;
	started.times[0] = l.times[0];
	started.times[1] = l.times[1];
	(void)sync_send(LAUNCH_SYNC, &started, -EBADF, NULL); /* the engine may be gone: go on */
	cleanup_close(&l.init_sync_fd);
	l.init_sync_fd = -EBADF;
	launch_shed_documents(&l);
	return monitor_run(&l);
}
