/* SPDX-License-Identifier: Apache-2.0 */
/* limits - settings of a cgroup, as "FILE=VALUE" lists: "memory.max=1048576", "cpu.max=50000
 * 100000"
 *
 * A setting that begins with '?' is written where its file exists and left out elsewhere; every
 * other one is carried out or is an error that names controller, file and cure.
 */
#pragma once

#include "base/err.h"

/* Gives the children of @path every controller that it has and that usr-ct knows, and makes sure of
 * those that @settings need; @settings is NULL-terminated and may be NULL. */
int cgroup_enable(const char *path, char *const *settings, struct err *e);
/* Writes them all, or none: what was written before a failure gets its old value back. @ret_before
 * receives the settings that lead back, and may be NULL. */
struct strv;
int cgroup_apply(const char *path, char *const *settings, struct strv *ret_before, struct err *e);
