/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup - a container's own cgroup v2: where it can be, making and removing it
 *
 * Theory of operation. Two places can hold it.
 *   delegated  A part of the tree that is ours (a --user unit with Delegate=yes, a batch job, a
 *              test): a child is made with mkdir(2). Controllers reach it only through a parent
 *              without processes ("no internal processes", cgroups(7)), so the parent is the
 *              nearest of our cgroup and those above it that is ours and has none. Where there is
 *              none, our cgroup itself serves; for limits our own programs in it, and nothing
 *              else, are then moved one level down (cgroup_clear()).
 *   scope      Everywhere else (a login session, a desktop) the user's systemd makes a transient
 *              scope with Delegate=yes, moves the launcher into it, and leaves what is below to us
 *              (helpers/scope). "monitor" in it holds the launcher, "ct" the container.
 * Below user@UID.service every cgroup belongs to the user without being delegated: systemd would
 * kill containers there together with the terminal they were started from. What is delegated has
 * the attribute user.delegate; a user's systemd before 253 does not set it. There usr-ct-scope asks
 * it for Delegate= of the caller's unit before it asks for a scope, and sets the attribute itself.
 *
 * The container's first process is born in its cgroup (CLONE_INTO_CGROUP, Linux 5.7).
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* The text of /proc/PID/cgroup, in place: the path of cgroup v2; NULL: none that can be reached. */
const char *cgroup_parse_own(char *text);
/* Where we are: "/sys/fs/cgroup/..." in @buf; -ENOENT without cgroup v2. */
int cgroup_own_path(char *buf, size_t size);
/* The parent for containers' cgroups; -ENOENT where nothing is delegated. @ret_busy: it has
 * processes, so that controllers cannot be given to its children. */
int cgroup_delegated(char *buf, size_t size, bool *ret_busy);
/* Whether our cgroup may be a delegated unit's that is not marked as such: usr-ct-scope knows. */
bool cgroup_may_be_delegated(void);
/* Marks @unit, a path in the hierarchy, as delegated; -ENOENT if our cgroup is not below it. */
int cgroup_mark_delegated(const char *unit);
/* Moves usr-ct's own processes from a delegated cgroup to one below it. */
void cgroup_clear(const char *path);
/* Moves this process. */
int cgroup_enter(const char *path, struct err *e);

/* Makes (or finds) a child. Returns its descriptor and its absolute path, or -ENOENT without an
 * error text where that is not allowed. */
int cgroup_make(const char *parent, const char *name, char *ret_path, size_t size, struct err *e);
/* Removes it and what the container made in it, once it is empty. Best effort; a missing one is
 * fine. */
void cgroup_remove(const char *path);
/* The same where nobody is left who could end what still runs in it: kills that and waits for its
 * end, at most a second. Returns 0, or -EBUSY if it is still there. */
int cgroup_end(const char *path);
