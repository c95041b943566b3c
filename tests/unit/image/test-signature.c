/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures made by openssl-dgst(1) with a key that is gone. */
#include "testing.h"

#include "base/sbuf.h"
#include "image/signature.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PAYLOAD(type, digest, reference)                                             \
	"{\"critical\":{\"identity\":{\"docker-reference\":\"" reference             \
	"\"},\"image\":{\"docker-manifest-digest\":\"" digest "\"},\"type\":\"" type \
	"\"},\"optional\":null}"
#define COSIGN "cosign container image signature"
#define GOOD   PAYLOAD(COSIGN, "sha256:" A64, "r.example/x")

static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
			  "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECC2KmxKuivVXJJ4SYFn5BDzOMaZd\n"
			  "8MSAqtNrhE0o3gBB0XN49YS1VGpgZnkzAD2Zl1P50Mgntkxm/+ToYttW5w==\n"
			  "-----END PUBLIC KEY-----\n";
static const char other_key[] = "-----BEGIN PUBLIC KEY-----\n"
				"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgIuLY8qmSSysC6rTG64rtA/L00Ua\n"
				"AgaosbbTpHoSIfYQZMnHzuGLN7bJr+/rugG0UpsK06C9AUESq3Upf4P+uw==\n"
				"-----END PUBLIC KEY-----\n";
static const char weak_key[] = "-----BEGIN PUBLIC KEY-----\n"
			       "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDYeD1qGrxhaWPlLj4mTQJ/qQCt\n"
			       "Ah6pKLyn5vQUvTB4a0trK7Ir2DvMqVeYFbFUhLhjH6kG39f/s5EUMe2Zlesc0xMw\n"
			       "SAZCVYLHtA0OR28v1Qrfp4eXtEeKRVbcsRWVVsyhRaAb89if2PoI2yyPHKt5VVEY\n"
			       "BY9HTQmg03UR0ZktAQIDAQAB\n"
			       "-----END PUBLIC KEY-----\n";
static const char base64[] = "MEQCIHehU/U18WfNjY2qWjyZWKrKR96P2y4DVsQuGQ8Us32DAiACa15Kfl6AQChB"
			     "z0edVzoF/dmY/+yDInjA76bsyXXVqQ==";

static int check_by(const char *pem, const char *more_pem, const char *signature,
                    const char *payload, struct err *e)
{
	struct document doc = { .text = (char *)(uintptr_t)payload, .n = strlen(payload) };
	struct signed_rule rule = { .identity = IDENTITY_REPOSITORY };
	struct reference wanted;
	int r;

	assert_int_equal(strv_add(&rule.keys, pem), 0);
	if (more_pem)
		assert_int_equal(strv_add(&rule.keys, more_pem), 0);
	assert_int_equal(reference_parse("r.example/x:1", &wanted, NULL), 0);
	r = signature_check(&rule, &wanted, "sha256:" A64, signature, &doc, e);
	signed_rule_done(&rule);
	return r;
}

static void test_keys(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(check_by(key, NULL, base64, GOOD, &e), 0);
	assert_int_equal(check_by(other_key, key, base64, GOOD, &e), 0);
	assert_int_equal(check_by(other_key, NULL, base64, GOOD, &e), -EACCES);
	assert_int_equal(e.uct, UCT_IMAGE_UNSIGNED);
	assert_int_equal(check_by(key, NULL, base64, GOOD " ", &e), -EACCES);
	assert_int_equal(e.uct, UCT_IMAGE_UNSIGNED);
	assert_int_equal(check_by(key, NULL, "", GOOD, &e), -EACCES);
	assert_int_equal(check_by(key, NULL, "####", GOOD, &e), -EACCES);
	assert_int_equal(check_by(key, NULL, base64 + 4, GOOD, &e), -EACCES);
	assert_int_equal(e.uct, UCT_IMAGE_UNSIGNED);
	/* What cannot be used is the policy's fault. */
	assert_int_equal(check_by("nonsense", NULL, base64, GOOD, &e), -EACCES);
	assert_int_equal(e.uct, UCT_IMAGE_POLICY);
	assert_int_equal(check_by(weak_key, key, base64, GOOD, &e), -EACCES);
	assert_int_equal(e.uct, UCT_IMAGE_POLICY);
}

