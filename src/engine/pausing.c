/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/pausing.h"

#include "cgroup/control.h"

#include <string.h>

enum { FREEZE_MS = 10000 };

int pausing_begin(const struct target *t, bool must, struct pausing *ret, struct err *e)
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
	r = cgroup_freeze(s->cgroup, true, FREEZE_MS, e);
	if (r < 0) {
		(void)cgroup_freeze(s->cgroup, false, 0, NULL); /* as it was */
		return must ? r : 0;
	}
	memcpy(ret->cgroup, s->cgroup, sizeof(ret->cgroup));
	return 0;
}

void pausing_end(struct pausing *p)
{
	int saved = errno;

	if (p->cgroup[0]) /* it may have been killed meanwhile, and its cgroup be gone */
		(void)cgroup_freeze(p->cgroup, false, 0, NULL);
	p->cgroup[0] = '\0';
	errno = saved;
}
