/* SPDX-License-Identifier: Apache-2.0 */
/* rename - another name for a container; restart - an end and a new beginning */
#include "engine/engine.h"

#include "container/events.h"
#include "engine/names.h"

#include <string.h>

static int rename_container(struct usrct *u, const char *ref, const char *name, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	const char *attributes[] = { "oldName", NULL, NULL };
	int r;

	/* Docker's inspect shows names with a slash, and scripts hand that on. */
	name += name[0] == '/';
	r = name_check(name, e);
	if (r == 0)
		r = engine_sweep(u, e);
	if (r == 0)
		r = target_open(u, ref, STORE_WRITE, &t, e);
	if (r == 0 && !strcmp(t.row.name, name))
		r = err_set(e, UCT_NAME_TAKEN, -EEXIST, "container '%s' has that name already",
		            name);
	if (r == 0)
		r = container_rename(u->store, t.row.id, name, e);
	if (r < 0)
		return r;
	/* Events that still tell the old name are no reason to fail. */
	(void)event_actor_rename(t.dirfd, name, NULL);
	attributes[1] = t.row.name;
	engine_event(u, &t, "rename", attributes);
	return 0;
}

int usrct_container_rename(struct usrct *u, const char *ref, const char *name,
                           struct usrct_err *out)
{
	struct err e = { 0 };
	int r = rename_container(u, ref, name, &e);

	return ENGINE_RETURN(r, out, &e);
}

static int stop_to_restart(struct usrct *u, const char *ref, const struct usrct_stop_options *o,
                           char ret_id[CONTAINER_ID_SIZE], struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	int r = target_open(u, ref, STORE_WRITE, &t, e);

	if (r < 0)
		return r;
	memcpy(ret_id, t.row.id, CONTAINER_ID_SIZE);
	if (!state_is_active(&t.state))
		return 0;
	/* Said before it is stopped: afterwards there is nothing left to start. */
	if (t.row.auto_remove)
		return err_set(e, UCT_RESTART_AUTO_REMOVE, -EBUSY,
		               "container '%s' removes itself when it ends", t.row.name);
	return engine_stop_with(u, &t, o, e);
}

int usrct_container_restart(struct usrct *u, const char *ref, const struct usrct_stop_options *opts,
                            struct usrct_err *out)
{
	char id[CONTAINER_ID_SIZE];
	struct err e = { 0 };
	int r = stop_to_restart(u, ref, opts, id, &e);

	if (r < 0)
		return engine_fail(out, &e);
	r = usrct_container_start(u, id, NULL, NULL, out);
	if (r == 0) {
		_cleanup_target_ struct target t = TARGET_NONE;

		if (target_open(u, id, STORE_READ, &t, NULL) == 0)
			engine_event(u, &t, "restart", NULL);
	}
	return r;
}
