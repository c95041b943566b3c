/* SPDX-License-Identifier: Apache-2.0 */
/* launcher - start usr-ct-launch from sealed memory, with the descriptors it is to have
 *
 * Nothing of ours runs between fork and exec: this program may link anything.
 */
#pragma once

#include "engine/engine.h"

#include "base/proc.h"
#include "engine/scope.h"

enum { LAUNCHER_FDS_MAX = 12 };

struct launching {
	const char *id, *how; /* argv[1] and argv[2] */
	/* Besides standard input and output, which are /dev/null. One whose .from is negative is
	 * left out. */
	const struct spawn_fd *fds;
	size_t n_fds;
};
/* The holder was asked before (engine_hold()). */
int launcher_spawn(struct usrct *u, const struct launching *l, pid_t *ret_pid, struct err *e);

/* What must be known of a container before its launcher starts; all else is in its documents. */
struct launch_place {
	bool no_cgroup;
	const char *cgroup_parent; /* NULL: none was asked for */
	unsigned stop_timeout_s;
	int join_fd; /* pidfd of a process whose user namespace is joined; -EBADF: none is */
};
/* A container's launcher, which waits for START. */
struct launched {
	int sock_fd; /* -EBADF: there is none */
	bool has_documents;
	struct scope scope;
};
#define LAUNCHED_NONE                                   \
	{                                               \
		.sock_fd = -EBADF, .scope = SCOPE_NONE, \
	}
/* Makes the container's runtime directory and starts the launcher in it; asks the holder, and for a
 * scope if there is to be one. @container_dirfd may still be a stage in tmp/: what is in it is read
 * after START, so that the program starts while its documents are being written. */
int launcher_start(struct usrct *u, const char *id, int container_dirfd,
                   const struct launch_place *place, struct launched *ret, struct err *e);
/* Its documents are there: it reads them while the caller goes on. Nothing happens a second time,
 * or where there is none yet. */
int launched_read_documents(struct launched *l, struct err *e);
/* A launcher that has not heard START yet takes back what was made for it. */
void launched_done(struct launched *l);
