/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/clock.h"

static const struct {
	const char *text;
	uint64_t ns; /* UINT64_MAX: refused */
} cases[] = {
	{ "1970-01-01T00:00:00Z", 0 },
	{ "1970-01-01T00:00:00.000000001Z", 1 },
	{ "2026-01-31T12:34:56.123456789Z", 1769862896123456789ULL },
	{ "2026-01-31T12:34:56.1234567899999Z", 1769862896123456789ULL },
	{ "2026-01-31T12:34:56.5Z", 1769862896500000000ULL },
	{ "2026-01-31T14:34:56+02:00", 1769862896000000000ULL },
	{ "2026-01-31T07:04:56-05:30", 1769862896000000000ULL },
	{ "2024-02-29T00:00:00Z", 1709164800000000000ULL },
	{ "2554-07-21T23:34:33.709551614Z", UINT64_MAX - 1 },
	{ "1969-12-31T23:59:59Z", UINT64_MAX },
	{ "2554-07-21T23:34:34Z", UINT64_MAX },
	{ "9999-12-31T23:59:59Z", UINT64_MAX },
	{ "2026-01-31", UINT64_MAX },
	{ "2026-01-31T12:34:56", UINT64_MAX },
	{ "2026-01-31T12:34:56Zx", UINT64_MAX },
	{ "2026-01-31T12:34:56.Z", UINT64_MAX },
	{ "2026-01-31T12:34:56+0200", UINT64_MAX },
	{ "2026-01-31T12:34:56+2:00", UINT64_MAX },
	{ "2026-01-31T12:34:56+:0:00", UINT64_MAX },
	{ "2026-01-31T12:34:56+24:00", UINT64_MAX },
	{ "2026-01-31T12:34:56+02:60", UINT64_MAX },
	{ " 2026-01-31T12:34:56Z", UINT64_MAX },
	{ "2026-01-31T 2:34:56Z", UINT64_MAX },
	{ "2026-1-31T12:34:56Z", UINT64_MAX },
	{ "2026-13-01T00:00:00Z", UINT64_MAX },
	{ "2026-02-30T00:00:00Z", UINT64_MAX },
	{ "-026-01-31T12:34:56Z", UINT64_MAX },
	{ "", UINT64_MAX },
	{ "Z", UINT64_MAX },
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t ns = 42;
		int r = clock_parse_rfc3339(cases[i].text, &ns);

		if (cases[i].ns == UINT64_MAX) {
			if (r != -EINVAL)
				fail_msg("'%s' was accepted", cases[i].text);
			assert_int_equal(ns, 42);
		} else {
			if (r != 0)
				fail_msg("'%s' was refused", cases[i].text);
			assert_int_equal(ns, cases[i].ns);
		}
	}
}

static void test_round_trip(void **state)
{
	uint64_t seed = 1, got;
	char text[RFC3339_SIZE];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t ns = ((uint64_t)next_random(&seed) << 32) ^ next_random(&seed);

		clock_rfc3339(ns, text);
		assert_int_equal(strlen(text), 30);
		assert_int_equal(clock_parse_rfc3339(text, &got), 0);
		assert_int_equal(got, ns);
	}
}

static void test_clocks_go_on(void **state)
{
	uint64_t a = clock_monotonic_ns(), b = clock_monotonic_ns();

	(void)state;
	assert_true(b >= a);
	assert_true(clock_realtime_ns() > 1700000000000000000ULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_clocks_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
