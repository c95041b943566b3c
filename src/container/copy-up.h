/* SPDX-License-Identifier: Apache-2.0 */
/* copy-up - the first time a volume is used it gets what the image has at that place
 *
 * Runs in the container's mount namespace, as root of its user namespace, before the volume is
 * mounted. State is in the volume's directory (store/volumes.h), and a lock on that keeps two
 * containers apart:
 *
 *	fresh	there: the volume waits for contents. Removed as the last step
 *	copy	being copied into; thrown away by whoever finds it
 *	ready	copy under another name: complete. Its entries are moved into _data one by one, and
 *		whoever finds it goes on with that. Not renamed over _data, since another container
 *		may have that mounted
 *
 * So a kill at any moment is followed by the whole content or, until the next start, none of it
 * that anybody counts on. A volume in which there is something already, or whose place in the image
 * is empty, gets owner and mode of that place only, and an empty one waits on.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

/* @data_path: absolute path of the volume's _data. UCT_COPY_UP_FAILED. */
int copy_up(int root_fd, const char *target, const char *data_path, struct err *e);
/* Gives an empty volume that waits for contents to somebody: where the container does not know its
 * owner, nobody in it could use it. */
int copy_up_give(const char *data_path, uid_t uid, gid_t gid, struct err *e);
/* The same into a file system that was just made. */
int copy_up_to(int root_fd, const char *target, int to_fd, struct err *e);
