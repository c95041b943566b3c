/* SPDX-License-Identifier: Apache-2.0 */
/* launcher - start usr-ct-launch from sealed memory, with the descriptors it is to have
 *
 * Nothing of ours runs between fork and exec: this program may link anything.
 */
#pragma once

#include "engine/engine.h"

#include "base/proc.h"

enum { LAUNCHER_FDS_MAX = 12 };

struct launching {
	const char *id, *how; /* argv[1] and argv[2] */
	/* Besides standard input and output, which are /dev/null. One whose .from is negative is
	 * left out. */
	const struct spawn_fd *fds;
	size_t n_fds;
};
/* The holder was asked before (engine_hold()). */
int launcher_spawn(struct usrct *u, const struct launching *l, pid_t *ret_pid, struct err *e);