static void test_payloads(void **state)
{
	static const char *const wrong[] = {
		"",
		"null",
		"[]",
		"{}",
		PAYLOAD("atomic container signature", "sha256:" A64, "r.example/x"),
		PAYLOAD(COSIGN, "sha256:aa", "r.example/x"),
		PAYLOAD(COSIGN, "sha512:" A64, "r.example/x"),
		"{\"critical\":{\"identity\":{\"docker-reference\":\"x\"},\"image\":{"
		"\"docker-manifest-digest\":\"sha256:" A64 "\"},\"type\":\"" COSIGN "\"}}",
		"{\"critical\":{\"identity\":{\"docker-reference\":\"x\"},\"image\":{"
		"\"docker-manifest-digest\":\"sha256:" A64 "\"},\"type\":\"" COSIGN
		"\",\"more\":1},\"optional\":null}",
		"{\"critical\":{\"identity\":{\"docker-reference\":\"x\",\"more\":1},\"image\":{"
		"\"docker-manifest-digest\":\"sha256:" A64 "\"},\"type\":\"" COSIGN
		"\"},\"optional\":null}",
		"{\"critical\":{\"identity\":{\"docker-reference\":\"x\"},\"image\":{"
		"\"docker-manifest-digest\":\"sha256:" A64 "\"},\"type\":\"" COSIGN
		"\"},\"optional\":[]}",
		"{\"critical\":{\"identity\":{\"docker-reference\":\"x\"},\"image\":{"
		"\"docker-manifest-digest\":\"sha256:" A64
		"\",\"docker-manifest-digest\":\"sha256:" A64 "\"},\"type\":\"" COSIGN
		"\"},\"optional\":null}",
	};
	struct signature_claim claim;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(signature_claim_parse(wrong[i], strlen(wrong[i]), &claim, &e),
		                 -EACCES);
	assert_int_equal(signature_claim_parse(GOOD, strlen(GOOD), &claim, &e), 0);
	assert_string_equal(claim.digest, "sha256:" A64);
	assert_string_equal(claim.reference, "r.example/x");
}

