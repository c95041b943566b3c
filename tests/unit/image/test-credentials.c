/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/file.h"
#include "image/credentials.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define FILE_NAME "test-credentials.json"

static const char text[] = "{\"auths\": {"
			   "\"https://index.docker.io/v1/\": {\"auth\": \"YTpi\"},"
			   "\"q.io\": {\"auth\": \"YTpj\"},"
			   "\"q.io/team\": {\"auth\": \"YTpk\"},"
			   "\"q.io/team/app\": {\"username\": \"a\", \"password\": \"e\"},"
			   "\"http://p.io:5000/v2/\": {\"auth\": \"YTpm\"},"
			   "\"helper.io\": {},"
			   "\"broken.io\": {\"auth\": \"YTpi\\r\\n\"},"
			   "\"nocolon.io\": {\"auth\": \"YWJj\"},"
			   "\"number.io\": {\"auth\": 7},"
			   "\"nobody.io\": {\"auth\": \"Og==\"},"
			   "\"odd.io\": {\"identitytoken\": \"a b\"},"
			   "\"refresh.io\": {\"auth\": \"YTo=\", \"identitytoken\": \"r\"}}}";

static void test_find(void **state)
{
	static const struct {
		const char *host, *name;
		int r;
		const char *basic;
	} cases[] = {
		{ "docker.io", "library/x", 1, "Basic YTpi" },
		{ "q.io", "other", 1, "Basic YTpj" },
		{ "q.io", "teams/x", 1, "Basic YTpj" },
		{ "q.io", "team/x", 1, "Basic YTpk" },
		{ "q.io", "team/app", 1, "Basic YTpl" },
		{ "p.io:5000", "x", 1, "Basic YTpm" },
		{ "p.io", "x", 0, NULL },
		{ "q.io.evil.io", "x", 0, NULL },
		{ "q.io:443", "x", 0, NULL },
		{ "helper.io", "x", 0, NULL },
		{ "number.io", "x", 0, NULL },
		{ "nobody.io", "x", 0, NULL },
		{ "refresh.io", "x", 1, "Identity r" },
		{ "odd.io", "x", -EINVAL, NULL },
		{ "broken.io", "x", -EINVAL, NULL },
		{ "nocolon.io", "x", -EINVAL, NULL },
	};

	(void)state;
	assert_int_equal(file_write_at(AT_FDCWD, FILE_NAME, text, strlen(text), 0600, false, NULL),
	                 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_secret_ char *basic = NULL;
		struct err e = { 0 };

		assert_int_equal(
			credentials_find(FILE_NAME, cases[i].host, cases[i].name, &basic, &e),
			cases[i].r);
		if (cases[i].basic)
			assert_string_equal(basic, cases[i].basic);
		assert_null(strstr(e.msg, "YTpi"));
	}
	assert_int_equal(unlink(FILE_NAME), 0);
}

static void test_user(void **state)
{
	static const char *const cases[][2] = {
		{ "Basic YTpi", "a" },   { "Basic bWU6c2VjcmV0OiB3b3Jk", "me" },
		{ "Basic YTo=", "a" },   { "Basic Og==", "" },
		{ "Basic YWJj", "abc" }, { "Basic", "" },
		{ "Identity YTpi", "" }, { "Basic ?", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *user = credentials_user(cases[i][0]);

		assert_string_equal(user, cases[i][1]);
		credentials_free(user);
	}
}

static void test_missing(void **state)
{
	char *basic = NULL;

	(void)state;
	assert_int_equal(credentials_find("no-such-file", "a", "b", &basic, NULL), -ENOENT);
	assert_int_equal(setenv("HOME", "/nonexistent", 1), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "/nonexistent", 1), 0);
	assert_int_equal(unsetenv("REGISTRY_AUTH_FILE"), 0);
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
	assert_int_equal(unsetenv("DOCKER_CONFIG"), 0);
	assert_int_equal(credentials_find(NULL, "a", "b", &basic, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_user),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
