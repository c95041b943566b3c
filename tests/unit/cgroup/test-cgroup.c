/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include "cgroup/cgroup.h"

#include <sys/stat.h>

/* Where the kernel does not put its files into a new directory there is no delegation. */
static void test_not_delegated(void **state)
{
	char path[256];
	struct err e = { 0 };
	struct scratch s;

	(void)state;
	scratch_make(&s);
	assert_int_equal(cgroup_make(s.path, "x", path, sizeof(path), &e), -ENOENT);
	assert_int_equal(cgroup_make("/no/such", "x", path, sizeof(path), &e), -ENOENT);
	assert_int_equal(cgroup_make(s.path, "x", path, 8, &e), -ENOENT);
	assert_int_equal(e.code, 0);
	scratch_done(&s); /* and nothing is left */
}

static void test_remove(void **state)
{
	char path[128];
	struct scratch s;

	(void)state;
	scratch_make(&s);
	cgroup_remove("");
	cgroup_remove("/no/such/cgroup");
	(void)snprintf(path, sizeof(path), "%s/ct", s.path);
	assert_int_equal(mkdirat(s.fd, "ct", 0755), 0);
	cgroup_remove(path);
	assert_int_equal(mkdirat(s.fd, "ct", 0755), 0);
	assert_int_equal(mkdirat(s.fd, "ct/a", 0755), 0);
	assert_int_equal(mkdirat(s.fd, "ct/a/b", 0755), 0);
	cgroup_remove(path); /* systemd in a container makes its own below */
	scratch_done(&s);
}

static void test_enter_fails(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_true(cgroup_enter("/no/such/cgroup", &e) < 0);
	assert_int_equal(e.uct, UCT_CGROUP_FAILED);
}

/* Only what we are in ourselves can be marked: the manager's word about anything else is not for
 * us. */
static void test_mark_elsewhere(void **state)
{
	(void)state;
	assert_int_equal(cgroup_mark_delegated(""), -ENOENT);
	assert_int_equal(cgroup_mark_delegated("relative"), -ENOENT);
	assert_int_equal(cgroup_mark_delegated("/no-such.slice/no-such.service"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_not_delegated),
		cmocka_unit_test(test_remove),
		cmocka_unit_test(test_enter_fails),
		cmocka_unit_test(test_mark_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
