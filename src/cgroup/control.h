/* SPDX-License-Identifier: Apache-2.0 */
/* control - a container's processes through its cgroup: who they are, freezing, out of memory */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Freezes or thaws all of it and waits, at most @timeout_ms, until the kernel has done so. The
 * answer is -ETIMEDOUT where a process does not stop (in uninterruptible sleep). */
int cgroup_freeze(const char *path, bool freeze, int timeout_ms, struct err *e);
/* Whether somebody has asked for it: 1, 0; 0 also where there is no cgroup. */
int cgroup_is_frozen(const char *path);

/* Processes in it and below it, in no order; *ret is freed by the caller. */
int cgroup_processes(const char *path, pid_t **ret, size_t *ret_n, struct err *e);

/* A descriptor that is ready with EPOLLPRI when memory.events changes; -ENOENT without the memory
 * controller. */
int cgroup_open_oom(const char *path);
/* How many processes the kernel has killed for want of memory, by such a descriptor; 0 unknown. */
uint64_t cgroup_oom_kills(int fd);
