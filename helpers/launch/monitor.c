/* SPDX-License-Identifier: Apache-2.0 */
/* monitor - look after a running container until it has ended and everything is put away
 *
 * The end, in this order: the first process is reaped; what its pipes still hold is moved; the
 * state file is written, or an --rm container renamed away, so that its name is free; the clients
 * hear EXIT; and only then, while nobody waits, the mount namespace dies and files are deleted.
 * Killed at any point, we leave nothing that the next command does not clean (store.h).
 */
#include "launch/monitor.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "cgroup/control.h"
#include "launch/group.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

static uint64_t event_key(enum event_source source, unsigned index)
{
	return (uint64_t)source << 32 | index;
}

int monitor_watch(struct monitor *m, int fd, uint32_t events, enum event_source source,
                  unsigned index)
{
	struct epoll_event ev = { .events = events, .data.u64 = event_key(source, index) };

	return epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

void monitor_change(struct monitor *m, int fd, uint32_t events, enum event_source source,
                    unsigned index)
{
	struct epoll_event ev = { .events = events, .data.u64 = event_key(source, index) };

	(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_MOD, fd, &ev); /* it was added: cannot fail */
}

static void output_ended(struct monitor *m, unsigned stream)
{
	if (!m->output_open[stream])
		return;
	m->output_open[stream] = false;
	(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, m->l->output_fds[stream], NULL);
}

static void handle_signal(struct monitor *m)
{
	struct signalfd_siginfo si;

	if (read(m->signal_fd, &si, sizeof(si)) != sizeof(si))
		return;
	/* Somebody wants the monitor to end: the session, or the machine, goes down. The way to
	 * that is the container's own end. */
	if (si.ssi_signo != SIGTERM && si.ssi_signo != SIGINT && si.ssi_signo != SIGQUIT)
		return;
	m->is_stopping = true;
	m->starts_again = false;
	if (m->l->init_pidfd >= 0)
		(void)pidfd_signal(m->l->init_pidfd, m->l->plan.stop_signal);
	if (cgroup_is_frozen(m->l->cgroup)) /* paused, it would not hear it */
		(void)cgroup_freeze(m->l->cgroup, false, 0, NULL);
}

static void handle_output(struct monitor *m, unsigned stream, uint32_t events)
{
	if (events & EPOLLOUT)
		pump_input_ready(m);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)) || !m->output_open[stream])
		return;
	if (!pump_output(m, (int)stream))
		output_ended(m, stream);
	if (clients_are_slow(m))
		pump_watch(m);
}

static void handle_init(struct monitor *m)
{
	if (pidfd_wait(m->l->init_pidfd, &m->status) < 0)
		m->status = 255 << 8; /* somebody else reaped it; nobody does */
	if (!(m->l->spec.namespaces & CLONE_NEWPID))
		stragglers_end(m->l);
	m->has_ended = true;
	(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, m->l->init_pidfd, NULL);
}

/* What showed the root has ended: whatever the container does now fails. */
static void handle_lost_root(struct monitor *m)
{
	static const char text[] = "1usr-ct: the container's files are gone: fuse-overlayfs was "
				   "killed\n";
	struct launch *l = m->l;

	(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, l->server.pidfd, NULL);
	if (m->has_ended)
		return;
	memcpy(m->buf, text, sizeof(text) - 1);
	m->buf[0] = ATTACH_STDERR;
	clients_broadcast(m, sizeof(text) - 1);
	(void)snprintf(l->state.error, sizeof(l->state.error),
	               "fuse-overlayfs, which showed the container's files, was killed");
	(void)pidfd_signal(l->init_pidfd, SIGKILL);
}

