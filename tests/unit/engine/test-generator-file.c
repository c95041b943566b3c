/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "engine/generator.h"

#include <string.h>

#define REST "\"name\":\"ab\",\"baseImage\":\"i\",\"cmd\":[\"c\"]"

static void test_whole(void **state)
{
	static const char text[] =
		"{ \"name\": \"web\", \"baseImage\": \"x:1\", \"cmd\": [\"a\", \"b\"],"
		" \"workdir\": \"/w\", \"copy\": [{\"src\": \"s\", \"dst\": \"/d\"}],"
		" \"limits\": {\"cpuQuota\": 1, \"cpuPeriod\": 2, \"memory\": 3, \"pids\": 4} }";
	struct generator g = { 0 };

	(void)state;
	assert_int_equal(generator_parse("f", text, strlen(text), &g, NULL), 0);
	assert_string_equal(g.name, "web");
	assert_string_equal(g.image, "x:1");
	assert_string_equal(g.workdir, "/w");
	assert_string_equal(g.cmd[1], "b");
	assert_null(g.cmd[2]);
	assert_int_equal(g.n_copies, 1);
	assert_string_equal(g.copies[0].src, "s");
	assert_string_equal(g.copies[0].dst, "/d");
	assert_true(g.limits.cpu_quota_us == 1 && g.limits.cpu_period_us == 2);
	assert_true(g.limits.memory_bytes == 3 && g.limits.pids_max == 4);
	generator_done(&g);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *wanted;
	} table[] = {
		{ "", "f:1:1:" },
		{ "[]", "f:1:1: the file must be an object" },
		{ "{" REST ",\n \"x\": 1}", "f:2:2: the key 'x' is not known" },
		{ "{" REST ",\n\"name\": \"b\"}", "f:2:" },
		{ "{\"name\":\"ab\",\"cmd\":[\"c\"]}", "f:1:1: the file has no 'baseImage'" },
		{ "{" REST ",\"copy\":{}}", "f:1:" },
		{ "{" REST ",\n\"copy\":[{\"src\":\"a\",\"dst\":\"b\"}]}", "f:2:26: 'dst'" },
		{ "{" REST ",\n\"copy\":[7]}", "f:2:9: a copy" },
		{ "{" REST ",\n\"limits\":{\"memory\":1.0}}", "f:2:20: 'memory'" },
		{ "{" REST ",\n\"limits\":{\"disk\":1}}", "f:2:11: the key 'disk'" },
		{ "{" REST "} trailing", "f:1:" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct generator g = { 0 };
		struct err e = { 0 };
		int r = generator_parse("f", table[i].text, strlen(table[i].text), &g, &e);

		if (r != -EINVAL || e.uct != UCT_BAD_GENERATOR ||
		    strncmp(e.msg, table[i].wanted, strlen(table[i].wanted)) != 0)
			fail_msg("%s: %s", table[i].text, e.msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
