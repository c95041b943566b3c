/* SPDX-License-Identifier: Apache-2.0 */
/* sync - what engine, launcher and the container's first process say while a container starts
 *
 * Theory of operation: two SOCK_SEQPACKET pairs. A packet is one struct sync_msg and may carry one
 * descriptor. Each side closes the other's end before its first wait, so a death on either side
 * reads as end-of-file on the other and nobody waits for a process that is gone. (An eventfd has
 * no end-of-file.)
 *
 *      engine               launcher             why it is there
 *   0  DOCUMENTS        ->                       they can be read; the container is not published
 *                                                yet, and may never be
 *   1  START            ->                       options that are not in the documents on disk
 *  1a  SCOPED           ->                       if START said so: systemd has, or has not, made
 *                                                a scope around the launcher (cgroup/cgroup.h)
 *   2                    <-   STARTED            pid, timings; then the socket is an attach client
 *
 *      launcher             init (in the container's namespaces)
 *   3  MAPPED           ->                       before this, setuid(0) fails with EINVAL
 *  3a  MOUNT [mount]... ->                       with a map of its own: launch/ids.h
 *  3a                    <-   ROOT [/dev/fuse]     only with fuse-overlayfs, which must run
 *                                                outside the container (container/backend.h)
 *   4                    <-   READY [terminal]   the root is built and entered; it goes on with
 *                                                limits, filter and user, up to execve(2)
 *   5  GO               ->                       network is up, log and attach socket are open
 *   6                    <-   end-of-file        exec closed the socket (CLOEXEC)
 *
 * End of file before START: the engine failed or died, and the launcher leaves without a trace.
 * Instead of any message a side may send FAIL with its struct err and exit; the reader makes that
 * error its own. Another step, a short packet or an early end-of-file is a bug or a death, and
 * sync_expect() names the step it waited for. After 6, exec and a kill look alike: ask the pidfd.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/ioctl.h>

/* What the engine gives the launcher: argv[1] is the container's id, argv[2] says where its ids
 * come from, and the rest are descriptors, by number. */
#define LAUNCH_NESTED "nested" /* from the holder's namespace */
#define LAUNCH_SINGLE "single" /* the user's own id, no holder */
#define LAUNCH_JOINS  "+joins" /* behind either: in the user namespace of another container */
enum launch_fd {
	LAUNCH_SYNC = 3,        /* engine */
	LAUNCH_STORE = 4,       /* the data directory */
	LAUNCH_CONTAINER = 5,   /* containers/ID in it */
	LAUNCH_RUNTIME = 6,     /* the container's own runtime directory */
	LAUNCH_RUNTIME_TOP = 7, /* the directory that has it, as entry ID */
	LAUNCH_USERNS = 8,      /* the holder's user namespace; not there with a single id */
	LAUNCH_JOIN = 9,        /* pidfd of whose user namespace is joined; with LAUNCH_JOINS */
};

/* The other thing that it does: a session (launch/exec.c), a process started in a container that
 * runs. argv[2] is LAUNCH_EXEC; which of the descriptors are there stands in START. Its .pid says
 * how many packets KEEP follow (after SCOPED), each with a descriptor that the process gets: the
 * first as its number 3, and so on. */
#define LAUNCH_EXEC "exec"
enum exec_fd {
	EXEC_SYNC = 3,     /* engine */
	EXEC_DOCUMENT = 4, /* sealed memory: the container's document, with another process part */
	EXEC_STORE = 5,    /* the data directory */
	EXEC_INIT = 6,     /* pidfd of the container's first process */
	EXEC_CGROUP = 7,   /* the container's; only with SYNC_CGROUP */
	EXEC_USERNS = 8,   /* the holder's user namespace; only with SYNC_USERNS */
	EXEC_PIN = 9,      /* keeps the layers of an image of tools; only with SYNC_PIN */
	EXEC_FDS_END,
};
/* And the third: one change to the mounts of a container that runs (launch/live-mount.c). argv[2]
 * is LAUNCH_MOUNT, the descriptors are those of a session, the document has the one mount that it
 * is about. START says in .pid what to do; STARTED answers that it is done. */
#define LAUNCH_MOUNT "mount"
/* And the fourth (launch/unshare.c): argv[1] is how, argv[3] and on are a command that it becomes.
 */
#define LAUNCH_UNSHARE "unshare"
enum unshare_fd {
	UNSHARE_MAPS = 3,   /* sealed memory: struct id_maps; empty: as the holder has them */
	UNSHARE_USERNS = 4, /* the holder's user namespace; not there with a single id */
};
enum live_op { LIVE_ADD = 1, LIVE_REMOVE, LIVE_SWAP };

enum sync_step {
	SYNC_START = 1,
	SYNC_STARTED,
	SYNC_MAPPED,
	SYNC_READY,
	SYNC_GO,
	SYNC_FAIL,
	SYNC_SCOPED,
	SYNC_KEEP,
	SYNC_ROOT,
	SYNC_MOUNT,
	SYNC_DOCUMENTS,
};

enum { SYNC_KEEP_MAX = 64 };

enum { SYNC_STEPS_MAX = 24 };
struct sync_timing {
	char step[20];
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
};
/* Steps of one process. */
struct sync_times {
	uint32_t n;
	struct sync_timing t[SYNC_STEPS_MAX];
};

enum {
	SYNC_ATTACH = 1,       /* START: the engine's socket becomes the first attach client */
	SYNC_SCOPE = 2,        /* DOCUMENTS, START: SCOPED will follow START */
	SYNC_IN_SCOPE = 4,     /* SCOPED: the launcher is in a scope; otherwise @e says why not */
	SYNC_CGROUP = 8,       /* START of a session: EXEC_CGROUP is there */
	SYNC_INTERACTIVE = 16, /* START of a session: the client has input */
	SYNC_USERNS = 32,      /* START of a session: EXEC_USERNS is there */
	SYNC_TOOLS = 64,       /* START of a session: the document's mounts are the tools' trees */
	SYNC_PIN = 128,        /* START of a session: EXEC_PIN is there */
	SYNC_DELEGATED = 128,  /* SCOPED: none is needed, our cgroup turned out to be delegated */
};

struct sync_msg {
	uint32_t step, flags;
	int32_t pid;                /* STARTED */
	struct winsize window;      /* START; all 0: none */
	struct sync_times times[2]; /* STARTED: launcher, init; READY: [1] */
	struct err e;               /* FAIL, SCOPED */
};

/* Where nobody is left to receive it, the error is the one that the other side left behind. */
int sync_send(int fd, const struct sync_msg *m, int passed_fd, struct err *e);
/* Receives @step or fails with the other side's error, or with "NAME ended before STEP". */
int sync_expect(int fd, enum sync_step step, const char *who, struct sync_msg *ret, int *ret_fd,
                struct err *e);
/* 0 once the other side has closed its end, be it by exec(2) or by a death. */
int sync_expect_end(int fd, const char *who, struct err *e);
/* Whether the @n bytes that were received are a FAIL; its text ends then. */
bool sync_is_fail(struct sync_msg *m, ssize_t n);
/* Best effort: the reader may be gone. */
void sync_fail(int fd, const struct err *e);

/* Ends the step that began when the last one ended. */
void sync_time(struct sync_times *t, const char *step);
