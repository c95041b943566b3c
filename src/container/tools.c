/* SPDX-License-Identifier: Apache-2.0 */
#include "container/tools.h"

#include "container/mount.h"
#include "container/rootfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int mount(const char *source, const char *target, const char *fstype, unsigned long flags,
          const void *data); /* sys/mount.h clashes with linux/mount.h in glibc 2.36 */

int umount2(const char *target, int flags);

enum { UMOUNT_DETACH = 2, ENTRIES_MAX = 512, PROPAGATE_PRIVATE = 1 << 18, PROPAGATE_REC = 16384 };

/* Of the container; cloned before anything is covered. */
struct views {
	int tree_fd, proc_fd, dev_fd, sys_fd;
};
#define VIEWS_NONE                             \
	{                                      \
		-EBADF, -EBADF, -EBADF, -EBADF \
	}
static void views_done(struct views *v)
{
	cleanup_close(&v->tree_fd);
	cleanup_close(&v->proc_fd);
	cleanup_close(&v->dev_fd);
	cleanup_close(&v->sys_fd);
}

static int clone_view(int root_fd, const char *path, int *ret, struct err *e)
{
	_cleanup_close_ int fd = mount_lookup(root_fd, path);

	if (fd < 0)
		return err_set(e, UCT_ROOTFS_UNUSABLE, fd, "the container has no '%s'", path);
	*ret = mount_clone(fd, "", e);
	return MIN(*ret, 0);
}

static int clone_views(int root_fd, struct views *v, struct err *e)
{
	int r = clone_view(root_fd, "/proc", &v->proc_fd, e);

	if (r == 0)
		r = clone_view(root_fd, "/dev", &v->dev_fd, e);
	if (r == 0)
		r = clone_view(root_fd, "/sys", &v->sys_fd, e);
	return r < 0 ? r : clone_view(root_fd, "/", &v->tree_fd, e);
}

/* Makes directory @name in the new root and attaches a detached mount there. */
static int attach_at(int root_fd, const char *name, int mount_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (mkdirat(root_fd, name, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "cannot make '/%s'", name);
	fd = openat(root_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open '/%s'", name);
	return mount_attach(mount_fd, fd, name, e);
}

/* All trees, as one: a descriptor of its root, which is attached below the new root. */
static int join_trees(int root_fd, const int *tree_fds, size_t n, size_t n_data, struct err *e)
{
	struct mount_overlay o = {
		.lower_fds = tree_fds,
		.n_lower = n - n_data,
		.data_fds = tree_fds + (n - n_data),
		.n_data = n_data,
		.upper_fd = -EBADF,
		.work_fd = -EBADF,
	};
	char name[32];
	int r;

	/* Of a mount that is nowhere attached no part can be cloned (before Linux 6.15). */
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), ".tools-%zu", i);
		r = attach_at(root_fd, name, tree_fds[i], e);
		if (r < 0)
			return r;
	}
	if (n == 1)
		return fcntl(tree_fds[0], F_DUPFD_CLOEXEC, 3);
	if (mkdirat(root_fd, ".tools", 0755) < 0)
		return err_sys(e, "cannot make '/.tools'");
	return mount_overlay(&o, root_fd, ".tools", e);
}

/* What was put together from them has clones of its own. */
static void part_trees(int root_fd, size_t n)
{
	char name[32];

	if (fchdir(root_fd) < 0)
		return;
	for (size_t i = 0; i <= n; i++) {
		(void)snprintf(name, sizeof(name), ".tools-%zu", i);
		if (i == n)
			name[strlen(".tools")] = '\0';
		(void)umount2(name, UMOUNT_DETACH);
		(void)unlinkat(root_fd, name, AT_REMOVEDIR);
	}
}

