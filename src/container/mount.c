/* SPDX-License-Identifier: Apache-2.0 */
#include "container/mount.h"

#include "base/sbuf.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

int mount(const char *source, const char *target, const char *fstype, unsigned long flags,
          const void *data); /* sys/mount.h clashes with linux/mount.h in glibc 2.36 */

#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x200
#endif

static int fs_config(int fd, unsigned cmd, const char *key, const char *value, int aux)
{
	return syscall(SYS_fsconfig, fd, cmd, key, value, aux) < 0 ? -errno : 0;
}

static int fs_set(int fd, const char *assignment)
{
	const char *eq = strchr(assignment, '=');
	char key[64];

	if (!eq)
		return fs_config(fd, FSCONFIG_SET_FLAG, assignment, NULL, 0);
	if ((size_t)(eq - assignment) >= sizeof(key))
		return -EINVAL;
	memcpy(key, assignment, (size_t)(eq - assignment));
	key[eq - assignment] = '\0';
	return fs_config(fd, FSCONFIG_SET_STRING, key, eq + 1, 0);
}

static int fs_open(const char *type, struct err *e)
{
	int fd = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	return fd < 0 ? err_sys(e, "cannot open file system '%s'", type) : fd;
}

static int fs_mount(int fs_fd, const char *type, unsigned attrs, struct err *e)
{
	int r = fs_config(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0), fd;

	if (r < 0)
		return err_errno(e, r, "cannot make file system '%s'", type);
	fd = (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, attrs);
	return fd < 0 ? err_sys(e, "cannot mount '%s'", type) : fd;
}

int mount_new(const char *type, const char *const *config, unsigned attrs, struct err *e)
{
	_cleanup_close_ int fs = fs_open(type, e);
	int r;

	if (fs < 0)
		return fs;
	for (; config && *config; config++) {
		r = fs_set(fs, *config);
		if (r < 0)
			return err_errno(e, r, "'%s' does not take option '%s'", type, *config);
	}
	return fs_mount(fs, type, attrs, e);
}

int mount_clone(int dirfd, const char *path, struct err *e)
{
	/* Recursive: in a copied mount namespace the kernel lets nobody uncover what a mount below
	 * hides (mount_namespaces(7)), so a part cannot be cloned without it. */
	int fd = (int)syscall(SYS_open_tree, dirfd, path,
	                      OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH);

	return fd < 0 ? err_sys(e, "cannot clone the mount at '%s'", path) : fd;
}

int mount_clone_alone(int dirfd, const char *path, struct err *e)
{
	int fd = (int)syscall(SYS_open_tree, dirfd, path,
	                      OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH);

	return fd < 0 ? err_sys(e, "cannot clone the mount at '%s'", path) : fd;
}

int mount_propagate(int mount_fd, unsigned long type, bool recursive, struct err *e)
{
	struct mount_attr a = { .propagation = type };

	if (syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
	            &a, sizeof(a)) < 0)
		return err_sys(e, "cannot set the propagation of a mount");
	return 0;
}

int mount_restrict(int mount_fd, unsigned attrs, struct err *e)
{
	struct mount_attr a = { .attr_set = attrs };

	if (attrs & MOUNT_ATTR__ATIME) /* a value of several bits: set as a whole */
		a.attr_clr = MOUNT_ATTR__ATIME;

	if (syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof(a)) <
	    0)
		return err_sys(e, "cannot restrict a mount");
	return 0;
}

