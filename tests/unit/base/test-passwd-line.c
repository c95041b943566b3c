/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/passwd-line.h"

#include <string.h>

static void expect(const char *line, unsigned i, const char *text)
{
	size_t n = 99;
	const char *f = passwd_field(line, i, &n);

	assert_int_equal(n, strlen(text));
	assert_memory_equal(f, text, n);
}

static void test_fields(void **state)
{
	(void)state;
	expect("me:x:7:8::/home:\nyou:y:9", 0, "me");
	expect("me:x:7:8::/home:\nyou:y:9", 2, "7");
	expect("me:x:7:8::/home:\nyou:y:9", 4, "");
	expect("me:x:7:8::/home:\nyou:y:9", 6, "");
	expect("me:x\nyou:y:9", 1, "x");
	expect("me:x\nyou:y:9", 2, ""); /* none of the next line's */
	expect("me:x\nyou:y:9", 40, "");
	expect("", 0, "");
	expect("", 3, "");
	expect(":", 1, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fields) };

	return cmocka_run_group_tests_name("passwd-line", tests, NULL, NULL);
}
