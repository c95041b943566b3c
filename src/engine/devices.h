/* SPDX-License-Identifier: Apache-2.0 */
/* devices - device nodes of the host for a container: bind mounts, since nobody but root may make
 * nodes. The container's root may open what the user may. */
#pragma once

#include "base/json.h"

#include <stdbool.h>

/* "PATH[:TARGET[:rwm]]"; a directory is all that is in it. @keeps_groups: the container keeps the
 * user's supplementary groups. UCT_DEVICE_REFUSED. */
int device_add(const char *spec, bool keeps_groups, json_t *list, struct err *e);
/* Every node that the user may read and write, for --privileged. */
int devices_add_all(json_t *list, struct err *e);
