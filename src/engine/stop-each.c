/* SPDX-License-Identifier: Apache-2.0 */
/* stop-each - stop, kill and restart several containers at once
 *
 * Each is asked to end before any is waited for. What became of them is told in the order they were
 * given in, whichever was the first to end.
 */
#include "engine/stopping.h"

#include <signal.h>
#include <string.h>

/* Each takes two descriptors. */
enum { AT_ONCE = 64, KILL_WAIT_MS = 10000, AGAIN_MS = 120000 };

struct job {
	const char *ref;
	struct target t;
	struct ending end;
	bool is_restarted_by_monitor, was_lost;
	int r;
	struct err e;
};

struct order {
	struct usrct *u;
	const struct usrct_stop_options *opts;
	int signo; /* of kill */
	void (*begin)(const struct order *o, struct job *j);
	void (*finish)(const struct order *o, struct job *j);
	usrct_done_fn done;
	void *arg;
};

static void begin_stop(const struct order *o, struct job *j)
{
	j->r = target_open(o->u, j->ref, STORE_WRITE, &j->t, &j->e);
	if (j->r == 0)
		j->r = stopping_begin(o->u, &j->t, o->opts, &j->end, &j->e);
}

static void finish_stop(const struct order *o, struct job *j)
{
	j->r = stopping_end(o->u, &j->end, &j->e);
}

static void begin_kill(const struct order *o, struct job *j)
{
	bool must_wait = o->signo == SIGKILL;

	j->r = target_open(o->u, j->ref, STORE_READ, &j->t, &j->e);
	if (j->r == 0)
		j->r = stopping_kill(o->u, &j->t, o->signo, &must_wait, &j->e);
	/* As Docker does: after kill, rm finds it stopped. */
	if (j->r == 0 && must_wait)
		ending_watch(o->u, &j->t, KILL_WAIT_MS, ENDING_GIVE_UP, &j->end);
}

static void finish_kill(const struct order *o, struct job *j)
{
	(void)o;
	j->r = j->end.r;
	j->e = j->end.e;
}

/* What removes itself at its end is started again by its monitor, before it is gone. */
static void begin_restart(const struct order *o, struct job *j)
{
	j->r = target_open(o->u, j->ref, STORE_WRITE, &j->t, &j->e);
	if (j->r == 0 && j->t.row.auto_remove && state_is_active(&j->t.state)) {
		j->is_restarted_by_monitor = true;
		j->r = stopping_begin_again(o->u, &j->t, o->opts, &j->end, &j->e);
	} else if (j->r == 0) {
		j->r = stopping_begin(o->u, &j->t, o->opts, &j->end, &j->e);
	}
}

static void finish_restart(const struct order *o, struct job *j)
{
	j->r = stopping_end(o->u, &j->end, &j->e);
	if (j->r == 0 && j->is_restarted_by_monitor) {
		j->r = engine_wait_running(o->u, &j->t, AGAIN_MS, &j->e);
		if (j->r < 0)
			j->r = err_set(&j->e, UCT_RESTART_AUTO_REMOVE, -EIO,
			               "container '%s' was not started again", j->t.row.name);
	} else if (j->r == 0) {
		j->r = engine_sweep(o->u, &j->e);
		if (j->r == 0)
			j->r = engine_start_quietly(o->u, j->t.row.id, &j->e);
		if (j->r == -EALREADY) /* named twice, or somebody was faster */
			j->r = 0;
	}
	if (j->r == 0)
		engine_event(o->u, &j->t, "restart", NULL);
}

static void tell(const struct order *o, struct job *j)
{
	struct usrct_err out = { 0 };

	if (j->r < 0)
		(void)engine_fail(&out, &j->e);
	o->done(j->ref, j->r < 0 ? &out : NULL, o->arg);
}

