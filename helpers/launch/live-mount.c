/* SPDX-License-Identifier: Apache-2.0 */
/* live-mount - put a file or directory into a container that runs, take one out, replace one
 *
 * Theory of operation. The source is cloned in a copy of our mount namespace that we have privilege
 * over (in the holder's user namespace, or one of our own): a detached mount, which then is
 * attached inside the container's mount namespace. Two visits; no process of the container is
 * involved, none can see us, and it may be frozen.
 *
 * Replacing is atomic: the new mount goes beneath the old one, whose removal uncovers it, so that
 * at no time the place is empty (MOVE_MOUNT_BENEATH, Linux 6.5). Before that kernel the old one is
 * removed first, and for some microseconds the place shows what lies under it.
 *
 * What is open stays open: a removed mount lives on until nobody uses it any more.
 */
#include "launch/launch.h"
#include "launch/visit.h"

#include "container/mount.h"
#include "container/rootfs.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

struct live_mount {
	enum live_op op;
	const struct spec_mount *what;
	bool has_userns;
	int proc_fd;  /* the host's, to learn where a descriptor leads */
	int mount_fd; /* the clone */
	bool is_dir;
};

static int clone_elsewhere(void *arg, struct err *e)
{
	struct live_mount *x = arg;

	if (x->has_userns && setns(EXEC_USERNS, CLONE_NEWUSER) < 0)
		return err_set(e, UCT_NO_USERNS, -errno, "cannot enter the user namespace: %s",
		               strerror(errno));
	if (x->has_userns && unshare(CLONE_NEWNS) < 0)
		return err_sys(e, "cannot copy the mount namespace");
	x->mount_fd = rootfs_clone_source(x->what, e);
	return MIN(x->mount_fd, 0);
}

/* The path in the container, with all links resolved, of what @fd is open for. */
static int real_path(const struct live_mount *x, int fd, char *buf, size_t size, struct err *e)
{
	char link[32];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "self/fd/%d", fd);
	n = readlinkat(x->proc_fd, link, buf, size - 1);
	if (n <= 0 || buf[0] != '/')
		return err_sys(e, "cannot find '%s' in the container", x->what->target);
	buf[n] = '\0';
	return 0;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n]);
}

/* What a container cannot do without, or what hides parts of the kernel from it. By its real place:
 * the container may have put a link anywhere. */
static int refuse_system(const struct live_mount *x, const char *path, struct err *e)
{
	static const char *const trees[] = { "/proc", "/sys", "/dev/pts", "/dev/mqueue" };
	static const char *const places[] = { "/", "/dev", "/dev/shm", "/dev/console" };
	bool is_refused = false;

	for (size_t i = 0; i < ARRAY_SIZE(trees); i++)
		is_refused = is_refused || is_below(path, trees[i]);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		is_refused = is_refused || !strcmp(path, places[i]);
	if (!is_refused)
		return 0;
	return err_set(e, UCT_MOUNT_PLACE, -EPERM, "'%s' is no place to change mounts at%s%s%s",
	               x->what->target, strcmp(path, x->what->target) != 0 ? ": it is '" : "",
	               strcmp(path, x->what->target) != 0 ? path : "",
	               strcmp(path, x->what->target) != 0 ? "'" : "");
}

static int check_kind(const struct live_mount *x, int target_fd, struct err *e)
{
	struct stat st;

	if (fstat(target_fd, &st) < 0)
		return err_sys(e, "cannot stat '%s'", x->what->target);
	if (S_ISDIR(st.st_mode) == x->is_dir)
		return 0;
	return err_set(e, UCT_BAD_MOUNT, x->is_dir ? -ENOTDIR : -EISDIR,
	               "'%s' is %s, but '%s' in the container is %s", x->what->source,
	               x->is_dir ? "a directory" : "a file", x->what->target,
	               x->is_dir ? "not" : "a directory");
}

static int add(const struct live_mount *x, int root_fd, struct err *e)
{
	_cleanup_close_ int target_fd =
		mount_target(root_fd, x->what->target, x->is_dir ? MOUNT_TARGET_DIR : 0, e);
	char path[4096];
	int r;

	if (target_fd < 0)
		return target_fd;
	r = real_path(x, target_fd, path, sizeof(path), e);
	if (r == 0)
		r = refuse_system(x, path, e);
	if (r == 0)
		r = check_kind(x, target_fd, e);
	if (r == 0 && mount_is_root(target_fd))
		r = err_hint(e,
		             err_set(e, UCT_MOUNT_PLACE, -EBUSY,
		                     "something is mounted at '%s' already", x->what->target),
		             "usr-ct mount swap replaces it");
	return r < 0 ? r : mount_attach(x->mount_fd, target_fd, x->what->target, e);
}

/* Finds what is mounted at the target, and its directory and name for umount2(2), which takes no
 * descriptor. The path has no links. */
