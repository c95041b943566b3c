/* SPDX-License-Identifier: Apache-2.0 */
/* volumes - what the user wants to have mounted: -v, --mount and --tmpfs as OCI mounts
 *
 * Each adds one mount to @list, with its source looked up. UCT_BAD_MOUNT, UCT_MOUNT_SOURCE, and
 * UCT_VALUE_REFUSED for options that cannot be honoured.
 */
#pragma once

#include "base/json.h"

int volume_add(const char *spec, json_t *list, struct err *e);       /* SOURCE:TARGET[:OPTIONS] */
int volume_add_tmpfs(const char *spec, json_t *list, struct err *e); /* TARGET[:OPTIONS] */
int volume_add_mount(const char *spec, json_t *list, struct err *e); /* type=...,source=... */

/* Shallow targets first, so that none is covered by a later one; UCT_BAD_MOUNT if two are the
 * same. */
int volumes_sort(json_t *list, struct err *e);
