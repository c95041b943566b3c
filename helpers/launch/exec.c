/* SPDX-License-Identifier: Apache-2.0 */
/* exec - a session: one more process in a container that runs, and whoever is attached to it
 *
 * What a monitor is to a container, this is to the process: it holds the ends of its standard
 * streams or its terminal, serves the client that asked for it, knows how it ended. There is no
 * state on disk. The client may go: then output is thrown away and input is at its end, and the
 * process goes on, as with Docker. The container may end: the kernel kills the process, or we do.
 */
#include "launch/enter.h"
#include "launch/monitor.h"
#include "launch/process.h"
#include "launch/visit.h"

#include "base/fd.h"
#include "base/sbuf.h"
#include "container/events.h"
#include "container/rootfs.h"
#include "container/tools.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

enum { DRAIN_READS_MAX = 64 };

int exec_read_document(struct spec *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(EXEC_DOCUMENT, &st) < 0)
		return err_sys(e, "cannot read the process document");
	if (st.st_size > SPEC_MAX_BYTES)
		return err_errno(e, -EFBIG, "cannot read the process document");
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return err_oom(e);
	if (lseek(EXEC_DOCUMENT, 0, SEEK_SET) < 0)
		return err_sys(e, "cannot read the process document");
	n = fd_read_full(EXEC_DOCUMENT, text, (size_t)st.st_size);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read the process document");
	return spec_parse(text, (size_t)n, ret, e);
}

