/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/libexec.h"
#include "base/sock.h"

/* A helper program that is a shell script, and a directory of the installation that has only it. */
static void place_make(struct scratch *p, const char *script)
{
	int fd;

	scratch_make(p);
	assert_int_equal(setenv("USRCT_LIBEXEC_DIR", p->path, 1), 0);
	fd = openat(p->fd, "usr-ct-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "#!/bin/sh\n%s\n", script) > 0);
	(void)close(fd);
}

static void place_done(struct scratch *p)
{
	assert_int_equal(unlinkat(p->fd, "usr-ct-test", 0), 0);
	scratch_done(p);
	assert_int_equal(unsetenv("USRCT_LIBEXEC_DIR"), 0);
}

static void test_conversation(void **state)
{
	_cleanup_libexec_ struct libexec l = LIBEXEC_NONE;
	struct err e = { 0 };
	struct scratch p;
	char text[32] = "";

	(void)state;
	place_make(&p, "echo \"heard $(dd bs=64 count=1 <&3 2>/dev/null)\" >&3");
	assert_int_equal(libexec_start("test", &l, &e), 0);
	assert_int_equal(sock_send(l.sock_fd, "you\n", 4), 0);
	assert_int_equal(sock_recv(l.sock_fd, text, sizeof(text) - 1, NULL, 0), 10);
	assert_string_equal(text, "heard you\n");
	assert_int_equal(sock_recv(l.sock_fd, text, sizeof(text), NULL, 0), 0); /* it has ended */
	libexec_done(&l);
	assert_int_equal(l.sock_fd, -EBADF);
	assert_int_equal(l.pidfd, -EBADF);
	place_done(&p);
}

/* The end of file is what ends it. */
static void test_done_ends_it(void **state)
{
	struct libexec l = LIBEXEC_NONE;
	struct err e = { 0 };
	struct scratch p;

	(void)state;
	place_make(&p, "read -r line <&3");
	assert_int_equal(libexec_start("test", &l, &e), 0);
	libexec_done(&l);
	libexec_done(&l); /* nothing is left to do */
	place_done(&p);
}

static void test_apart(void **state)
{
	static const char script[] =
		"readlink /proc/$$/fd/0 /proc/$$/fd/2 | sort -u >&4; "
		"read -r pid name state parent group session rest </proc/$$/stat; "
		"[ $session = $pid ] && echo apart >&4";
	_cleanup_libexec_ struct libexec l = LIBEXEC_NONE;
	struct err e = { 0 };
	char text[64] = "";
	int fds[2];
	size_t n = 0;
	ssize_t got;
	struct scratch p;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	place_make(&p, script);
	assert_int_equal(libexec_start_apart("test", fds[1], &l, &e), 0);
	(void)close(fds[1]);
	while ((got = read(fds[0], text + n, sizeof(text) - 1 - n)) > 0)
		n += (size_t)got;
	(void)close(fds[0]);
	assert_string_equal(text, "/dev/null\napart\n");
	place_done(&p);
}

static void test_missing(void **state)
{
	struct libexec l = LIBEXEC_NONE;
	struct err e = { 0 };
	struct scratch p;

	(void)state;
	place_make(&p, "");
	assert_int_equal(libexec_start("other", &l, &e), -ENOENT);
	assert_int_equal(e.uct, UCT_HELPER_MISSING);
	assert_int_equal(l.sock_fd, -EBADF);
	e = (struct err){ 0 };
	assert_int_equal(libexec_open("other", &e), -ENOENT);
	assert_int_equal(e.uct, UCT_HELPER_MISSING);
	assert_int_equal(libexec_seal("other", &e), -ENOENT);
	place_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation),
		cmocka_unit_test(test_done_ends_it),
		cmocka_unit_test(test_apart),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
