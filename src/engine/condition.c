/* SPDX-License-Identifier: Apache-2.0 */
/* condition - wait until a container's state is what the caller waits for
 *
 * An end is heard from the monitor, which knows the exit status also of a container that removes
 * itself. Everything else is a file that appears by rename in the container's directory, or that
 * directory going away: inotify tells.
 */
#include "engine/engine.h"

#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/inotify.h>

enum { LOCK_LOOK_MS = 50, START_MAX_MS = 30000 };

struct waiting {
	struct usrct *u;
	struct target *t;
	enum usrct_condition condition;
	int timeout_ms, watch_fd;
	uint64_t deadline_ns;
	int status;
	uint64_t finished_ns; /* its last end when we began */
};

static int open_watch(struct waiting *w, struct err *e)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", w->t->dirfd);
	w->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->watch_fd < 0 ||
	    inotify_add_watch(w->watch_fd, path, IN_MOVED_TO | IN_MOVE_SELF | IN_DELETE_SELF) < 0)
		return err_hint(e, err_sys(e, "cannot watch container '%s'", w->t->row.name),
		                "raise fs.inotify.max_user_instances");
	return 0;
}

/* 1 something has changed, 0 time is up. */
static int wait_change(const struct waiting *w, struct err *e)
{
	struct pollfd p = { .fd = w->watch_fd, .events = POLLIN };
	char events[4096];
	int r = RETRY_EINTR(poll(&p, 1, clock_remaining_ms(w->deadline_ns, w->timeout_ms)));

	while (r > 0 && read(w->watch_fd, events, sizeof(events)) > 0)
		;
	return r < 0 ? err_sys(e, "cannot wait for container '%s'", w->t->row.name) : r;
}

/* 1 it exists, 0 it was removed. */
static int look(struct waiting *w, struct err *e)
{
	_cleanup_close_ int dirfd = container_open_dir(w->u->store, w->t->row.id, NULL);

	if (dirfd == -ENOENT)
		return 0;
	if (dirfd < 0)
		return err_errno(e, dirfd, "cannot open container '%s'", w->t->row.name);
	return state_read(dirfd, &w->t->state, e) < 0 ? -EIO : 1;
}

static bool is_ending(const struct state *s)
{
	return s->status == STATE_EXITED && s->exit_code < 0 && proc_is_alive(&s->monitor);
}

static bool is_so(const struct waiting *w)
{
	const struct state *s = &w->t->state;

	switch (w->condition) {
	case USRCT_WAIT_RUNNING:
		return state_is_running(s);
	case USRCT_WAIT_NEXT_EXIT: /* a short run may be over before we see it */
		return state_is_running(s) || s->finished_ns != w->finished_ns;
	case USRCT_WAIT_HEALTHY:
		return s->status == STATE_RUNNING && s->health == HEALTH_HEALTHY;
	case USRCT_WAIT_UNHEALTHY:
		return s->status == STATE_RUNNING && s->health == HEALTH_UNHEALTHY;
	case USRCT_WAIT_NOT_RUNNING:
		return !state_is_active(s) && !is_ending(s);
	case USRCT_WAIT_REMOVED:
		break;
	}
	return false;
}

static int last_status(const struct state *s)
{
	/* Never started is 0, as in Docker; a start that failed has a status. */
	return s->status == STATE_CREATED && s->exit_code < 0 ? 0 : s->exit_code;
}

/* Its end; the caller knows that it runs. Where the monitor had told everybody and gone before we
 * asked, the state file has the status; and if the container has been started again by then, that
 * run's end is the next there is. */
static int wait_exit(struct waiting *w, struct err *e)
{
	for (;;) {
		int r = engine_wait_exit(w->u, w->t,
		                         clock_remaining_ms(w->deadline_ns, w->timeout_ms),
		                         &w->status, e);

		if (r != 1 || w->status >= 0)
			return r;
		r = look(w, e);
		if (r <= 0)
			return r < 0 ? r : 1;
		if (is_ending(&w->t->state)) {
			r = wait_change(w, e);
			if (r <= 0)
				return r;
		} else if (!state_is_active(&w->t->state)) {
			w->status = w->t->state.exit_code;
			return 1;
		}
	}
}

