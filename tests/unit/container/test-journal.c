/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "container/journal.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* An entry as text; one that came as memory is read from there. */
static size_t receive(int fd, char *buf, size_t size)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec v = { buf, size };
	struct msghdr m = { .msg_iov = &v,
		            .msg_iovlen = 1,
		            .msg_control = control.buf,
		            .msg_controllen = sizeof(control.buf) };
	ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	assert_true(n >= 0);
	if (c) {
		int memory_fd;

		memcpy(&memory_fd, CMSG_DATA(c), sizeof(memory_fd));
		assert_int_equal(fcntl(memory_fd, F_GET_SEALS) & F_SEAL_WRITE, F_SEAL_WRITE);
		n = pread(memory_fd, buf, size, 0);
		(void)close(memory_fd);
	}
	buf[n] = '\0';
	return (size_t)n;
}

static void test_entries(void **state)
{
	struct journal_identity who = { .id = "0123456789abcdef0123",
		                        .name = "web",
		                        .image = "nginx" };
	struct journal j;
	struct scratch s;
	char path[100], buf[4096];
	int fd;

	(void)state;
	scratch_make(&s);
	(void)snprintf(path, sizeof(path), "%s/socket", s.path);
	who.socket = path;
	{
		struct err e = { 0 };

		assert_true(journal_open(&who, &j, &e) < 0);
		assert_int_equal(e.uct, UCT_LOG_DRIVER);
	}
	fd = listen_at(path);
	assert_int_equal(journal_open(&who, &j, NULL), 0);
	journal_append(&j, LOG_STDOUT, "one\ntwo", 7);
	journal_append(&j, LOG_STDERR, "bad\n", 4);
	(void)receive(fd, buf, sizeof(buf) - 1);
	assert_string_equal(buf,
	                    "CONTAINER_ID=0123456789ab\nCONTAINER_ID_FULL=0123456789abcdef0123\n"
	                    "CONTAINER_NAME=web\nIMAGE_NAME=nginx\nCONTAINER_TAG=0123456789ab\n"
	                    "SYSLOG_IDENTIFIER=0123456789ab\nPRIORITY=6\nMESSAGE=one\n");
	(void)receive(fd, buf, sizeof(buf) - 1);
	assert_non_null(strstr(buf, "PRIORITY=6\nMESSAGE=two\nCONTAINER_PARTIAL_MESSAGE=true\n"));
	(void)receive(fd, buf, sizeof(buf) - 1);
	assert_non_null(strstr(buf, "PRIORITY=3\nMESSAGE=bad\n"));
	journal_close(&j);
	(void)close(fd);
	assert_int_equal(unlinkat(s.fd, "socket", 0), 0);
	scratch_done(&s);
}

/* Text with a newline, and a line that no datagram takes. */
static void test_odd(void **state)
{
	struct journal_identity who = { .id = "0123", .name = "a", .image = "b", .tag = "x\ny" };
	static char big[60000], got[70000];
	struct journal j;
	struct scratch s;
	char path[100];
	int fd, small = 4096;

	(void)state;
	memset(big, 'z', sizeof(big));
	scratch_make(&s);
	(void)snprintf(path, sizeof(path), "%s/socket", s.path);
	who.socket = path;
	fd = listen_at(path);
	assert_int_equal(journal_open(&who, &j, NULL), 0);
	journal_append(&j, LOG_STDOUT, "1\n", 2);
	assert_true(receive(fd, got, sizeof(got) - 1) > 20);
	assert_non_null(memmem(got, 300, "CONTAINER_TAG\n\3\0\0\0\0\0\0\0x\ny\n", 26));
	assert_int_equal(setsockopt(j.fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	journal_append(&j, LOG_STDOUT, big, sizeof(big));
	assert_true(receive(fd, got, sizeof(got) - 1) > sizeof(big));
	assert_int_equal(j.dropped_bytes, 0);
	/* Nobody reads: it gives up, and counts. */
	for (int i = 0; i < 2000 && !j.is_stuck; i++)
		journal_append(&j, LOG_STDOUT, "full\n", 5);
	assert_true(j.is_stuck);
	assert_true(j.dropped_bytes > 0);
	(void)receive(fd, got, sizeof(got) - 1);
	journal_append(&j, LOG_STDOUT, "again\n", 6);
	assert_false(j.is_stuck);
	journal_close(&j);
	(void)close(fd);
	assert_int_equal(unlinkat(s.fd, "socket", 0), 0);
	scratch_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_odd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
