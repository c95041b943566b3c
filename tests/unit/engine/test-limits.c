/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "engine/limits.h"

static void check(const struct usrct_limits *l, json_t *resources, const char *wanted)
{
	_cleanup_json_ json_t *want = json_loads(wanted, 0, NULL);
	struct err e = { 0 };

	assert_non_null(want);
	if (limits_merge(l, resources, &e) < 0)
		fail_msg("%s: %s", wanted, e.msg);
	if (!json_equal(resources, want))
		fail_msg("%s instead of %s", json_dumps(resources, 0), wanted);
}

static void test_merges(void **state)
{
	_cleanup_json_ json_t *j = json_object();
	struct usrct_limits l = { .memory_bytes = 64 << 20 };

	(void)state;
	check(NULL, j, "{}");
	check(&l, j, "{\"memory\":{\"limit\":67108864,\"swap\":134217728}}");
	/* The swap that nobody asked for follows. */
	l.memory_bytes = 32 << 20;
	check(&l, j, "{\"memory\":{\"limit\":33554432,\"swap\":67108864}}");
	l = (struct usrct_limits){ .memory_swap_bytes = -1, .pids_max = 10 };
	check(&l, j, "{\"memory\":{\"limit\":33554432,\"swap\":-1},\"pids\":{\"limit\":10}}");
	/* One that was asked for stays. */
	l = (struct usrct_limits){ .memory_bytes = 16 << 20 };
	check(&l, j, "{\"memory\":{\"limit\":16777216,\"swap\":-1},\"pids\":{\"limit\":10}}");
	l = (struct usrct_limits){ .memory_bytes = -1, .pids_max = -5, .cpu_shares = 512 };
	check(&l, j,
	      "{\"memory\":{\"limit\":-1,\"swap\":-1},\"pids\":{\"limit\":-1},\"cpu\":{\"shares\":"
	      "512}}");
}

static void test_cpu(void **state)
{
	_cleanup_json_ json_t *j = json_object();
	struct usrct_limits l = { .cpu_nano = 500000000, .cpuset_cpus = "0" };

	(void)state;
	check(&l, j, "{\"cpu\":{\"quota\":50000,\"period\":100000,\"cpus\":\"0\"}}");
	l = (struct usrct_limits){ .cpu_quota_us = 20000, .cpu_period_us = 50000 };
	check(&l, j, "{\"cpu\":{\"quota\":20000,\"period\":50000,\"cpus\":\"0\"}}");
	l = (struct usrct_limits){ .cpu_nano = -1 };
	check(&l, j, "{\"cpu\":{\"quota\":-1,\"period\":50000,\"cpus\":\"0\"}}");
}

static void test_refuses(void **state)
{
	static const struct usrct_limits bad[] = {
		{ .memory_bytes = 1 << 20 },
		{ .memory_bytes = -2 },
		{ .memory_bytes = INT64_MAX },
		{ .memory_swap_bytes = 1 << 30 },
		{ .memory_bytes = 64 << 20, .memory_swap_bytes = 32 << 20 },
		{ .memory_bytes = 64 << 20, .memory_reservation_bytes = 128 << 20 },
		{ .memory_reservation_bytes = 4096 },
		{ .cpu_nano = 1 },
		{ .cpu_nano = INT64_MAX },
		{ .cpu_nano = 1000000000, .cpu_quota_us = 50000 },
		{ .cpu_quota_us = 10 },
		{ .cpu_quota_us = -2 },
		{ .cpu_period_us = 10 },
		{ .cpu_period_us = 2000000 },
		{ .cpu_shares = 1 },
		{ .cpu_shares = 262145 },
		{ .cpuset_cpus = "a" },
		{ .cpuset_cpus = "0-" },
		{ .cpuset_cpus = "8191" },
		{ .cpuset_mems = "5000" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_json_ json_t *j = json_object();
		struct err e = { 0 };

		if (limits_merge(&bad[i], j, &e) >= 0)
			fail_msg("accepted number %zu", i);
		assert_int_equal(e.uct, UCT_BAD_LIMIT);
	}
}

static void test_lists(void **state)
{
	(void)state;
	assert_true(limits_is_list("0", 1));
	assert_true(limits_is_list("0-3,7", 8));
	assert_true(limits_is_list("1,2,3", 4));
	assert_false(limits_is_list("", 8));
	assert_false(limits_is_list("8", 8));
	assert_false(limits_is_list("3-1", 8));
	assert_false(limits_is_list("1-2-3", 8));
	assert_false(limits_is_list("1,,2", 8));
	assert_false(limits_is_list(",1", 8));
	assert_false(limits_is_list("1,", 8));
	assert_false(limits_is_list("1 2", 8));
	assert_false(limits_is_list("99999999999999999999", 8));
}

static void test_place(void **state)
{
	static const char *const bad[] = {
		"", "..", "a/../b", "a//b", "a b", "cgroup.procs", ".x"
	};
	struct usrct_limits l = { .cgroup_parent = "/work/a.slice" };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(limits_check_place(NULL, &e), 0);
	assert_int_equal(limits_check_place(&l, &e), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		l.cgroup_parent = bad[i];
		if (limits_check_place(&l, &e) >= 0)
			fail_msg("accepted '%s'", bad[i]);
	}
	l = (struct usrct_limits){ .no_cgroup = true };
	assert_int_equal(limits_check_place(&l, &e), 0);
	l.pids_max = 5;
	assert_int_equal(limits_check_place(&l, &e), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merges),  cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_refuses), cmocka_unit_test(test_lists),
		cmocka_unit_test(test_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