int mount_attach(int mount_fd, int target_fd, const char *what, struct err *e)
{
	if (syscall(SYS_move_mount, mount_fd, "", target_fd, "",
	            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(e, "cannot mount '%s'", what);
	return 0;
}

int mount_attach_beneath(int mount_fd, int target_fd)
{
	return syscall(SYS_move_mount, mount_fd, "", target_fd, "",
	               MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_BENEATH) < 0
	               ? -errno
	               : 0;
}

bool mount_is_root(int fd)
{
	struct statx stx;

	return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx) == 0 &&
	       stx.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

/* Linux 6.13: layers by descriptor, any number of them. */
static int overlay_by_fd(int fs, const struct mount_overlay *o)
{
	int r = fs_config(fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0);

	/* Asked for from the topmost down. */
	for (size_t i = o->n_lower; i > 0 && r == 0; i--)
		r = fs_config(fs, FSCONFIG_SET_FD, "lowerdir+", NULL, o->lower_fds[i - 1]);
	for (size_t i = 0; i < o->n_data && r == 0; i++)
		r = fs_config(fs, FSCONFIG_SET_FD, "datadir+", NULL, o->data_fds[i]);
	if (r == 0 && o->upper_fd >= 0)
		r = fs_config(fs, FSCONFIG_SET_FD, "upperdir", NULL, o->upper_fd);
	if (r == 0 && o->upper_fd >= 0)
		r = fs_config(fs, FSCONFIG_SET_FD, "workdir", NULL, o->work_fd);
	if (r == 0 && o->is_volatile)
		r = fs_config(fs, FSCONFIG_SET_FLAG, "volatile", NULL, 0);
	return r;
}

/* Before: one option string, at most a page long. In /proc/self/fd a layer's name is its number, so
 * that hundreds fit. */
static int classic_options(const struct mount_overlay *o, struct sbuf *b)
{
	sbuf_adds(b, o->is_volatile ? "userxattr,volatile,lowerdir=" : "userxattr,lowerdir=");
	for (size_t i = o->n_lower; i > 0; i--)
		sbuf_addf(b, "%d%s", o->lower_fds[i - 1], i > 1 ? ":" : "");
	for (size_t i = 0; i < o->n_data; i++)
		sbuf_addf(b, "::%d", o->data_fds[i]);
	if (o->upper_fd >= 0)
		sbuf_addf(b, ",upperdir=%d,workdir=%d", o->upper_fd, o->work_fd);
	return b->err;
}

/* A mount makes the work directory's own, for which there may be no room. */
static enum err_uct overlay_fault(int errnum)
{
	return errnum == ENOSPC || errnum == EDQUOT ? UCT_NO_SPACE : UCT_NO_OVERLAY;
}

static int overlay_classic(const struct mount_overlay *o, int target_fd, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4090);
	_cleanup_close_ int here_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char target[16];
	int r = classic_options(o, &b);

	if (r < 0)
		return err_set(e, UCT_NO_OVERLAY, r,
		               "cannot mount %zu layers: this kernel takes a page of options",
		               o->n_lower);
	if (here_fd < 0 || chdir("/proc/self/fd") < 0)
		return err_sys(e, "cannot enter '/proc/self/fd'");
	(void)snprintf(target, sizeof(target), "%d", target_fd);
	if (mount("overlay", target, "overlay", 0, b.s) < 0)
		r = err_set(e, overlay_fault(errno), -errno, "cannot mount the overlay: %s",
		            strerror(errno));
	if (fchdir(here_fd) < 0 && r == 0)
		r = err_sys(e, "cannot return to the working directory");
	return r;
}

static int open_dir(int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "cannot open '%s'", name) : fd;
}

/* Where the kernel can make nothing in the work directory it mounts read-only, and tells only its
 * log (ovl_get_workdir()). */
static int check_writable(const struct mount_overlay *o, int fd, struct err *e)
{
	static const char name[] = "usrct-try";
	struct statvfs st;

	if (o->upper_fd < 0 || fstatvfs(fd, &st) < 0 || !(st.f_flag & ST_RDONLY))
		return 0;
	if (mkdirat(o->work_fd, name, 0700) == 0) {
		(void)unlinkat(o->work_fd, name, AT_REMOVEDIR); /* the place is emptied anyway */
		return err_set(e, UCT_NO_OVERLAY, -EROFS,
		               "the kernel mounts the overlay read-only");
	}
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(e, UCT_NO_SPACE, -errno,
		               "cannot make the overlay's work directory: %s", strerror(errno));
	return err_sys(e, "cannot make the overlay's work directory");
}

static int overlay_at(const struct mount_overlay *o, int parent_dirfd, const char *name,
                      struct err *e)
{
	_cleanup_close_ int fs = fs_open("overlay", NULL), fd = -EBADF, target_fd = -EBADF;
	int r;

