/* SPDX-License-Identifier: Apache-2.0 */
#include "base/proc.h"

#include "base/fd.h"
#include "base/num.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PID_FS_MAGIC_NUMBER 0x50494446L /* linux/magic.h PID_FS_MAGIC, since 6.9 */

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

int pidfd_of(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

int pidfd_signal(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

int pidfd_wait(int pidfd, int *ret_status)
{
	siginfo_t si = { 0 };

	if (RETRY_EINTR(waitid((idtype_t)P_PIDFD, (id_t)pidfd, &si, WEXITED)) < 0)
		return -errno;
	*ret_status = si.si_code == CLD_EXITED
	                      ? si.si_status << 8
	                      : si.si_status | (si.si_code == CLD_DUMPED ? 0x80 : 0);
	return 0;
}

static uint64_t fnv1a(uint64_t hash, const char *s)
{
	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * 1099511628211ULL;
	return hash;
}

/* What tells this boot from any other; numbers start again at each. */
static uint64_t boot_hash(void)
{
	_cleanup_close_ int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	char boot[64] = "";

	if (fd >= 0)
		(void)fd_read_full(fd, boot,
		                   sizeof(boot) - 1); /* unreadable: every boot is alike */
	return fnv1a(14695981039346656037ULL, boot);
}

/* The start time in clock ticks since boot: field 22 of /proc/PID/stat (proc(5)). */
static int start_time_id(pid_t pid, uint64_t *ret)
{
	_cleanup_close_ int fd = -EBADF;
	char path[64], buf[1024];
	ssize_t n;
	char *p;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -ESRCH;
	n = fd_read_full(fd, buf, sizeof(buf) - 1);
	if (n <= 0)
		return -ESRCH;
	buf[n] = '\0';
	p = strrchr(buf, ')'); /* the name may contain anything, also parentheses */
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -EIO;
	p[1 + strcspn(p + 1, " ")] = '\0';
	*ret = fnv1a(boot_hash(), p + 1);
	return 0;
}

int proc_identify(int pidfd, pid_t pid, struct proc_id *ret)
{
	struct statfs fs;
	struct stat st;

	*ret = (struct proc_id){ .pid = pid };
	if (fstatfs(pidfd, &fs) == 0 && fs.f_type == PID_FS_MAGIC_NUMBER &&
	    fstat(pidfd, &st) == 0) {
		ret->unique = (uint64_t)st.st_ino ^ boot_hash();
		return 0;
	}
	return start_time_id(pid, &ret->unique);
}

int proc_open(const struct proc_id *id)
{
	_cleanup_close_ int fd = -EBADF;
	struct proc_id now;

	if (id->pid <= 0)
		return -ESRCH;
	fd = pidfd_of(id->pid);
	if (fd < 0)
		return fd == -EINVAL ? -ESRCH : fd; /* EINVAL: a thread's number, not a process' */
	/* The pidfd pins the process, so what is read after it was opened belongs to it. */
	if (proc_identify(fd, id->pid, &now) < 0 || now.unique != id->unique)
		return -ESRCH;
	return TAKE_FD(fd);
}

bool proc_is_alive(const struct proc_id *id)
{
	_cleanup_close_ int fd = proc_open(id);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* A zombie still has a number; its pidfd is readable (pidfd_open(2)). */
	return fd >= 0 && RETRY_EINTR(poll(&p, 1, 0)) == 0;
}

/* Above all numbers that a source or a target has. */
static int high_number(const struct spawn *s)
{
	int high = 64;

	for (size_t i = 0; i < s->n_fds; i++) {
		high = MAX(high, s->fds[i].from + 1);
		high = MAX(high, s->fds[i].to + 1);
	}
	return high;
}

static int spawn_actions(const struct spawn *s, posix_spawn_file_actions_t *fa)
{
	int high = high_number(s), r = 0;

	/* Two rounds, through numbers nobody asked for, so that no target overwrites a source. */
	for (size_t i = 0; i < s->n_fds && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(fa, s->fds[i].from, high + (int)i);
	for (size_t i = 0; i < s->n_fds && r == 0; i++)
		r = posix_spawn_file_actions_adddup2(fa, high + (int)i, s->fds[i].to);
	for (size_t i = 0; i < s->n_fds && r == 0; i++)
		r = posix_spawn_file_actions_addclose(fa, high + (int)i);
	return -r;
}

static int spawn_attributes(const struct spawn *s, posix_spawnattr_t *at)
{
	short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (s->new_session)
		flags |= POSIX_SPAWN_SETSID;
	r = posix_spawnattr_setsigmask(at, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(at, &all);
	if (r == 0)
		r = posix_spawnattr_setflags(at, flags);
	return -r;
}

static int spawn_path(const struct spawn *s, pid_t *ret_pid, struct err *e)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	pid_t pid = -1;
	int r, fd;

	r = -posix_spawn_file_actions_init(&fa);
	if (r < 0)
		return err_errno(e, r, "cannot prepare '%s'", s->path);
	r = -posix_spawnattr_init(&at);
	if (r < 0) {
		(void)posix_spawn_file_actions_destroy(&fa);
		return err_errno(e, r, "cannot prepare '%s'", s->path);
	}
	r = spawn_actions(s, &fa);
	if (r == 0)
		r = spawn_attributes(s, &at);
	if (r == 0)
		r = -posix_spawn(&pid, s->path, &fa, &at, s->argv, s->env);
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)posix_spawnattr_destroy(&at);
	if (r == -ENOENT || r == -EACCES)
		return err_set(e, UCT_HELPER_MISSING, r, "cannot start '%s': %s", s->path,
		               strerror(-r));
	if (r < 0)
		return err_errno(e, r, "cannot start '%s'", s->path);
	fd = pidfd_of(pid); /* our child, not yet waited for: the number is still its own */
	if (fd < 0) {
		/* Nobody would ever know of it; and see above: the number is its own. */
		(void)kill(pid, SIGKILL);
		IGNORE(RETRY_EINTR(waitpid(pid, NULL, 0)));
		return err_errno(e, fd, "cannot hold process '%s'", s->path);
	}
	if (ret_pid)
		*ret_pid = pid;
	return fd;
}

int proc_spawn(const struct spawn *s, pid_t *ret_pid, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct spawn by_path = *s;
	char path[32];

	if (s->path)
		return spawn_path(s, ret_pid, e);
	/* The path is looked up in the child, when targets may have taken the number it has now. */
	fd = fcntl(s->program_fd, F_DUPFD_CLOEXEC, high_number(s) + (int)s->n_fds);
	if (fd < 0)
		return err_sys(e, "cannot keep a program open");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	by_path.path = path;
	return spawn_path(&by_path, ret_pid, e);
}

int proc_find_program(const char *name, char *buf, size_t size)
{
	static const char *const dirs[] = { "/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin",
		                            "/run/wrappers/bin" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(buf, size, "%s/%s", dirs[i], name);
		if (access(buf, X_OK) == 0)
			return 0;
	}
	return -ENOENT;
}