static int find_mounted(const struct live_mount *x, int root_fd, int *ret_fd, char path[4096],
                        struct err *e)
{
	_cleanup_close_ int fd = mount_lookup(root_fd, x->what->target);
	int r;

	if (fd < 0 && fd != -ENOENT)
		return err_errno(e, fd, "cannot look for '%s' in the container", x->what->target);
	if (fd < 0 || !mount_is_root(fd))
		return err_set(e, UCT_NOT_MOUNTED, -ENOENT,
		               "nothing is mounted at '%s' in the container", x->what->target);
	r = real_path(x, fd, path, 4096, e);
	if (r == 0)
		r = refuse_system(x, path, e);
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

/* The topmost mount at @path. */
static int detach(int root_fd, char *path, struct err *e)
{
	char *slash = strrchr(path, '/');
	_cleanup_close_ int parent_fd = -EBADF;

	*slash = '\0';
	parent_fd = mount_lookup(root_fd, path[0] ? path : "/");
	*slash = '/';
	if (parent_fd < 0)
		return err_errno(e, parent_fd, "cannot find '%s' in the container", path);
	if (fchdir(parent_fd) < 0 || umount2(slash + 1, UMOUNT_NOFOLLOW | MNT_DETACH) < 0)
		return err_sys(e, "cannot unmount '%s' in the container", path);
	return 0;
}

static int take_out(const struct live_mount *x, int root_fd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char path[4096];
	int r = find_mounted(x, root_fd, &fd, path, e);

	return r < 0 ? r : detach(root_fd, path, e);
}

static int swap(const struct live_mount *x, int root_fd, struct err *e)
{
	_cleanup_close_ int old_fd = -EBADF, target_fd = -EBADF;
	char path[4096];
	int r = find_mounted(x, root_fd, &old_fd, path, e);

	if (r == 0)
		r = check_kind(x, old_fd, e);
	if (r < 0)
		return r;
	r = mount_attach_beneath(x->mount_fd, old_fd);
	if (r == 0)
		return detach(root_fd, path, e);
	if (r != -EINVAL)
		return err_errno(e, r, "cannot mount '%s'", x->what->target);
	r = detach(root_fd, path, e);
	if (r < 0)
		return r;
	target_fd = mount_target(root_fd, path, x->is_dir ? MOUNT_TARGET_DIR : 0, e);
	return target_fd < 0 ? target_fd : mount_attach(x->mount_fd, target_fd, path, e);
}

static int change(void *arg, struct err *e)
{
	const struct live_mount *x = arg;
	_cleanup_close_ int root_fd = -EBADF;
	int r = visit_container(EXEC_INIT, 0, e);

	if (r < 0)
		return r;
	/* What is made for a target is the container's root's. */
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "cannot become root in the container");
	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return err_sys(e, "cannot open the container's root");
	if (x->op == LIVE_ADD)
		return add(x, root_fd, e);
	return x->op == LIVE_SWAP ? swap(x, root_fd, e) : take_out(x, root_fd, e);
}

static int carry_out(struct live_mount *x, const struct sync_msg *start, struct err *e)
{
	_cleanup_close_ int mount_fd = -EBADF, proc_fd = open("/proc", O_PATH | O_CLOEXEC);
	struct stat st;
	int r = 0;

	if (proc_fd < 0)
		return err_sys(e, "cannot open /proc");
	x->proc_fd = proc_fd;
	x->op = (enum live_op)start->pid;
	x->has_userns = start->flags & SYNC_USERNS;
	if (x->op != LIVE_REMOVE) {
		r = visit(clone_elsewhere, x, x->has_userns ? 0 : CLONE_NEWUSER | CLONE_NEWNS, e);
		mount_fd = x->mount_fd;
		if (r == 0 && fstat(mount_fd, &st) < 0)
			r = err_sys(e, "cannot stat '%s'", x->what->source);
		x->is_dir = r == 0 && S_ISDIR(st.st_mode);
	}
	return r < 0 ? r : visit(change, x, 0, e);
}

int live_mount_main(void)
{
	struct live_mount x = { .proc_fd = -EBADF, .mount_fd = -EBADF };
	struct sync_msg m = { 0 };
	struct spec spec = { 0 };
	struct err e = { 0 };
	int r;

	launch_guard_self(EXEC_FDS_END, "usr-ct-mount");
	(void)umask(022);
	r = sync_expect(EXEC_SYNC, SYNC_START, "engine", &m, NULL, &e);
	if (r == 0)
		r = exec_read_document(&spec, &e);
	if (r == 0 && spec.n_mounts != 1)
		r = err_set(&e, UCT_INTERNAL, -EPROTO, "one mount was expected");
	x.what = spec.mounts;
	if (r == 0)
		r = carry_out(&x, &m, &e);
	if (r < 0) {
		sync_fail(EXEC_SYNC, &e);
		return 125;
	}
	(void)sync_send(EXEC_SYNC, &(struct sync_msg){ .step = SYNC_STARTED }, -EBADF, NULL);
	return 0;
}
