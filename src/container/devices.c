/* SPDX-License-Identifier: Apache-2.0 */
/* devices - what every program expects in /dev (OCI config-linux.md "Default Devices")
 *
 * A user namespace cannot make device nodes, so the host's are bound. No unprivileged program can
 * reach more through them than the user can outside.
 */
#include "container/mount.h"
#include "container/rootfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static int bind_nodes(int dev_fd, struct err *e)
{
	static const char *const nodes[] = { "null", "zero", "full", "random", "urandom", "tty" };

	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		_cleanup_close_ int fd = -EBADF, target_fd = -EBADF;
		char source[32];
		int r;

		(void)snprintf(source, sizeof(source), "/dev/%s", nodes[i]);
		fd = mount_clone(AT_FDCWD, source, e);
		if (fd < 0)
			return fd;
		target_fd =
			openat(dev_fd, nodes[i], O_CREAT | O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (target_fd < 0)
			return err_sys(e, "cannot make '%s'", source);
		r = mount_attach(fd, target_fd, source, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_links(int dev_fd, struct err *e)
{
	static const char *const links[][2] = {
		{ "/proc/self/fd", "fd" },       { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
		{ "pts/ptmx", "ptmx" },          { "/proc/kcore", "core" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (symlinkat(links[i][0], dev_fd, links[i][1]) < 0 && errno != EEXIST)
			return err_sys(e, "cannot make '/dev/%s'", links[i][1]);
	return 0;
}

int rootfs_devices(int root_fd, struct err *e)
{
	_cleanup_close_ int path_fd = mount_lookup(root_fd, "/dev"), dev_fd = -EBADF;
	mode_t mask;
	int r;

	if (path_fd < 0)
		return err_set(e, UCT_ROOTFS_UNUSABLE, path_fd, "the container has no /dev");
	dev_fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dev_fd < 0)
		return err_sys(e, "cannot open the container's /dev");
	mask = umask(0);
	r = bind_nodes(dev_fd, e);
	if (r == 0)
		r = make_links(dev_fd, e);
	(void)umask(mask);
	return r;
}

int rootfs_terminal(int root_fd, int *ret_slave_fd, struct err *e)
{
	_cleanup_close_ int pts_fd = mount_lookup(root_fd, "/dev/pts"), master_fd = -EBADF;
	_cleanup_close_ int slave_fd = -EBADF, console_fd = -EBADF, mount_fd = -EBADF;
	unsigned number = 0;
	int unlock = 0, r;
	char name[16];

	if (pts_fd < 0)
		return err_set(e, UCT_ROOTFS_UNUSABLE, pts_fd, "the container has no /dev/pts");
	master_fd = openat(pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master_fd < 0 || ioctl(master_fd, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(master_fd, TIOCGPTN, &number) < 0)
		return err_sys(e, "cannot make a terminal");
	/* By descriptor, not by path: what lies at /dev/pts is the image's business (ioctl_tty(2)).
	 */
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0)
		return err_sys(e, "cannot open the terminal");
	console_fd = mount_target(root_fd, "/dev/console", MOUNT_TARGET_NO_LINKS, e);
	if (console_fd < 0)
		return console_fd;
	(void)snprintf(name, sizeof(name), "%u", number);
	mount_fd = mount_clone(pts_fd, name, e);
	if (mount_fd < 0)
		return mount_fd;
	r = mount_attach(mount_fd, console_fd, "/dev/console", e);
	if (r < 0)
		return r;
	*ret_slave_fd = TAKE_FD(slave_fd);
	return TAKE_FD(master_fd);
}
