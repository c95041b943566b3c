/* SPDX-License-Identifier: Apache-2.0 */
/* proc - processes: starting programs, and naming a process so that no other can be meant
 *
 * A process is held by a pidfd. On disk it is named by struct proc_id: the number together with
 * what makes it unique, the 64-bit inode of its pidfd (pidfs, Linux 6.9) or, before that, the boot
 * id's hash and the start time. proc_open() gives a pidfd only if both still fit.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct proc_id {
	pid_t pid;
	uint64_t unique; /* 0: unknown */
};

int proc_identify(int pidfd, pid_t pid, struct proc_id *ret);
/* A pidfd, or -ESRCH when that process is gone (and its number perhaps somebody else's). */
int proc_open(const struct proc_id *id);
bool proc_is_alive(const struct proc_id *id);
int pidfd_of(pid_t pid);              /* pidfd_open(2); descriptor or -errno */
int pidfd_signal(int pidfd, int sig); /* 0 or -errno */
/* Waits for our own child; 0 with its wait(2) status, or -errno. */
int pidfd_wait(int pidfd, int *ret_status);

/* A descriptor a started program gets: the number it has with us, the number it will have. */
struct spawn_fd {
	int from, to;
};
struct spawn {
	const char *path;
	int program_fd; /* instead of a path, which then is NULL; any number */
	char *const *argv;
	char *const *env;
	const struct spawn_fd
		*fds; /* all others must be close-on-exec; 0, 1 and 2 stay if unnamed */
	size_t n_fds;
	bool new_session;
};
/* posix_spawn(3) with clean signal mask and dispositions. Nothing of ours runs in the child. The
 * result is a pidfd. -ENOENT: no such program. */
int proc_spawn(const struct spawn *s, pid_t *ret_pid, struct err *e);

/* Where the system has a well-known tool, without PATH: engines start runtimes with an empty
 * environment. 0 or -ENOENT. */
int proc_find_program(const char *name, char *buf, size_t size);
