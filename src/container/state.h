/* SPDX-License-Identifier: Apache-2.0 */
/* state - what a container is doing, as a small file that appears by rename
 *
 * The monitor writes containers/ID/state when the container starts and when it ends; everybody
 * else only reads. A file that says "running" is believed only while the processes that it names
 * are alive (struct proc_id), so a kill -9 or a reboot cannot make it lie.
 */
#pragma once

#include "base/err.h"
#include "base/proc.h"

#include <stdbool.h>

#define STATE_FILE "state"

enum state_status { STATE_CREATED, STATE_RUNNING, STATE_EXITED, STATE_RESTARTING, STATE_LOST };

enum health_status { HEALTH_NONE, HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

struct state {
	/* LOST is never written: running, but without its monitor. RESTARTING: it has ended, and
	 * its monitor will start it again. */
	enum state_status status;
	struct proc_id init, monitor;
	uint64_t started_ns, finished_ns; /* realtime; 0 not yet */
	int exit_code;                    /* 0 to 255; -1 unknown */
	struct proc_id uplink;            /* network helper to end; pid 0: none */
	uint32_t restart_count;           /* since somebody started it */
	bool is_stopped_by_user;          /* stop or kill ended it: unless-stopped obeys */
	bool is_oom_killed;               /* the kernel killed a process of it for memory */
	enum health_status health;        /* of a container that runs */
	char cgroup[384];                 /* its own, to be removed; or empty */
	char error[256];                  /* why the last start failed, or empty */
};

int state_write(int container_dirfd, const struct state *s, struct err *e);
/* Reads and checks against the living. A missing file is STATE_CREATED. */
int state_read(int container_dirfd, struct state *ret, struct err *e);
/* The parser alone, for tests and fuzzing. */
int state_parse(const char *text, struct state *ret, struct err *e);
/* Whether there is a process to signal. */
bool state_is_running(const struct state *s);
/* Whether it lives, be it between two runs. */
bool state_is_active(const struct state *s);
const char *health_name(enum health_status h); /* "none", "starting", "healthy", "unhealthy" */
const char *state_name(enum state_status s);   /* "running" */
