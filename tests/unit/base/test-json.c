/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/json.h"

static int parse(const char *text, json_t **ret, struct err *e)
{
	return json_parse(text, strlen(text), "it", ret, e);
}

static void test_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"{",
		"{\"a\":1,\"a\":2}",
		"{\"a\":\"\\u0000\"}",
		"[1,]",
		"{\"a\":1} x",
		"\xff",
		"{\"a\":\"\xc0\x80\"}",
		"{\"a\":99999999999999999999}",
		"nul",
		"'a'",
		"{\"a\\u0000\":1}",
	};
	static char deep[100000];
	json_t *j = NULL;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		e = (struct err){ 0 };
		if (parse(bad[i], &j, &e) != -EBADMSG)
			fail_msg("'%s' was accepted", bad[i]);
		assert_int_equal(strncmp(e.msg, "it is not valid JSON: line ", 27), 0);
	}
	memset(deep, '[', sizeof(deep));
	assert_int_equal(json_parse(deep, sizeof(deep), "it", &j, &e), -EBADMSG);
	assert_null(j);
}

static void test_getters(void **state)
{
	_cleanup_json_ json_t *j = NULL;
	const char *s = "unset";
	json_int_t n = 42;
	struct err e = { 0 };
	bool b = true;
	char key[300];

	(void)state;
	assert_int_equal(
		parse("{\"a\":{\"b\":{\"s\":\"x\",\"n\":-7,\"f\":false,\"z\":null}}}", &j, &e), 0);
	assert_int_equal(json_get_string(j, "a.b.s", &s, &e), 1);
	assert_string_equal(s, "x");
	assert_int_equal(json_get_int(j, "a.b.n", &n, &e), 1);
	assert_int_equal(n, -7);
	assert_int_equal(json_get_bool(j, "a.b.f", &b, &e), 1);
	assert_false(b);
	assert_int_equal(json_get_string(j, "a.b.z", &s, &e), 0);
	assert_int_equal(json_get_string(j, "a.x.s", &s, &e), 0);
	assert_int_equal(json_get_string(j, "a.b.s.t", &s, &e), 0);
	assert_int_equal(json_get_string(j, "a.b.n", &s, &e), -EINVAL);
	assert_string_equal(e.msg, "'a.b.n' is not a string");
	assert_int_equal(json_get_int(j, "a.b.s", &n, &e), -EINVAL);
	assert_int_equal(json_get_bool(j, "a.b.n", &b, &e), -EINVAL);
	assert_int_equal(json_get_bool(NULL, "a", &b, &e), 0);
	assert_ptr_equal(json_at(j, ""), j);
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	assert_null(json_at(j, key));
}

static void test_print(void **state)
{
	_cleanup_free_ char *compact = NULL, *indented = NULL, *scalar = NULL;
	_cleanup_json_ json_t *j = NULL, *again = NULL, *text = json_string("\xc3\xa9\n\"");
	static const char source[] = "{\"z\":1,\"a\":[true,null,\"\\u0001\"]}";

	(void)state;
	assert_int_equal(parse(source, &j, NULL), 0);
	assert_int_equal(json_print(j, false, &compact, NULL), 0);
	assert_string_equal(compact, source);
	assert_int_equal(json_print(j, true, &indented, NULL), 0);
	assert_int_equal(parse(indented, &again, NULL), 0);
	assert_true(json_equal(j, again));
	assert_int_equal(json_print(text, false, &scalar, NULL), 0);
	assert_string_equal(scalar, "\"\xc3\xa9\\n\\\"\"");
}

/* Values count, and what only looks like some in a string does not. */
static void test_modest(void **state)
{
	_cleanup_free_ char *text = malloc(3 * JSON_MODEST_VALUES + 100);
	size_t n = 3 * JSON_MODEST_VALUES;

	(void)state;
	assert_non_null(text);
	assert_true(json_is_modest("", 0));
	for (size_t i = 0; i < n; i += 3)
		memcpy(text + i, "{},", 3);
	assert_false(json_is_modest(text, n));
	assert_true(json_is_modest(text, n / 2));
	memset(text, ',', n);
	assert_false(json_is_modest(text, n));
	text[0] = text[n - 1] = '"';
	assert_true(json_is_modest(text, n));
	memcpy(text + n / 3, "\\\"", 2); /* an escaped quotation mark ends nothing */
	assert_true(json_is_modest(text, n));
	memcpy(text + n / 3, "\\\\\"", 3); /* and an escaped backslash escapes nothing */
	assert_false(json_is_modest(text, n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_getters),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_modest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
