/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include "cgroup/control.h"

#include <sys/stat.h>

static void test_freeze(void **state)
{
	struct err e = { 0 };
	struct scratch s;

	(void)state;
	scratch_make(&s);
	assert_true(cgroup_freeze(s.path, true, 0, &e) < 0);
	assert_int_equal(e.uct, UCT_CGROUP_FAILED);
	assert_int_equal(cgroup_is_frozen(s.path), 0);
	put(&s, "cgroup.freeze", "0\n");
	put(&s, "cgroup.events", "populated 1\nfrozen 1\n");
	assert_int_equal(cgroup_freeze(s.path, true, 0, &e), 0);
	assert_has(&s, "cgroup.freeze", "1\n");
	assert_int_equal(cgroup_is_frozen(s.path), 1);
	/* The kernel does not say so: nothing changes these files by itself. */
	assert_int_equal(cgroup_freeze(s.path, false, 1, &e), -ETIMEDOUT);
	assert_int_equal(e.uct, UCT_FREEZE_TIMEOUT);
	assert_int_equal(cgroup_is_frozen(s.path), 0);
	drop(&s);
	assert_int_equal(cgroup_is_frozen(""), 0);
}

static void test_processes(void **state)
{
	_cleanup_free_ pid_t *pids = NULL;
	struct err e = { 0 };
	struct scratch s;
	size_t n = 0;

	(void)state;
	scratch_make(&s);
	put(&s, "cgroup.procs", "12\n34\n0\nx\n99999999999\n");
	assert_int_equal(mkdirat(s.fd, "below", 0755), 0);
	put(&s, "below/cgroup.procs", "56\n");
	assert_int_equal(cgroup_processes(s.path, &pids, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_int_equal(pids[0] + pids[1] + pids[2], 12 + 34 + 56);
	drop(&s);
	assert_true(cgroup_processes(s.path, &pids, &n, &e) < 0);
}

static void test_oom(void **state)
{
	struct scratch s;
	int fd;

	(void)state;
	scratch_make(&s);
	assert_int_equal(cgroup_open_oom(s.path), -ENOENT);
	assert_int_equal(cgroup_open_oom(""), -ENOENT);
	put(&s, "memory.events", "low 0\noom 3\noom_kill 2\noom_group_kill 0\n");
	fd = cgroup_open_oom(s.path);
	assert_true(fd >= 0);
	assert_int_equal(cgroup_oom_kills(fd), 2);
	put(&s, "memory.events", "oom_kill 5\n");
	assert_int_equal(cgroup_oom_kills(fd), 5);
	(void)close(fd);
	assert_int_equal(cgroup_oom_kills(-EBADF), 0);
	drop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_freeze),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_oom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