static void handle_event(struct monitor *m, const struct epoll_event *ev)
{
	unsigned index = (unsigned)(ev->data.u64 & UINT32_MAX);
	bool was_slow;

	switch ((enum event_source)(ev->data.u64 >> 32)) {
	case EVENT_OUTPUT:
		handle_output(m, index, ev->events);
		break;
	case EVENT_INPUT:
		pump_input_ready(m);
		break;
	case EVENT_LISTEN:
		clients_accept(m);
		break;
	case EVENT_SIGNAL:
		handle_signal(m);
		break;
	case EVENT_INIT:
		handle_init(m);
		break;
	case EVENT_ROOT:
		handle_lost_root(m);
		break;
	case EVENT_HEALTH:
		health_event(m, index);
		break;
	case EVENT_OOM:
		oom_check(m);
		break;
	case EVENT_SQUEEZE:
		squeeze_event(m);
		break;
	case EVENT_CONTAINER:
		(void)epoll_ctl(m->epoll_fd, EPOLL_CTL_DEL, EXEC_INIT, NULL);
		/* In the PID namespace of the host the kernel would let it live on. */
		(void)pidfd_signal(m->l->init_pidfd, SIGKILL);
		break;
	case EVENT_CLIENT:
		was_slow = clients_are_slow(m);
		clients_event(m, index, ev->events);
		if (was_slow && !clients_are_slow(m))
			pump_watch(m);
		break;
	}
}

/* After the end nobody can write any more (the PID namespace is dead), so what the pipes hold is
 * all there will be. It is little enough to keep for a client that does not read now: the state
 * must not wait for it. */
static bool is_drained(struct monitor *m)
{
	for (unsigned i = 0; i < 2; i++)
		while (m->output_open[i])
			if (!pump_output(m, (int)i))
				output_ended(m, i);
	return !m->output_open[0] && !m->output_open[1];
}

void monitor_wait(struct monitor *m, uint64_t deadline_ns)
{
	uint64_t now = clock_monotonic_ns(), health_ns = health_deadline(m), ms;
	struct epoll_event ev[16];
	int timeout_ms = -1, n;

	if (health_ns && (!deadline_ns || health_ns < deadline_ns))
		deadline_ns = health_ns;
	if (deadline_ns) {
		ms = deadline_ns > now ? (deadline_ns - now) / 1000000 + 1 : 0;
		timeout_ms = (int)MIN(ms, (uint64_t)INT32_MAX);
	}
	n = idle_wait(m, ev, ARRAY_SIZE(ev), timeout_ms);
	for (int i = 0; i < n; i++)
		handle_event(m, &ev[i]);
	health_tick(m);
}

/* --timeout: when this run has to be over; 0: whenever it likes, or it was killed for that. */
static uint64_t end_of_run(const struct monitor *m)
{
	uint64_t timeout_s = m->l->plan.timeout_s;

	return timeout_s && !m->is_late ? m->began_ns + timeout_s * UINT64_C(1000000000) : 0;
}

static void loop(struct monitor *m)
{
	uint64_t end_ns;

	while (!m->has_ended || !is_drained(m)) {
		monitor_wait(m, end_of_run(m));
		end_ns = end_of_run(m);
		if (m->has_ended || !end_ns || clock_monotonic_ns() < end_ns)
			continue;
		m->is_late = true;
		(void)pidfd_signal(m->l->init_pidfd, SIGKILL);
	}
}

static int reload(struct monitor *m)
{
	_cleanup_json_ json_t *doc = NULL;
	struct health_plan health = { 0 };
	int r = json_read_at(LAUNCH_CONTAINER, PLAN_FILE, SPEC_MAX_BYTES, &doc, NULL);

	if (r == 0)
		r = plan_parse_restart(doc, &m->l->plan.restart, NULL);
	if (r == 0)
		r = plan_parse_health(doc, &health, NULL);
	if (r == 0)
		health_replace(m, &health);
	else
		strv_done(&health.test);
	return r;
}

