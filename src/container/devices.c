/* SPDX-License-Identifier: Apache-2.0 */
/* devices - what every program expects in /dev (OCI config-linux.md "Default Devices")
 *
 * A user namespace cannot make device nodes, so the host's are bound. No unprivileged program can
 * reach more through them than the user can outside.
 */
#include "container/mount.h"
#include "container/rootfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

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

int rootfs_open_terminal(int root_fd, struct rootfs_terminal *ret, struct err *e)
{
	_cleanup_close_ int pts_fd = mount_lookup(root_fd, "/dev/pts"), master_fd = -EBADF;
	struct statfs fs;
	int unlock = 0, slave_fd;

	if (pts_fd < 0)
		return err_set(e, UCT_ROOTFS_UNUSABLE, pts_fd, "the container has no /dev/pts");
	/* Another file system could have anything at that name, a FIFO that blocks us as well. */
	if (fstatfs(pts_fd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_set(e, UCT_ROOTFS_UNUSABLE, -ENODEV,
		               "the container's /dev/pts is not a devpts");
	master_fd = openat(pts_fd, "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master_fd < 0 || ioctl(master_fd, TIOCSPTLCK, &unlock) < 0 ||
	    ioctl(master_fd, TIOCGPTN, &ret->number) < 0)
		return err_sys(e, "cannot make a terminal");
	/* By descriptor, not by path: what lies at /dev/pts is the image's business (ioctl_tty(2)).
	 */
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0)
		return err_sys(e, "cannot open the terminal");
	ret->slave_fd = slave_fd;
	ret->master_fd = TAKE_FD(master_fd);
	ret->pts_fd = TAKE_FD(pts_fd);
	return 0;
}

void rootfs_terminal_done(struct rootfs_terminal *t)
{
	cleanup_close(&t->master_fd);
	cleanup_close(&t->slave_fd);
	cleanup_close(&t->pts_fd);
	*t = (struct rootfs_terminal)ROOTFS_TERMINAL_NONE;
}

int rootfs_console(int root_fd, const struct rootfs_terminal *t, struct err *e)
{
	_cleanup_close_ int mount_fd = -EBADF, console_fd = -EBADF;
	char name[16];

	console_fd = mount_target(root_fd, "/dev/console", MOUNT_TARGET_NO_LINKS, e);
	if (console_fd < 0)
		return console_fd;
	(void)snprintf(name, sizeof(name), "%u", t->number);
	mount_fd = mount_clone(t->pts_fd, name, e);
	if (mount_fd < 0)
		return mount_fd;
	return mount_attach(mount_fd, console_fd, "/dev/console", e);
}
