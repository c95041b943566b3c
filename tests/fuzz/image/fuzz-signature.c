/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest of signatures, a payload and the name in it, a signature in base64. */
#include "image/signature.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_names(const char *signed_as)
{
	static const char by_digest[] =
		"a/b@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const char *const texts[] = { "a:1", "r.example:5000/x/y", by_digest };
	char given[] = "r.example:5000/x", prefix[] = "docker.io/b";
	struct signed_rule rule = { .given = given, .signed_prefix = prefix };
	struct reference wanted;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert(reference_parse(texts[i], &wanted, NULL) == 0);
		for (int k = 0; k <= IDENTITY_REMAP; k++) {
			rule.identity = (enum identity_kind)k;
			(void)signature_name_fits(&rule, &wanted, signed_as);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char key[] = "-----BEGIN PUBLIC KEY-----\n"
			    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgIuLY8qmSSysC6rTG64rtA/L00Ua\n"
			    "AgaosbbTpHoSIfYQZMnHzuGLN7bJr+/rugG0UpsK06C9AUESq3Upf4P+uw==\n"
			    "-----END PUBLIC KEY-----\n";
	char *keys[] = { key, NULL };
	struct signed_rule rule = { .keys = { .v = keys, .n = 1 } };
	struct signature *list = NULL;
	struct signature_claim claim;
	char *text = strndup((const char *)data, n);
	struct err e;
	size_t k = 0;

	assert(text);
	if (signatures_parse((const char *)data, n, &list, &k, &e) == 0)
		signatures_free(list, k);
	if (signature_claim_parse((const char *)data, n, &claim, &e) == 0)
		try_names(claim.reference);
	try_names(text);
	(void)signature_is_by(&rule, text, "x", 1, &e);
	free(text);
	return 0;
}
