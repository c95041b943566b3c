/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/cgroup.h"

#include "base/fd.h"
#include "base/num.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

enum { DEPTH_MAX = 16 };

/* The unified hierarchy, also on a hybrid host. */
static const char *mount_point(void)
{
	static const char *const places[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (statfs(places[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
			return places[i];
	return NULL;
}

const char *cgroup_parse_own(char *text)
{
	char *line = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");

	line = line ? strchr(line, '/') : NULL;
	if (!line)
		return NULL;
	line[strcspn(line, "\n")] = '\0';
	/* "/.." : we are outside of the part that our cgroup namespace shows (cgroup_namespaces(7))
	 */
	return !strncmp(line, "/..", 3) ? NULL : line;
}

int cgroup_own_path(char *buf, size_t size)
{
	_cleanup_close_ int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	const char *at = mount_point();
	const char *line;
	char text[4096];
	ssize_t n;

	if (fd < 0 || !at)
		return -ENOENT;
	n = fd_read_full(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ENOENT;
	text[n] = '\0';
	line = cgroup_parse_own(text);
	if (!line ||
	    snprintf(buf, size, "%s%s", at, strcmp(line, "/") != 0 ? line : "") >= (int)size)
		return -ENOENT;
	return 0;
}

static int open_file(const char *path, const char *name, int flags)
{
	char file[4096];

	if (snprintf(file, sizeof(file), "%s/%s", path, name) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	return open(file, flags | O_CLOEXEC | O_NOFOLLOW);
}

/* Root made files in it that we may write to: that is what delegation looks like. */
static bool is_ours(const char *path)
{
	static const char *const files[] = { "", "cgroup.procs", "cgroup.subtree_control" };
	char file[4096];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (snprintf(file, sizeof(file), "%s/%s", path, files[i]) >= (int)sizeof(file) ||
		    faccessat(AT_FDCWD, file, W_OK, AT_EACCESS) < 0)
			return false;
	return true;
}

static bool has_processes(const char *path)
{
	_cleanup_close_ int fd = open_file(path, "cgroup.procs", O_RDONLY);
	char c;

	return fd < 0 || RETRY_EINTR(read(fd, &c, 1)) != 0;
}

#define MARK "user.delegate"

static bool is_delegated_unit(const char *path)
{
	char value[4];

	return getxattr(path, MARK, value, sizeof(value)) == 1 && value[0] == '1';
}

bool cgroup_may_be_delegated(void)
{
	char own[3072];

	return cgroup_own_path(own, sizeof(own)) == 0 && strstr(own, "/user@") && is_ours(own);
}

int cgroup_mark_delegated(const char *unit)
{
	const char *at = mount_point();
	char own[3072], path[3072];
	size_t n;

	if (!at || unit[0] != '/' || cgroup_own_path(own, sizeof(own)) < 0 ||
	    snprintf(path, sizeof(path), "%s%s", at, unit) >= (int)sizeof(path))
		return -ENOENT;
	n = strlen(path);
	if (strncmp(own, path, n) != 0 || (own[n] != '/' && own[n] != '\0') || !is_ours(path))
		return -ENOENT;
	return setxattr(path, MARK, "1", 1, 0) < 0 ? -errno : 0; /* Linux 5.7 */
}

/* Cuts @top to the highest directory that is ours to use, starting at our own cgroup. */
static int find_top(char *top)
{
	char at[4096], *slash;
	const char *manager = strstr(top, "/user@");

	if (!is_ours(top))
		return -ENOENT;
	(void)snprintf(at, sizeof(at), "%s", top);
	/* systemd's: nothing above the unit that was delegated. */
	for (slash = strrchr(at, '/'); manager && slash - at > manager - top;
	     slash = strrchr(at, '/')) {
		if (is_delegated_unit(at)) {
			memcpy(top, at, strlen(at) + 1);
			return 0;
		}
		*slash = '\0';
	}
	if (manager)
		return -ENOENT;
	while ((slash = strrchr(at, '/')) && is_ours(at)) {
		memcpy(top, at, strlen(at) + 1);
		*slash = '\0';
	}
	return 0;
}

int cgroup_delegated(char *buf, size_t size, bool *ret_busy)
{
	char own[3072], top[3072], at[3072];

	if (cgroup_own_path(own, sizeof(own)) < 0)
		return -ENOENT;
	memcpy(top, own, sizeof(top));
	if (find_top(top) < 0)
		return -ENOENT;
	memcpy(at, own, sizeof(at));
	while (strlen(at) > strlen(top) && has_processes(at))
		*strrchr(at, '/') = '\0';
	*ret_busy = has_processes(at);
	return snprintf(buf, size, "%s", *ret_busy ? own : at) < (int)size ? 0 : -ENOENT;
}

static int write_pid(const char *path, pid_t pid)
{
	_cleanup_close_ int fd = open_file(path, "cgroup.procs", O_WRONLY);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	return fd < 0 || write(fd, text, (size_t)n) < 0 ? -errno : 0;
}

int cgroup_enter(const char *path, struct err *e)
{
	int r = write_pid(path, getpid());

	return r < 0 ? err_recode(e, err_errno(e, r, "cannot enter cgroup '%s'", path),
	                          UCT_CGROUP_FAILED)
	             : 0;
}

static bool is_usr_ct(uint32_t pid)
{
	char path[64], comm[32];
	_cleanup_close_ int fd = -EBADF;

	(void)snprintf(path, sizeof(path), "/proc/%u/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && fd_read_full(fd, comm, sizeof(comm)) > 6 && !strncmp(comm, "usr-ct", 6);
}

void cgroup_clear(const char *path)
{
	_cleanup_close_ int fd = open_file(path, "cgroup.procs", O_RDONLY);
	char text[8192], below[4096], *save = NULL;
	ssize_t n = fd < 0 ? 0 : fd_read_full(fd, text, sizeof(text) - 1);

	text[MAX(n, (ssize_t)0)] = '\0';
	if (snprintf(below, sizeof(below), "%s/usr-ct", path) >= (int)sizeof(below) ||
	    (mkdir(below, 0755) < 0 && errno != EEXIST))
		return;
	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		uint32_t pid = 0;

		if (parse_u32(s, &pid) == 0 && pid > 0 && is_usr_ct(pid))
			(void)write_pid(below, (pid_t)pid); /* one that stays shows later */
	}
}

int cgroup_make(const char *parent, const char *name, char *ret_path, size_t size, struct err *e)
{
	int fd;

	if (snprintf(ret_path, size, "%s/%s", parent, name) >= (int)size)
		return -ENOENT;
	if (mkdir(ret_path, 0755) < 0 && errno != EEXIST) {
		/* Not delegated; a read-only view; a hierarchy without room for children. */
		if (errno == EACCES || errno == EPERM || errno == EROFS || errno == ENOENT ||
		    errno == EAGAIN)
			return -ENOENT;
		return err_recode(e, err_sys(e, "cannot make cgroup '%s'", ret_path),
		                  UCT_CGROUP_FAILED);
	}
	fd = open(ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_recode(e, err_sys(e, "cannot open cgroup '%s'", ret_path),
		                  UCT_CGROUP_FAILED);
	/* Root made a file that we may write to, or this directory is not a delegation at all. */
	if (faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) < 0) {
		(void)close(fd);
		(void)rmdir(ret_path);
		return -ENOENT;
	}
	return fd;
}

/* A container with its cgroups in its own hands (systemd in it) leaves some below its own. */
static void remove_below(int dirfd, int depth)
{
	DIR *d = fdopendir(dirfd);

	if (!d) {
		(void)close(dirfd);
		return;
	}
	for (struct dirent *de; (de = readdir(d));) {
		int fd;

		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		fd = depth > 0 ? openat(dirfd, de->d_name,
		                        O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
		               : -1;
		if (fd >= 0)
			remove_below(fd, depth - 1);
		(void)unlinkat(dirfd, de->d_name, AT_REMOVEDIR);
	}
	(void)closedir(d);
}

void cgroup_remove(const char *path)
{
	int fd;

	if (!path[0] || rmdir(path) == 0 || errno == ENOENT)
		return;
	/* EBUSY: cgroups below, or a process that is still dying; then the next sweep tries. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return;
	remove_below(fd, DEPTH_MAX);
	(void)rmdir(path);
}

/* "populated 0" in cgroup.events; a change reads as POLLPRI (cgroups(7)). */
static bool is_populated(int fd)
{
	char buf[128];
	ssize_t n = RETRY_EINTR(pread(fd, buf, sizeof(buf) - 1, 0));

	if (n <= 0)
		return false; /* it is gone */
	buf[n] = '\0';
	return strstr(buf, "populated 1");
}

int cgroup_end(const char *path)
{
	_cleanup_close_ int dirfd = -EBADF, kill_fd = -EBADF, events_fd = -EBADF;
	struct pollfd p = { .events = POLLPRI };

	cgroup_remove(path);
	dirfd = path[0] ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -ENOENT;
	if (dirfd < 0)
		return 0;
	kill_fd = openat(dirfd, "cgroup.kill", O_WRONLY | O_CLOEXEC); /* Linux 5.14 */
	if (kill_fd >= 0)
		IGNORE(write(kill_fd, "1", 1));
	p.fd = events_fd = openat(dirfd, "cgroup.events", O_RDONLY | O_CLOEXEC);
	for (int turns = 10; turns > 0 && events_fd >= 0 && is_populated(events_fd); turns--)
		(void)poll(&p, 1, 100);
	cgroup_remove(path);
	return access(path, F_OK) == 0 ? -EBUSY : 0;
}
