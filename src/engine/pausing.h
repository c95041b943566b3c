/* SPDX-License-Identifier: Apache-2.0 */
/* pausing - a container's processes stand still for a moment, so that its files agree */
#pragma once

#include "engine/engine.h"

struct pausing {
	char cgroup[256]; /* thaw it in the end; empty: we froze nothing */
};
#define PAUSING_NONE      \
	{                 \
		{         \
			0 \
		}         \
	}

/* Does nothing to one that does not run or is paused already. Where it has no cgroup: nothing, or
 * with @must UCT_NO_CGROUP. A kill of this process leaves it frozen: usr-ct unpause. */
int pausing_begin(const struct target *t, bool must, struct pausing *ret, struct err *e);
void pausing_end(struct pausing *p);
#define _cleanup_pausing_ _cleanup_(pausing_end)