int monitor_control(struct monitor *m, uint32_t op)
{
	switch ((enum attach_op)op) {
	case ATTACH_OP_STOP:
		m->is_stopping = m->is_stopped_by_user = true;
		m->starts_again = false;
		return 0;
	case ATTACH_OP_AGAIN:
		if (m->is_over)
			return -ESRCH;
		m->starts_again = true;
		m->is_stopping = m->is_stopped_by_user = false;
		return 0;
	case ATTACH_OP_CHECK:
		return health_check_now(m);
	case ATTACH_OP_FREEZE: /* belongs to a client: clients.c */
		break;
	case ATTACH_OP_RELOAD:
		return reload(m);
	}
	return -ENOTSUP;
}

int monitor_exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static size_t make_exit(struct monitor *m)
{
	struct attach_exit x = { .exit_code = m->l->state.exit_code,
		                 .flags = m->l->state.is_oom_killed ? ATTACH_EXIT_OOM : 0 };

	m->buf[0] = ATTACH_EXIT;
	memcpy(m->buf + 1, &x, sizeof(x));
	return 1 + sizeof(x);
}

void monitor_tell_exit(struct monitor *m)
{
	clients_broadcast(m, make_exit(m));
}

void monitor_greet(struct monitor *m, unsigned index)
{
	if (m->is_over)
		clients_send(m, index, make_exit(m));
}

void monitor_part(struct monitor *m)
{
	m->is_over = true;
	monitor_tell_exit(m);
	while (clients_have_backlog(m))
		monitor_wait(m, 0);
	clients_release(m);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		clients_drop(m, i);
}

void launch_end_run(struct launch *l)
{
	uplink_stop(&l->uplink);
	group_remove(l);
	if (!l->spec.terminal)
		cleanup_close(&l->input_fd); /* a terminal is one descriptor for both */
	cleanup_close(&l->output_fds[0]);
	cleanup_close(&l->output_fds[1]);
	cleanup_close(&l->init_pidfd);
	cleanup_close(&l->mntns_fd);
	fuse_server_end(&l->server); /* now that its mount is gone */
	l->input_fd = l->output_fds[0] = l->output_fds[1] = -EBADF;
	l->init_pidfd = l->mntns_fd = -EBADF;
	l->init_pid = 0;
}

void launch_put_away(struct launch *l)
{
	_cleanup_free_ char *live = strf("live/%s", l->id);

	launch_end_run(l);
	(void)tree_remove_at(LAUNCH_RUNTIME_TOP, l->id, NULL);
	if (live)
		(void)unlinkat(LAUNCH_STORE, live, 0);
}

