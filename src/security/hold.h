/* SPDX-License-Identifier: Apache-2.0 */
/* hold - the user's namespace, kept by one tiny process so that a start needs no set-uid program
 *
 * usr-ct-hold makes a user namespace with the user's whole id map (newuidmap once: 3 to 6 ms) and
 * hands descriptors of it to whoever of the same user asks. Containers get namespaces of their own,
 * nested in it, whose maps need no privilege to write (0.03 ms). It holds nothing that matters: it
 * may be killed at any time, a namespace lives on while a container uses it, and it leaves after
 * some minutes without a question.
 *
 * One SOCK_SEQPACKET socket, hold.sock in the runtime directory:
 *      client                        hold
 *   1  ASK (launcher's file id)  ->
 *   2                            <-  GIVE (the maps) [user namespace, launcher]
 * The launcher comes as a sealed copy in memory, one for all containers: what runs as a container's
 * first process until its exec(2) must not be a file that the container could write to later
 * through /proc/PID/exe (CVE-2019-5736). The file id tells hold when the program on disk is new.
 *
 * While it starts, hold has a second socket as descriptor 3 and tells its parent READY or FAIL.
 */
#pragma once

#include "base/err.h"
#include "security/idmap.h"

#define HOLD_SOCKET "hold.sock"
#define HOLD_LOCK   "hold.lock"

enum hold_type { HOLD_ASK = 1, HOLD_GIVE, HOLD_READY, HOLD_FAIL };

struct hold_ask {
	uint32_t type, version;
	uint64_t dev, ino, mtime_ns; /* of usr-ct-launch as the client sees it */
};
struct hold_answer {
	uint32_t type, pad;
	char map[ID_MAP_LABEL_SIZE]; /* GIVE: of the namespace's maps */
	struct id_maps maps;         /* GIVE: from its ids to the machine's */
	struct err e;                /* FAIL */
};
enum { HOLD_VERSION = 3 };

struct hold_given {
	int userns_fd;
	int launcher_fd;
	char map[ID_MAP_LABEL_SIZE];
	struct id_maps maps;
};
static inline void hold_given_done(struct hold_given *g)
{
	cleanup_close(&g->userns_fd);
	cleanup_close(&g->launcher_fd);
}
#define HOLD_GIVEN_NONE                                     \
	{                                                   \
		.userns_fd = -EBADF, .launcher_fd = -EBADF, \
	}

/* Asks the running holder, if there is one, and does not wait: hold_get() hears its answer. */
int hold_ask(int runtime_dirfd);
/* Hears what the running holder gives, and starts one if there is none. @asked_fd is what
 * hold_ask() returned, or -EBADF; it is closed. -ENOENT (UCT_NO_SUBIDS): the user has no ids to
 * map, so there is nothing to hold. */
int hold_get(int runtime_dirfd, int asked_fd, struct hold_given *ret, struct err *e);
