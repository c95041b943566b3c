/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/strv.h"

static void test_grows(void **state)
{
	_cleanup_strv_ struct strv s = { 0 }, copy = { 0 };
	char want[16];

	(void)state;
	assert_int_equal(strv_copy(&s, NULL), 0);
	assert_null(s.v);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(strv_addf(&s, "item %d", i), 0);
		assert_null(s.v[s.n]);
	}
	assert_int_equal(strv_copy(&copy, s.v), 0);
	assert_int_equal(copy.n, 100);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(want, sizeof(want), "item %d", i);
		assert_string_equal(copy.v[i], want);
		assert_ptr_not_equal(copy.v[i], s.v[i]);
	}
	assert_int_equal(strv_take(&s, NULL), -ENOMEM);
	assert_int_equal(s.n, 100);
}

static void test_environment(void **state)
{
	static const struct {
		const char *assignment, *name, *value;
		size_t n;
	} steps[] = {
		{ "A=1", "A", "1", 1 },     { "AB=2", "AB", "2", 2 }, { "A=", "A", "", 2 },
		{ "A=x=y", "A", "x=y", 2 }, { "B=3", "AB", "2", 3 },  { "=odd", "", "odd", 4 },
	};
	_cleanup_strv_ struct strv env = { 0 };

	(void)state;
	assert_null(strv_env_get(&env, "A"));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_int_equal(strv_env_set(&env, steps[i].assignment), 0);
		assert_string_equal(strv_env_get(&env, steps[i].name), steps[i].value);
		assert_int_equal(env.n, steps[i].n);
	}
	assert_int_equal(strv_env_set(&env, "NOTHING"), -EINVAL);
	assert_null(strv_env_get(&env, "NOTHING"));
	strv_done(&env);
	assert_null(env.v);
	strv_done(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
