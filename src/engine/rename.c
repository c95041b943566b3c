/* SPDX-License-Identifier: Apache-2.0 */
/* rename - another name for a container */
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
