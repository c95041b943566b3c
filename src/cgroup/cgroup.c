/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/cgroup.h"

#include "base/fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

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

int cgroup_own_path(char *buf, size_t size)
{
	_cleanup_close_ int fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	const char *at = mount_point();
	char text[4096], *line;
	ssize_t n;

	if (fd < 0 || !at)
		return -ENOENT;
	n = fd_read_full(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ENOENT;
	text[n] = '\0';
	line = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!line)
		return -ENOENT;
	line = strchr(line, '/');
	if (!line)
		return -ENOENT;
	line[strcspn(line, "\n")] = '\0';
	/* "/.." : we are outside of the part that our cgroup namespace shows (cgroup_namespaces(7))
	 */
	if (!strncmp(line, "/..", 3) ||
	    snprintf(buf, size, "%s%s", at, strcmp(line, "/") != 0 ? line : "") >= (int)size)
		return -ENOENT;
	return 0;
}

int cgroup_make(const char *name, char *ret_path, size_t size, struct err *e)
{
	char own[3072];
	int fd;

	if (cgroup_own_path(own, sizeof(own)) < 0 ||
	    snprintf(ret_path, size, "%s/%s", own, name) >= (int)size)
		return -ENOENT;
	if (mkdir(ret_path, 0755) < 0 && errno != EEXIST) {
		/* Not delegated; a read-only view; a hierarchy without room for children. */
		if (errno == EACCES || errno == EPERM || errno == EROFS || errno == ENOENT ||
		    errno == EAGAIN)
			return -ENOENT;
		return err_recode(e, err_sys(e, "cannot make cgroup '%s'", ret_path),
		                  UCT_CGROUP_FAILED);
	}
	fd = open(ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
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

void cgroup_remove(const char *path)
{
	if (path[0])
		(void)rmdir(path); /* EBUSY: a process is still dying; the next sweep tries again */
}