static void do_some(const struct order *o, struct job *jobs, size_t n)
{
	struct ending ends[AT_ONCE];

	for (size_t i = 0; i < n; i++) {
		jobs[i].t = (struct target)TARGET_NONE;
		o->begin(o, &jobs[i]);
		ends[i] = jobs[i].r == 0 ? jobs[i].end : (struct ending){ 0 };
	}
	endings_wait(o->u, ends, n);
	for (size_t i = 0; i < n; i++) {
		jobs[i].end = ends[i];
		if (jobs[i].r == 0)
			o->finish(o, &jobs[i]);
		tell(o, &jobs[i]);
		target_done(&jobs[i].t);
	}
}

static int do_all(const struct order *o, const char *const *refs, struct err *e)
{
	_cleanup_free_ struct job *jobs = calloc(AT_ONCE, sizeof(*jobs));

	if (!jobs)
		return err_oom(e);
	while (*refs) {
		size_t n = 0;

		memset(jobs, 0, AT_ONCE * sizeof(*jobs));
		for (; n < AT_ONCE && *refs; n++)
			jobs[n].ref = *refs++;
		do_some(o, jobs, n);
	}
	return 0;
}

int usrct_container_stop_each(struct usrct *u, const char *const *refs,
                              const struct usrct_stop_options *opts, usrct_done_fn done, void *arg,
                              struct usrct_err *out)
{
	const struct order o = { .u = u,
		                 .opts = opts,
		                 .begin = begin_stop,
		                 .finish = finish_stop,
		                 .done = done,
		                 .arg = arg };
	struct err e = { 0 };
	int r = do_all(&o, refs, &e);

	if (r == 0)
		r = engine_sweep(u, &e);
	return ENGINE_RETURN(r, out, &e);
}

int usrct_container_restart_each(struct usrct *u, const char *const *refs,
                                 const struct usrct_stop_options *opts, usrct_done_fn done,
                                 void *arg, struct usrct_err *out)
{
	const struct order o = { .u = u,
		                 .opts = opts,
		                 .begin = begin_restart,
		                 .finish = finish_restart,
		                 .done = done,
		                 .arg = arg };
	struct err e = { 0 };
	int r = do_all(&o, refs, &e);

	return ENGINE_RETURN(r, out, &e);
}

int usrct_container_kill_each(struct usrct *u, const char *const *refs, int signo,
                              usrct_done_fn done, void *arg, struct usrct_err *out)
{
	const struct order o = { .u = u,
		                 .signo = signo,
		                 .begin = begin_kill,
		                 .finish = finish_kill,
		                 .done = done,
		                 .arg = arg };
	struct err e = { 0 };
	int r = do_all(&o, refs, &e);

	return ENGINE_RETURN(r, out, &e);
}

/* --- one of them */

static void keep(const char *ref, const struct usrct_err *e, void *arg)
{
	(void)ref;
	if (e)
		*(struct usrct_err *)arg = *e;
}

static int result(int r, const struct usrct_err *mine, struct usrct_err *out)
{
	if (r < 0 || mine->code == 0)
		return r;
	if (out)
		*out = *mine;
	return mine->code;
}

int usrct_container_stop(struct usrct *u, const char *ref, const struct usrct_stop_options *opts,
                         struct usrct_err *out)
{
	const char *const refs[] = { ref, NULL };
	struct usrct_err mine = { 0 };
	int r = usrct_container_stop_each(u, refs, opts, keep, &mine, out);

	return result(r, &mine, out);
}

int usrct_container_restart(struct usrct *u, const char *ref, const struct usrct_stop_options *opts,
                            struct usrct_err *out)
{
	const char *const refs[] = { ref, NULL };
	struct usrct_err mine = { 0 };
	int r = usrct_container_restart_each(u, refs, opts, keep, &mine, out);

	return result(r, &mine, out);
}

int usrct_container_kill(struct usrct *u, const char *ref, int signo, struct usrct_err *out)
{
	const char *const refs[] = { ref, NULL };
	struct usrct_err mine = { 0 };
	int r = usrct_container_kill_each(u, refs, signo, keep, &mine, out);

	return result(r, &mine, out);
}
