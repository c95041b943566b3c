/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "image/policy.h"

#include <stdio.h>
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
		struct policy p = { 0 };
		struct reference ref;
		struct err e = { 0 };
		int r;

		assert_int_equal(reference_parse(cases[i].reference, &ref, &e), 0);
		r = policy_find_in(cases[i].policy, strlen(cases[i].policy), &ref, &p, &e);
		if (e.uct != cases[i].code)
			print_error("case %zu: %s\n", i, e.msg);
		assert_int_equal(r < 0, cases[i].code != 0);
		assert_int_equal(e.uct, cases[i].code);
		assert_int_equal(p.n, 0);
		policy_done(&p);
	}
}

static void test_digest(void **state)
{
	static const char policy[] = DOCKER("\"docker.io/library/a\":" ACCEPT);
	struct policy p = { 0 };
	struct reference ref;

	(void)state;
	assert_int_equal(
		reference_parse("a@sha256:0123456789012345678901234567890123456789012345678"
	                        "901234567890123",
	                        &ref, NULL),
		0);
	assert_int_equal(policy_find_in(policy, strlen(policy), &ref, &p, NULL), 0);
	policy_done(&p);
}

/* "a2V5" is "key" in base64: whether that is one is asked when it is used. */
static void test_signed(void **state)
{
	static const struct {
		const char *fields;
		int identity; /* -1: refused */
	} cases[] = {
		{ "\"keyData\":\"a2V5\"", IDENTITY_REPO_DIGEST_OR_EXACT },
		{ "\"keyDatas\":[\"a2V5\",\"a2V5\"]", IDENTITY_REPO_DIGEST_OR_EXACT },
		{ "\"keyPath\":\"/dev/null\"", -1 },
		{ "\"keyPath\":\"relative\"", -1 },
		{ "\"keyPaths\":\"/k\"", -1 },
		{ "\"keyDatas\":[]", -1 },
		{ "\"keyDatas\":[1]", -1 },
		{ "\"keyData\":\"a2V5!\"", -1 },
		{ "\"keyData\":\"a2V\"", -1 },
		{ "\"keyData\":\"a2V5\",\"keyDatas\":[\"a2V5\"]", -1 },
		{ "\"keyData\":\"a2V5\",\"rekorPublicKeyPath\":\"/k\"", -1 },
		{ "\"fulcio\":{}", -1 },
		{ "\"pki\":{}", -1 },
		{ "\"keyData\":\"a2V5\",\"whatever\":1", -1 },
#define WITH(identity) "\"keyData\":\"a2V5\",\"signedIdentity\":" identity
		{ WITH("{\"type\":\"matchRepoDigestOrExact\"}"), IDENTITY_REPO_DIGEST_OR_EXACT },
		{ WITH("{\"type\":\"matchExact\"}"), IDENTITY_EXACT },
		{ WITH("{\"type\":\"matchRepository\"}"), IDENTITY_REPOSITORY },
		{ WITH("{\"type\":\"exactReference\",\"dockerReference\":\"x:1\"}"),
		  IDENTITY_EXACT_REFERENCE },
		{ WITH("{\"type\":\"exactRepository\",\"dockerRepository\":\"x\"}"),
		  IDENTITY_EXACT_REPOSITORY },
		{ WITH("{\"type\":\"remapIdentity\",\"prefix\":\"a\",\"signedPrefix\":\"b\"}"),
		  IDENTITY_REMAP },
		{ WITH("{\"type\":\"remapIdentity\",\"prefix\":\"a\"}"), -1 },
		{ WITH("{\"type\":\"exactReference\"}"), -1 },
		{ WITH("{\"type\":\"matchExact\",\"more\":1}"), -1 },
		{ WITH("{\"type\":\"matchAnything\"}"), -1 },
		{ WITH("{}"), -1 },
		{ WITH("[]"), -1 },
	};
	struct reference ref, layout;

	(void)state;
	assert_int_equal(reference_parse("a:1", &ref, NULL), 0);
	assert_int_equal(reference_parse("oci:/m", &layout, NULL), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policy p = { 0 };
		struct err e = { 0 };
		char text[512];
		int r;

		(void)snprintf(text, sizeof(text),
		               "{\"default\":[{\"type\":\"sigstoreSigned\",%s},"
		               "{\"type\":\"insecureAcceptAnything\"}]}",
		               cases[i].fields);
		r = policy_find_in(text, strlen(text), &ref, &p, &e);
		if ((r == 0) != (cases[i].identity >= 0))
			print_error("case %zu: %s\n", i, e.msg);
		assert_int_equal(r == 0, cases[i].identity >= 0);
		assert_int_equal(e.uct, r == 0 ? 0 : UCT_IMAGE_POLICY);
		assert_int_equal(p.n, r == 0);
		if (r == 0) {
			assert_int_equal(p.rules[0].identity, cases[i].identity);
			assert_string_equal(p.rules[0].keys.v[0], "key");
		}
		policy_done(&p);
		assert_true(policy_find_in(text, strlen(text), &layout, &p, &e) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_scopes),
		                            cmocka_unit_test(test_digest),
		                            cmocka_unit_test(test_signed) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
