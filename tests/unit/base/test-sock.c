/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/sock.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>

static size_t count_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

static void test_packets(void **state)
{
	char buf[8];
	int s[2];

	(void)state;
	assert_int_equal(sock_pair(s, NULL), 0);
	assert_int_equal(fcntl(s[0], F_GETFD), FD_CLOEXEC);
	assert_int_equal(sock_send(s[0], "one", 3), 0);
	assert_int_equal(sock_send(s[0], "twotwo", 6), 0);
	assert_int_equal(sock_send(s[0], "123456789", 9), 0);
	assert_int_equal(sock_recv(s[1], buf, sizeof(buf), NULL, 0), 3);
	assert_int_equal(sock_recv(s[1], buf, sizeof(buf), NULL, 0), 6);
	assert_memory_equal(buf, "twotwo", 6);
	assert_int_equal(sock_recv(s[1], buf, sizeof(buf), NULL, 0), -EMSGSIZE);
	(void)close(s[0]);
	assert_int_equal(sock_recv(s[1], buf, sizeof(buf), NULL, 0), 0);
	assert_int_equal(sock_send(s[1], "x", 1), -EPIPE); /* and no SIGPIPE */
	(void)close(s[1]);
}

/* However many descriptors come, the ones that nobody wanted are closed. */
static void test_descriptors(void **state)
{
	static const struct {
		size_t sent, wanted;
		size_t room; /* for data; 2 bytes are sent */
		ssize_t r;
	} cases[] = {
		{ 0, 2, 2, 2 },         { 1, 2, 2, 2 },         { 2, 2, 2, 2 },
		{ 8, 2, 2, 2 },         { 3, 0, 2, 2 },         { 8, 8, 2, 2 },
		{ 0, 8, 1, -EMSGSIZE }, { 2, 2, 1, -EMSGSIZE }, { 3, 1, 1, -EMSGSIZE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int s[2], send[SOCK_FDS_MAX], got[SOCK_FDS_MAX];
		size_t before = count_open();
		char buf[2];

		assert_int_equal(sock_pair(s, NULL), 0);
		for (size_t k = 0; k < SOCK_FDS_MAX; k++)
			send[k] = s[0];
		assert_int_equal(sock_send_fds(s[0], "ab", 2, send, cases[i].sent), 0);
		assert_int_equal(sock_recv(s[1], buf, cases[i].room, got, cases[i].wanted),
		                 cases[i].r);
		for (size_t k = 0; k < cases[i].wanted; k++) {
			if (cases[i].r < 0 || k >= cases[i].sent) {
				assert_int_equal(got[k], -EBADF);
				continue;
			}
			assert_int_equal(fcntl(got[k], F_GETFD), FD_CLOEXEC);
			(void)close(got[k]);
		}
		assert_int_equal(sock_send_fds(s[0], "ab", 2, send, SOCK_FDS_MAX + 1), -E2BIG);
		(void)close(s[0]);
		(void)close(s[1]);
		assert_int_equal(count_open(), before);
	}
}

/* A directory with a name far longer than sun_path. */
static void test_listen_and_connect(void **state)
{
	char name[200], too_long[200], buf[4];
	struct scratch s;
	int dirfd, listen_fd, client, server;
	struct err e = { 0 };

	(void)state;
	scratch_make(&s);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(too_long, name, sizeof(name));
	assert_int_equal(mkdirat(s.fd, name, 0700), 0);
	dirfd = openat(s.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(sock_connect_at(dirfd, "s"), -ENOENT);
	listen_fd = sock_listen_at(dirfd, "s", &e);
	assert_true(listen_fd >= 0);
	assert_int_equal(sock_listen_at(dirfd, "s", &e), -EADDRINUSE);
	assert_int_equal(sock_listen_at(dirfd, too_long, &e), -ENAMETOOLONG);
	assert_int_equal(sock_connect_at(dirfd, too_long), -ENAMETOOLONG);
	client = sock_connect_at(dirfd, "s");
	assert_true(client >= 0);
	server = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(server >= 0);
	assert_true(sock_peer_is_me(server));
	assert_true(sock_peer_is_me(client));
	assert_int_equal(sock_send(client, "hi", 2), 0);
	assert_int_equal(sock_recv(server, buf, sizeof(buf), NULL, 0), 2);
	(void)close(client);
	(void)close(server);
	(void)close(listen_fd);
	/* The name of somebody who is gone. */
	assert_int_equal(sock_connect_at(dirfd, "s"), -ECONNREFUSED);
	assert_int_equal(unlinkat(dirfd, "s", 0), 0);
	(void)close(dirfd);
	assert_int_equal(unlinkat(s.fd, name, AT_REMOVEDIR), 0);
	assert_false(sock_peer_is_me(-EBADF));
	scratch_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_listen_and_connect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
