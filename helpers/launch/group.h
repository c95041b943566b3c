/* SPDX-License-Identifier: Apache-2.0 */
/* group - the container's cgroup, from finding a place for it to removing it */
#pragma once

#include "launch/launch.h"

/* Where it could be made, if no scope comes: found out before START. Changes nothing. */
void group_look(struct launch *l);
/* Makes it where that is possible and writes the limits of the document. A container without limits
 * runs without a cgroup where there can be none; one with limits does not: then the error names
 * what is missing. *ret_fd is -EBADF without one. Once it has succeeded it may be called again for
 * the next start of the same container. */
int group_make(struct launch *l, int *ret_fd, struct err *e);
/* Removes it, and the directories that were only made for it. */
void group_remove(struct launch *l);
