/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/macro.h"
#include "engine/subid-file.h"

static const struct id_map held = { { { 0, 1000, 1 }, { 1, 100000, 65536 }, { 65537, 300000, 5 } },
	                            3 };

static void test_overlaps(void **state)
{
	static const struct {
		const char *text, *other;
	} cases[] = {
		{ "", NULL },
		{ "me:100000:65536\n", NULL },
		{ "1000:100000:65536\nme:300000:5", NULL },
		{ "you:165536:65536\n", NULL },
		{ "you:1000:1\n", NULL }, /* not a subordinate one of ours */
		{ "you:165535:1\n", "you" },
		{ "first:1:5\nyou:99999:2\nthird:100000:9\n", "you" },
		{ "you:300004:1", "you" },
		{ "you:300005:1", NULL },
		{ "you:100000:0\n", NULL },
		{ "you:100000\nyou\n::\nyou:x:5\nyou:100000:5x\nyou: 100000:5\n", NULL },
		{ "you:99999999999999999999:5\nyou:100000:99999999999999999999\n", NULL },
		{ "me:1:1\n\n\nyou:100000:4294967295\n", "you" },
	};
	char other[SUBID_NAME_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool found = subid_overlaps(cases[i].text, "me", 1000, &held, other);

		assert_true(found == (cases[i].other != NULL));
		if (found)
			assert_string_equal(other, cases[i].other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_overlaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
