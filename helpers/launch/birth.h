/* SPDX-License-Identifier: Apache-2.0 */
/* birth - the container's first process comes into its namespaces: new ones, or some of another
 * container's
 */
#pragma once

#include "launch/init.h"
#include "launch/launch.h"

/* Fills .init_pid and .init_pidfd. @cgroup_fd: where it is born; -EBADF: where we are. */
int birth_clone(struct launch *l, struct init_context *c, int cgroup_fd, struct err *e);
/* A descriptor of one of its namespaces. Before MAPPED: after it, it hides. */
int birth_namespace(const struct launch *l, enum launch_namespace which, struct err *e);
/* No more of them is needed. */
void birth_done(struct launch *l);