static void test_names(void **state)
{
	static const struct {
		enum identity_kind identity;
		const char *wanted, *signed_as, *given, *more;
		bool fits;
	} cases[] = {
#define ROE IDENTITY_REPO_DIGEST_OR_EXACT
		{ ROE, "r.example/x:1", "r.example/x:1", NULL, NULL, true },
		{ ROE, "r.example/x:1", "r.example/x:2", NULL, NULL, false },
		{ ROE, "r.example/x:1", "r.example/x", NULL, NULL, false },
		{ ROE, "r.example/x@sha256:" A64, "r.example/x:2", NULL, NULL, true },
		{ ROE, "r.example/x:1@sha256:" A64, "r.example/x:2", NULL, NULL, true },
		{ ROE, "r.example/x@sha256:" A64, "r.example/x", NULL, NULL, false },
		{ ROE, "r.example/x@sha256:" A64, "r.example/y:2", NULL, NULL, false },
		{ ROE, "x", "x:latest", NULL, NULL, true },
		{ ROE, "x", "docker.io/library/x:latest", NULL, NULL, true },
		{ ROE, "x", "oci:/x:latest", NULL, NULL, false },
		{ ROE, "x", "NOT A NAME", NULL, NULL, false },
		{ IDENTITY_EXACT, "r.example/x:1", "r.example/x:1", NULL, NULL, true },
		{ IDENTITY_EXACT, "r.example/x@sha256:" A64, "r.example/x:1", NULL, NULL, false },
		{ IDENTITY_EXACT, "r.example/x:latest", "r.example/x", NULL, NULL, false },
		{ IDENTITY_REPOSITORY, "r.example/x:1", "r.example/x", NULL, NULL, true },
		{ IDENTITY_REPOSITORY, "r.example/x:1", "r.example/x:7", NULL, NULL, true },
		{ IDENTITY_REPOSITORY, "r.example/x:1", "r.example:5000/x", NULL, NULL, false },
		{ IDENTITY_REPOSITORY, "r.example/x:1", "r.example/xy", NULL, NULL, false },
		{ IDENTITY_EXACT_REFERENCE, "r.example/y:2", "r.example/x:1", "r.example/x:1", NULL,
		  true },
		{ IDENTITY_EXACT_REFERENCE, "r.example/y:2", "r.example/x:2", "r.example/x:1", NULL,
		  false },
		{ IDENTITY_EXACT_REPOSITORY, "r.example/y:2", "r.example/x:2", "r.example/x", NULL,
		  true },
		{ IDENTITY_EXACT_REPOSITORY, "r.example/y:2", "r.example/y:2", "r.example/x", NULL,
		  false },
		{ IDENTITY_REMAP, "m.example/hub/x:1", "v.example/x:1", "m.example/hub",
		  "v.example", true },
		{ IDENTITY_REMAP, "m.example/hub/x:1", "v.example/x:2", "m.example/hub",
		  "v.example", false },
		{ IDENTITY_REMAP, "m.example/hub/x:1", "v.example/y/x:1", "m.example",
		  "v.example/y", false },
		{ IDENTITY_REMAP, "m.example/x:1", "v.example/y/x:1", "m.example", "v.example/y",
		  true },
		{ IDENTITY_REMAP, "m.example/x:1", "v.example/z:1", "m.example/x", "v.example/z",
		  true },
		/* Only whole parts of a name are a prefix; others keep their own. */
		{ IDENTITY_REMAP, "m.example/xy:1", "v.example/zy:1", "m.example/x", "v.example/z",
		  false },
		{ IDENTITY_REMAP, "m.example/xy:1", "m.example/xy:1", "m.example/x", "v.example/z",
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct signed_rule rule = { .identity = cases[i].identity };
		struct reference wanted;
		bool fits;

		rule.given = cases[i].given ? strdup(cases[i].given) : NULL;
		rule.signed_prefix = cases[i].more ? strdup(cases[i].more) : NULL;
		assert_int_equal(reference_parse(cases[i].wanted, &wanted, NULL), 0);
		fits = signature_name_fits(&rule, &wanted, cases[i].signed_as);
		if (fits != cases[i].fits)
			print_error("case %zu\n", i);
		assert_int_equal(fits, cases[i].fits);
		signed_rule_done(&rule);
	}
}

#define LAYER(type, annotations)                                                  \
	"{\"mediaType\":\"" type "\",\"digest\":\"sha256:" A64 "\",\"size\":200," \
	"\"annotations\":{" annotations "}}"
#define SIMPLE "application/vnd.dev.cosign.simplesigning.v1+json"
#define SIGNED "\"dev.cosignproject.cosign/signature\":\"MEQ=\""

static void test_manifest(void **state)
{
	static const char text[] =
		"{\"layers\":[" LAYER(SIMPLE, SIGNED) "," LAYER("text/plain", SIGNED) "," LAYER(
			SIMPLE, "") "," LAYER(SIMPLE, SIGNED ",\"x\":\"y\"") "]}";
	static const char *const wrong[] = { "", "[]", "{\"layers\":{}}",
		                             "{\"layers\":[{\"mediaType\":\"" SIMPLE
		                             "\",\"annotations\":{" SIGNED "}}]}" };
	struct signature *list = NULL;
	struct err e = { 0 };
	size_t n = 0;

	(void)state;
	assert_int_equal(signatures_parse(text, strlen(text), &list, &n, &e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].base64, "MEQ=");
	assert_string_equal(list[1].payload.digest, "sha256:" A64);
	assert_int_equal(list[1].payload.size_bytes, 200);
	signatures_free(list, n);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(signatures_parse(wrong[i], strlen(wrong[i]), &list, &n, &e),
		                 -EACCES);
		assert_int_equal(e.uct, UCT_IMAGE_UNSIGNED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_payloads),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_manifest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
