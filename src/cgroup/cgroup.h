/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup - a container's own cgroup v2, below the one that was delegated to us
 *
 * Where our cgroup is delegated (a --user unit with Delegate=yes, a batch job, a test) a child is
 * made with mkdir(2) and the container's first process is born in it (CLONE_INTO_CGROUP, Linux
 * 5.7). Elsewhere (a login session, cgroup v1 and hybrid hosts) containers stay where they are.
 */
#pragma once

#include "base/err.h"

/* Makes the child. Returns its descriptor and its absolute path, or -ENOENT without an error text
 * where nothing was delegated. */
int cgroup_make(const char *name, char *ret_path, size_t size, struct err *e);
/* Removes it, once it is empty. Best effort; a missing one is fine. */
void cgroup_remove(const char *path);
/* Where we are: "/sys/fs/cgroup/..." in @buf; -ENOENT without cgroup v2. */
int cgroup_own_path(char *buf, size_t size);
