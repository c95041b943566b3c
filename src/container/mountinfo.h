/* SPDX-License-Identifier: Apache-2.0 */
/* mountinfo - lines of /proc/PID/mountinfo, whose paths a container may have chosen */
#pragma once

/* All point into the line. */
struct mountinfo {
	char *root;    /* what of its file system is mounted */
	char *target;  /* where, below the process's root */
	char *options; /* "rw,nosuid,..." of the mount */
};

/* Takes @line apart, which has no newline, and resolves "\040" and its like. 0 or -EINVAL. */
int mountinfo_parse(char *line, struct mountinfo *ret);
