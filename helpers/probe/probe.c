/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-probe - try what the kernel lets an unprivileged program do (security/probe-proto.h) */
#include "security/probe-proto.h"

#include "base/fd.h"
#include "base/sock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

int mount(const char *source, const char *target, const char *fstype, unsigned long flags,
          const void *data); /* sys/mount.h clashes with linux/mount.h in glibc 2.36 */

enum { SOCKET_FD = 3, PRIVATE_REC = 1 << 18 | 16384 };

static void tell(enum probe_id id, int error)
{
	struct probe_result m = { (uint32_t)id, error };

	(void)sock_send(SOCKET_FD, &m, sizeof(m)); /* doctor may have left */
}

static int write_file(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

static int try_userns(void)
{
	char uid[32], gid[32];
	int r;

	(void)snprintf(uid, sizeof(uid), "0 %u 1", (unsigned)geteuid());
	(void)snprintf(gid, sizeof(gid), "0 %u 1", (unsigned)getegid());
	if (unshare(CLONE_NEWUSER) < 0)
		return -errno;
	/* Ubuntu lets everybody make one, and takes the capabilities away: this write tells. */
	r = write_file("/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_file("/proc/self/uid_map", uid);
	return r < 0 ? r : write_file("/proc/self/gid_map", gid);
}

static int try_namespaces(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
	            CLONE_NEWCGROUP) < 0)
		return -errno;
	return mount(NULL, "/", NULL, PRIVATE_REC, NULL) < 0 ? -errno : 0;
}

static int try_mount_api(void)
{
	_cleanup_close_ int fs = -EBADF, fd = -EBADF, target = -EBADF;
	struct mount_attr a = { .attr_set = MOUNT_ATTR_NODEV };

	fs = (int)syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	target = open("/tmp", O_PATH | O_CLOEXEC);
	if (fd < 0 || target < 0 ||
	    syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &a, sizeof(a)) < 0 ||
	    syscall(SYS_move_mount, fd, "", target, "",
	            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

/* On the tmpfs that is now at /tmp of this namespace. */
static int try_overlay(void)
{
	static const char *const dirs[] = { "/tmp/l", "/tmp/u", "/tmp/w", "/tmp/m" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (mkdir(dirs[i], 0755) < 0)
			return -errno;
	return mount("overlay", "/tmp/m", "overlay", 0,
	             "userxattr,lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w") < 0
	               ? -errno
	               : 0;
}

static int try_overlay_fd(void)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);
	_cleanup_close_ int lower = open("/tmp/l", O_PATH | O_CLOEXEC);

	if (fs < 0 || lower < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FD, "lowerdir+", NULL, lower) < 0)
		return -errno;
	return 0;
}

static int make_file(const char *path, const char *text)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

/* A file without contents in one layer, its contents in the next, for an ordinary user. */
static int try_data_only(void)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC),
			    lower = -EBADF, data = -EBADF, fd = -EBADF, file = -EBADF;
	char byte = 0;
	int r = mkdir("/tmp/meta", 0755) < 0 || mkdir("/tmp/data", 0755) < 0 ? -errno : 0;

	if (r == 0)
		r = make_file("/tmp/data/object", "x");
	if (r == 0)
		r = make_file("/tmp/meta/file", "");
	if (r < 0)
		return r;
	lower = open("/tmp/meta", O_PATH | O_CLOEXEC);
	data = open("/tmp/data", O_PATH | O_CLOEXEC);
	if (fs < 0 || lower < 0 || data < 0 || truncate("/tmp/meta/file", 1) < 0 ||
	    setxattr("/tmp/meta/file", "user.overlay.metacopy", "", 0, 0) < 0 ||
	    setxattr("/tmp/meta/file", "user.overlay.redirect", "/object", 7, 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, "userxattr", NULL, 0) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FD, "lowerdir+", NULL, lower) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_SET_FD, "datadir+", NULL, data) < 0 ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	file = openat(fd, "file", O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return -errno;
	return read(file, &byte, 1) == 1 && byte == 'x' ? 0 : -EIO;
}

static int try_openat2(void)
{
	struct open_how how = { .flags = O_PATH, .resolve = RESOLVE_IN_ROOT };
	_cleanup_close_ int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	return fd < 0 ? -errno : 0;
}

static int try_seccomp(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) < 0 ? -errno : 0;
}

static int try_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 0
	               ? -errno
	               : 0;
}

int main(void)
{
	static int (*const tries[PROBE_COUNT])(void) = {
		[PROBE_USERNS] = try_userns,         [PROBE_NAMESPACES] = try_namespaces,
		[PROBE_MOUNT_API] = try_mount_api,   [PROBE_OVERLAY] = try_overlay,
		[PROBE_OVERLAY_FD] = try_overlay_fd, [PROBE_DATA_ONLY] = try_data_only,
		[PROBE_OPENAT2] = try_openat2,       [PROBE_SECCOMP] = try_seccomp,
		[PROBE_LANDLOCK] = try_landlock,
	};
	int previous = 0;

	for (unsigned i = 0; i < PROBE_COUNT; i++) {
		int r = -ECANCELED; /* needs the ones before it, up to the overlay */

		if (previous == 0 || i > PROBE_DATA_ONLY)
			r = tries[i]();
		if (i < PROBE_OVERLAY)
			previous = r;
		tell((enum probe_id)i, r);
	}
	/* Not exit(3): a leak checker that clones a helper process there would make it process 1 of
	 * the PID namespace that we asked for, and wait for it for ever. */
	_exit(0);
}
