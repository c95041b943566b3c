/* SPDX-License-Identifier: Apache-2.0 */
/* landlock - a process that can open files below some directories only; for the helpers
 *
 * A directory may also be a single file: then that is all it can open.
 */
#pragma once

#include "base/err.h"

/* Also sets no_new_privs. 1 confined; 0 the kernel has no Landlock (before 5.19, or switched off),
 * which is no error: it is a second line of defence. */
int landlock_beneath(int dirfd, struct err *e);
int landlock_beneath_all(const int *dirfds, size_t n, struct err *e);
