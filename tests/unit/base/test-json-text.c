/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/json-text.h"

static void check(const char *text, size_t n, const char *want)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1024);

	json_text_add(&b, text, n);
	assert_string_equal(b.s, want);
}

static void test_strings(void **state)
{
	(void)state;
	check("", 0, "\"\"");
	check("plain", 5, "\"plain\"");
	check("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
	check("\n\t\x7f", 3, "\"\\u000a\\u0009\\u007f\"");
	check("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
	      "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
	check("a\0b", 3, "\"a?b\"");
}

/* What is no UTF-8, and what the end cuts. */
static void test_not_utf8(void **state)
{
	(void)state;
	check("\xff", 1, "\"?\"");
	check("\x80x", 2, "\"?x\"");
	check("\xc0\x80", 2, "\"??\"");
	check("\xc3", 1, "\"?\"");
	check("\xc3(", 2, "\"?(\"");
	check("\xe0\x80\x80", 3, "\"???\"");
	check("\xed\xa0\x80", 3, "\"???\"");
	check("\xf4\x90\x80\x80", 4, "\"????\"");
	check("\xe2\x82", 2, "\"??\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_not_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
