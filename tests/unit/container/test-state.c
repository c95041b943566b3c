/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/file.h"
#include "container/state.h"

#include <signal.h>
#include <sys/wait.h>

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int r;
		enum state_status status;
		int exit_code;
	} cases[] = {
		{ "", 0, STATE_CREATED, -1 }, /* a power cut may leave it empty */
		{ "status=exited\nexit_code=3\n", 0, STATE_EXITED, 3 },
		{ "status=exited\nexit_code=3", 0, STATE_EXITED, 3 },
		{ "status=exited\nexit_code=999\n", 0, STATE_EXITED, 255 },
		{ "status=running\npid=5\n", 0, STATE_RUNNING, -1 },
		{ "status=exited\nreason=killed for memory\n", 0, STATE_EXITED, -1 },
		{ "status=exited\nlimit=12345678901\n", 0, STATE_EXITED, -1 },
		{ "error=a=b\n", 0, STATE_CREATED, -1 },
		{ "status=restarting\nrestart_count=3\nhealth=healthy\n", 0, STATE_RESTARTING, -1 },
		{ "status=exited\nstopped_by_user=1\noom_killed=0\n", 0, STATE_EXITED, -1 },
		{ "stopped_by_user=yes\n", -EBADMSG, 0, 0 },
		{ "restart_count=-1\n", -EBADMSG, 0, 0 },
		{ "health=fine\n", -EBADMSG, 0, 0 },
		{ "status=flying\n", -EBADMSG, 0, 0 },
		{ "status=lost\n", -EBADMSG, 0, 0 }, /* nobody writes that */
		{ "status\n", -EBADMSG, 0, 0 },
		{ "\n", -EBADMSG, 0, 0 },
		{ "pid=\n", -EBADMSG, 0, 0 },
		{ "pid=-1\n", -EBADMSG, 0, 0 },
		{ "pid=1x\n", -EBADMSG, 0, 0 },
		{ "pid=2147483648\n", -EBADMSG, 0, 0 },
		{ "exit_code=-1\n", -EBADMSG, 0, 0 },
		{ "started_ns=18446744073709551616\n", -EBADMSG, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = { 0 };
		struct state s;
		int r = state_parse(cases[i].text, &s, &e);

		if (r != cases[i].r)
			fail_msg("'%s' gives %d", cases[i].text, r);
		if (r < 0) {
			assert_int_equal(e.uct, UCT_STORE_DAMAGED);
			continue;
		}
		assert_int_equal(s.status, cases[i].status);
		assert_int_equal(s.exit_code, cases[i].exit_code);
	}
}

static void test_lines(void **state)
{
	char text[1024] = "cgroup=";
	struct state s;

	(void)state;
	memset(text + 7, 'c', 504);
	assert_int_equal(state_parse(text, &s, NULL), 0);
	assert_int_equal(strlen(s.cgroup), sizeof(s.cgroup) - 1);
	text[511] = 'c';
	assert_int_equal(state_parse(text, &s, NULL), -EBADMSG);
}

static void test_round_trip(void **state)
{
	struct state s = { .status = STATE_EXITED,
		           .init = { 123, UINT64_MAX },
		           .monitor = { INT32_MAX, 1 },
		           .started_ns = 17,
		           .finished_ns = UINT64_MAX,
		           .exit_code = 137,
		           .cgroup = "/sys/fs/cgroup/a=b c" };
	struct scratch dir;
	struct state got;

	(void)state;
	scratch_make(&dir);
	assert_int_equal(state_read(dir.fd, &got, NULL), 0);
	assert_int_equal(got.status, STATE_CREATED);
	assert_int_equal(got.exit_code, -1);
	(void)snprintf(s.error, sizeof(s.error), "first\npid=1");
	assert_int_equal(state_write(dir.fd, &s, NULL), 0);
	assert_int_equal(state_read(dir.fd, &got, NULL), 0);
	assert_int_equal(got.status, s.status);
	assert_int_equal(got.init.pid, s.init.pid);
	assert_int_equal(got.init.unique, s.init.unique);
	assert_int_equal(got.monitor.pid, s.monitor.pid);
	assert_int_equal(got.monitor.unique, s.monitor.unique);
	assert_int_equal(got.started_ns, s.started_ns);
	assert_int_equal(got.finished_ns, s.finished_ns);
	assert_int_equal(got.exit_code, s.exit_code);
	assert_string_equal(got.cgroup, s.cgroup);
	assert_string_equal(got.error, "first"); /* a line end must not make a key */
	assert_int_equal(unlinkat(dir.fd, STATE_FILE, 0), 0);
	assert_int_equal(symlinkat("/etc/passwd", dir.fd, STATE_FILE), 0);
	assert_int_equal(state_read(dir.fd, &got, NULL), -ELOOP);
	assert_int_equal(unlinkat(dir.fd, STATE_FILE, 0), 0);
	scratch_done(&dir);
}

static enum state_status read_back(int dirfd, const struct proc_id *init,
                                   const struct proc_id *monitor)
{
	struct state s = { .status = STATE_RUNNING, .init = *init, .monitor = *monitor }, got;

	assert_int_equal(state_write(dirfd, &s, NULL), 0);
	assert_int_equal(state_read(dirfd, &got, NULL), 0);
	return got.status;
}

/* "running" is believed only as far as the living bear it out. */
static void test_against_the_living(void **state)
{
	struct proc_id me, reused, none = { 0 };
	int pidfd = pidfd_of(getpid());
	struct scratch dir;

	(void)state;
	assert_int_equal(proc_identify(pidfd, getpid(), &me), 0);
	(void)close(pidfd);
	reused = (struct proc_id){ me.pid, me.unique ^ 1 };
	scratch_make(&dir);
	assert_int_equal(read_back(dir.fd, &me, &me), STATE_RUNNING);
	assert_int_equal(read_back(dir.fd, &me, &reused), STATE_LOST);
	assert_int_equal(read_back(dir.fd, &me, &none), STATE_LOST);
	assert_int_equal(read_back(dir.fd, &reused, &me), STATE_EXITED);
	assert_int_equal(read_back(dir.fd, &none, &none), STATE_EXITED);
	assert_int_equal(unlinkat(dir.fd, STATE_FILE, 0), 0);
	scratch_done(&dir);
	assert_string_equal(state_name(STATE_LOST), "lost");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_against_the_living),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
