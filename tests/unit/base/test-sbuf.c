/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/sbuf.h"

static void test_adds_up(void **state)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1000);
	_cleanup_free_ char *s = NULL;

	(void)state;
	sbuf_adds(&b, "a");
	sbuf_addc(&b, 'b');
	sbuf_addf(&b, "%d-%s", 7, "");
	sbuf_add(&b, "\0x", 2);
	sbuf_add(&b, NULL, 0);
	assert_int_equal(b.len, 6);
	assert_int_equal(sbuf_take(&b, &s), 0);
	assert_memory_equal(s, "ab7-\0x", 7);
	assert_null(b.s);
}

static void test_empty_is_a_string(void **state)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(0);
	_cleanup_free_ char *s = NULL;

	(void)state;
	assert_int_equal(sbuf_take(&b, &s), 0);
	assert_string_equal(s, "");
}

/* The bound is exact, and the first failure sticks. */
static void test_bound(void **state)
{
	char *s = NULL;

	(void)state;
	for (size_t max = 0; max < 200; max++) {
		_cleanup_sbuf_ struct sbuf b = SBUF_INIT(max);

		for (size_t i = 0; i < max; i++)
			sbuf_addc(&b, 'x');
		assert_int_equal(b.err, 0);
		assert_int_equal(b.len, max);
		sbuf_addf(&b, "%s", "y");
		assert_int_equal(b.err, -E2BIG);
		sbuf_clear(&b);
		sbuf_adds(&b, "");
		assert_int_equal(b.len, 0);
		assert_int_equal(sbuf_take(&b, &s), -E2BIG);
		assert_null(s);
	}
}

/* A length near SIZE_MAX must not wrap around. */
static void test_huge(void **state)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(100);

	(void)state;
	sbuf_adds(&b, "12345");
	sbuf_add(&b, "", SIZE_MAX - 2);
	assert_int_equal(b.err, -E2BIG);
	assert_int_equal(b.len, 5);
}

static void test_clear_and_strf(void **state)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(10);
	_cleanup_free_ char *s = strf("%s/%03d", "dir", 7), *long_one = strf("%5000d", 1);

	(void)state;
	assert_string_equal(s, "dir/007");
	assert_int_equal(strlen(long_one), 5000);
	sbuf_clear(&b);
	sbuf_adds(&b, "1234567890");
	sbuf_clear(&b);
	sbuf_adds(&b, "abc");
	assert_string_equal(b.s, "abc");
	sbuf_done(&b);
	sbuf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds_up),        cmocka_unit_test(test_empty_is_a_string),
		cmocka_unit_test(test_bound),          cmocka_unit_test(test_huge),
		cmocka_unit_test(test_clear_and_strf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
