/* SPDX-License-Identifier: Apache-2.0 */
/* endings - wait for the ends of several containers at once, and hurry those that take too long
 *
 * Whoever ends containers sends each its signal first and then waits for all of them, so that the
 * time is that of the slowest and not the sum. An end is heard from the container's monitor, or
 * where that is dead, seen at the pidfd of the first process.
 */
#pragma once

#include "engine/engine.h"

/* What happens to one whose time is up. */
enum ending_last { ENDING_KILL, ENDING_GIVE_UP };

struct ending {
	struct target *t; /* borrowed */
	int fd;           /* its monitor, or its first process */
	bool is_process;
	bool is_over;
	bool was_lost;        /* for whoever remembers that it was stopped */
	uint64_t deadline_ns; /* 0: none */
	enum ending_last last;
	int r; /* 0 it has ended, or its time is up; else why we do not know */
	struct err e;
};

/* Begins to listen. @timeout_ms < 0: without a limit. */
void ending_watch(struct usrct *u, struct target *t, int timeout_ms, enum ending_last last,
                  struct ending *ret);
/* Until all are over; elements without a target are passed over. */
void endings_wait(struct usrct *u, struct ending *v, size_t n);
