/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/sock.h"
#include "container/sync.h"

static void test_conversation(void **state)
{
	struct sync_msg m = { .step = SYNC_READY, .pid = 7 }, got;
	struct err e = { 0 };
	int s[2], fd = 0;

	(void)state;
	assert_int_equal(sock_pair(s, NULL), 0);
	assert_int_equal(sync_send(s[0], &m, s[0], &e), 0);
	assert_int_equal(sync_expect(s[1], SYNC_READY, "init", &got, &fd, &e), 0);
	assert_int_equal(got.pid, 7);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	(void)close(fd);
	assert_int_equal(sync_send(s[0], &m, -EBADF, &e), 0);
	assert_int_equal(sync_expect(s[1], SYNC_READY, "init", &got, &fd, &e), 0);
	assert_int_equal(fd, -EBADF);
	(void)close(s[0]);
	assert_int_equal(sync_expect(s[1], SYNC_GO, "launcher", &got, &fd, &e), -EPIPE);
	assert_int_equal(e.uct, UCT_LAUNCHER_DIED);
	assert_string_equal(e.msg, "launcher ended before GO");
	assert_int_equal(sync_send(s[1], &m, -EBADF, &e), -EPIPE);
	assert_string_equal(e.msg, "nobody is left to receive READY");
	(void)close(s[1]);
}

static void test_failure_travels(void **state)
{
	struct sync_msg got, hostile = { .step = SYNC_FAIL };
	struct err sent = { 0 }, e = { 0 };
	int s[2];

	(void)state;
	assert_int_equal(sock_pair(s, NULL), 0);
	(void)err_set(&sent, UCT_COMMAND_NOT_FOUND, -ENOENT, "no '%s'", "x");
	sync_fail(s[0], &sent);
	assert_int_equal(sync_expect(s[1], SYNC_STARTED, "the launcher", &got, NULL, &e), -ENOENT);
	assert_memory_equal(&e, &sent, sizeof(e));
	sync_fail(s[0], &sent);
	assert_int_equal(sync_expect(s[1], SYNC_STARTED, "it", &got, NULL, NULL), -ENOENT);
	/* Text without an end, and a failure that says it is none. */
	hostile.e.code = -EIO;
	memset(hostile.e.msg, 'm', sizeof(hostile.e.msg));
	memset(hostile.e.hint, 'h', sizeof(hostile.e.hint));
	assert_int_equal(sync_send(s[0], &hostile, -EBADF, NULL), 0);
	assert_int_equal(sync_expect(s[1], SYNC_GO, "it", &got, NULL, &e), -EIO);
	assert_int_equal(strnlen(e.msg, sizeof(e.msg)), sizeof(e.msg) - 1);
	assert_int_equal(strnlen(e.hint, sizeof(e.hint)), sizeof(e.hint) - 1);
	hostile.e.code = 0;
	assert_int_equal(sync_send(s[0], &hostile, -EBADF, NULL), 0);
	assert_int_equal(sync_expect(s[1], SYNC_GO, "it", &got, NULL, &e), -EPROTO);
	(void)close(s[0]);
	(void)close(s[1]);
}

/* Whoever is gone, with or without having read what came, has said why before. */
static void test_last_words(void **state)
{
	struct sync_msg m = { .step = SYNC_MAPPED }, got;
	struct err sent = { 0 };

	(void)state;
	(void)err_set(&sent, UCT_COMMAND_NOT_FOUND, -ENOENT, "no '%s'", "x");
	for (int unread = 0; unread < 2; unread++)
		for (int reader = 0; reader < 3; reader++) {
			struct err e = { 0 };
			int s[2], r;

			assert_int_equal(sock_pair(s, NULL), 0);
			if (unread)
				assert_int_equal(sync_send(s[1], &m, -EBADF, &e), 0);
			sync_fail(s[0], &sent);
			(void)close(s[0]);
			if (reader == 0)
				r = sync_send(s[1], &m, -EBADF, &e);
			else if (reader == 1)
				r = sync_expect(s[1], SYNC_READY, "it", &got, NULL, &e);
			else
				r = sync_expect_end(s[1], "it", &e);
			assert_int_equal(r, -ENOENT);
			assert_memory_equal(&e, &sent, sizeof(e));
			assert_int_equal(sync_expect_end(s[1], "it", &e), 0);
			(void)close(s[1]);
		}
}

static void test_end(void **state)
{
	struct sync_msg m = { .step = SYNC_READY };
	struct err e = { 0 };
	int s[2];

	(void)state;
	assert_int_equal(sock_pair(s, NULL), 0);
	assert_int_equal(sync_send(s[0], &m, s[0], &e), 0);
	assert_int_equal(sync_expect_end(s[1], "it", &e), -EPROTO);
	assert_string_equal(e.msg, "it said READY after GO");
	/* Dead before it read: an end as well. */
	assert_int_equal(sync_send(s[1], &m, -EBADF, &e), 0);
	(void)close(s[0]);
	assert_int_equal(sync_expect_end(s[1], "it", &e), 0);
	(void)close(s[1]);
}

/* Anything else than the step awaited is an error, and no descriptor that came with it stays. */
static void test_wrong_packets(void **state)
{
	static const struct {
		uint32_t step;
		size_t n;
		int r;
		const char *says;
	} cases[] = {
		{ SYNC_MAPPED, sizeof(struct sync_msg), -EPROTO, "it said MAPPED instead of GO" },
		{ 0, sizeof(struct sync_msg), -EPROTO, "it said ? instead of GO" },
		{ UINT32_MAX, sizeof(struct sync_msg), -EPROTO, "it said ? instead of GO" },
		{ SYNC_GO, 4, -EPROTO, "it said something malformed instead of GO" },
		{ SYNC_GO, sizeof(struct sync_msg) - 1, -EPROTO,
		  "it said something malformed instead of GO" },
		{ SYNC_GO, sizeof(struct sync_msg) + 1, -EMSGSIZE, NULL },
	};
	static char packet[sizeof(struct sync_msg) + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = { 0 };
		struct sync_msg got;
		int s[2], fd = 0, lowest = open("/dev/null", O_RDONLY | O_CLOEXEC), again;

		(void)close(lowest);
		assert_int_equal(sock_pair(s, NULL), 0);
		memcpy(packet, &cases[i].step, sizeof(cases[i].step));
		assert_int_equal(sock_send_fds(s[0], packet, cases[i].n, s, 1), 0);
		assert_int_equal(sync_expect(s[1], SYNC_GO, "it", &got, &fd, &e), cases[i].r);
		assert_int_equal(fd, -EBADF);
		if (cases[i].says)
			assert_string_equal(e.msg, cases[i].says);
		(void)close(s[0]);
		(void)close(s[1]);
		again = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_int_equal(again, lowest);
		(void)close(again);
	}
}

static void test_times(void **state)
{
	struct sync_times t = { 0 };

	(void)state;
	for (int i = 0; i < SYNC_STEPS_MAX + 5; i++)
		sync_time(&t, "a step whose name is longer than its place");
	assert_int_equal(t.n, SYNC_STEPS_MAX);
	assert_int_equal(strlen(t.t[0].step), sizeof(t.t[0].step) - 1);
	for (int i = 1; i < SYNC_STEPS_MAX; i++)
		assert_true(t.t[i].start_ns == t.t[i - 1].end_ns &&
		            t.t[i].end_ns >= t.t[i].start_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conversation),  cmocka_unit_test(test_failure_travels),
		cmocka_unit_test(test_last_words),    cmocka_unit_test(test_end),
		cmocka_unit_test(test_wrong_packets), cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