	target_fd = open_dir(parent_dirfd, name, e);
	if (target_fd < 0)
		return target_fd;
	if (fs < 0 || overlay_by_fd(fs, o) < 0) {
		r = overlay_classic(o, target_fd, e);
		/* The same name again: now it is the mounted root. */
		return r < 0 ? r : open_dir(parent_dirfd, name, e);
	}
	fd = fs_mount(fs, "overlay", 0, e);
	if (fd < 0)
		return err_recode(e, fd, overlay_fault(-fd));
	r = mount_attach(fd, target_fd, "overlay", e);
	return r < 0 ? r : TAKE_FD(fd);
}

int mount_overlay(const struct mount_overlay *o, int parent_dirfd, const char *name, struct err *e)
{
	_cleanup_close_ int fd = overlay_at(o, parent_dirfd, name, e);
	int r = fd < 0 ? fd : check_writable(o, fd, e);

	return r < 0 ? r : TAKE_FD(fd);
}

static int unusable(struct err *e, int r, const char *path)
{
	return err_set(e, UCT_ROOTFS_UNUSABLE, r, "cannot use '%s' in the container: %s", path,
	               strerror(-r));
}

static int open_in_root(int root_fd, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve,
	};
	int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Makes the components of @path that are missing, links resolved as inside the container. */
static int make_parents(int root_fd, const char *path, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char buf[4096];
	size_t n = 0;

	while (*path) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!path[len]) /* the last one is the caller's */
			return 0;
		if (n + len + 2 > sizeof(buf))
			return err_errno(e, -ENAMETOOLONG, "cannot make a mount target");
		buf[n++] = '/';
		memcpy(buf + n, path, len);
		n += len;
		buf[n] = '\0';
		path += len;
		cleanup_close(&fd);
		fd = open_in_root(root_fd, buf, O_PATH | O_DIRECTORY, 0);
		if (fd == -ENOENT) {
			fd = mount_target(root_fd, buf, MOUNT_TARGET_DIR, e);
			if (fd < 0)
				return fd;
		} else if (fd < 0) {
			return unusable(e, fd, buf);
		}
	}
	return 0;
}

/* Makes the last component; its parent exists. */
static int make_last(int root_fd, const char *path, bool is_dir, struct err *e)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_free_ char *parent = strndup(path, slash ? (size_t)(slash - path) : 0);
	_cleanup_close_ int parent_fd = -EBADF, fd = -EBADF;

	if (!parent)
		return err_oom(e);
	parent_fd = open_in_root(root_fd, parent[0] ? parent : "/", O_PATH | O_DIRECTORY, 0);
	if (parent_fd < 0)
		return unusable(e, parent_fd, parent);
	if (is_dir) {
		if (mkdirat(parent_fd, name, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "cannot make '%s' in the container", path);
		return 0;
	}
	fd = openat(parent_fd, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 && errno != EEXIST)
		return err_sys(e, "cannot make '%s' in the container", path);
	return 0;
}

int mount_lookup(int root_fd, const char *path)
{
	return open_in_root(root_fd, path, O_PATH, 0);
}

int mount_target(int root_fd, const char *path, unsigned flags, struct err *e)
{
	uint64_t resolve = flags & MOUNT_TARGET_NO_LINKS ? RESOLVE_NO_SYMLINKS : 0;
	char clean[4096];
	size_t n = strlen(path);
	int fd = open_in_root(root_fd, path, O_PATH, resolve), r;

	if (fd >= 0)
		return fd;
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n >= sizeof(clean))
		return err_errno(e, -ENAMETOOLONG, "cannot make '%s' in the container", path);
	memcpy(clean, path, n);
	clean[n] = '\0';
	if (fd == -ENOENT) {
		r = make_parents(root_fd, clean, e);
		if (r == 0)
			r = make_last(root_fd, clean, flags & MOUNT_TARGET_DIR, e);
		if (r < 0)
			return r;
		fd = open_in_root(root_fd, clean, O_PATH, resolve);
	}
	return fd < 0 ? unusable(e, fd, path) : fd;
}
