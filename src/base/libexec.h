/* SPDX-License-Identifier: Apache-2.0 */
/* libexec - our own small programs: where they are and how they are started
 *
 * Each gets one end of a SOCK_SEQPACKET pair as descriptor 3. What it shall do comes in packets,
 * and end of file means that whoever started it is gone; its *-proto.h or hold.h has the rest.
 */
#pragma once

#include "base/err.h"

/* The directory of the installation, or $USRCT_LIBEXEC_DIR. */
const char *libexec_dir(void);
/* Of the program usr-ct-@name; heap, NULL if out of memory. */
char *libexec_path(const char *name);
/* A descriptor to read it from; UCT_HELPER_MISSING. */
int libexec_open(const char *name, struct err *e);
/* A copy in sealed memory, to run where its file must not be within reach. */
int libexec_seal(const char *name, struct err *e);

/* Somebody else's program, in an absolute directory of $PATH; heap, NULL: there is none. */
char *libexec_find_foreign(const char *program);

/* One that runs. */
struct libexec {
	int sock_fd; /* our end */
	int pidfd;
};
#define LIBEXEC_NONE           \
	{                      \
		-EBADF, -EBADF \
	}
int libexec_start(const char *name, struct libexec *ret, struct err *e);
/* One that may outlive us: in a session of its own, away from our standard streams. It gets
 * @passed_fd as descriptor 4. */
int libexec_start_apart(const char *name, int passed_fd, struct libexec *ret, struct err *e);
/* Closes the socket, and waits for the end that this brings about. */
void libexec_done(struct libexec *l);
#define _cleanup_libexec_ _cleanup_(libexec_done)
