/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "cli/limit-options.h"

static void test_bytes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes; /* -2: refused */
	} table[] = {
		{ "0", 0 },
		{ "1024", 1024 },
		{ "1b", 1 },
		{ "64k", 65536 },
		{ "64K", 65536 },
		{ "64kb", 65536 },
		{ "64KiB", 65536 },
		{ "512m", 536870912 },
		{ "1.5g", 1610612736 },
		{ "0.5k", 512 },
		{ "1t", 1099511627776 },
		{ "", -2 },
		{ "x", -2 },
		{ "-1", -2 },
		{ "1.", -2 },
		{ ".5g", -2 },
		{ "1..5", -2 },
		{ "1x", -2 },
		{ "1 g", -2 },
		{ "1gg", -2 },
		{ "1bb", -2 },
		{ "99999999999999999999", -2 },
		{ "9999999999p", -2 },
	};
	int64_t v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		int r = limit_bytes(table[i].text, false, &v);

		if ((r < 0) != (table[i].bytes == -2) || (r == 0 && v != table[i].bytes))
			fail_msg("%s: %d, %lld", table[i].text, r, (long long)v);
	}
	assert_int_equal(limit_bytes("-1", true, &v), 0);
	assert_int_equal(v, -1);
}

static void test_nano(void **state)
{
	int64_t v;

	(void)state;
	assert_int_equal(limit_nano("1.5", &v), 0);
	assert_int_equal(v, 1500000000);
	assert_int_equal(limit_nano("0.01", &v), 0);
	assert_int_equal(v, 10000000);
	assert_int_equal(limit_nano("2", &v), 0);
	assert_int_equal(v, 2000000000);
	assert_int_equal(limit_nano("1,5", &v), -EINVAL);
	assert_int_equal(limit_nano("-1", &v), -EINVAL);
	assert_int_equal(limit_nano("1e9", &v), -EINVAL);
	assert_int_equal(limit_nano("99999999999", &v), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_nano),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
