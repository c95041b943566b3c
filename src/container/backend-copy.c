/* SPDX-License-Identifier: Apache-2.0 */
/* backend-copy - the root is a directory of the container's own: "copy", made before the start */
#include "container/backends.h"

#include "container/mount.h"

#include <fcntl.h>

int backend_mount_copy(const struct backend_root *b, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, target_fd = -EBADF;
	int r;

	target_fd =
		openat(b->container_dirfd, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target_fd < 0)
		return err_sys(e, "cannot open the container's directories");
	fd = mount_clone_alone(b->container_dirfd, "copy", e);
	if (fd < 0)
		return err_recode(e, fd, UCT_STORE_DAMAGED);
	r = mount_attach(fd, target_fd, "copy", e);
	return r < 0 ? r : TAKE_FD(fd);
}
