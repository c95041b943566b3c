/* SPDX-License-Identifier: Apache-2.0 */
/* backends - which of the ways to put a container's files together is taken (container/backend.h)
 */
#pragma once

#include "container/backend.h"
#include "engine/engine.h"

#include "base/json.h"

/* What the kernel can do with layers for an ordinary user, best last. */
enum kernel_layers { KERNEL_NO_OVERLAY, KERNEL_OVERLAY, KERNEL_DATA_ONLY };

/* By trying once in a session; the answer is kept in the runtime directory. */
int engine_kernel_layers(struct usrct *u, enum kernel_layers *ret, struct err *e);

/* @wanted: by name, NULL: as $USRCT_MOUNT_BACKEND says, or by itself. By itself it is overlay where
 * that works, then fuse-overlayfs, and never copy. UCT_BAD_BACKEND, UCT_NO_BACKEND, UCT_NO_FUSE. */
int engine_backend(struct usrct *u, const char *wanted, enum mount_backend *ret, struct err *e);
/* Docker's name for what containers of it look like from outside. */
const char *backend_graph_driver(enum mount_backend b);
/* Of a container's plan (launch.json). */
enum mount_backend backend_of_plan(const json_t *plan);
