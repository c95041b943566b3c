/* SPDX-License-Identifier: Apache-2.0 */
/* attach - the caller's side of a running container: bytes, window sizes, signals, its end */
#pragma once

#include "engine/engine.h"

#include <signal.h>

struct attachment {
	int sock_fd;    /* container/attach.h */
	int init_pidfd; /* signals go here; -EBADF: none */
	const struct usrct_stdio *io;
	bool tty, interactive;
	bool *ret_oom_killed; /* may be NULL */
};

/* Signals that attach_run() will read; blocked before the container exists, so that none is lost.
 * attach_signals_restore() undoes it. */
struct attach_signals {
	sigset_t old;
	bool is_blocked;
};
int attach_signals_block(const struct usrct_stdio *io, struct attach_signals *ret, struct err *e);
void attach_signals_restore(struct attach_signals *s);

/* attached.c: to one that runs; 1 it ended, 0 detached. */
int engine_attach(struct usrct *u, const struct target *t, const struct usrct_stdio *io,
                  int *ret_status, struct err *e);
/* Until the container ends (1, @ret_exit_code is written) or the user detaches (0). */
int attach_run(const struct attachment *a, int *ret_exit_code, struct err *e);
