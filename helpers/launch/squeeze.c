/* SPDX-License-Identifier: Apache-2.0 */
/* squeeze - finished files of the log are compressed, one after the other, by a program of its own
 *
 * It writes "log.squeezed"; once it has succeeded we give that the number that the file has by
 * then, and remove the file. Only we rename, so there is no race with a rotation. Whatever fails
 * leaves the file as it is.
 */
#include "launch/monitor.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/libexec.h"
#include "base/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#define TEMPORARY "log.squeezed"
enum { LAST_MS = 5000 };

/* The highest number of a file that is not compressed; 0: there is none. */
static unsigned find_plain(const struct monitor *m, int *ret_fd)
{
	char name[LOG_NAME_SIZE];

	for (unsigned i = m->log.max_files; i-- > 1;) {
		log_file_name(i, name);
		*ret_fd = openat(LAUNCH_CONTAINER, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (*ret_fd >= 0)
			return i;
	}
	return 0;
}

static int start(struct monitor *m, int source_fd)
{
	_cleanup_free_ char *path = libexec_path("squeeze");
	_cleanup_close_ int out_fd = -EBADF;
	char *argv[] = { (char *)(uintptr_t) "usr-ct-squeeze", (char *)(uintptr_t)SQUEEZE_COMPRESS,
		         NULL };
	struct spawn_fd fds[2] = { { source_fd, 0 } };
	struct spawn s = { .path = path, .argv = argv, .env = environ, .fds = fds, .n_fds = 2 };
	int r;

	(void)unlinkat(LAUNCH_CONTAINER, TEMPORARY, 0); /* one that was killed may write to it */
	out_fd = openat(LAUNCH_CONTAINER, TEMPORARY,
	                O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out_fd < 0 || !path)
		return -errno;
	fds[1] = (struct spawn_fd){ out_fd, 1 };
	r = log_id_read(source_fd, &m->squeeze.source, NULL);
	if (r < 0)
		return r;
	m->squeeze.pidfd = proc_spawn(&s, NULL, NULL);
	return MIN(m->squeeze.pidfd, 0);
}

void squeeze_check(struct monitor *m)
{
	_cleanup_close_ int source_fd = -EBADF;

	if (!m->l->plan.log.compress || m->squeeze.pidfd >= 0 ||
	    m->squeeze.seen == m->log.n_rotations)
		return;
	if (find_plain(m, &source_fd) == 0 || start(m, source_fd) < 0 ||
	    monitor_watch(m, m->squeeze.pidfd, EPOLLIN, EVENT_SQUEEZE, 0) < 0)
		m->squeeze.seen = m->log.n_rotations; /* until there is another one */
}

/* Whatever its number is now; 0: it was rotated away. */
static unsigned number_of_source(const struct monitor *m)
{
	for (unsigned i = 1; i < m->log.max_files; i++) {
		char name[LOG_NAME_SIZE];
		struct stat st;

		log_file_name(i, name);
		if (fstatat(LAUNCH_CONTAINER, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    (uint64_t)st.st_ino == m->squeeze.source.inode)
			return i;
	}
	return 0;
}

static void take_result(const struct monitor *m)
{
	char plain[LOG_NAME_SIZE], compressed[LOG_NAME_SIZE];
	unsigned i = number_of_source(m);

	log_file_name(i, plain);
	log_file_name_compressed(i, compressed);
	/* For a moment there are both; readers take the first. */
	if (i == 0 || renameat(LAUNCH_CONTAINER, TEMPORARY, LAUNCH_CONTAINER, compressed) < 0)
		(void)unlinkat(LAUNCH_CONTAINER, TEMPORARY, 0);
	else
		(void)unlinkat(LAUNCH_CONTAINER, plain, 0);
}

void squeeze_event(struct monitor *m)
{
	int status = 1;

	(void)pidfd_wait(m->squeeze.pidfd, &status);
	cleanup_close(&m->squeeze.pidfd); /* leaves the epoll set by itself */
	m->squeeze.pidfd = -EBADF;
	if (status == 0) {
		take_result(m);
	} else {
		(void)unlinkat(LAUNCH_CONTAINER, TEMPORARY, 0);
		m->squeeze.seen = m->log.n_rotations;
	}
	squeeze_check(m);
}

/* What is left then waits for the next run. */
void squeeze_end(struct monitor *m)
{
	uint64_t deadline_ns = clock_monotonic_ns() + LAST_MS * UINT64_C(1000000);

	while (m->squeeze.pidfd >= 0) {
		struct pollfd p = { .fd = m->squeeze.pidfd, .events = POLLIN };
		int left_ms = m->l->plan.auto_remove ? 0 : clock_remaining_ms(deadline_ns, LAST_MS);

		if (RETRY_EINTR(poll(&p, 1, left_ms)) <= 0) {
			m->squeeze.seen = m->log.n_rotations; /* no other one */
			(void)pidfd_signal(p.fd, SIGKILL);
		}
		squeeze_event(m);
	}
}