void launch_remove_container(struct launch *l, bool contents)
{
	_cleanup_free_ char *from = strf("containers/%s", l->id), *to = strf("trash/%s", l->id);
	DIR *d;

	if (!from || !to)
		return;
	if (!contents) {
		/* The one step after which the container is gone; a name in use is free. */
		if (renameat(LAUNCH_STORE, from, LAUNCH_STORE, to) == 0)
			launch_event(l, "destroy", NULL);
		return;
	}
	/* The directory itself stays, empty: it tells the next writer which row to delete. */
	d = fdopendir(openat(LAUNCH_STORE, to, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
	if (!d)
		return;
	for (struct dirent *de; (de = readdir(d));)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			(void)tree_remove_at(dirfd(d), de->d_name, NULL);
	(void)closedir(d);
}

static int set_up(struct monitor *m)
{
	sigset_t all;
	int r = 0;

	(void)sigfillset(&all);
	m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	m->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	m->listen_fd = sock_listen_at(LAUNCH_RUNTIME, ATTACH_SOCKET, NULL);
	if (m->epoll_fd < 0)
		return -errno;
	if (m->signal_fd >= 0)
		r = MIN(r, monitor_watch(m, m->signal_fd, EPOLLIN, EVENT_SIGNAL, 0));
	if (m->listen_fd >= 0)
		r = MIN(r, monitor_watch(m, m->listen_fd, EPOLLIN, EVENT_LISTEN, 0));
	return r;
}

static void tell_end(const struct launch *l)
{
	char code[16], duration[24];
	const char *attributes[] = { "execDuration", duration, "exitCode", code, NULL };
	uint64_t began = MIN(l->state.started_ns, l->state.finished_ns);

	(void)snprintf(code, sizeof(code), "%d", l->state.exit_code);
	(void)snprintf(duration, sizeof(duration), "%llu",
	               (unsigned long long)((l->state.finished_ns - began) / 1000000000));
	launch_event(l, "die", attributes);
	launch_volume_events(l, "unmount");
}

int monitor_watch_streams(struct monitor *m)
{
	struct launch *l = m->l;
	int r = 0;

	for (unsigned i = 0; i < 2; i++) {
		if (l->output_fds[i] < 0)
			continue;
		m->output_open[i] = true;
		(void)fd_set_nonblock(l->output_fds[i]);
		r = MIN(r, monitor_watch(m, l->output_fds[i], EPOLLIN, EVENT_OUTPUT, i));
	}
	if (l->input_fd >= 0 && !l->spec.terminal)
		(void)fd_set_nonblock(l->input_fd);
	return r;
}

static int watch_run(struct monitor *m)
{
	int r;

	m->has_ended = m->input_ended = m->is_late = false;
	m->began_ns = clock_monotonic_ns();
	r = monitor_watch_streams(m);
	if (m->l->server.pidfd >= 0)
		r = MIN(r, monitor_watch(m, m->l->server.pidfd, EPOLLIN, EVENT_ROOT, 0));
	oom_watch(m);
	return MIN(r, monitor_watch(m, m->l->init_pidfd, EPOLLIN, EVENT_INIT, 0));
}

/* From its start, which has happened, to its end. */
static void look_after_run(struct monitor *m)
{
	struct launch *l = m->l;

	if (watch_run(m) == 0) {
		health_begin(m);
		loop(m);
	} else {
		/* What cannot be looked after must not go on. */
		(void)pidfd_signal(l->init_pidfd, SIGKILL);
		(void)pidfd_wait(l->init_pidfd, &m->status);
		m->is_stopping = true;
	}
	health_end(m);
	pump_end(m);
	oom_check(m); /* the kill and the end come together */
	oom_forget(m);
	l->state.status = STATE_EXITED;
	l->state.uplink = (struct proc_id){ 0 }; /* we end it ourselves */
	l->state.finished_ns = clock_realtime_ns();
	l->state.exit_code = monitor_exit_code(m->status);
	tell_end(l);
}

/* On a full disk, which the container may have filled with what it wrote, the exit status is worth
 * more than the last entries of the log. */
static void keep_last_state(struct monitor *m)
{
	int r = state_write(LAUNCH_CONTAINER, &m->l->state, NULL);
	off_t end = r == -ENOSPC || r == -EDQUOT ? lseek(m->log.fd, 0, SEEK_END) : 0;

	if (end <= 0)
		return;
	IGNORE(ftruncate(m->log.fd, MAX(end - 16384, (off_t)0)));
	(void)state_write(LAUNCH_CONTAINER, &m->l->state, NULL); /* else its state is unknown */
}

int monitor_run(struct launch *l)
{
	static struct monitor monitor; /* too large for a stack; touched only as far as needed */
	struct monitor *m = &monitor;

	m->l = l;
	logging_open_file(m);
	m->oom_fd = -EBADF;
	m->health.output_fd = -EBADF;
	m->health.check = (struct entered)ENTERED_NONE;
	clients_init(m);
	if (set_up(m) == 0) {
		if (l->start.flags & SYNC_ATTACH && fd_set_nonblock(LAUNCH_SYNC) == 0)
			(void)clients_add(m, LAUNCH_SYNC, true);
		else
			(void)close(LAUNCH_SYNC);
	}
	do
		look_after_run(m);
	while (restart_after_end(m));
	l->state.is_stopped_by_user = m->is_stopped_by_user;
	if (l->plan.auto_remove)
		launch_remove_container(l, false);
	else
		keep_last_state(m);
	monitor_part(m);
	squeeze_end(m);
	launch_put_away(l);
	if (l->plan.auto_remove) {
		launch_remove_container(l, true);
		launch_tidy(l);
	}
	return 0;
}
