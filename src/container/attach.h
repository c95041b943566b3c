/* SPDX-License-Identifier: Apache-2.0 */
/* attach - what a client and the monitor of a running container say to each other
 *
 * A SOCK_SEQPACKET socket: "attach" in the container's runtime directory, or the socket that the
 * engine started the launcher with, which becomes the first client once STARTED was said. A packet
 * is one type byte and its data. End of file from the client means that it detached or died; from
 * the monitor, that there is nobody to ask any more.
 *
 *   client -> monitor
 *	HELLO	 struct attach_hello; first of all, unless the socket came from the start
 *	STDIN	 bytes; ignored unless the container is interactive
 *	EOF	 standard input has ended
 *	RESIZE	 struct winsize
 *	TERMINAL struct termios [terminal]: restore this if I vanish
 *	CONTROL	 struct attach_control; answered by the same packet when it is in force
 *   monitor -> client
 *	STDOUT, STDERR	bytes, as they came
 *	EXIT	 struct attach_exit; the state file is written, an --rm container's name is free.
 *Also said when the container will be started again; then the socket stays of use
 *
 * The client of the start may slow the container down, as a pipe would; any other that does not
 * keep up is disconnected.
 */
#pragma once

#include <stdint.h>

#define ATTACH_SOCKET "attach"

enum attach_type {
	ATTACH_HELLO = 'h',
	ATTACH_STDIN = 'i',
	ATTACH_EOF = 'e',
	ATTACH_RESIZE = 'r',
	ATTACH_TERMINAL = 't',
	ATTACH_CONTROL = 'c',
	ATTACH_STDOUT = '1',
	ATTACH_STDERR = '2',
	ATTACH_EXIT = 'x',
};

enum { ATTACH_CHUNK = 64 * 1024 }; /* most data bytes in a packet */
enum { ATTACH_WANT_OUTPUT = 1, ATTACH_WANT_INPUT = 2 };

struct attach_hello {
	uint32_t wants;
};

enum attach_op {
	/* The user ends it: it is not started again, and remembers that. During the pause before
	 * a restart this is the end. */
	ATTACH_OP_STOP = 1,
	ATTACH_OP_RELOAD, /* read restart policy and health check of launch.json again */
	ATTACH_OP_CHECK,  /* run the health check now; the answer comes when it is done: 0 or 1 */
	/* After this run it is started once more, whatever the policy and --rm say. The user, who
	 * asks for it, ends the run. */
	ATTACH_OP_AGAIN,
	/* Its processes stand still until this client closes its socket, or dies. -EBUSY: they do
	 * already; -ENOENT: it has no cgroup. */
	ATTACH_OP_FREEZE,
};
struct attach_control {
	uint32_t op;
	int32_t result; /* in the answer: 0 or -errno */
};

enum { ATTACH_EXIT_OOM = 1 }; /* the kernel killed a process of it for want of memory */
struct attach_exit {
	int32_t exit_code;
	uint32_t flags;
};
