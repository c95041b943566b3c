/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/fd.h"
#include "base/libexec.h"
#include "base/proc.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static char arg0[] = "sh", arg1[] = "-c";

/* Runs a shell command with one descriptor as its number 5. */
static int spawn_shell(const char *script, int fd, pid_t *ret_pid)
{
	char *argv[] = { arg0, arg1, (char *)(uintptr_t)script, NULL }, *env[] = { NULL };
	struct spawn_fd fds = { fd, 5 };
	struct spawn s = {
		.path = "/bin/sh", .argv = argv, .env = env, .fds = &fds, .n_fds = fd >= 0
	};
	struct err e = { 0 };

	return proc_spawn(&s, ret_pid, &e);
}

static void test_status(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {
		{ "exit 0", 0 },
		{ "exit 7", 7 << 8 },
		{ "exit 255", 255 << 8 },
		{ "kill -TERM $$", SIGTERM },
		{ "kill -KILL $$", SIGKILL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int fd = spawn_shell(cases[i].script, -EBADF, NULL), status = -1;

		assert_true(fd >= 0);
		assert_int_equal(pidfd_wait(fd, &status), 0);
		assert_int_equal(status, cases[i].status);
		assert_int_equal(pidfd_wait(fd, &status), -ECHILD);
		assert_int_equal(pidfd_signal(fd, SIGKILL), -ESRCH);
		(void)close(fd);
	}
}

/* Mask and dispositions are clean, and only the descriptors named get through. */
static void test_spawn_is_clean(void **state)
{
	static const char script[] = "ls -l /proc/self/fd | wc -l >&5; "
				     "grep -E '^Sig(Blk|Ign)' /proc/self/status >&5";
	char text[256] = "";
	sigset_t all, old;
	int p[2], fd, status, extra = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	(void)signal(SIGTERM, SIG_IGN);
	fd = spawn_shell(script, p[1], NULL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	(void)close(p[1]);
	assert_true(fd >= 0);
	assert_true(fd_read_full(p[0], text, sizeof(text) - 1) > 0);
	assert_int_equal(pidfd_wait(fd, &status), 0);
	assert_non_null(strstr(text, "SigBlk:\t0000000000000000"));
	/* glibc ignores its own two signals, 32 and 33, in what it spawns (2.36). */
	assert_true(strstr(text, "SigIgn:\t0000000000000000") ||
	            strstr(text, "SigIgn:\t0000000180000000"));
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
	(void)close(extra);
	(void)close(p[0]);
}

/* Two descriptors that change places: neither may overwrite the other on its way. */
static void test_spawn_swaps(void **state)
{
	static const char script[] = "echo to-a >/proc/self/fd/61; echo to-b >/proc/self/fd/62";
	char *argv[] = { arg0, arg1, (char *)(uintptr_t)script, NULL }, *env[] = { NULL };
	int a[2], b[2], fd, status;
	char text[16] = "";

	(void)state;
	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	assert_int_equal(dup3(a[1], 62, O_CLOEXEC), 62);
	assert_int_equal(dup3(b[1], 61, O_CLOEXEC), 61);

	struct spawn_fd fds[] = { { 62, 61 }, { 61, 62 } };
	struct spawn s = { .path = "/bin/sh", .argv = argv, .env = env, .fds = fds, .n_fds = 2 };

	fd = proc_spawn(&s, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(pidfd_wait(fd, &status), 0);
	assert_int_equal(status, 0);
	(void)close(61);
	(void)close(62);
	(void)close(a[1]);
	(void)close(b[1]);
	assert_int_equal(read(a[0], text, sizeof(text)), 5);
	assert_memory_equal(text, "to-a\n", 5);
	assert_int_equal(read(b[0], text, sizeof(text)), 5);
	assert_memory_equal(text, "to-b\n", 5);
	(void)close(fd);
	(void)close(a[0]);
	(void)close(b[0]);
}

/* A program by descriptor runs even if something else is to have its number. */
static void test_spawn_by_descriptor(void **state)
{
	char *argv[] = { arg0, arg1, (char *)(uintptr_t) "exit 7", NULL }, *env[] = { NULL };
	int program_fd = open("/bin/sh", O_RDONLY | O_CLOEXEC), null_fd, fd, status;

	(void)state;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(program_fd >= 0 && null_fd >= 0);

	struct spawn_fd fds[] = { { null_fd, program_fd } };
	struct spawn s = {
		.program_fd = program_fd, .argv = argv, .env = env, .fds = fds, .n_fds = 1
	};

	fd = proc_spawn(&s, NULL, NULL);
	assert_true(fd >= 0);
	assert_int_equal(pidfd_wait(fd, &status), 0);
	assert_int_equal(status, 7 << 8);
	(void)close(fd);
	(void)close(null_fd);
	(void)close(program_fd);
}

static void test_spawn_fails(void **state)
{
	char *argv[] = { arg0, NULL }, *env[] = { NULL };
	struct spawn s = { .path = "/nonexistent/program", .argv = argv, .env = env };
	struct rlimit old, none;
	struct err e = { 0 };
	int lowest;

	(void)state;
	assert_int_equal(proc_spawn(&s, NULL, &e), -ENOENT);
	assert_int_equal(e.uct, UCT_HELPER_MISSING);
	s.path = "/etc/passwd";
	assert_int_equal(proc_spawn(&s, NULL, &e), -EACCES);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child stays */

	/* No descriptor left for the pidfd: the program must not run on, held by nobody. */
	s.path = "/bin/cat";
	lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
	(void)close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ (rlim_t)lowest, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(proc_spawn(&s, NULL, &e), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* A process on disk is believed only while it is this very one. */
static void test_identity(void **state)
{
	struct proc_id id, wrong;
	int p[2], pidfd, again, status;
	struct pollfd poll_fd;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	pidfd = spawn_shell("read x <&5", p[0], &pid);
	assert_true(pidfd >= 0);
	assert_int_equal(proc_identify(pidfd, pid, &id), 0);
	assert_int_equal(id.pid, pid);
	assert_int_not_equal(id.unique, 0);
	assert_true(proc_is_alive(&id));
	again = proc_open(&id);
	assert_true(again >= 0);

	wrong = (struct proc_id){ pid, id.unique + 1 };
	assert_int_equal(proc_open(&wrong), -ESRCH);
	assert_false(proc_is_alive(&wrong));
	wrong = (struct proc_id){ getpid(), id.unique };
	assert_int_equal(proc_open(&wrong), -ESRCH);
	for (int odd = -2; odd < 1; odd++) {
		wrong = (struct proc_id){ odd, id.unique };
		assert_int_equal(proc_open(&wrong), -ESRCH);
	}
	wrong = (struct proc_id){ INT32_MAX, id.unique };
	assert_int_equal(proc_open(&wrong), -ESRCH);

	(void)close(p[1]);
	(void)close(p[0]);
	poll_fd = (struct pollfd){ pidfd, POLLIN, 0 };
	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
	assert_false(proc_is_alive(&id)); /* a zombie, which still has its number */
	assert_int_equal(pidfd_wait(pidfd, &status), 0);
	assert_int_equal(proc_open(&id), -ESRCH);
	assert_int_equal(pidfd_signal(again, 0), -ESRCH);
	(void)close(again);
	(void)close(pidfd);
}

static void test_helper_dir(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("USRCT_LIBEXEC_DIR"), 0);
	assert_string_equal(libexec_dir(), USRCT_LIBEXECDIR);
	assert_int_equal(setenv("USRCT_LIBEXEC_DIR", "relative", 1), 0);
	assert_string_equal(libexec_dir(), USRCT_LIBEXECDIR);
	assert_int_equal(setenv("USRCT_LIBEXEC_DIR", "/x", 1), 0);
	assert_string_equal(libexec_dir(), "/x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_spawn_is_clean),
		cmocka_unit_test(test_spawn_swaps),
		cmocka_unit_test(test_spawn_fails),
		cmocka_unit_test(test_spawn_by_descriptor),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_helper_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
