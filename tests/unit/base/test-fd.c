/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/fd.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void test_whole(void **state)
{
	char buf[16];
	int p[2];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fd_write_all(p[1], "hello", 5), 0);
	assert_int_equal(fd_read_full(p[0], buf, 3), 3);
	assert_int_equal(fd_write_all(p[1], "x", 1), 0);
	(void)close(p[1]);
	assert_int_equal(fd_read_full(p[0], buf, sizeof(buf)), 3);
	assert_memory_equal(buf, "lox", 3);
	assert_int_equal(fd_read_full(p[0], buf, sizeof(buf)), 0);
	(void)close(p[0]);
	assert_int_equal(fd_read_full(-EBADF, buf, 1), -EBADF);
	assert_int_equal(fd_write_all(-EBADF, "", 0), 0);
	assert_int_equal(fd_write_all(-EBADF, "x", 1), -EBADF);
}

static void test_full_and_broken_pipe(void **state)
{
	static char data[1 << 20];
	int p[2];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(fd_set_nonblock(p[1]), 0);
	assert_int_equal(fd_write_all(p[1], data, sizeof(data)), -EAGAIN);
	(void)close(p[0]);
	assert_int_equal(fd_write_all(p[1], "x", 1), -EPIPE);
	assert_int_equal(fd_set_cloexec(p[1], 0), 0);
	assert_int_equal(fcntl(p[1], F_GETFD), 0);
	assert_int_equal(fd_set_cloexec(p[1], 1), 0);
	assert_int_equal(fcntl(p[1], F_GETFD), FD_CLOEXEC);
	(void)close(p[1]);
	assert_int_equal(fd_set_nonblock(-EBADF), -EBADF);
}

static void test_sealed(void **state)
{
	struct err e = { 0 };
	char buf[16];
	int fd = fd_sealed_memory("test", "secret", 6, &e);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fd_read_full(fd, buf, sizeof(buf)), 6);
	assert_memory_equal(buf, "secret", 6);
	assert_int_equal(fd_write_all(fd, "x", 1), -EPERM);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 100), -1);
	assert_ptr_equal(mmap(NULL, 6, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1); /* the seals are sealed */
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
}

static void test_sealed_program(void **state)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = fd_sealed_program(self, NULL);
	struct stat a, b;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(self, &a), 0);
	assert_int_equal(fstat(fd, &b), 0);
	assert_int_equal(a.st_size, b.st_size);
	assert_int_equal(b.st_mode & 0777, 0555);
	assert_int_equal(fd_write_all(fd, "x", 1), -EPERM);
	(void)close(self);
	(void)close(fd);
}

/* From a file in the kernel; from what sendfile(2) does not take, by hand. */
static void test_copy(void **state)
{
	int from = fd_sealed_memory("from", "0123456789", 10, NULL), p[2], q[2];
	struct err e = { 0 };
	char buf[16];

	(void)state;
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_int_equal(pipe2(q, O_CLOEXEC), 0);
	assert_int_equal(fd_copy_all(from, p[1], &e), 0);
	(void)close(p[1]);
	assert_int_equal(fd_copy_all(p[0], q[1], &e), 0);
	(void)close(q[1]);
	assert_int_equal(fd_read_full(q[0], buf, sizeof(buf)), 10);
	assert_memory_equal(buf, "0123456789", 10);
	assert_true(fd_copy_all(-EBADF, q[0], &e) < 0);
	(void)close(p[0]);
	(void)close(q[0]);
	(void)close(from);
}

/* In a child, since it closes what it does not know. */
static void test_close_from(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int a = fcntl(2, F_DUPFD, 50), b = fcntl(2, F_DUPFD, 60);
		bool ok = a >= 50 && b >= 60 && fd_cloexec_from(b) == 0;

		ok = ok && fcntl(a, F_GETFD) == 0 && fcntl(b, F_GETFD) == FD_CLOEXEC;
		ok = ok && fd_close_from(a) == 0 && fcntl(2, F_GETFD) >= 0;
		_exit(ok && fcntl(a, F_GETFD) < 0 && fcntl(b, F_GETFD) < 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),  cmocka_unit_test(test_full_and_broken_pipe),
		cmocka_unit_test(test_sealed), cmocka_unit_test(test_sealed_program),
		cmocka_unit_test(test_copy),   cmocka_unit_test(test_close_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
