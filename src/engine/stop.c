/* SPDX-License-Identifier: Apache-2.0 */
/* stop - end containers, and remove them */
#include "engine/engine.h"

#include "base/json.h"
#include "container/spec.h"

#include <signal.h>
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

/* Asks, waits, kills. */
static int end(struct usrct *u, struct target *t, int timeout_s, struct err *e)
{
	int signo, r;

	stop_settings(t, &signo, &timeout_s);
	r = engine_signal(u, t, signo, e);
	if (r == -ESRCH)
		return MIN(engine_wait_end(u, t, -1, e), 0);
	if (r == 0)
		r = engine_wait_end(u, t, timeout_s * 1000, e);
	if (r != 0)
		return MIN(r, 0);
	r = engine_signal(u, t, SIGKILL, e);
	if (r < 0 && r != -ESRCH)
		return r;
	return MIN(engine_wait_end(u, t, -1, e), 0);
}

int engine_stop(struct usrct *u, struct target *t, int timeout_s, struct err *e)
{
	int r;

	if (t->state.status != STATE_RUNNING && t->state.status != STATE_LOST)
		return 0;
	r = end(u, t, timeout_s, e);
	if (r == 0)
		engine_event(u, t, "stop", NULL);
	return r;
}

int engine_remove(struct usrct *u, struct target *t, bool force, struct err *e)
{
	bool runs = t->state.status == STATE_RUNNING || t->state.status == STATE_LOST;
	int r;

	if (runs && !force)
		return err_set(e, UCT_CONTAINER_RUNNING, -EBUSY, "container '%s' is running",
		               t->row.name);
	if (runs) {
		r = engine_signal(u, t, SIGKILL, e);
		if (r == 0 || r == -ESRCH)
			r = engine_wait_end(u, t, -1, e);
		if (r < 0)
			return r;
		engine_put_away(&t->state);
	} else if (t->state.status == STATE_CREATED && flock(t->dirfd, LOCK_EX | LOCK_NB) < 0) {
		/* Whoever starts it has this lock (start.c), and so has its monitor later. */
		return err_set(e, UCT_CONTAINER_RUNNING, -EBUSY, "container '%s' is being started",
		               t->row.name);
	}
	r = container_discard(u->store, t->row.id, e);
	if (r == 0)
		engine_event(u, t, "destroy", NULL);
	return r;
}

int usrct_container_stop(struct usrct *u, const char *ref, int timeout_s, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct err e = { 0 };
	int r = target_open(u, ref, STORE_WRITE, &t, &e);

	if (r == 0)
		r = engine_stop(u, &t, timeout_s, &e);
	if (r == 0)
		r = engine_sweep(u, &e);
	return ENGINE_RETURN(r, out, &e);
}

int usrct_container_kill(struct usrct *u, const char *ref, int signo, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct err e = { 0 };
	int r = target_open(u, ref, STORE_READ, &t, &e);

	if (r == 0)
		r = engine_signal(u, &t, signo, &e);
	return ENGINE_RETURN(r, out, &e);
}

int usrct_container_remove(struct usrct *u, const char *ref, bool force, struct usrct_err *out)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = target_open(u, ref, STORE_WRITE, &t, &e);
	if (r == 0)
		r = engine_remove(u, &t, force, &e);
	if (r == 0)
		r = engine_sweep(u, &e); /* deletes its files now, while the user waits for that */
	return ENGINE_RETURN(r, out, &e);
}
