/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/suggest.h"

#include <limits.h>
#include <string.h>

static void distances(void **state)
{
	(void)state;
	assert_int_equal(suggest_distance("", ""), 0);
	assert_int_equal(suggest_distance("run", "run"), 0);
	assert_int_equal(suggest_distance("rnu", "run"), 1); /* neighbours swapped */
	assert_int_equal(suggest_distance("rn", "run"), 1);
	assert_int_equal(suggest_distance("ruun", "run"), 1);
	assert_int_equal(suggest_distance("ran", "run"), 1);
	assert_int_equal(suggest_distance("", "run"), 3);
	assert_int_equal(suggest_distance("kitten", "sitting"), 3);
	assert_int_equal(suggest_distance("a-word-that-is-longer-than-any-name", "run"), UINT_MAX);
}

static void commands(void **state)
{
	static const struct {
		const char *typed, *meant;
	} table[] = {
		{ "rnu", "run" },         { "psuh", "push" },
		{ "iamges", "images" },   { "inspcet", "inspect" },
		{ "sotp", "stop" },       { "docter", "doctor" },
		{ "versoin", "version" }, { "frobnicate", NULL },
		{ "expl", "explain" },    { "", NULL },
		{ "__comple", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const char *got = suggest_command(table[i].typed);

		if (!table[i].meant)
			assert_null(got);
		else if (!got)
			fail_msg("nothing for '%s'", table[i].typed);
		else
			assert_string_equal(got, table[i].meant);
	}
}

/* A slip in any name leads back to it, or at least to one as near. */
static void every_slip_is_caught(void **state)
{
	(void)state;
	for (const struct command *const *c = commands_all(); *c; c++) {
		char typed[64];
		size_t n = strlen((*c)->name);

		if ((*c)->hidden || n < 3)
			continue;
		memcpy(typed, (*c)->name, n + 1);
		typed[n - 1] = (*c)->name[n - 2];
		typed[n - 2] = (*c)->name[n - 1];
		assert_non_null(suggest_command(typed));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(distances), cmocka_unit_test(commands),
		                            cmocka_unit_test(every_slip_is_caught) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
