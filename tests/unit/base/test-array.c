/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/array.h"

static void test_grows(void **state)
{
	_cleanup_free_ uint64_t *a = NULL;
	size_t cap = 0;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		assert_int_equal(array_grow(&a, n, &cap, sizeof(*a)), 0);
		assert_true(cap > n);
		a[n] = n * n;
	}
	for (size_t n = 0; n < 1000; n++)
		assert_int_equal(a[n], n * n);
}

/* What is there stays there when there cannot be more. */
static void test_too_large(void **state)
{
	_cleanup_free_ char *a = malloc(4);
	size_t cap = SIZE_MAX / 2;
	char *before = a;

	(void)state;
	assert_non_null(a);
	assert_int_equal(array_grow(&a, cap, &cap, 16), -ENOMEM);
	assert_ptr_equal(a, before);
	assert_int_equal(cap, SIZE_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
