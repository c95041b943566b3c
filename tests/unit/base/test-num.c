/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/num.h"

static void test_u64(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999999999999", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1e3", -EINVAL, 0 },
		{ "\xd9\xa1", -EINVAL, 0 }, /* an Arabic one */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t v = 12345;

		assert_int_equal(parse_u64(cases[i].text, &v), cases[i].r);
		assert_int_equal(v, cases[i].r ? 12345 : cases[i].value);
	}
}

static void test_u32_and_octal(void **state)
{
	static const struct {
		const char *text;
		int r, r_octal;
		uint32_t value, octal;
	} cases[] = {
		{ "755", 0, 0, 755, 0755 },
		{ "4294967295", 0, -EINVAL, UINT32_MAX, 0 },
		{ "4294967296", -ERANGE, -EINVAL, 0, 0 },
		{ "37777777777", -ERANGE, 0, 0, UINT32_MAX },
		{ "40000000000", -ERANGE, -ERANGE, 0, 0 },
		{ "8", 0, -EINVAL, 8, 0 },
		{ "-0", -EINVAL, -EINVAL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t v = 1, o = 1;

		assert_int_equal(parse_u32(cases[i].text, &v), cases[i].r);
		assert_int_equal(v, cases[i].r ? 1 : cases[i].value);
		assert_int_equal(parse_oct(cases[i].text, &o), cases[i].r_octal);
		assert_int_equal(o, cases[i].r_octal ? 1 : cases[i].octal);
	}
}

static void test_size(void **state)
{
	static const struct {
		const char *text;
		int r;
		uint64_t bytes;
	} cases[] = {
		{ "0", 0, 0 },
		{ "1", 0, 1 },
		{ "1b", 0, 1 },
		{ "2k", 0, 2048 },
		{ "2K", 0, 2048 },
		{ "2kb", 0, 2048 },
		{ "2KiB", 0, 2048 },
		{ "3m", 0, 3ULL << 20 },
		{ "4G", 0, 4ULL << 30 },
		{ "5t", 0, 5ULL << 40 },
		{ "16383p", 0, 16383ULL << 50 },
		{ "16384p", -ERANGE, 0 },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "k", -EINVAL, 0 },
		{ "1x", -EINVAL, 0 },
		{ "1kk", -EINVAL, 0 },
		{ "1bb", -EINVAL, 0 },
		{ "1k ", -EINVAL, 0 },
		{ "1 k", -EINVAL, 0 },
		{ "1.5g", -EINVAL, 0 },
		{ "-1g", -EINVAL, 0 },
		{ "1\x01", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t v = 77;

		assert_int_equal(parse_size(cases[i].text, &v), cases[i].r);
		assert_int_equal(v, cases[i].r ? 77 : cases[i].bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),
		cmocka_unit_test(test_u32_and_octal),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
