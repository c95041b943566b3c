/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/exec.h - one more process in a container that runs. Since: 0.2 */
#ifndef USRCT_EXEC_H
#define USRCT_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <usrct/container.h>
#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct usrct_exec_options - what to run; lists are NULL-terminated and may be NULL
 * @size:        sizeof(struct usrct_exec_options)
 * @command:     program and arguments; required, except with @tools
 * @env:         "NAME=VALUE", or "NAME" for the caller's own value; beside the container's
 * @user:        USER[:GROUP], names or numbers; NULL: the container's
 * @workdir:     absolute path in the container; NULL: the container's
 * @tty:         give it a terminal
 * @interactive: pass @stdio's input on
 * @privileged:  all capabilities over what the container's user namespace owns, and no system call
 *               filter
 * @tools:       a directory, if it starts with / or ., or else an image that is here: the process
 * has it as its root, read-only, and the container's root at /container; NULL: none. User and
 * directory are looked up there, and are root and /container by default; without @command it is
 * /bin/sh
 * @n_kept_fds:  so many of the caller's descriptors, from 3 on, become the command's; at most 64
 * @stdio:       attach; the call returns when the process ends. NULL: in the background, its output
 *               is thrown away
 */
struct usrct_exec_options {
	size_t size;
	const char *const *command;
	const char *const *env;
	const char *user, *workdir, *tools;
	bool tty, interactive, privileged;
	const struct usrct_stdio *stdio;
	unsigned n_kept_fds;
};

/**
 * usrct_container_exec() - run a command in a container that runs
 * @ref:        as for every call on containers
 * @ret_status: attached only: exit status as a shell gives it, 0 to 255 (128 + signal); 0 if the
 *              user detached; may be NULL
 *
 * The process gets the container's namespaces, cgroup, environment, limits, capabilities and system
 * call filter. It ends with the container. It does not need the container's monitor, takes no lock,
 * and writes nothing to the disk. If the caller ends meanwhile, the process goes on, its output is
 * thrown away and its input is at its end. The caller's signals are not passed on.
 *
 * Blocks until the program runs, or attached until it ends. If it cannot be executed the error's
 * number is 1408 (not found), 1409 (not executable) or 1420 (no such working directory).
 *
 * Return: 0, or negative errno: -ESRCH (the container is not running), -EAGAIN (it is paused).
 * Since: 0.2
 */
USRCT_API int usrct_container_exec(struct usrct *u, const char *ref,
                                   const struct usrct_exec_options *opts, int *ret_status,
                                   struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
