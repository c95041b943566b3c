/* SPDX-License-Identifier: Apache-2.0 */
/* launcher - start usr-ct-launch from sealed memory, with the descriptors it is to have
 *
 * Nothing of ours runs between fork and exec: this program may link anything.
 */
#pragma once

#include "engine/engine.h"

#include "base/proc.h"

enum { LAUNCHER_FDS_MAX = 12 };

/* @how: what argv[2] says; @fds: besides standard input and output, which are /dev/null. One whose
 * .from is negative is left out. The holder was asked before (engine_hold()). */
int launcher_spawn(struct usrct *u, const char *id, const char *how, const struct spawn_fd *fds,
                   size_t n_fds, struct err *e);
