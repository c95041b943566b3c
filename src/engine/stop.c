/* SPDX-License-Identifier: Apache-2.0 */
/* stop - end containers, and remove them */
#include "engine/stopping.h"

#include "base/file.h"
#include "base/json.h"
#include "container/attach.h"
#include "container/spec.h"
#include "store/volumes.h"

#include <signal.h>
#include <string.h>
#include <sys/file.h>

enum { DEFAULT_STOP_TIMEOUT_S = 10 };

static void stop_settings(const struct target *t, int *ret_signal, int *ret_timeout_s)
{
	json_int_t signo = SIGTERM, timeout_s = DEFAULT_STOP_TIMEOUT_S;
	_cleanup_json_ json_t *doc = NULL;

	/* A container whose document is damaged must still be stoppable: the defaults do. */
	if (json_read_at(t->dirfd, PLAN_FILE, SPEC_MAX_BYTES, &doc, NULL) == 0) {
		(void)json_get_int(doc, "stopSignal", &signo, NULL);
		(void)json_get_int(doc, "stopTimeout", &timeout_s, NULL);
	}
	*ret_signal = (int)signo;
	if (*ret_timeout_s < 0)
		*ret_timeout_s = (int)MIN(timeout_s, (json_int_t)86400);
}

/* It runs, or its monitor may yet start it again: between the end of a run and the monitor's word
 * about it, the state says only that it has ended. */
static bool may_run(const struct target *t)
{
	return state_is_active(&t->state) ||
	       (t->state.status == STATE_EXITED && t->state.exit_code < 0 &&
	        proc_is_alive(&t->state.monitor));
}

/* From now on no policy starts it again. Without a monitor nobody would. */
static int take_over(struct usrct *u, struct target *t, struct err *e)
{
	(void)engine_control(u, t, ATTACH_OP_STOP);
	return state_read(t->dirfd, &t->state, e);
}

/* For unless-stopped; a monitor, which this one has not any more, would have done it. */
static void remember_stop(struct target *t)
{
	if (state_read(t->dirfd, &t->state, NULL) < 0 || t->state.status != STATE_EXITED)
		return;
	t->state.is_stopped_by_user = true;
	(void)state_write(t->dirfd, &t->state, NULL); /* a full disk: it is started again */
}

/* Sends the signal and listens; one that is gone already is waited for all the same. */
static int ask(struct usrct *u, struct target *t, const struct usrct_stop_options *o,
               struct ending *ret, struct err *e)
{
	static const struct usrct_stop_options own = { .size = sizeof(own), .timeout_s = -1 };
	int timeout_s, signo, r;

	o = o ? o : &own;
	timeout_s = o->timeout_s;
	stop_settings(t, &signo, &timeout_s);
	r = engine_signal(u, t, o->signo ? o->signo : signo, e);
	if (r < 0 && r != -ESRCH)
		return r;
	ending_watch(u, t, r < 0 ? -1 : (int)MIN((int64_t)timeout_s * 1000, (int64_t)INT32_MAX),
	             ENDING_KILL, ret);
	return 0;
}

int stopping_begin(struct usrct *u, struct target *t, const struct usrct_stop_options *opts,
                   struct ending *ret, struct err *e)
{
	bool was_lost = t->state.status == STATE_LOST;
	int r;

	*ret = (struct ending){ .fd = -EBADF };
	if (!may_run(t))
		return 0;
	r = take_over(u, t, e);
	if (r < 0)
		return r;
	if (state_is_running(&t->state))
		r = ask(u, t, opts, ret, e);
	else
		ending_watch(u, t, -1, ENDING_KILL, ret);
	ret->was_lost = was_lost;
	return r;
}

int stopping_begin_again(struct usrct *u, struct target *t, const struct usrct_stop_options *opts,
                         struct ending *ret, struct err *e)
{
	int r = engine_control(u, t, ATTACH_OP_AGAIN);

	*ret = (struct ending){ .fd = -EBADF };
	if (r < 0)
		return err_set(e, UCT_RESTART_AUTO_REMOVE, -EBUSY,
		               "container '%s' has no monitor that would start it again",
		               t->row.name);
	r = state_read(t->dirfd, &t->state, e);
	if (r == 0 && state_is_running(&t->state))
		r = ask(u, t, opts, ret, e);
	return r;
}

