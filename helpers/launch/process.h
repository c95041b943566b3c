/* SPDX-License-Identifier: Apache-2.0 */
/* process - the last steps before the container's program runs: ids, limits, privileges, exec
 *
 * Order, and why: the OOM score while our files in /proc can be our own; rlimits while we may
 * still raise them; the bounding set while
 * CAP_SETPCAP is there; the filter while CAP_SYS_ADMIN is there (or no_new_privs is set); groups
 * before the user; capabilities last, because a change of user clears them.
 */
#pragma once

#include "base/err.h"
#include "base/strv.h"
#include "container/user.h"

#include <stdbool.h>

struct spec;

/* What to execute, found out while the container's root is /. */
struct process {
	struct user user;
	struct strv env;
};

/* Mask and dispositions survive exec(2); the program starts with neither (bubblewrap PR #711). By
 * system call: signal(3) refuses the two that glibc keeps for itself, and posix_spawn(3) has left
 * just these ignored. */
void process_reset_signals(void);
/* Finds the user, completes the environment (PATH, HOME, TERM, HOSTNAME), enters the working
 * directory. @makes_cwd: makes it if it is not there. */
int process_prepare(const struct spec *spec, int root_fd, bool makes_cwd, struct process *ret,
                    struct err *e);
/* Standard input, output and error: a terminal, of a session that we lead, or three descriptors
 * (0, 1 and 2 themselves, or none below 3). */
/* In the user namespace that was entered. */
int process_become_root(struct err *e);
int process_take_terminal(int slave_fd, const struct user *u, struct err *e);
int process_take_pipes(const int stdio[3], const struct user *u, struct err *e);
/* Before anybody else is in the container: the process is dumpable afterwards. UCT_OOM_SCORE. */
int process_set_oom_score(const struct spec *spec, struct err *e);
/* Becomes the user with the limits, capabilities and filter of the document. */
int process_restrict(const struct spec *spec, const struct process *p, struct err *e);
/* Never returns 0: UCT_COMMAND_NOT_FOUND or UCT_COMMAND_NOT_EXECUTABLE. */
int process_exec(const struct spec *spec, const struct process *p, struct err *e);
void process_done(struct process *p);
