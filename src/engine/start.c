/* SPDX-License-Identifier: Apache-2.0 */
/* start - let the launcher make a container's processes, and stay attached if that is wanted
 */
#include "engine/attach.h"
#include "engine/create.h"
#include "engine/ids.h"
#include "engine/launcher.h"
#include "engine/layering.h"
#include "engine/mount-add.h"
#include "engine/scope.h"
#include "store/shared.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/sock.h"
#include "container/attach.h"
#include "container/events.h"
#include "container/spec.h"
#include "container/sync.h"
#include "engine/detach-keys.h"

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
	json_t *spec, *plan;
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
	struct launched launched; /* its socket leads to the monitor later */
	pid_t init_pid;
	bool was_just_made;
};

static void needs_done(struct needs *n)
{
	json_decref(n->spec);
	json_decref(n->plan);
	*n = (struct needs){ 0 };
}

static int read_documents(int dirfd, json_t **ret_spec, json_t **ret_plan, struct err *e)
{
	int r = json_read_at(dirfd, PLAN_FILE, SPEC_MAX_BYTES, ret_plan, e);

	return r < 0 ? r : json_read_at(dirfd, SPEC_FILE, SPEC_MAX_BYTES, ret_spec, e);
}

static int find_needs(struct needs *ret, struct err *e)
{
	json_int_t stop_timeout_s = 10;
	const char *cgroup_parent = "";
	int r = MIN(json_get_bool(ret->plan, "interactive", &ret->interactive, e), 0);

	if (r == 0)
		r = MIN(json_get_bool(ret->plan, "noCgroup", &ret->no_cgroup, e), 0);
	if (r == 0)
		r = MIN(json_get_string(ret->plan, "cgroupParent", &cgroup_parent, e), 0);
	if (r == 0)
		r = MIN(json_get_int(ret->plan, "stopTimeout", &stop_timeout_s, e), 0);
	if (r == 0)
		r = MIN(json_get_bool(ret->spec, "process.terminal", &ret->tty, e), 0);
	(void)snprintf(ret->cgroup_parent, sizeof(ret->cgroup_parent), "%s", cgroup_parent);
	stop_timeout_s = MAX(stop_timeout_s, (json_int_t)0);
	ret->stop_timeout_s = (unsigned)MIN(stop_timeout_s, (json_int_t)86400);
	return r < 0 ? err_recode(e, r, UCT_STORE_DAMAGED) : 0;
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

/* The launcher has said why it gives up, and holds the container's lock as long as it lives: who
 * removes it next must not be told that it is being started. */
static void await_launcher_end(const struct starting *s)
{
	struct pollfd p = { .fd = s->launched.sock_fd }; /* POLLHUP needs no asking */

	(void)RETRY_EINTR(poll(&p, 1, MONITOR_END_MS));
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
	if (s->launched.scope.is_asked)
		m.flags |= SYNC_SCOPE;
	r = launched_read_documents(&s->launched, e);
	if (r == 0)
		r = sync_send(s->launched.sock_fd, &m, -EBADF, e);
	if (r == 0 && s->launched.scope.is_asked) {
		r = scope_answer(&s->launched.scope, &m, e);
		if (r == 0)
			r = sync_send(s->launched.sock_fd, &m, -EBADF, e);
		stopwatch_step(s->watch, "scope");
	}
	/* Nobody waits for it here, so what the dead left is put away now. Of its failures the next
	 * command tells. */
	if (s->was_just_made)
		(void)engine_sweep_beside_create(s->u, NULL);
	store_let_go(s->u->store);
	if (r == 0)
		r = sync_expect(s->launched.sock_fd, SYNC_STARTED, "the launcher", &m, NULL, e);
	if (r < 0) {
		await_launcher_end(s);
		return r;
	}
	s->init_pid = m.pid;
	stopwatch_step(s->watch, "launcher");
	report_times(s, &m);
	return write_pidfile(s, e);
}

static int launch(struct starting *s, struct err *e)
{
	const struct needs *needs = &s->needs;
	struct launch_place place = {
		.no_cgroup = needs->no_cgroup,
		.cgroup_parent = *needs->cgroup_parent ? needs->cgroup_parent : NULL,
		.stop_timeout_s = needs->stop_timeout_s,
		.join_fd = -EBADF,
	};
	int r = s->launched.sock_fd < 0 ? open_joined(s, &place.join_fd, e) : 0;

	if (r == 0 && s->launched.sock_fd < 0)
		r = launcher_start(s->u, s->id, s->dirfd, &place, &s->launched, e);
	cleanup_close(&place.join_fd);
	stopwatch_step(s->watch, "launcher starts");
	return r < 0 ? r : converse(s, e);
}

static int stay(struct starting *s, int *ret_status, struct err *e)
{
	_cleanup_close_ int pidfd = pidfd_of(s->init_pid);
	struct attachment a = {
		.sock_fd = s->launched.sock_fd,
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

/* Our own objects have a relative path; others lie in a directory that somebody else looks after.
 */
static int check_shared(const char *path, struct err *e)
{
	_cleanup_free_ char *dir = NULL;
	_cleanup_close_ int fd = -EBADF;

	if (!path || path[0] != '/')
		return 0;
	dir = strndup(path, (size_t)(strrchr(path, '/') - path));
	if (!dir)
		return err_oom(e);
	fd = shared_open(dir, false, e);
	return MIN(fd, 0);
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
	const json_t *plan = s->needs.plan, *v;
	bool has_trees = json_at(plan, "data") || json_at(plan, "imageMounts");
	struct ids ids = { 0 };
	size_t i;
	int r = 0;

	json_array_foreach(json_at(plan, "data"), i, v)
	{
		r = check_shared(json_string_value(v), e);
		if (r < 0)
			return r;
	}
	if (has_trees)
		r = engine_hold(s->u, e);
	if (r == 0 && has_trees)
		r = ids_of_documents(s->u, s->needs.spec, plan, &ids, e);
	if (r == 0 && json_at(plan, "data"))
		r = make_trees(s, &ids, json_at(plan, "layers"), e);
	ids.is_shifted = false; /* the kernel mounts these, whoever mounts the root */
	json_array_foreach(json_at(plan, "imageMounts"), i, v)
	{
		if (r == 0)
			r = make_trees(s, &ids, v, e);
	}
	return r < 0 ? r : mounts_make_places(s->u, s->dirfd, plan, e);
}

static int start_locked(struct starting *s, int *ret_status, struct err *e)
{
	const struct usrct_stdio *io = s->opts ? s->opts->stdio : NULL;
	struct attach_signals signals = { 0 };
	struct detach_keys keys;
	int r = s->needs.plan ? 0 : read_documents(s->dirfd, &s->needs.spec, &s->needs.plan, e);

	r = r < 0 ? err_recode(e, r, UCT_STORE_DAMAGED) : find_needs(&s->needs, e);
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
	attach_signals_restore(&signals);
	launched_done(&s->launched);
	/* A launcher that was killed could not; one that runs has its socket there. */
	if (r < 0 && !s->init_pid && s->u->runtime_dirfd >= 0)
		(void)unlinkat(s->u->runtime_dirfd, s->id, AT_REMOVEDIR);
	needs_done(&s->needs);
	return r;
}

static int engine_start(struct usrct *u, const char *ref, const struct usrct_start_options *opts,
                        struct stopwatch *w, int *ret_status, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct starting s = { .u = u, .opts = opts, .watch = w, .launched = LAUNCHED_NONE };
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
	return start_locked(&s, ret_status, e);
}

/* One that this process has just made, with its launcher waiting. */
static int start_created(struct usrct *u, struct created *c, const struct usrct_start_options *opts,
                         struct stopwatch *w, int *ret_status, struct err *e)
{
	struct starting s = { .u = u, .opts = opts, .watch = w, .dirfd = c->dirfd, .id = c->id };

	s.was_just_made = true;
	s.launched = c->launched;
	c->launched = (struct launched)LAUNCHED_NONE;
	s.needs.spec = json_incref(c->spec);
	s.needs.plan = json_incref(c->plan);
	/* Since it was made, nobody could have this lock, for ours was there as a shared one. */
	if (flock(c->dirfd, LOCK_EX | LOCK_NB) < 0) {
		launched_done(&s.launched);
		needs_done(&s.needs);
		return err_set(e, UCT_CONTAINER_RUNNING, -EALREADY,
		               "container '%.12s' is being started by somebody else", c->id);
	}
	return start_locked(&s, ret_status, e);
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
	struct created c = CREATED_NONE;
	struct stopwatch w;
	struct err e = { 0 };
	int r;

	stopwatch_init(&w, start);
	r = engine_create_to_start(u, create, &w, &c, &e);
	if (r == 0 && ret_id) {
		*ret_id = strdup(c.id);
		r = *ret_id ? 0 : err_oom(&e);
	}
	if (r == 0) {
		r = start_created(u, &c, start, &w, ret_status, &e);
		cleanup_close(&c.dirfd); /* with our lock, which would keep us from removing it */
		c.dirfd = -EBADF;
		if (r < 0 && o.auto_remove)
			discard_if_never_started(u, c.id);
		if (r < 0 || ((o.remove_image || (o.auto_remove && u->made_volumes)) && start &&
		              start->stdio))
			(void)engine_sweep(u, NULL);
	}
	created_done(&c);
	return ENGINE_RETURN(r, out, &e);
}
