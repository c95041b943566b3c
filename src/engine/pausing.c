/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pausing.h"

#include "cgroup/control.h"
#include "container/attach.h"

#include <stdio.h>

enum { FREEZE_MS = 10000 };

static int ask_monitor(struct usrct *u, const struct target *t, struct pausing *ret, struct err *e)
{
	int r;

	ret->fd = engine_monitor(u, t->row.id, 0);
	r = ret->fd < 0 ? ret->fd : engine_control_by(ret->fd, ATTACH_OP_FREEZE);
	if (r < 0)
		return err_set(e, UCT_NO_MONITOR, r,
		               "container '%s' cannot be paused: its monitor is gone", t->row.name);
	(void)snprintf(ret->cgroup, sizeof(ret->cgroup), "%s", t->state.cgroup);
	/* It has only asked the kernel: this waits. */
	return cgroup_freeze(ret->cgroup, true, FREEZE_MS, e);
}

int pausing_begin(struct usrct *u, const struct target *t, bool must, struct pausing *ret,
                  struct err *e)
{
	const struct state *s = &t->state;
	int r;

	*ret = (struct pausing)PAUSING_NONE;
	if (s->status != STATE_RUNNING && s->status != STATE_LOST)
		return 0;
	if (!s->cgroup[0])
		return must ? err_set(e, UCT_NO_CGROUP, -EOPNOTSUPP, "container '%s' has no cgroup",
		                      t->row.name)
		            : 0;
	if (cgroup_is_frozen(s->cgroup))
		return 0;
	r = ask_monitor(u, t, ret, e);
	if (r < 0)
		pausing_end(ret); /* as it was */
	return must ? r : 0;
}

void pausing_end(struct pausing *p)
{
	int saved = errno;

	if (p->cgroup[0]) /* it may have been killed meanwhile, and its cgroup be gone */
		(void)cgroup_freeze(p->cgroup, false, 0, NULL);
	cleanup_close(&p->fd);
	*p = (struct pausing)PAUSING_NONE;
	errno = saved;
}
