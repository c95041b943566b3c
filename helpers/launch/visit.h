/* SPDX-License-Identifier: Apache-2.0 */
/* visit - do something elsewhere: in namespaces that this process must not enter itself
 *
 * As vfork(2): a child shares our memory and descriptors, does it while we wait, and is gone. What
 * it opens stays open with us, what it writes we read; its namespaces, user and working directory
 * are its own. It is not dumpable, since a container may be able to see it.
 */
#pragma once

#include "base/err.h"

/* Runs @fn, whose result and error it gives back. @flags: CLONE_NEW*, to be born in new ones. */
int visit(int (*fn)(void *arg, struct err *e), void *arg, unsigned long flags, struct err *e);

/* Of a function that calls one which does not return, in a visit: ASan would not know the stack. */
#define ON_OWN_STACK __attribute__((no_sanitize_address, noinline))

/* Inside a container as its root, in its user and mount namespace and those of @more, without being
 * a process of it; for @fn of a visit. */
int visit_container(int init_pidfd, unsigned long more, struct err *e);
