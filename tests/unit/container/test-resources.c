/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "container/resources.h"

static int parse(const char *text, struct strv *ret, struct err *e)
{
	_cleanup_json_ json_t *j = json_loads(text, 0, NULL);

	assert_non_null(j);
	return resources_parse(j, ret, e);
}

static void test_translates(void **state)
{
	static const struct {
		const char *document, *settings[5];
	} table[] = {
		{ "{}", { NULL } },
		{ "{\"memory\":{\"limit\":67108864}}", { "memory.max=67108864" } },
		{ "{\"memory\":{\"limit\":100,\"swap\":150}}",
		  { "memory.max=100", "memory.swap.max=50" } },
		{ "{\"memory\":{\"limit\":100,\"swap\":200}}",
		  { "memory.max=100", "?memory.swap.max=100" } },
		{ "{\"memory\":{\"limit\":100,\"swap\":-1,\"reservation\":50}}",
		  { "memory.low=50", "memory.max=100", "?memory.swap.max=max" } },
		{ "{\"memory\":{\"limit\":-1}}", { "?memory.max=max" } },
		{ "{\"memory\":{\"limit\":0,\"swap\":0}}", { NULL } },
		{ "{\"cpu\":{\"quota\":50000}}", { "cpu.max=50000 100000" } },
		{ "{\"cpu\":{\"quota\":50000,\"period\":20000}}", { "cpu.max=50000 20000" } },
		{ "{\"cpu\":{\"quota\":-1}}", { "?cpu.max=max 100000" } },
		{ "{\"cpu\":{\"shares\":1024,\"cpus\":\"0-1\",\"mems\":\"0\"}}",
		  { "cpu.weight=39", "cpuset.cpus=0-1", "cpuset.mems=0" } },
		{ "{\"pids\":{\"limit\":10}}", { "pids.max=10" } },
		{ "{\"pids\":{\"limit\":-1}}", { "?pids.max=max" } },
		{ "{\"unified\":{\"memory.high\":\"1000\"}}", { "memory.high=1000" } },
		{ "{\"devices\":[],\"hugepageLimits\":[]}", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_strv_ struct strv v = { 0 };
		struct err e = { 0 };
		size_t n = 0;

		if (parse(table[i].document, &v, &e) < 0)
			fail_msg("%s: %s", table[i].document, e.msg);
		for (; table[i].settings[n]; n++) {
			assert_true(n < v.n);
			assert_string_equal(v.v[n], table[i].settings[n]);
		}
		assert_int_equal(v.n, n);
	}
}

static void test_refuses(void **state)
{
	static const char *const bad[] = {
		"[]",
		"{\"memory\":[1]}",
		"{\"memory\":{\"limit\":\"1\"}}",
		"{\"memory\":{\"limit\":-2}}",
		"{\"memory\":{\"limit\":9223372036854775807}}",
		"{\"memory\":{\"swap\":100}}",
		"{\"memory\":{\"limit\":100,\"swap\":50}}",
		"{\"memory\":{\"swappiness\":10}}",
		"{\"memory\":{\"disableOOMKiller\":true}}",
		"{\"cpu\":{\"shares\":-1}}",
		"{\"cpu\":{\"realtimeRuntime\":1}}",
		"{\"cpu\":{\"cpus\":\"a\"}}",
		"{\"cpu\":{\"cpus\":1}}",
		"{\"pids\":{\"limit\":\"x\"}}",
		"{\"pids\":{\"max\":1}}",
		"{\"devices\":[{\"allow\":false}]}",
		"{\"blockIO\":{\"weight\":10}}",
		"{\"unified\":[1]}",
		"{\"unified\":{\"cgroup.kill\":\"1\"}}",
		"{\"unified\":{\"../memory.max\":\"1\"}}",
		"{\"unified\":{\"memory/x.y\":\"1\"}}",
		"{\"unified\":{\"memory\":\"1\"}}",
		"{\"unified\":{\"memory.max\":1}}",
		"{\"unified\":{\"memory.max\":\"1\\n2\"}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_strv_ struct strv v = { 0 };
		struct err e = { 0 };

		if (parse(bad[i], &v, &e) >= 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.uct, UCT_BAD_CONFIG);
	}
}

static void test_weight(void **state)
{
	(void)state;
	assert_int_equal(resources_weight(0), 1);
	assert_int_equal(resources_weight(2), 1);
	assert_int_equal(resources_weight(1024), 39);
	assert_int_equal(resources_weight(262144), 10000);
	assert_int_equal(resources_weight(UINT64_MAX), 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translates),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_weight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
