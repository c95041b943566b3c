/* SPDX-License-Identifier: Apache-2.0 */
/* single-id - what the root file system of a container with one id needs besides
 *
 * apt changes to a user of its own for downloads and then looks whether that is true, which no
 * system call filter can pretend (seccomp-single.txt); it has a setting for that. The file is in
 * memory and bound to where apt looks, if there is such a place.
 */
#include "base/fd.h"
#include "container/mount.h"
#include "container/rootfs.h"

#include <fcntl.h>
#include <string.h>

static const char apt_text[] =
	"// A container with one user id: there is no other user to become.\n"
	"APT::Sandbox::User \"root\";\n";

static int write_file(int dir_fd, const char *name, const char *text, struct err *e)
{
	_cleanup_close_ int fd =
		openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));

	return r < 0 ? err_errno(e, r, "cannot write '%s'", ROOTFS_APT_FILE) : 0;
}

int rootfs_single_id(int root_fd, struct err *e)
{
	static const char *const config[] = { "size=64k", "mode=755", NULL };
	_cleanup_close_ int dir_fd = mount_lookup(root_fd, ROOTFS_APT_DIR), fs_fd = -EBADF;
	_cleanup_close_ int file_fd = -EBADF, target_fd = -EBADF;
	int r;

	if (dir_fd < 0)
		return 0;
	fs_fd = mount_new("tmpfs", config, 0, e);
	if (fs_fd < 0)
		return fs_fd;
	r = write_file(fs_fd, "apt", apt_text, e);
	if (r < 0)
		return r;
	file_fd = mount_clone(fs_fd, "apt", e);
	if (file_fd < 0)
		return file_fd;
	target_fd = mount_target(root_fd, ROOTFS_APT_FILE, 0, e);
	return target_fd < 0 ? target_fd : mount_attach(file_fd, target_fd, ROOTFS_APT_FILE, e);
}
