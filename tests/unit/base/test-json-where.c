/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/json-where.h"

#include <string.h>

static const char text[] = "{ \"a\": 1,\n"
			   "  \"b\\\"{\": [ \"x,]\", [2, 3], {} ],\n"
			   "\t\"n\303\244m\" : {\"in\": null},\n"
			   "  \"last\":\n    true }";

static void test_places(void **state)
{
	static const struct {
		size_t way[3], n;
		bool is_key;
		unsigned line, column;
	} table[] = {
		{ { 0 }, 0, false, 1, 1 },        { { 0 }, 1, true, 1, 3 },
		{ { 0 }, 1, false, 1, 8 },        { { 1 }, 1, true, 2, 3 },
		{ { 1, 0 }, 2, false, 2, 13 },    { { 1, 1 }, 2, false, 2, 20 },
		{ { 1, 1, 1 }, 3, false, 2, 24 }, { { 1, 2 }, 2, false, 2, 28 },
		{ { 2, 0 }, 2, true, 3, 11 },     { { 2, 0 }, 2, false, 3, 17 },
		{ { 3 }, 1, true, 4, 3 },         { { 3 }, 1, false, 5, 5 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct json_place at = { 0 };

		if (json_where(text, strlen(text), table[i].way, table[i].n, table[i].is_key, &at) <
		            0 ||
		    at.line != table[i].line || at.column != table[i].column)
			fail_msg("%zu: %u:%u", i, at.line, at.column);
	}
}

static void test_nothing_there(void **state)
{
	static const size_t far[] = { 9 }, in_number[] = { 0, 0 };
	struct json_place at;

	(void)state;
	assert_int_equal(json_where(text, strlen(text), far, 1, true, &at), -ENOENT);
	assert_int_equal(json_where(text, strlen(text), in_number, 2, false, &at), -ENOENT);
	assert_int_equal(json_where("", 0, far, 1, false, &at), -ENOENT);
	assert_int_equal(json_where("{\"a", 3, in_number, 1, false, &at), -ENOENT);
	assert_int_equal(json_where("[", 1, in_number, 1, false, &at), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_nothing_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
