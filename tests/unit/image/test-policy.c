/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "image/policy.h"

#include <string.h>

#define ACCEPT "[{\"type\":\"insecureAcceptAnything\"}]"
#define REJECT "[{\"type\":\"reject\"}]"
#define DOCKER(scopes)                                                                            \
	"{\"default\":" REJECT ",\"transports\":{\"docker\":{" scopes "},\"oci\":{\"/l\":" ACCEPT \
	"}}}"

static void test_scopes(void **state)
{
	static const struct {
		const char *policy, *reference;
		int code; /* 0: accepted */
	} cases[] = {
		{ "{\"default\":" ACCEPT "}", "a", 0 },
		{ "{\"default\":" REJECT "}", "a", UCT_IMAGE_POLICY },
		{ "{\"default\":[]}", "a", UCT_IMAGE_POLICY },
		{ "{}", "a", UCT_IMAGE_POLICY },
		{ "nonsense", "a", UCT_IMAGE_POLICY },
		{ "{\"default\":[{\"type\":\"signedBy\"}]}", "a", UCT_IMAGE_POLICY },
		{ "{\"default\":[{}]}", "a", UCT_IMAGE_POLICY },
		/* All requirements have to be met. */
		{ "{\"default\":[{\"type\":\"insecureAcceptAnything\"},{\"type\":\"reject\"}]}",
		  "a", UCT_IMAGE_POLICY },
		{ DOCKER("\"docker.io/library/a:1\":" ACCEPT), "a:1", 0 },
		{ DOCKER("\"docker.io/library/a:1\":" ACCEPT), "a:2", UCT_IMAGE_POLICY },
		{ DOCKER("\"docker.io/library/a\":" ACCEPT), "a:2", 0 },
		{ DOCKER("\"docker.io/library\":" ACCEPT), "a:2", 0 },
		{ DOCKER("\"docker.io\":" ACCEPT), "x/y/z", 0 },
		{ DOCKER("\"r.example:5000\":" ACCEPT), "r.example:5000/x", 0 },
		{ DOCKER("\"r.example\":" ACCEPT), "r.example:5000/x", UCT_IMAGE_POLICY },
		{ DOCKER("\"*.example:5000\":" ACCEPT), "r.example:5000/x", 0 },
		{ DOCKER("\"*.b.example\":" ACCEPT), "c.a.b.example/x", 0 },
		{ DOCKER("\"\":" ACCEPT), "r.example:5000/x", 0 },
		/* The narrowest counts. */
		{ DOCKER("\"\":" ACCEPT ",\"docker.io/library/a\":" REJECT), "a:1",
		  UCT_IMAGE_POLICY },
		{ DOCKER("\"docker.io/libr\":" ACCEPT), "a", UCT_IMAGE_POLICY },
		{ DOCKER("\"\":" ACCEPT), "oci:/m", UCT_IMAGE_POLICY },
		{ DOCKER("\"\":" REJECT), "oci:/l:tag", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct reference ref;
		struct err e = { 0 };
		int r;

		assert_int_equal(reference_parse(cases[i].reference, &ref, &e), 0);
		r = policy_check_text(cases[i].policy, strlen(cases[i].policy), &ref, &e);
		if (e.uct != cases[i].code)
			print_error("case %zu: %s\n", i, e.msg);
		assert_int_equal(r < 0, cases[i].code != 0);
		assert_int_equal(e.uct, cases[i].code);
	}
}

static void test_digest(void **state)
{
	static const char policy[] = DOCKER("\"docker.io/library/a\":" ACCEPT);
	struct reference ref;

	(void)state;
	assert_int_equal(
		reference_parse("a@sha256:0123456789012345678901234567890123456789012345678"
	                        "901234567890123",
	                        &ref, NULL),
		0);
	assert_int_equal(policy_check_text(policy, strlen(policy), &ref, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scopes),
		                            cmocka_unit_test(test_digest) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