static bool is_replaced(const char *name)
{
	static const char *const names[] = {
		".", "..", "container", "proc", "dev", "sys", "tmp",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* One entry of the tools' root: a link stays one, everything else is bound. */
static int take_entry(int base_fd, int root_fd, const char *name, struct err *e)
{
	_cleanup_close_ int mount_fd = -EBADF, fd = -EBADF, made_fd = -EBADF;
	char link[4096];
	struct stat st;
	ssize_t n;

	if (fstatat(base_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot stat '/%s' of the tools", name);
	if (S_ISLNK(st.st_mode)) {
		n = readlinkat(base_fd, name, link, sizeof(link) - 1);
		if (n < 0)
			return err_sys(e, "cannot read '/%s' of the tools", name);
		link[n] = '\0';
		return symlinkat(link, root_fd, name) < 0 ? err_sys(e, "cannot make '/%s'", name)
		                                          : 0;
	}
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
		return 0;
	mount_fd = mount_clone(base_fd, name, e);
	if (mount_fd < 0)
		return mount_fd;
	if (S_ISDIR(st.st_mode))
		return attach_at(root_fd, name, mount_fd, e);
	made_fd = openat(root_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
	fd = openat(root_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (made_fd < 0 || fd < 0)
		return err_sys(e, "cannot make '/%s'", name);
	return mount_attach(mount_fd, fd, name, e);
}

static int take_entries(int base_fd, int root_fd, struct err *e)
{
	DIR *d = fdopendir(openat(base_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	size_t n = 0;
	int r = 0;

	if (!d)
		return err_sys(e, "cannot read the tools' directory");
	for (struct dirent *de; r == 0 && (de = readdir(d));) {
		if (is_replaced(de->d_name))
			continue;
		if (++n > ENTRIES_MAX)
			r = err_errno(e, -E2BIG, "the tools' directory has too many entries");
		else
			r = take_entry(base_fd, root_fd, de->d_name, e);
	}
	(void)closedir(d);
	return r;
}

/* Names resolve as in the container, where the tools have such a file; else they do as they can. */
static void take_resolver(int old_fd, int root_fd)
{
	static const char *const names[] = { "/etc/resolv.conf", "/etc/hosts", "/etc/hostname" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_close_ int from_fd = mount_lookup(old_fd, names[i]), mount_fd = -EBADF;
		_cleanup_close_ int to_fd = mount_lookup(root_fd, names[i]);
		struct stat st;

		if (from_fd < 0 || to_fd < 0 || fstat(to_fd, &st) < 0 || !S_ISREG(st.st_mode) ||
		    fstat(from_fd, &st) < 0 || !S_ISREG(st.st_mode))
			continue;
		mount_fd = mount_clone(from_fd, "", NULL);
		if (mount_fd >= 0)
			(void)mount_attach(mount_fd, to_fd, names[i], NULL);
	}
}

static int furnish(int old_fd, int root_fd, const struct views *v, int base_fd, struct err *e)
{
	static const char *const scratch[] = { "mode=1777", NULL };
	_cleanup_close_ int tmp_fd = mount_new("tmpfs", scratch, MOUNT_ATTR_NODEV, e);
	int r = MIN(tmp_fd, 0);

	if (r == 0)
		r = take_entries(base_fd, root_fd, e);
	if (r == 0)
		r = attach_at(root_fd, "tmp", tmp_fd, e);
	if (r == 0)
		r = attach_at(root_fd, "proc", v->proc_fd, e);
	if (r == 0)
		r = attach_at(root_fd, "dev", v->dev_fd, e);
	if (r == 0)
		r = attach_at(root_fd, "sys", v->sys_fd, e);
	if (r == 0)
		r = attach_at(root_fd, &TOOLS_CONTAINER[1], v->tree_fd, e);
	if (r == 0)
		take_resolver(old_fd, root_fd);
	return r;
}

int tools_enter(const int *tree_fds, size_t n, size_t n_data, struct err *e)
{
	static const char *const config[] = { "mode=755", NULL };
	_cleanup_close_ int old_fd = -EBADF, root_fd = -EBADF, base_fd = -EBADF, at_fd = -EBADF;
	_cleanup_(views_done) struct views v = VIEWS_NONE;
	int r;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, PROPAGATE_PRIVATE | PROPAGATE_REC, NULL) < 0)
		return err_sys(e, "cannot copy the container's mount namespace");
	old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (old_fd < 0)
		return err_sys(e, "cannot open the container's root");
	r = clone_views(old_fd, &v, e);
	if (r < 0)
		return r;
	/* Attached to any directory there is; not to /proc, which we need ourselves. */
	at_fd = mount_lookup(old_fd, "/dev");
	root_fd = mount_new("tmpfs", config, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, e);
	if (root_fd < 0)
		return root_fd;
	r = mount_attach(root_fd, at_fd, "the tools' root", e);
	if (r < 0)
		return r;
	base_fd = join_trees(root_fd, tree_fds, n, n_data, e);
	if (base_fd < 0)
		return base_fd;
	r = furnish(old_fd, root_fd, &v, base_fd, e);
	part_trees(root_fd, n);
	if (r == 0)
		r = rootfs_protect(root_fd, e);
	return r < 0 ? r : rootfs_enter(root_fd, e);
}
