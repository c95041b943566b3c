/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/control.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 16, FILE_MAX_BYTES = 4096 };

static int open_in(const char *path, const char *name, int flags)
{
	char file[4096];
	int fd;

	if (!*path || snprintf(file, sizeof(file), "%s/%s", path, name) >= (int)sizeof(file))
		return -ENOENT;
	fd = open(file, flags | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* "KEY NUMBER" lines, read from the start whenever it is asked. */
static uint64_t keyed(int fd, const char *key)
{
	char text[FILE_MAX_BYTES], *save = NULL;
	ssize_t n = fd < 0 ? -1 : RETRY_EINTR(pread(fd, text, sizeof(text) - 1, 0));
	size_t k = strlen(key);
	uint64_t v = 0;

	text[MAX(n, (ssize_t)0)] = '\0';
	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save))
		if (!strncmp(s, key, k) && s[k] == ' ' && parse_u64(s + k + 1, &v) == 0)
			return v;
	return 0;
}

int cgroup_freeze(const char *path, bool freeze, int timeout_ms, struct err *e)
{
	_cleanup_close_ int fd = open_in(path, "cgroup.freeze", O_WRONLY);
	_cleanup_close_ int events_fd = open_in(path, "cgroup.events", O_RDONLY);
	uint64_t end_ns = clock_monotonic_ns() + (uint64_t)timeout_ms * 1000000, now;

	if (fd < 0 || events_fd < 0)
		return err_recode(
			e, err_errno(e, MIN(fd, events_fd), "cannot open '%s/cgroup.freeze'", path),
			UCT_CGROUP_FAILED);
	if (write(fd, freeze ? "1" : "0", 1) < 0)
		return err_recode(e, err_sys(e, "cannot write '%s/cgroup.freeze'", path),
		                  UCT_CGROUP_FAILED);
	while (keyed(events_fd, "frozen") != freeze) {
		struct pollfd p = { .fd = events_fd, .events = POLLPRI };

		now = clock_monotonic_ns();
		if (now >= end_ns)
			return err_set(e, UCT_FREEZE_TIMEOUT, -ETIMEDOUT, "cgroup '%s' does not %s",
			               path, freeze ? "freeze" : "thaw");
		(void)poll(&p, 1, (int)((end_ns - now) / 1000000 + 1));
	}
	return 0;
}

int cgroup_is_frozen(const char *path)
{
	_cleanup_close_ int fd = open_in(path, "cgroup.freeze", O_RDONLY);
	char c = '0';

	return fd >= 0 && read(fd, &c, 1) == 1 && c == '1';
}

struct pids {
	pid_t *v;
	size_t n, cap;
};

static int add_processes(int dirfd, struct pids *p)
{
	int fd = openat(dirfd, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r = 0;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "re");
	char line[32];

	if (!f) {
		cleanup_close(&fd);
		return 0; /* it went away, and its processes with it */
	}
	while (r == 0 && fgets(line, sizeof(line), f)) {
		uint32_t pid;

		line[strcspn(line, "\n")] = '\0';
		if (parse_u32(line, &pid) < 0 || pid == 0 || pid > INT32_MAX)
			continue; /* 0: of another PID namespace, not ours to see */
		r = array_grow(&p->v, p->n, &p->cap, sizeof(*p->v));
		if (r == 0)
			p->v[p->n++] = (pid_t)pid;
	}
	(void)fclose(f);
	return r;
}

/* Consumes @dirfd. */
static int walk(int dirfd, struct pids *p, int depth)
{
	int r = add_processes(dirfd, p);
	DIR *d = fdopendir(dirfd);
	struct dirent *de;

	if (!d) {
		(void)close(dirfd);
		return -ENOMEM;
	}
	while (r == 0 && depth > 0 && (de = readdir(d))) {
		int fd;

		if (de->d_type != DT_DIR || de->d_name[0] == '.')
			continue;
		fd = openat(dirfd, de->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0)
			r = walk(fd, p, depth - 1);
	}
	(void)closedir(d);
	return r;
}

int cgroup_processes(const char *path, pid_t **ret, size_t *ret_n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct pids p = { 0 };

	if (fd < 0)
		return err_recode(e, err_sys(e, "cannot open cgroup '%s'", path),
		                  UCT_CGROUP_FAILED);
	if (walk(fd, &p, DEPTH_MAX) < 0) {
		free(p.v);
		return err_oom(e);
	}
	*ret = p.v;
	*ret_n = p.n;
	return 0;
}

int cgroup_open_oom(const char *path)
{
	return open_in(path, "memory.events", O_RDONLY);
}

uint64_t cgroup_oom_kills(int fd)
{
	return keyed(fd, "oom_kill");
}
