/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include "base/strv.h"
#include "cgroup/limits.h"

#include <sys/stat.h>

static char *v(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void test_applies(void **state)
{
	char *settings[] = { v("memory.max=100"), v("?memory.swap.max=100"), v("pids.max=7"),
		             NULL };
	_cleanup_strv_ struct strv before = { 0 };
	struct scratch s;

	(void)state;
	scratch_make(&s);
	put(&s, "memory.max", "max\n");
	put(&s, "pids.max", "5\n");
	/* A plain file keeps what is behind the value; the kernel's does not. */
	assert_int_equal(cgroup_apply(s.path, settings, &before, NULL), 0);
	assert_has(&s, "memory.max", "100\n");
	assert_has(&s, "pids.max", "7\n");
	assert_int_equal(before.n, 2);
	assert_string_equal(before.v[0], "memory.max=max");
	assert_string_equal(before.v[1], "pids.max=5");
	drop(&s);
}

static void test_takes_back(void **state)
{
	char *settings[] = { v("memory.max=100"), v("cpu.max=1 2"), NULL };
	struct err e = { 0 };
	struct scratch s;

	(void)state;
	scratch_make(&s);
	put(&s, "memory.max", "200\n");
	assert_int_equal(cgroup_apply(s.path, settings, NULL, &e), -EOPNOTSUPP);
	assert_int_equal(e.uct, UCT_NO_CONTROLLER);
	assert_non_null(strstr(e.msg, "cpu.max"));
	assert_has(&s, "memory.max", "200\n");
	drop(&s);
}

/* The kernel's refusals keep their errno; a directory in the file's place is one that we can have.
 */
static void test_refused(void **state)
{
	char *settings[] = { v("memory.max=100"), NULL };
	struct err e = { 0 };
	struct scratch s;

	(void)state;
	scratch_make(&s);
	assert_int_equal(mkdirat(s.fd, "memory.max", 0755), 0);
	assert_int_equal(cgroup_apply(s.path, settings, NULL, &e), -EISDIR);
	assert_int_equal(e.uct, UCT_LIMIT_REFUSED);
	drop(&s);
}

static void test_enables(void **state)
{
	char *settings[] = { v("memory.max=100"), v("hugetlb.2MB.max=5"), NULL };
	struct err e = { 0 };
	struct scratch s;

	(void)state;
	scratch_make(&s);
	put(&s, "cgroup.controllers", "cpu memory pids\n");
	put(&s, "cgroup.subtree_control", "");
	assert_int_equal(cgroup_enable(s.path, NULL, &e), 0);
	assert_has(&s, "cgroup.subtree_control", "+cpu +memory +pids ");
	put(&s, "cgroup.subtree_control", "cpu memory pids\n");
	assert_int_equal(cgroup_enable(s.path, settings, &e), -EOPNOTSUPP);
	assert_int_equal(e.uct, UCT_NO_CONTROLLER);
	assert_non_null(strstr(e.msg, "'hugetlb'"));
	assert_non_null(strstr(e.msg, "cpu memory pids"));
	assert_non_null(strstr(e.hint, "Delegate="));
	settings[1] = NULL;
	assert_int_equal(cgroup_enable(s.path, settings, &e), 0);
	drop(&s);
}

static void test_nonsense(void **state)
{
	static const char *const bad[] = { "memory.max", "=1", "../x=1", "" };
	struct scratch s;

	(void)state;
	scratch_make(&s);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *settings[] = { v(bad[i]), NULL };

		assert_true(cgroup_apply(s.path, settings, NULL, NULL) < 0);
		assert_true(cgroup_enable(s.path, settings, NULL) < 0);
	}
	scratch_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_applies),  cmocka_unit_test(test_takes_back),
		cmocka_unit_test(test_refused),  cmocka_unit_test(test_enables),
		cmocka_unit_test(test_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