/* Until is_so(), or for USRCT_WAIT_REMOVED until it is gone. */
static int wait_state(struct waiting *w, struct err *e)
{
	for (;;) {
		int r = look(w, e);

		if (r < 0)
			return r;
		if (r == 0)
			return w->condition == USRCT_WAIT_REMOVED
			               ? 1
			               : err_set(e, UCT_CONTAINER_UNKNOWN, -ENOENT,
			                         "container '%s' was removed", w->t->row.name);
		if (is_so(w))
			return 1;
		r = wait_change(w, e);
		if (r <= 0)
			return r;
	}
}

static int wait_for(struct waiting *w, struct err *e)
{
	bool runs = state_is_active(&w->t->state) || is_ending(&w->t->state);
	int r = open_watch(w, e);

	w->status = last_status(&w->t->state);
	w->finished_ns = w->t->state.finished_ns;
	if (r < 0)
		return r;
	switch (w->condition) {
	case USRCT_WAIT_NOT_RUNNING:
		return runs ? wait_exit(w, e) : 1;
	case USRCT_WAIT_NEXT_EXIT:
		r = runs ? 1 : wait_state(w, e);
		if (r == 1 && !runs && !state_is_running(&w->t->state)) {
			w->status = last_status(&w->t->state);
			return 1;
		}
		return r == 1 ? wait_exit(w, e) : r;
	case USRCT_WAIT_REMOVED:
		r = runs ? wait_exit(w, e) : 1;
		return r == 1 ? wait_state(w, e) : r;
	case USRCT_WAIT_RUNNING:
	case USRCT_WAIT_HEALTHY:
	case USRCT_WAIT_UNHEALTHY:
		break;
	}
	r = wait_state(w, e);
	w->status = w->t->state.exit_code;
	return r;
}

int engine_wait_running(struct usrct *u, struct target *t, int timeout_ms, struct err *e)
{
	struct waiting w = { u, t, USRCT_WAIT_RUNNING, timeout_ms, -EBADF, 0, -1, 0 };
	int r;

	w.deadline_ns = clock_monotonic_ns() + (uint64_t)MAX(timeout_ms, 0) * 1000000;
	r = open_watch(&w, e);
	if (r == 0)
		r = wait_state(&w, e);
	cleanup_close(&w.watch_fd);
	return r == 0 ? err_errno(e, -ETIMEDOUT, "container '%s' does not run", t->row.name)
	              : MIN(r, 0);
}

int engine_wait_start(struct usrct *u, struct target *t, struct err *e)
{
	struct waiting w = { u, t, USRCT_WAIT_RUNNING, LOCK_LOOK_MS, -EBADF, 0, -1, 0 };
	uint64_t give_up_ns = clock_monotonic_ns() + (uint64_t)START_MAX_MS * 1000000;
	int r = open_watch(&w, e);

	/* Success is a state file that appears. A lock that is let go tells nobody: inotify's close
	 * event comes before (fs/file_table.c, __fput), so that is looked for again and again. */
	while (r >= 0) {
		if (flock(t->dirfd, LOCK_EX | LOCK_NB) == 0) {
			r = 0;
			break;
		}
		r = state_read(t->dirfd, &t->state, e);
		if (r < 0 || state_is_active(&t->state)) {
			r = MIN(r, 0) < 0 ? r : 1;
			break;
		}
		if (clock_monotonic_ns() > give_up_ns)
			r = err_hint(e,
			             err_set(e, UCT_CONTAINER_RUNNING, -EBUSY,
			                     "container '%s' is being started", t->row.name),
			             "try again; its first process is not there yet");
		else {
			w.deadline_ns = clock_monotonic_ns() + (uint64_t)LOCK_LOOK_MS * 1000000;
			r = wait_change(&w, e);
		}
	}
	cleanup_close(&w.watch_fd);
	return r;
}

int usrct_container_wait(struct usrct *u, const char *ref, enum usrct_condition condition,
                         int timeout_ms, int *ret_status, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct waiting w = { u, &t, condition, timeout_ms, -EBADF, 0, -1, 0 };
	struct err e = { 0 };
	int r = target_open(u, ref, STORE_READ, &t, &e);

	w.deadline_ns = clock_monotonic_ns() + (uint64_t)MAX(timeout_ms, 0) * 1000000;
	if (r == 0)
		r = wait_for(&w, &e);
	cleanup_close(&w.watch_fd);
	if (r == 1 && ret_status)
		*ret_status = w.status;
	return ENGINE_RETURN(r, out, &e);
}
