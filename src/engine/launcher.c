/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/launcher.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>

int launcher_spawn(struct usrct *u, const struct launching *l, pid_t *ret_pid, struct err *e)
{
	char path[32], *argv[] = { (char *)(uintptr_t) "usr-ct-launch", (char *)(uintptr_t)l->id,
		                   (char *)(uintptr_t)l->how, NULL };
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = -EBADF;
	struct spawn_fd all[3 + LAUNCHER_FDS_MAX] = { { null_fd, 0 },
		                                      { null_fd, 1 },
		                                      { null_fd, 2 } };
	struct spawn spawn = {
		.path = path,
		.argv = argv,
		.env = environ,
		.fds = all,
		.n_fds = 3,
		.new_session = true, /* a Ctrl-C at the terminal is not for it */
	};

	if (null_fd < 0)
		return err_sys(e, "cannot open /dev/null");
	assert(l->n_fds <= LAUNCHER_FDS_MAX);
	for (size_t i = 0; i < l->n_fds; i++)
		if (l->fds[i].from >= 0)
			all[spawn.n_fds++] = l->fds[i];
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", u->held.launcher_fd);
	pidfd = proc_spawn(&spawn, ret_pid, e);
	return MIN(pidfd, 0);
}
