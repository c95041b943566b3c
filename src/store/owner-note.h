/* SPDX-License-Identifier: Apache-2.0 */
/* owner-note - who a file of an image belongs to, where everything belongs to one id
 *
 * A user without subordinate ids can give files to nobody. The owner that the image says is noted
 * in an attribute, which overlayfs carries along when it copies a file up, so that export and
 * commit can tell it. Symbolic links and FIFOs cannot have such an attribute: they are root's.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define OWNER_XATTR "user.usrct.owner"

/* Nothing for root's. A file system without attributes forgets it. */
int owner_note(int fd, uid_t uid, gid_t gid, const char *path, struct err *e);
/* What was noted; false: nothing. */
bool owner_noted(int fd, uid_t *ret_uid, gid_t *ret_gid);