int stopping_end(struct usrct *u, struct ending *x, struct err *e)
{
	if (!x->t)
		return 0;
	if (x->r < 0) {
		if (e)
			*e = x->e;
		return x->r;
	}
	if (x->was_lost)
		remember_stop(x->t);
	engine_event(u, x->t, "stop", NULL);
	return 0;
}

int engine_stop_with(struct usrct *u, struct target *t, const struct usrct_stop_options *opts,
                     struct err *e)
{
	struct ending x;
	int r = stopping_begin(u, t, opts, &x, e);

	if (r < 0)
		return r;
	endings_wait(u, &x, 1);
	return stopping_end(u, &x, e);
}

int engine_stop(struct usrct *u, struct target *t, int timeout_s, struct err *e)
{
	const struct usrct_stop_options o = { .size = sizeof(o), .timeout_s = timeout_s };

	return engine_stop_with(u, t, &o, e);
}

static int end_now(struct usrct *u, struct target *t, struct err *e)
{
	int r = take_over(u, t, e);

	if (r == 0 && state_is_running(&t->state))
		r = engine_signal(u, t, SIGKILL, e);
	if (r == 0 || r == -ESRCH)
		r = engine_wait_end(u, t, -1, e);
	return MIN(r, 0);
}

int engine_remove(struct usrct *u, struct target *t, bool force, struct err *e)
{
	int r = 0;

	if (may_run(t) && !force)
		return err_set(e, UCT_CONTAINER_RUNNING, -EBUSY, "container '%s' is %s",
		               t->row.name,
		               t->state.status == STATE_RESTARTING ? "restarting" : "running");
	/* Whoever starts it has this lock (start.c), and so has its monitor later. */
	if (!may_run(t) && t->state.status == STATE_CREATED &&
	    flock(t->dirfd, LOCK_EX | LOCK_NB) < 0) {
		if (!force)
			return err_set(e, UCT_CONTAINER_RUNNING, -EBUSY,
			               "container '%s' is being started", t->row.name);
		r = engine_wait_start(u, t, e);
		if (r < 0)
			return r;
	}
	if (may_run(t)) {
		r = end_now(u, t, e);
		if (r < 0)
			return r;
		engine_put_away(&t->state);
	}
	r = 0;
	/* The sweep reads it in the trash. If we are killed before that, nothing has happened. */
	if (t->removes_volumes)
		r = file_write_at(t->dirfd, VOLUME_WISH, "", 0, 0600, false, e);
	if (r == 0)
		r = container_discard(u->store, t->row.id, e);
	if (r == 0)
		engine_event(u, t, "destroy", NULL);
	return r;
}

/* A signal that means the end also ends what a restart policy would do. */
int stopping_kill(struct usrct *u, struct target *t, int signo, bool *must_wait, struct err *e)
{
	bool was_restarting = t->state.status == STATE_RESTARTING;
	int stop_signal, timeout_s = 0, r = 0;

	stop_settings(t, &stop_signal, &timeout_s);
	if (signo == SIGKILL || signo == stop_signal || was_restarting)
		r = take_over(u, t, e);
	/* Between two runs there is nothing to signal, and now there will be no other. */
	if (r == 0 && was_restarting && !state_is_running(&t->state)) {
		*must_wait = true;
		return 0;
	}
	return r < 0 ? r : engine_signal(u, t, signo, e);
}

int usrct_container_remove_with(struct usrct *u, const char *ref,
                                const struct usrct_remove_options *opts, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct usrct_remove_options o = { 0 };
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (opts)
		memcpy(&o, opts, MIN(opts->size, sizeof(o)));
	if (r == 0)
		r = target_open(u, ref, STORE_WRITE, &t, &e);
	t.removes_volumes = o.volumes;
	if (r == 0)
		r = engine_remove(u, &t, o.force, &e);
	if (r == 0)
		r = engine_sweep(u, &e); /* deletes its files now, while the user waits for that */
	return ENGINE_RETURN(r, out, &e);
}

int usrct_container_remove(struct usrct *u, const char *ref, bool force, struct usrct_err *out)
{
	const struct usrct_remove_options o = { .size = sizeof(o), .force = force };

	return usrct_container_remove_with(u, ref, &o, out);
}
