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
#include <stdio.h>
#include <string.h>

/* sys/mount.h clashes with linux/mount.h in glibc 2.36 */
int umount2(const char *target, int flags);

enum { UMOUNT_DETACH = 2 };

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

/* A clone of the file alone. Before Linux 6.15 only what is attached can be cloned, so the memory
 * lies on @dir_fd meanwhile. */
static int make_file(int dir_fd, struct err *e)
{
	static const char *const config[] = { "size=64k", "mode=755", NULL };
	_cleanup_close_ int fs_fd = mount_new("tmpfs", config, 0, e), file_fd = -EBADF;
	char path[32];
	int r;

	if (fs_fd < 0)
		return fs_fd;
	r = write_file(fs_fd, "apt", apt_text, e);
	if (r == 0)
		r = mount_attach(fs_fd, dir_fd, ROOTFS_APT_DIR, e);
	if (r < 0)
		return r;
	file_fd = mount_clone(fs_fd, "apt", e);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fs_fd);
	if (umount2(path, UMOUNT_DETACH) < 0)
		return err_sys(e, "cannot unmount '%s'", ROOTFS_APT_DIR);
	return TAKE_FD(file_fd);
}

int rootfs_single_id(int root_fd, struct err *e)
{
	_cleanup_close_ int dir_fd = mount_lookup(root_fd, ROOTFS_APT_DIR);
	_cleanup_close_ int file_fd = -EBADF, target_fd = -EBADF;

	if (dir_fd < 0)
		return 0;
	file_fd = make_file(dir_fd, e);
	if (file_fd < 0)
		return file_fd;
	target_fd = mount_target(root_fd, ROOTFS_APT_FILE, 0, e);
	return target_fd < 0 ? target_fd : mount_attach(file_fd, target_fd, ROOTFS_APT_FILE, e);
}
