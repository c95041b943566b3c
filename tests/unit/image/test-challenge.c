/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "image/challenge.h"

#include <string.h>

static void test_challenges(void **state)
{
	static const struct {
		const char *header;
		enum challenge_scheme scheme;
		const char *realm, *service, *scope;
	} cases[] = {
		{ "Bearer realm=\"https://a/t\",service=\"s\",scope=\"repository:x:pull\"",
		  CHALLENGE_BEARER, "https://a/t", "s", "repository:x:pull" },
		{ "bearer  Realm = \"r\" , scope=a:b", CHALLENGE_BEARER, "r", "", "a:b" },
		{ "Bearer realm=\"a\\\"b,c\", service=\"x, y\"", CHALLENGE_BEARER, "a\"b,c", "x, y",
		  "" },
		{ "Basic realm=\"x\"", CHALLENGE_BASIC, "x", "", "" },
		{ "Basic realm=\"x\", Bearer realm=\"y\"", CHALLENGE_BEARER, "y", "", "" },
		{ "Bearer realm=\"y\", Basic realm=\"x\"", CHALLENGE_BEARER, "y", "", "" },
		{ "Negotiate oRQwEgYDVR==, Basic realm=x", CHALLENGE_BASIC, "x", "", "" },
		{ "Bearer", CHALLENGE_NONE, "", "", "" },
		{ "Bearer service=\"s\", Basic", CHALLENGE_BASIC, "", "", "" },
		{ "", CHALLENGE_NONE, "", "", "" },
		{ ",,, ;= \"", CHALLENGE_NONE, "", "", "" },
		{ "Bearer realm=\"unfinished", CHALLENGE_BEARER, "unfinished", "", "" },
		{ "Bearer realm=\"line\nbreak\"", CHALLENGE_NONE, "", "", "" },
		{ "realm=\"x\"", CHALLENGE_NONE, "", "", "" },
		{ "Digest realm=\"x\"", CHALLENGE_NONE, "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct challenge c = { 0 };

		challenge_parse(cases[i].header, &c);
		if (c.scheme != cases[i].scheme)
			fail_msg("%s: scheme %d", cases[i].header, (int)c.scheme);
		assert_string_equal(c.realm, cases[i].realm);
		assert_string_equal(c.service, cases[i].service);
		assert_string_equal(c.scope, cases[i].scope);
	}
}

static void test_too_long(void **state)
{
	char header[3000] = "Bearer realm=\"";
	struct challenge c = { 0 };

	(void)state;
	memset(header + 14, 'a', 2000);
	memcpy(header + 2014, "\"", 2);
	challenge_parse(header, &c);
	assert_int_equal(c.scheme, CHALLENGE_NONE); /* half a URL is none */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_challenges),
		cmocka_unit_test(test_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
