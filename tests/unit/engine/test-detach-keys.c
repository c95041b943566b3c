/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "engine/detach-keys.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text, *keys;
	} good[] = {
		{ NULL, "\x10\x11" },
		{ "ctrl-p,ctrl-q", "\x10\x11" },
		{ "", "" },
		{ "x", "x" },
		{ "a,b,c", "abc" },
		{ "ctrl-a,ctrl-z", "\x01\x1a" },
		{ "ctrl-[,ctrl-_", "\x1b\x1f" },
		{ "ctrl-\\", "\x1c" },
		{ "ctrl-],ctrl-^", "\x1d\x1e" },
	};
	static const char *const bad[] = {
		"ctrl-", "ctrl-1", "ctrl-A",  "ab",       "a,,b",
		",a",    "a,",     "ctrl-pp", "\xc3\xa4", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q"
	};
	struct detach_keys k;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(detach_keys_parse(good[i].text, &k, NULL), 0);
		assert_int_equal(k.n, strlen(good[i].keys));
		assert_memory_equal(k.keys, good[i].keys, k.n);
	}
	assert_int_equal(detach_keys_parse("ctrl-@", &k, NULL), 0);
	assert_true(k.n == 1 && k.keys[0] == '\0');
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };

		if (detach_keys_parse(bad[i], &k, &e) >= 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(e.uct, UCT_BAD_DETACH_KEYS);
	}
}

/* Fed in pieces of every size. */
static void filter(const char *keys, const char *typed, const char *delivered, bool detaches)
{
	for (size_t piece = 1; piece <= strlen(typed); piece++) {
		struct detach_keys k;
		bool detach = false;
		char out[256];
		size_t n = 0;

		assert_int_equal(detach_keys_parse(keys, &k, NULL), 0);
		for (size_t at = 0; at < strlen(typed) && !detach; at += piece)
			n += detach_keys_filter(&k, typed + at, MIN(piece, strlen(typed) - at),
			                        out + n, &detach);
		out[n] = '\0';
		assert_string_equal(out, delivered);
		assert_int_equal(detach, detaches);
	}
}

static void test_filter(void **state)
{
	(void)state;
	filter("ctrl-p,ctrl-q", "ab\x10\x11zz", "ab", true);
	filter("ctrl-p,ctrl-q", "ab\x10zz", "ab\x10zz", false);
	filter("ctrl-p,ctrl-q", "\x10\x10\x11", "\x10", true);
	filter("ctrl-p,ctrl-q", "\x11\x10", "\x11", false); /* the last is held */
	filter("", "\x10\x11", "\x10\x11", false);
	filter("a,a,b", "aaab", "a", true);
	filter("a,a,b", "aaxaab", "aax", true);
	filter("a,b,a,c", "ababac", "ab", true);
	filter("a,b,a,c", "abax", "abax", false);
	filter("x", "yyx", "yy", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_filter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
