/* SPDX-License-Identifier: Apache-2.0 */
/* start - let the launcher make a container's processes, and stay attached if that is wanted
 */
#include "engine/attach.h"
#include "engine/create.h"
#include "engine/etc.h"
#include "engine/ids.h"
#include "engine/launcher.h"
#include "engine/layering.h"
#include "engine/mount-add.h"
#include "engine/scope.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sock.h"
#include "container/attach.h"
#include "container/events.h"
#include "container/spec.h"
#include "container/sync.h"
#include "engine/detach-keys.h"
#include "network/uplink.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum { MONITOR_END_MS = 10000 };

/* What start must know of the documents; the launcher reads them itself. */
struct needs {
	bool tty, interactive;
	enum network_kind network;
	char hostname[65], domainname[65];
	json_t *plan;
	bool no_cgroup;
	char cgroup_parent[128];
	unsigned stop_timeout_s;
};

struct starting {
	struct usrct *u;
	const struct usrct_start_options *opts;
	struct stopwatch *watch;
	int dirfd; /* containers/ID, locked */
	const char *id;
	struct needs needs;
	struct scope scope;
	int sock_fd; /* to the launcher, then the monitor */
	pid_t init_pid;
};

static int read_needs(int dirfd, struct needs *ret, struct err *e)
{
	_cleanup_json_ json_t *spec = NULL;
	const char *network = "none", *hostname = "", *domainname = "", *cgroup_parent = "";
	json_int_t stop_timeout_s = 10;
	int r;

	r = json_read_at(dirfd, PLAN_FILE, SPEC_MAX_BYTES, &ret->plan, e);
	if (r == 0)
		r = json_read_at(dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);
	if (r == 0)
		r = MIN(json_get_string(ret->plan, "network", &network, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(ret->plan, "interactive", &ret->interactive, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(ret->plan, "noCgroup", &ret->no_cgroup, e), 0);
	if (r == 0)
		r = MIN(json_get_string(ret->plan, "cgroupParent", &cgroup_parent, e), 0);
	if (r == 0)
		r = MIN(json_get_int(ret->plan, "stopTimeout", &stop_timeout_s, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(spec, "process.terminal", &ret->tty, e), 0);
	if (r == 0)
		r = MIN(json_get_string(spec, "hostname", &hostname, e), 0);
	if (r == 0)
		r = MIN(json_get_string(spec, "domainname", &domainname, e), 0);
	if (r == 0 && network_parse_name(network, &ret->network) < 0)
		r = err_set(e, UCT_STORE_DAMAGED, -EINVAL, "network '%s' is not known", network);
	(void)snprintf(ret->hostname, sizeof(ret->hostname), "%s", hostname);
	(void)snprintf(ret->domainname, sizeof(ret->domainname), "%s", domainname);
	if (!*hostname) /* --uts host */
		(void)gethostname(ret->hostname, sizeof(ret->hostname) - 1);
	(void)snprintf(ret->cgroup_parent, sizeof(ret->cgroup_parent), "%s", cgroup_parent);
	stop_timeout_s = MAX(stop_timeout_s, (json_int_t)0);
	ret->stop_timeout_s = (unsigned)MIN(stop_timeout_s, (json_int_t)86400);
	return r < 0 ? err_recode(e, r, UCT_STORE_DAMAGED) : 0;
}

static int write_etc(const struct starting *s, struct err *e)
{
	const struct etc etc = {
		.wishes = json_at(s->needs.plan, "etc"),
		.network = s->needs.network,
		.hostname = s->needs.hostname,
		.domainname = s->needs.domainname,
	};

	return etc_write(&etc, s->dirfd, e);
}

/* For whoever asked for it with --pidfile; each start writes it anew. */
static int write_pidfile(const struct starting *s, struct err *e)
{
	const char *path = NULL;
	char text[16];
	int n, r = json_get_string(s->needs.plan, "pidFile", &path, e);

	if (r <= 0)
		return r;
	n = snprintf(text, sizeof(text), "%d\n", (int)s->init_pid);
	return file_write_at(AT_FDCWD, path, text, (size_t)n, 0644, false, e);
}

/* First process of the container whose user namespace is joined; -EBADF: none is. */
static int open_joined(const struct starting *s, int *ret_fd, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	const char *id = NULL;
	int r = json_get_string(s->needs.plan, "usernsOf", &id, e);

	*ret_fd = -EBADF;
	if (r <= 0)
		return r;
	r = target_open(s->u, id, STORE_WRITE, &t, e);
	if (r == -ENOENT)
		return err_set(e, UCT_USERNS_GONE, r,
		               "container '%.12s', whose user namespace this one joins, is gone",
		               id);
	if (r < 0)
		return r;
	*ret_fd = state_is_running(&t.state) ? proc_open(&t.state.init) : -ESRCH;
	return *ret_fd < 0 ? err_set(e, UCT_USERNS_GONE, -ESRCH,
	                             "container '%s', whose user namespace this one joins, does "
	                             "not run",
	                             t.row.name)
	                   : 0;
}

static int spawn_launcher(struct starting *s, int their_fd, int run_dirfd, int join_fd,
                          struct err *e)
{
	struct usrct *u = s->u;
	const struct spawn_fd fds[] = {
		{ their_fd, LAUNCH_SYNC },
		{ store_dirfd(u->store), LAUNCH_STORE },
		{ s->dirfd, LAUNCH_CONTAINER },
		{ run_dirfd, LAUNCH_RUNTIME },
		{ u->runtime_dirfd, LAUNCH_RUNTIME_TOP },
		{ u->is_single_id ? -EBADF : u->held.userns_fd, LAUNCH_USERNS },
		{ join_fd, LAUNCH_JOIN },
	};
	const char *how = u->is_single_id ? LAUNCH_SINGLE : LAUNCH_NESTED;
	char how_joined[32];
	pid_t pid = 0;
	int r;

	if (join_fd >= 0) {
		(void)snprintf(how_joined, sizeof(how_joined), "%s" LAUNCH_JOINS, how);
		how = how_joined;
	}

	if (!s->needs.no_cgroup) {
		r = scope_prepare_start(&s->scope,
		                        *s->needs.cgroup_parent ? s->needs.cgroup_parent : NULL, e);
		if (r < 0)
			return r;
	}
	r = launcher_spawn(u, &(struct launching){ s->id, how, fds, ARRAY_SIZE(fds) }, &pid, e);
	if (r == 0)
		scope_ask(&s->scope, s->id, pid, s->needs.stop_timeout_s);
	return r;
}

static void report_times(const struct starting *s, const struct sync_msg *m)
{
	static const char *const who[] = { "launcher", "init" };
	uint64_t began = s->watch->began_ns;

	if (!s->opts || !s->opts->timing)
		return;
	for (size_t k = 0; k < 2; k++)
		for (uint32_t i = 0; i < MIN(m->times[k].n, (uint32_t)SYNC_STEPS_MAX); i++) {
			const struct sync_timing *x = &m->times[k].t[i];
			struct usrct_timing t = { who[k], x->step,
				                  x->start_ns - MIN(began, x->start_ns),
				                  x->end_ns - MIN(began, x->end_ns) };

			s->opts->timing(&t, s->opts->arg);
		}
}

static int converse(struct starting *s, struct err *e)
{
	struct sync_msg m = { .step = SYNC_START };
	const struct usrct_stdio *io = s->opts ? s->opts->stdio : NULL;
	int r;

	if (io) {
		m.flags = SYNC_ATTACH;
		if (s->needs.tty)
			(void)ioctl(io->stdin_fd, TIOCGWINSZ, &m.window);
	}
	if (s->scope.is_asked)
		m.flags |= SYNC_SCOPE;
	r = sync_send(s->sock_fd, &m, -EBADF, e);
	if (r == 0 && s->scope.is_asked) {
		r = scope_answer(&s->scope, &m, e);
		if (r == 0) /* if it is gone, it has said why */
			(void)sync_send(s->sock_fd, &m, -EBADF, NULL);
		stopwatch_step(s->watch, "scope");
	}
	if (r == 0)
		r = sync_expect(s->sock_fd, SYNC_STARTED, "the launcher", &m, NULL, e);
	if (r < 0)
		return r;
	s->init_pid = m.pid;
	stopwatch_step(s->watch, "launcher");
	report_times(s, &m);
	return write_pidfile(s, e);
}

static int launch(struct starting *s, struct err *e)
{
	_cleanup_close_ int run_dirfd = -EBADF, theirs = -EBADF, join_fd = -EBADF;
	int pair[2], r = write_etc(s, e);

	if (r == 0)
		r = open_joined(s, &join_fd, e);

	if (r == 0)
		r = engine_hold(s->u, e);
	stopwatch_step(s->watch, "user namespace");
	if (r < 0)
		return r;
	run_dirfd = dir_open_at(s->u->runtime_dirfd, s->id, 0700, e);
	if (run_dirfd < 0)
		return run_dirfd;
	(void)unlinkat(run_dirfd, ATTACH_SOCKET, 0); /* of a monitor that was killed */
	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	s->sock_fd = pair[0];
	theirs = pair[1];
	r = spawn_launcher(s, theirs, run_dirfd, join_fd, e);
	cleanup_close(&theirs); /* or its death would not read as end of file */
	theirs = -EBADF;
	stopwatch_step(s->watch, "spawn launcher");
	return r < 0 ? r : converse(s, e);
}

static int stay(struct starting *s, int *ret_status, struct err *e)
{
	_cleanup_close_ int pidfd = pidfd_of(s->init_pid);
	struct attachment a = {
		.sock_fd = s->sock_fd,
		.init_pidfd = pidfd,
		.io = s->opts->stdio,
		.tty = s->needs.tty,
		.interactive = s->needs.interactive,
		.ret_oom_killed = s->opts->ret_oom_killed,
	};
	int status = 0, r = attach_run(&a, &status, e);

	if (r >= 0 && ret_status)
		*ret_status = status;
	if (r == 0)
		(void)event_container(store_dirfd(s->u->store), s->dirfd, s->id, "detach", NULL);
	return MIN(r, 0);
}

/* Its monitor told everybody that it has ended, and is still putting things away. */
static int wait_for_monitor(const struct target *t)
{
	_cleanup_close_ int pidfd = proc_open(&t->state.monitor);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return pidfd >= 0 && RETRY_EINTR(poll(&p, 1, MONITOR_END_MS)) == 1;
}

/* Only one start at a time; the lock goes to the launcher with the descriptor. */
static int lock_container(struct target *t, struct err *e)
{
	int r;

	if (flock(t->dirfd, LOCK_EX | LOCK_NB) == 0 ||
	    (t->state.status == STATE_EXITED && wait_for_monitor(t) &&
	     flock(t->dirfd, LOCK_EX | LOCK_NB) == 0)) {
		/* Somebody may have started and ended it since we looked. */
		r = state_read(t->dirfd, &t->state, e);
		if (r < 0 || !state_is_active(&t->state))
			return r;
	}
	return err_set(e, UCT_CONTAINER_RUNNING, -EALREADY, "container '%s' is running already",
	               t->row.name);
}

static int make_trees(struct starting *s, const struct ids *ids, const json_t *list, struct err *e)
{
	_cleanup_strv_ struct strv paths = { 0 };
	const json_t *v;
	size_t i;
	int r = 0;

	json_array_foreach(list, i, v)
	{
		r = strv_add(&paths, json_string_value(v) ? json_string_value(v) : "");
		if (r < 0)
			return err_oom(e);
	}
	return engine_layers_make(s->u, ids, paths.v, e);
}

/* Metadata trees may be thrown away at any time, and of a new image are not made yet. */
static int make_layers(struct starting *s, struct err *e)
{
	_cleanup_json_ json_t *plan = NULL;
	int r = json_read_at(s->dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);
	bool has_trees = json_at(plan, "data") || json_at(plan, "imageMounts");
	struct ids ids;
	const json_t *v;
	size_t i;

	if (r == 0 && has_trees)
		r = engine_hold(s->u, e);
	if (r == 0 && has_trees)
		r = ids_of_container(s->u, s->dirfd, &ids, e);
	if (r == 0 && json_at(plan, "data"))
		r = make_trees(s, &ids, json_at(plan, "layers"), e);
	json_array_foreach(json_at(plan, "imageMounts"), i, v) if (r == 0) r =
		make_trees(s, &ids, v, e);
	return r < 0 ? r : mounts_make_places(s->u, s->dirfd, plan, e);
}

static int start_locked(struct starting *s, int *ret_status, struct err *e)
{
	const struct usrct_stdio *io = s->opts ? s->opts->stdio : NULL;
	struct attach_signals signals = { 0 };
	struct detach_keys keys;
	int r = read_needs(s->dirfd, &s->needs, e);

	if (r == 0 && io)
		r = detach_keys_parse(io->detach_keys, &keys, e);
	if (r == 0 && io)
		r = attach_signals_block(io, &signals, e);
	if (r == 0 && io)
		(void)event_container(store_dirfd(s->u->store), s->dirfd, s->id, "attach", NULL);
	if (r == 0)
		r = make_layers(s, e);
	if (r == 0)
		r = launch(s, e);
	if (r == 0 && io)
		r = stay(s, ret_status, e);
	scope_done(&s->scope);
	attach_signals_restore(&signals);
	cleanup_close(&s->sock_fd);
	json_decref(s->needs.plan);
	s->needs.plan = NULL;
	return r;
}

static int engine_start(struct usrct *u, const char *ref, const struct usrct_start_options *opts,
                        struct stopwatch *w, int *ret_status, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct starting s = {
		.u = u, .opts = opts, .watch = w, .scope = SCOPE_NONE, .sock_fd = -EBADF
	};
	int r = target_open(u, ref, STORE_WRITE, &t, e);

	if (r == 0 && state_is_active(&t.state))
		r = err_set(e, UCT_CONTAINER_RUNNING, -EALREADY,
		            "container '%s' is running already", t.row.name);
	if (r == 0)
		r = lock_container(&t, e);
	if (r < 0)
		return r;
	s.dirfd = t.dirfd;
	s.id = t.row.id;
	r = start_locked(&s, ret_status, e);
	return r;
}

int engine_start_quietly(struct usrct *u, const char *ref, struct err *e)
{
	struct stopwatch w;

	stopwatch_init(&w, NULL);
	return engine_start(u, ref, NULL, &w, NULL, e);
}

int usrct_container_start(struct usrct *u, const char *ref, const struct usrct_start_options *opts,
                          int *ret_status, struct usrct_err *out)
{
	struct stopwatch w;
	struct err e = { 0 };
	int r;

	stopwatch_init(&w, opts);
	r = engine_sweep(u, &e);
	if (r == 0)
		r = engine_start(u, ref, opts, &w, ret_status, &e);
	return ENGINE_RETURN(r, out, &e);
}

/* The launcher puts its own failures away; ours may have come before it. A container that runs is
 * none of them, whatever happened to our side of it. */
static void discard_if_never_started(struct usrct *u, const char *id)
{
	_cleanup_target_ struct target t = TARGET_NONE;

	if (target_open(u, id, STORE_WRITE, &t, NULL) == 0 && t.state.status == STATE_CREATED)
		(void)engine_remove(u, &t, false, NULL);
}

int usrct_container_run(struct usrct *u, const struct usrct_create_options *create,
                        const struct usrct_start_options *start, char **ret_id, int *ret_status,
                        struct usrct_err *out)
{
	struct usrct_create_options o = engine_options(create);
	char id[CONTAINER_ID_SIZE];
	struct stopwatch w;
	struct err e = { 0 };
	int r;

	stopwatch_init(&w, start);
	r = engine_create(u, create, &w, id, &e);
	if (r == 0 && ret_id) {
		*ret_id = strdup(id);
		r = *ret_id ? 0 : err_oom(&e);
	}
	if (r == 0) {
		r = engine_start(u, id, start, &w, ret_status, &e);
		if (r < 0 && o.auto_remove)
			discard_if_never_started(u, id);
		if (r < 0 || ((o.remove_image || (o.auto_remove && u->made_volumes)) && start &&
		              start->stdio))
			(void)engine_sweep(u, NULL);
	}
	return ENGINE_RETURN(r, out, &e);
}
