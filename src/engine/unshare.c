/* SPDX-License-Identifier: Apache-2.0 */
/* unshare - this process becomes a command in the user's namespace */
#include "engine/ids.h"

#include "base/fd.h"
#include "base/strv.h"
#include "container/sync.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <usrct/system.h>

/* What scripts look at, as CONTAINERS_GRAPHROOT and its like with podman. */
static int make_env(const struct usrct *u, struct strv *ret)
{
	int r = strv_copy(ret, environ);

	if (r == 0)
		r = strv_env_set(ret, "USRCT_UNSHARED=1");
	if (r == 0)
		r = strv_addf(ret, "USRCT_DATA_DIR=%s", u->data_dir);
	return r < 0 ? r : strv_addf(ret, "USRCT_RUNTIME_DIR=%s", u->runtime_dir);
}

/* To fixed numbers, from wherever they are. */
static int place(int from, int to, struct err *e)
{
	if (from < 0)
		return 0;
	if (dup3(from, to, 0) < 0)
		return err_sys(e, "cannot pass a descriptor on");
	return 0;
}

static int become(struct usrct *u, const struct id_maps *maps, const char *const *command,
                  struct err *e)
{
	_cleanup_strv_ struct strv argv = { 0 }, env = { 0 };
	int maps_fd = fd_sealed_memory("maps", maps, sizeof(*maps), e), held_fd, launcher_fd, r;
	char path[32];

	if (maps_fd < 0)
		return maps_fd;
	/* Out of the way of the numbers that they are to have. */
	maps_fd = fcntl(maps_fd, F_DUPFD_CLOEXEC, 64);
	held_fd = u->is_single_id ? -EBADF : fcntl(u->held.userns_fd, F_DUPFD_CLOEXEC, 64);
	launcher_fd = fcntl(u->held.launcher_fd, F_DUPFD_CLOEXEC, 64);
	r = strv_add(&argv, "usr-ct-launch");
	if (r == 0)
		r = strv_add(&argv, u->is_single_id ? LAUNCH_SINGLE : LAUNCH_NESTED);
	if (r == 0)
		r = strv_add(&argv, LAUNCH_UNSHARE);
	if (r == 0)
		r = strv_copy(&argv, (char *const *)(uintptr_t)command);
	if (r == 0)
		r = make_env(u, &env);
	if (r < 0)
		return err_oom(e);
	r = place(maps_fd, UNSHARE_MAPS, e);
	if (r == 0)
		r = place(held_fd, UNSHARE_USERNS, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", launcher_fd);
	(void)execve(path, argv.v, env.v);
	return err_sys(e, "cannot run the launcher");
}

int usrct_unshare(struct usrct *u, const struct usrct_unshare_options *opts, struct usrct_err *out)
{
	struct err e = { 0 };
	struct ids ids;
	int r = ids_choose_bare(u, opts, &ids, &e);

	if (r == 0)
		r = become(u, &ids.maps, opts->command, &e);
	return ENGINE_RETURN(r, out, &e);
}
