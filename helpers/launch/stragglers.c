/* SPDX-License-Identifier: Apache-2.0 */
/* stragglers - with --pid host nothing dies with the container's first process
 *
 * The kernel ends a PID namespace with its first process. A container without one leaves its other
 * processes behind; they become our children (we are their subreaper) or are in its cgroup.
 */
#include "launch/monitor.h"

#include "base/fd.h"
#include "base/num.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

/* Everything in the cgroup, in one step (Linux 5.14). */
static void kill_cgroup(const struct launch *l)
{
	_cleanup_free_ char *path = strf("%s/cgroup.kill", l->cgroup);
	_cleanup_close_ int fd = -EBADF;

	if (!l->cgroup[0] || !path)
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		(void)fd_write_all(fd, "1", 1);
}

/* Kills and reaps our children, but for the network helper; how many there were. */
static unsigned kill_children(const struct launch *l)
{
	_cleanup_close_ int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	char text[16384], *rest = text, *word;
	unsigned found = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = fd_read_full(fd, text, sizeof(text) - 1);
	text[MAX(n, (ssize_t)0)] = '\0';
	while ((word = strsep(&rest, " "))) {
		uint32_t pid;
		int status;

		if (parse_u32(word, &pid) < 0 || (pid_t)pid == l->uplink.pid)
			continue;
		(void)kill((pid_t)pid, SIGKILL); /* our child, not reaped: the number is its own */
		(void)RETRY_EINTR(waitpid((pid_t)pid, &status, 0));
		found++;
	}
	return found;
}

void stragglers_end(const struct launch *l)
{
	kill_cgroup(l);
	/* A child that dies may leave us its own. */
	while (kill_children(l))
		;
}
