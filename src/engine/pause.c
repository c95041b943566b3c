/* SPDX-License-Identifier: Apache-2.0 */
/* pause - freeze a container's cgroup and let it go on
 *
 * "Paused" is written nowhere: cgroup.freeze says it, and vanishes with the cgroup.
 */
#include "engine/engine.h"

#include "cgroup/control.h"

enum { FREEZE_TIMEOUT_MS = 10000 };

bool engine_is_paused(const struct state *s)
{
	return state_is_running(s) && s->cgroup[0] && cgroup_is_frozen(s->cgroup);
}

void engine_thaw(const struct state *s)
{
	/* Without waiting: what it was sent may end it, and its cgroup with it. */
	if (engine_is_paused(s))
		(void)cgroup_freeze(s->cgroup, false, 0, NULL);
}

static int check(const struct target *t, struct err *e)
{
	if (!state_is_running(&t->state))
		return err_set(e, UCT_CONTAINER_STOPPED, -ESRCH, "container '%s' is not running",
		               t->row.name);
	if (!t->state.cgroup[0])
		return err_set(e, UCT_NO_CGROUP, -EOPNOTSUPP,
		               "container '%s' cannot be paused: it has no cgroup of its own",
		               t->row.name);
	return 0;
}

static int set_frozen(struct usrct *u, const char *ref, bool freeze, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	bool is_paused;
	int r = target_open(u, ref, STORE_READ, &t, e);

	if (r == 0)
		r = check(&t, e);
	if (r < 0)
		return r;
	is_paused = engine_is_paused(&t.state);
	if (is_paused == freeze)
		return err_set(e, freeze ? UCT_CONTAINER_PAUSED : UCT_NOT_PAUSED, -EALREADY,
		               "container '%s' is %s", t.row.name,
		               freeze ? "paused already" : "not paused");
	r = cgroup_freeze(t.state.cgroup, freeze, FREEZE_TIMEOUT_MS, e);
	if (r < 0) {
		/* Half frozen is neither. */
		if (freeze)
			(void)cgroup_freeze(t.state.cgroup, false, 0, NULL);
		return err_in(e, r, "cannot %s container '%s'", freeze ? "pause" : "unpause",
		              t.row.name);
	}
	engine_event(u, &t, freeze ? "pause" : "unpause", NULL);
	return 0;
}

int usrct_container_pause(struct usrct *u, const char *ref, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = set_frozen(u, ref, true, &e);

	return ENGINE_RETURN(r, out, &e);
}

int usrct_container_unpause(struct usrct *u, const char *ref, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = set_frozen(u, ref, false, &e);

	return ENGINE_RETURN(r, out, &e);
}
