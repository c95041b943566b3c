/* SPDX-License-Identifier: Apache-2.0 */
/* accounts - who gets a line in the container's passwd and group, so that programs find a name for
 * their number: the user under keep-id, and others of this machine who are asked for */
#pragma once

#include "engine/document.h"

/* {"passwd": ["NAME:x:UID:GID:...", ...], "group": [...]} for launch.json; NULL: nobody. Needs the
 * ids. UCT_BAD_VALUE: --hostuser names nobody. */
int accounts_describe(const struct document *d, json_t **ret, struct err *e);