/* Nobody sees what a process in the background prints. */
static int make_null_stdio(int theirs[3], struct err *e)
{
	for (int i = 0; i < 3; i++) {
		theirs[i] = open("/dev/null", (i ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
		if (theirs[i] < 0)
			return err_sys(e, "cannot open /dev/null");
	}
	return 0;
}

static int take_terminal(struct launch *l, struct entered *x, struct err *e)
{
	if (x->master_fd < 0)
		return err_set(e, UCT_INTERNAL, -EPROTO, "the process came without a terminal");
	l->output_fds[0] = l->input_fd = TAKE_FD(x->master_fd);
	if (l->start.window.ws_col)
		(void)ioctl(l->input_fd, TIOCSWINSZ, &l->start.window);
	return 0;
}

/* The trees of tools, cloned where that is allowed. */
struct trees {
	const struct launch *l;
	int fds[TOOLS_TREES_MAX];
	size_t n, n_data;
};

static int clone_trees(void *arg, struct err *e)
{
	struct trees *t = arg;

	if (t->l->start.flags & SYNC_USERNS &&
	    (setns(EXEC_USERNS, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0))
		return err_sys(e, "cannot copy the mount namespace");
	for (; t->n < t->l->spec.n_mounts; t->n++) {
		int fd = rootfs_clone_source(&t->l->spec.mounts[t->n], e);

		if (fd < 0)
			return fd;
		t->fds[t->n] = fd;
		t->n_data += !strcmp(t->l->spec.mounts[t->n].target, TOOLS_DATA);
	}
	return 0;
}

/* The command's descriptors from 3 on, which the engine sends. */
struct kept {
	int fds[SYNC_KEEP_MAX];
	size_t n;
};

static void kept_done(struct kept *k)
{
	for (size_t i = 0; i < k->n; i++)
		cleanup_close(&k->fds[i]);
	k->n = 0;
}

static int receive_kept(struct launch *l, struct kept *ret, struct err *e)
{
	struct sync_msg m;
	int r = 0;

	if (l->start.pid < 0 || l->start.pid > SYNC_KEEP_MAX)
		return err_set(e, UCT_INTERNAL, -EPROTO, "START asks for too many descriptors");
	for (int i = 0; i < l->start.pid && r == 0; i++) {
		r = sync_expect(EXEC_SYNC, SYNC_KEEP, "engine", &m, &ret->fds[ret->n], e);
		if (r == 0 && ret->fds[ret->n] < 0)
			r = err_set(e, UCT_INTERNAL, -EPROTO, "KEEP came without a descriptor");
		ret->n += r == 0;
	}
	return r;
}

static int open_container(const struct launch *l)
{
	char dir[128];

	(void)snprintf(dir, sizeof(dir), "containers/%s", l->id);
	return openat(EXEC_STORE, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

static int read_secrets(struct launch *l, struct err *e)
{
	_cleanup_close_ int dirfd = open_container(l);

	if (dirfd < 0)
		return err_sys(e, "cannot open the container's directory");
	return secrets_read_env(dirfd, &l->plan.doc, &l->secrets, e);
}

/* That of the container, inherited from us: what enters it is not dumpable from its first moment,
 * so nobody could write its file. Who may not go so low stays where he is. */
static int set_oom_score(const struct launch *l, struct err *e)
{
	int r = process_set_oom_score(&l->spec, e);

	return r == -EACCES || r == -EPERM ? 0 : r;
}

static int enter(struct launch *l, const struct kept *kept, struct err *e)
{
	_cleanup_entered_ struct entered x = ENTERED_NONE;
	struct enter what = {
		.init_pidfd = EXEC_INIT,
		.cgroup_fd = l->start.flags & SYNC_CGROUP ? EXEC_CGROUP : -EBADF,
		.spec = &l->spec,
		.stdio = { -EBADF, -EBADF, -EBADF },
		.secrets = &l->secrets,
		.kept_fds = kept->fds,
		.n_kept = kept->n,
	};
	struct trees trees = { .l = l };
	int r = 0;

	if (l->start.flags & SYNC_TOOLS) {
		if (l->spec.n_mounts > TOOLS_TREES_MAX)
			return err_errno(e, -E2BIG, "the tools have too many layers");
		r = visit(clone_trees, &trees,
		          l->start.flags & SYNC_USERNS ? 0 : CLONE_NEWUSER | CLONE_NEWNS, e);
		what.tools_fds = trees.fds;
		what.n_tools = trees.n;
		what.n_tools_data = trees.n_data;
	}
	if (r < 0)
		return r;
	if (l->spec.terminal || l->start.flags & SYNC_ATTACH)
		r = launch_make_stdio(l, what.stdio, e);
	else
		r = make_null_stdio(what.stdio, e);
	if (r == 0)
		r = enter_start(&what, &x, e);
	/* Without limits nothing was promised of its cgroup. */
	if (r < 0 && e->uct == UCT_CGROUP_FAILED && !l->spec.resources.n) {
		what.cgroup_fd = -EBADF;
		r = enter_start(&what, &x, e);
	}
	for (int i = 0; i < 3; i++)
		cleanup_close(&what.stdio[i]);
	for (size_t i = 0; i < trees.n; i++)
		cleanup_close(&trees.fds[i]);
	if (r == 0)
		r = enter_result(&x, e);
	if (r == 0) {
		l->init_pid = x.pid;
		l->init_pidfd = TAKE_FD(x.pidfd);
	}
	if (r == 0 && l->spec.terminal)
		r = take_terminal(l, &x, e);
	return r;
}

static int start(struct launch *l, struct err *e)
{
	int r = sync_expect(EXEC_SYNC, SYNC_START, "engine", &l->start, NULL, e);
	struct kept kept = { 0 };
	struct sync_msg scoped;

	/* Wherever that leaves us; the cgroup itself says what we may do. */
	if (r == 0 && l->start.flags & SYNC_SCOPE)
		r = sync_expect(EXEC_SYNC, SYNC_SCOPED, "engine", &scoped, NULL, e);
	if (r == 0 && !(l->start.flags & SYNC_CGROUP))
		(void)close(EXEC_CGROUP);
	if (r == 0 && !(l->start.flags & SYNC_USERNS))
		(void)close(EXEC_USERNS);
	if (r == 0 && !(l->start.flags & SYNC_PIN))
		(void)close(EXEC_PIN);
	if (r == 0)
		r = exec_read_document(&l->spec, e);
	l->plan.interactive = l->start.flags & SYNC_INTERACTIVE && l->start.flags & SYNC_ATTACH;
	if (r == 0)
		r = receive_kept(l, &kept, e);
	if (r == 0)
		r = read_secrets(l, e);
	if (r == 0)
		r = set_oom_score(l, e);
	if (r == 0)
		r = enter(l, &kept, e);
	secrets_done(&l->secrets);
	kept_done(&kept);
	return r;
}

static int set_up(struct monitor *m)
{
	struct launch *l = m->l;
	sigset_t all;
	int r = 0;

	(void)sigfillset(&all);
	m->listen_fd = m->log.fd = m->oom_fd = m->squeeze.pidfd = -EBADF;
	m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	m->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (m->epoll_fd < 0 || m->signal_fd < 0)
		return -errno;
	r = monitor_watch_streams(m);
	r = MIN(r, monitor_watch(m, m->signal_fd, EPOLLIN, EVENT_SIGNAL, 0));
	r = MIN(r, monitor_watch(m, l->init_pidfd, EPOLLIN, EVENT_INIT, 0));
	return MIN(r, monitor_watch(m, EXEC_INIT, EPOLLIN, EVENT_CONTAINER, 0));
}

static void loop(struct monitor *m)
{
	while (!m->has_ended) {
		monitor_wait(m, 0);
		/* Only one client ever comes. */
		if (m->clients[0].fd < 0 && !m->l->spec.terminal && !m->input_ended)
			pump_input_end(m);
	}
}

static bool has_more(int fd)
{
	int n = 0;

	return ioctl(fd, FIONREAD, &n) == 0 && n > 0;
}

/* What it printed before it ended. Its children may have the other ends still, and go on, so an end
 * of file is not waited for, and they do not keep us here by being loud. */
static void drain(struct monitor *m)
{
	for (unsigned i = 0; i < 2; i++)
		for (int k = 0; k < DRAIN_READS_MAX && m->output_open[i]; k++)
			if (!has_more(m->l->output_fds[i]) || !pump_output(m, (int)i))
				break;
}

/* Docker's words for it. */
static void tell(struct launch *l, const char *action, const char *const *attributes)
{
	_cleanup_close_ int fd = open_container(l);

	(void)event_container(EXEC_STORE, fd, l->id, action, attributes);
}

static void tell_command(struct launch *l, const char *action)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1024);

	sbuf_adds(&b, action);
	for (char *const *v = l->spec.args; *v && b.len + strlen(*v) < 1000; v++)
		sbuf_addf(&b, " %s", *v);
	if (!b.err)
		tell(l, b.s, NULL);
}

/* Docker makes an exec and starts it in two steps, and has watchers of each. */
static void tell_start(struct launch *l)
{
	tell_command(l, "exec_create:");
	tell_command(l, "exec_start:");
}

static void tell_end(struct launch *l)
{
	char code[16];

	(void)snprintf(code, sizeof(code), "%d", l->state.exit_code);
	tell(l, "exec_die", (const char *const[]){ "exitCode", code, NULL });
}

/* So that no sweep takes it for what a killed pull has left. */
static void remove_pin(const struct launch *l)
{
	char path[PATH_MAX], name[PATH_MAX];
	const char *slash;
	ssize_t n;

	if (!(l->start.flags & SYNC_PIN))
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", EXEC_PIN);
	n = readlink(path, name, sizeof(name) - 1);
	name[MAX(n, (ssize_t)0)] = '\0';
	slash = strrchr(name, '/');
	if (slash && snprintf(path, sizeof(path), "tmp%s", slash) < (int)sizeof(path))
		(void)unlinkat(EXEC_STORE, path, AT_REMOVEDIR);
}

static int session(struct launch *l)
{
	static struct monitor monitor; /* too large for a stack */
	struct monitor *m = &monitor;

	m->l = l;
	clients_init(m);
	if (set_up(m) < 0) {
		(void)pidfd_signal(l->init_pidfd, SIGKILL); /* nobody would look after it */
		(void)pidfd_wait(l->init_pidfd, &m->status);
		return 125;
	}
	if (l->start.flags & SYNC_ATTACH && fd_set_nonblock(EXEC_SYNC) == 0)
		(void)clients_add(m, EXEC_SYNC, true);
	else
		(void)close(EXEC_SYNC);
	loop(m);
	drain(m);
	l->state.exit_code = monitor_exit_code(m->status);
	tell_end(l);
	remove_pin(l);
	monitor_part(m);
	return 0;
}

int exec_main(const char *id)
{
	struct launch l = {
		.id = id,
		.plan = { .stop_signal = SIGTERM },
		.init_pidfd = -EBADF,
		.init_sync_fd = -EBADF,
		.mntns_fd = -EBADF,
		.output_fds = { -EBADF, -EBADF },
		.input_fd = -EBADF,
		.uplink = UPLINK_NONE,
		.server = FUSE_SERVER_NONE,
	};
	struct sync_msg started = { .step = SYNC_STARTED };
	struct err e = { 0 };

	launch_guard_self(EXEC_FDS_END, "usr-ct-exec");
	if (start(&l, &e) < 0) {
		remove_pin(&l);
		sync_fail(EXEC_SYNC, &e);
		return 125;
	}
	started.pid = l.init_pid;
	(void)sync_send(EXEC_SYNC, &started, -EBADF, NULL); /* the engine may be gone: go on */
	tell_start(&l);
	launch_shed_documents(&l);
	return session(&l);
}
