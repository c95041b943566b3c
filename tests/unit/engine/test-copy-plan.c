/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "engine/copy.h"

#include <string.h>
#include <sys/stat.h>

enum what { NOTHING, FILE_, DIR_, DEVICE };

static struct pack_info info(enum what what, const char *base, bool wants_dir, bool is_contents)
{
	static const mode_t modes[] = { 0, S_IFREG, S_IFDIR, S_IFCHR };
	struct pack_info i = { .exists = what != NOTHING,
		               .is_dir = what == DIR_,
		               .wants_dir = wants_dir,
		               .is_contents = is_contents,
		               .mode = modes[what] };

	(void)snprintf(i.base, sizeof(i.base), "%s", base);
	return i;
}

/* Docker's table, and what a generator file may do besides. */
static void test_plans(void **state)
{
	static const struct {
		enum what from, to;
		bool contents, slash, makes; /* "from/.", "to/" */
		const char *name;            /* NULL: an error */
		bool into_parent;
	} table[] = {
		{ FILE_, NOTHING, false, false, false, "to", true },
		{ FILE_, NOTHING, false, true, false, NULL, false },
		{ FILE_, FILE_, false, false, false, "to", true },
		{ FILE_, DIR_, false, false, false, "from", false },
		{ FILE_, DIR_, false, true, false, "from", false },
		{ FILE_, DEVICE, false, false, false, NULL, false },
		{ DIR_, NOTHING, false, false, false, "to", true },
		{ DIR_, NOTHING, false, true, false, "to", true },
		{ DIR_, NOTHING, true, false, false, "to", true },
		{ DIR_, FILE_, false, false, false, NULL, false },
		{ DIR_, FILE_, true, false, false, NULL, false },
		{ DIR_, DIR_, false, false, false, "from", false },
		{ DIR_, DIR_, true, false, false, ".", false },
		{ FILE_, NOTHING, false, true, true, "from", false },
		{ FILE_, NOTHING, false, false, true, "to", true },
		{ DIR_, NOTHING, true, true, true, "to", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct pack_info from = info(table[i].from, "from", false, table[i].contents);
		struct pack_info to = info(table[i].to, "to", table[i].slash, false);
		struct copy_plan p = { 0 };
		struct err e = { 0 };
		int r = copy_plan(&from, &to, table[i].makes, &p, &e);

		if ((r == 0) != (table[i].name != NULL) ||
		    (r == 0 &&
		     (strcmp(p.name, table[i].name) != 0 || p.into_parent != table[i].into_parent)))
			fail_msg("%zu: %d '%s' %d %s", i, r, p.name, p.into_parent, e.msg);
		assert_true(r == 0 || e.uct == UCT_BAD_COPY_PATH || e.uct == UCT_NO_SUCH_PATH);
	}
}

static void test_host_paths(void **state)
{
	char *got = NULL;

	(void)state;
	assert_int_equal(copy_host_path("/base", "a/.", &got, NULL), 0);
	assert_string_equal(got, "/base/a/.");
	free(got);
	assert_int_equal(copy_host_path("/base", "/abs", &got, NULL), 0);
	assert_string_equal(got, "/abs");
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_host_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
