/* SPDX-License-Identifier: Apache-2.0 */
/* mount-place - sources whose files must keep their owner and label */
#pragma once

#include "engine/mount-spec.h"

/* For U, z and Z: refuses /, directories of the system, and the user's home itself. @source is
 * absolute and without links. UCT_CHOWN_REFUSED, UCT_RELABEL_REFUSED. */
int mount_check_place(const struct mount_spec *m, const char *source, struct err *e);
/* The same with everything it looks at as arguments, for tests. */
bool mount_place_is_reserved(const char *source, const char *home);
