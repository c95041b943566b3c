/* SPDX-License-Identifier: Apache-2.0 */
/* unshare - become a command in the user's namespace, for files that belong to subordinate ids
 *
 * The engine's process has become us; whoever typed the command waits for us and sees what we
 * print. We enter the holder's user namespace (or make one of a single id), make one of our own in
 * it if other maps are wanted, and a mount namespace whose mounts nobody else sees.
 */
#include "launch/launch.h"

#include "base/fd.h"
#include "security/idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

/* Only somebody in the namespace above may write maps of more than one id. */
static int write_maps(const struct id_maps *maps, struct err *e)
{
	struct id_maps own, cut;
	pid_t parent = getppid();
	int r = id_map_read("/proc/self/uid_map", &own.uids, e);

	if (r == 0)
		r = id_map_read("/proc/self/gid_map", &own.gids, e);
	if (r == 0 && (id_map_nest(&maps->uids, &own.uids, false, &cut.uids) < 0 ||
	               id_map_nest(&maps->gids, &own.gids, false, &cut.gids) < 0))
		r = err_set(e, UCT_MAP_NOT_YOURS, -ERANGE, "not all of these ids are yours");
	if (r == 0)
		r = id_map_write(parent, false, &cut.uids, e);
	return r < 0 ? r : id_map_write(parent, true, &cut.gids, e);
}

static int make_nested(const struct id_maps *maps, struct err *e)
{
	int go[2], status = 0;
	char byte;
	pid_t writer;

	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(e, "cannot make a pipe");
	writer = fork();
	if (writer == 0) {
		struct err mine = { 0 };

		(void)close(go[1]);
		if (read(go[0], &byte, 1) == 1 && write_maps(maps, &mine) == 0)
			_exit(0);
		_exit(mine.uct == UCT_MAP_NOT_YOURS ? 2 : 1);
	}
	(void)close(go[0]);
	if (writer < 0)
		return err_sys(e, "cannot fork");
	if (unshare(CLONE_NEWUSER) < 0)
		return err_set(e, UCT_NO_USERNS, -errno, "cannot make a user namespace: %s",
		               strerror(errno));
	if (write(go[1], "", 1) != 1)
		return err_sys(e, "cannot go on");
	(void)close(go[1]);
	if (RETRY_EINTR(waitpid(writer, &status, 0)) < 0 || status != 0)
		return err_set(e, WEXITSTATUS(status) == 2 ? UCT_MAP_NOT_YOURS : UCT_MAP_FAILED,
		               -EPERM, "cannot write the id map");
	return 0;
}

static int make_single(uint32_t uid, uint32_t gid, struct err *e)
{
	struct id_maps one = { .uids = { { { 0, uid, 1 } }, 1 }, .gids = { { { 0, gid, 1 } }, 1 } };

	if (unshare(CLONE_NEWUSER) < 0)
		return err_set(e, UCT_NO_USERNS, -errno, "cannot make a user namespace: %s",
		               strerror(errno));
	return id_map_write_single(getpid(), &one, e);
}

static int enter(bool is_single, const struct id_maps *maps, struct err *e)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int r = 0;

	if (is_single)
		r = make_single(uid, gid, e);
	else if (setns(UNSHARE_USERNS, CLONE_NEWUSER) < 0)
		r = err_set(e, UCT_NO_USERNS, -errno, "cannot enter the user namespace: %s",
		            strerror(errno));
	if (r == 0 && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		r = err_sys(e, "cannot become root in the user namespace");
	if (r == 0 && maps->uids.n && !is_single) {
		r = make_nested(maps, e);
		if (r == 0 && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
			r = err_sys(e, "cannot become root in the user namespace");
	}
	if (r == 0 && unshare(CLONE_NEWNS) < 0)
		r = err_sys(e, "cannot make a mount namespace");
	if (r == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		r = err_sys(e, "cannot make mounts private");
	return r;
}

static int fail(const struct err *e, int status)
{
	(void)fprintf(stderr, "usr-ct: %s (UCT-%d)\n", e->msg, e->uct);
	if (e->hint[0])
		(void)fprintf(stderr, "hint: %s\n", e->hint);
	return status;
}

int unshare_main(char **argv)
{
	struct id_maps maps;
	struct err e = { 0 };
	bool is_single = !strcmp(argv[1], LAUNCH_SINGLE);

	if (pread(UNSHARE_MAPS, &maps, sizeof(maps), 0) != sizeof(maps))
		return 125;
	if (enter(is_single, &maps, &e) < 0)
		return fail(&e, 125);
	(void)fd_set_cloexec(UNSHARE_MAPS, 1);
	(void)fd_set_cloexec(UNSHARE_USERNS, 1);
	(void)execvp(argv[3], argv + 3);
	if (errno == ENOENT || errno == ENOTDIR) {
		(void)err_set(&e, UCT_COMMAND_NOT_FOUND, -ENOENT, "cannot execute '%.200s': %s",
		              argv[3], strerror(errno));
		return fail(&e, 127);
	}
	(void)err_set(&e, UCT_COMMAND_NOT_EXECUTABLE, -errno, "cannot execute '%.200s': %s",
	              argv[3], strerror(errno));
	return fail(&e, 126);
}
