/* SPDX-License-Identifier: Apache-2.0 */
/* enter - start one more process in a container that runs, from outside
 *
 * Theory of operation. Neither the caller nor the new process may be half inside: the caller stays
 * where it is, and the new one must be born in the container's PID namespace. So between them is a
 * third for a moment, which shares the caller's memory and descriptors as vfork(2)'s child does,
 * enters the namespaces, clones and leaves; the new process is then the caller's own child.
 *
 *      caller               new process          why it is there
 *   1                   <-  READY terminal       only with a terminal: the master's end
 *   2                   <-  end-of-file          exec closed the socket (CLOEXEC)
 * or FAIL with its struct err. After 2, exec and a kill look alike: ask the pidfd.
 *
 * The kernel lets us in for one of two reasons: we are root in the container's user namespace's
 * parent (a monitor), or the user who owns its topmost ancestor below our own (everybody else;
 * user_namespaces(7)). Both give CAP_SYS_PTRACE over whatever the container's first process did to
 * itself, but not while that is still our program (init.c), whose memory belongs to our namespace.
 *
 * Until its exec the new process is a copy of us that the container can see: it is not dumpable
 * from its first moment, runs from sealed memory, and has but the four descriptors it needs.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

struct secrets;
struct spec;

struct enter {
	int init_pidfd; /* of the container's first process */
	int cgroup_fd;  /* to be born in; -EBADF: that of the caller */
	/* The container's document, whose process part is carried out (args, env, user may have
	 * been replaced in it). */
	const struct spec *spec;
	int stdio[3];         /* its ends, none below 3; unused with spec->terminal */
	const int *tools_fds; /* container/tools.h: detached mounts; NULL: the container's root */
	size_t n_tools, n_tools_data;  /* of which so many, at the end, are data-only layers */
	const struct secrets *secrets; /* variables among them are set; NULL: none */
	const int *kept_fds;           /* become its descriptors 3, 4 ... */
	size_t n_kept;
};

/* A process that was started; -EBADF where there is nothing. */
struct entered {
	pid_t pid; /* our child: to be waited for */
	int pidfd;
	int sync_fd;   /* readable when enter_result() will not block */
	int master_fd; /* terminal */
};
#define ENTERED_NONE                                                    \
	{                                                               \
		.pidfd = -EBADF, .sync_fd = -EBADF, .master_fd = -EBADF \
	}

/* Starts it. The caller closes its copies of the stdio ends. */
int enter_start(const struct enter *what, struct entered *ret, struct err *e);
/* Waits for the program to run, or for why it does not: then the process is reaped and @x as
 * before the start. UCT_COMMAND_NOT_FOUND, UCT_COMMAND_NOT_EXECUTABLE, UCT_WORKING_DIRECTORY,
 * UCT_USER_UNKNOWN are the request's fault. */
int enter_result(struct entered *x, struct err *e);
/* Closes the descriptors. A process that runs goes on. */
void entered_done(struct entered *x);
#define _cleanup_entered_ _cleanup_(entered_done)
