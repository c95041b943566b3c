/* SPDX-License-Identifier: Apache-2.0 */
/* pausing - a container's processes stand still for a moment, so that its files agree
 *
 * Its monitor freezes them and lets them go once our socket to it closes, so that whatever ends us
 * ends the pause. Without a monitor there is no pause.
 */
#pragma once

#include "engine/engine.h"

struct pausing {
	int fd;           /* to the monitor, while it is paused; -EBADF: we froze nothing */
	char cgroup[384]; /* thawed by ourselves as well: the monitor may have been killed */
};
#define PAUSING_NONE                          \
	{                                     \
		.fd = -EBADF, .cgroup = { 0 } \
	}

/* Does nothing to one that does not run or is paused already. Where it has no cgroup, or no
 * monitor: nothing, or with @must UCT_NO_CGROUP, UCT_NO_MONITOR. */
int pausing_begin(struct usrct *u, const struct target *t, bool must, struct pausing *ret,
                  struct err *e);
void pausing_end(struct pausing *p);
#define _cleanup_pausing_ _cleanup_(pausing_end)
