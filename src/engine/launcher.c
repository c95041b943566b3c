/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/launcher.h"

#include "base/file.h"
#include "base/sock.h"
#include "container/attach.h"
#include "container/sync.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>

int launcher_spawn(struct usrct *u, const struct launching *l, pid_t *ret_pid, struct err *e)
{
	char *argv[] = { (char *)(uintptr_t) "usr-ct-launch", (char *)(uintptr_t)l->id,
		         (char *)(uintptr_t)l->how, NULL };
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), pidfd = -EBADF;
	struct spawn_fd all[3 + LAUNCHER_FDS_MAX] = { { null_fd, 0 },
		                                      { null_fd, 1 },
		                                      { null_fd, 2 } };
	struct spawn spawn = {
		.program_fd = u->held.launcher_fd,
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
	pidfd = proc_spawn(&spawn, ret_pid, e);
	return MIN(pidfd, 0);
}

/* The scope is asked for with the launcher's number, so it comes last. */
static int spawn_for(struct usrct *u, const char *id, const struct spawn_fd *fds, size_t n_fds,
                     const struct launch_place *place, struct scope *scope, struct err *e)
{
	char how[32];
	pid_t pid = 0;
	int r = place->no_cgroup ? 0 : scope_prepare_start(scope, place->cgroup_parent, e);

	(void)snprintf(how, sizeof(how), "%s%s", u->is_single_id ? LAUNCH_SINGLE : LAUNCH_NESTED,
	               place->join_fd >= 0 ? LAUNCH_JOINS : "");
	if (r == 0)
		r = launcher_spawn(u, &(struct launching){ id, how, fds, n_fds }, &pid, e);
	if (r == 0)
		scope_ask(scope, id, pid, place->stop_timeout_s);
	return r;
}

int launcher_start(struct usrct *u, const char *id, int container_dirfd,
                   const struct launch_place *place, struct launched *ret, struct err *e)
{
	_cleanup_close_ int run_dirfd = -EBADF, ours = -EBADF, theirs = -EBADF;
	int pair[2], r = engine_hold(u, e);

	if (r < 0)
		return r;
	run_dirfd = dir_open_at(u->runtime_dirfd, id, 0700, e);
	if (run_dirfd < 0)
		return run_dirfd;
	(void)unlinkat(run_dirfd, ATTACH_SOCKET, 0); /* of a monitor that was killed */
	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	ours = pair[0];
	theirs = pair[1];
	const struct spawn_fd fds[] = {
		{ theirs, LAUNCH_SYNC },
		{ store_dirfd(u->store), LAUNCH_STORE },
		{ container_dirfd, LAUNCH_CONTAINER },
		{ run_dirfd, LAUNCH_RUNTIME },
		{ u->runtime_dirfd, LAUNCH_RUNTIME_TOP },
		{ u->is_single_id ? -EBADF : u->held.userns_fd, LAUNCH_USERNS },
		{ place->join_fd, LAUNCH_JOIN },
	};

	r = spawn_for(u, id, fds, ARRAY_SIZE(fds), place, &ret->scope, e);
	if (r == 0)
		ret->sock_fd = TAKE_FD(ours);
	return r;
}

int launched_read_documents(struct launched *l, struct err *e)
{
	const struct sync_msg m = { .step = SYNC_DOCUMENTS,
		                    .flags = l->scope.is_asked ? SYNC_SCOPE : 0 };
	int r = l->has_documents || l->sock_fd < 0 ? 0 : sync_send(l->sock_fd, &m, -EBADF, e);

	l->has_documents = l->sock_fd >= 0 && r == 0;
	return r;
}

void launched_done(struct launched *l)
{
	scope_done(&l->scope);
	cleanup_close(&l->sock_fd);
	*l = (struct launched)LAUNCHED_NONE;
}
