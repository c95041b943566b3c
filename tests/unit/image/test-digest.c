/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "image/digest.h"

#include <string.h>

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_known(void **state)
{
	struct digest *d = NULL;
	char got[72];

	(void)state;
	assert_int_equal(digest_of("", 0, got, NULL), 0);
	assert_string_equal(got, "sha256:" EMPTY);
	assert_int_equal(digest_new(&d, NULL), 0);
	digest_add(d, "a", 1);
	digest_add(d, "", 0);
	digest_add(d, "bc", 2);
	digest_finish(d, got);
	assert_string_equal(got, "sha256:" ABC);
	digest_free(NULL);
}

static void test_valid(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
	} cases[] = {
		{ "sha256:" ABC, true },
		{ "sha256:" ABC "0", false },
		{ ABC, false },
		{ "sha256:" ABC "\n", false },
		{ "", false },
		{ "sha256:", false },
		{ "SHA256:" ABC, false },
		{ "sha512:" ABC, false },
		{ "sha256:BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		  false },
		{ "sha256:../../../../../../../../../../../../../../../../../../../../../x",
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(digest_is_valid(cases[i].text), cases[i].is_valid);
}

static void test_chains(void **state)
{
	const char diffs[3][72] = { "sha256:" ABC, "sha256:" EMPTY, "sha256:" ABC };
	const char bad[2][72] = { "sha256:" ABC, "sha256:short" };
	char chains[3][65], want[72];

	(void)state;
	assert_int_equal(digest_chain_ids(diffs, 3, chains, NULL), 0);
	assert_string_equal(chains[0], ABC);
	assert_int_equal(digest_of("sha256:" ABC " sha256:" EMPTY, 143, want, NULL), 0);
	assert_string_equal(chains[1], want + 7);
	/* printf 'sha256:ba78... sha256:e3b0...' | sha256sum, and again with the third */
	assert_string_not_equal(chains[2], chains[0]);
	assert_int_equal(digest_chain_ids(diffs, 0, chains, NULL), 0);
	assert_int_equal(digest_chain_ids(bad, 2, chains, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_chains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
