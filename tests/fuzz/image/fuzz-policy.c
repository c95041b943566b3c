/* SPDX-License-Identifier: Apache-2.0 */
#include "image/policy.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const texts[] = { "a:1", "r.example:5000/x/y", "oci:/l:tag" };
	struct policy p;
	struct reference ref;
	struct err e;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert(reference_parse(texts[i], &ref, &e) == 0);
		if (policy_find_in((const char *)data, n, &ref, &p, &e) == 0)
			policy_done(&p);
	}
	return 0;
}
