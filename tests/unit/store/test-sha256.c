/* SPDX-License-Identifier: Apache-2.0 */
/* Ours beside libcrypto's, alone and two at a time, cut in all the ways that matter. */
#include "store/sha256.h"

#include "base/sha256.h"
#include "store/sha256-rounds.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { BYTES = 4096, ROUNDS = 5000 };

static uint8_t data[2][BYTES];

static uint32_t next_number(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	return *x ^= *x << 5;
}

static void fill_data(void)
{
	uint32_t x = 1;

	for (size_t i = 0; i < BYTES; i++) {
		data[0][i] = (uint8_t)next_number(&x);
		data[1][i] = (uint8_t)next_number(&x);
	}
}

static void assert_digest(struct sha256 *x, const uint8_t *p, size_t n)
{
	uint8_t ours[SHA256_SIZE], theirs[SHA256_SIZE];

	assert_int_equal(sha256_finish(x, ours), 0);
	assert_int_equal(EVP_Digest(p, n, theirs, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(ours, theirs, sizeof(ours));
}

static void all_lengths(void **state)
{
	struct sha256 x;

	(void)state;
	fill_data();
	assert_int_equal(sha256_init(&x, sha256_is_fast(), NULL), 0);
	for (size_t n = 0; n <= 300; n++) {
		assert_int_equal(sha256_start(&x), 0);
		assert_int_equal(sha256_add(&x, data[0], n / 3), 0);
		assert_int_equal(sha256_add(&x, data[0] + n / 3, n - n / 3), 0);
		assert_digest(&x, data[0], n);
	}
	sha256_done(&x);
}

static void two_at_a_time(bool fast_a, bool fast_b)
{
	struct sha256 a, b;
	uint32_t x = 2463534242U;

	fill_data();
	assert_int_equal(sha256_init(&a, fast_a, NULL), 0);
	assert_int_equal(sha256_init(&b, fast_b, NULL), 0);
	for (int i = 0; i < ROUNDS; i++) {
		size_t at_a = next_number(&x) % 130, at_b = next_number(&x) % 130;
		size_t n_a = next_number(&x) % 700, n_b = next_number(&x) % 700;
		struct sha256_waiting rest = { &b, data[1] + at_b, n_b };

		assert_true(sha256_start(&a) == 0 && sha256_start(&b) == 0);
		assert_int_equal(sha256_add(&a, data[0], at_a), 0);
		assert_int_equal(sha256_add(&b, data[1], at_b), 0);
		assert_int_equal(sha256_add_both(&a, data[0] + at_a, n_a, &rest), 0);
		assert_true(rest.n <= n_b && rest.data + rest.n == data[1] + at_b + n_b);
		assert_int_equal(sha256_add(&b, rest.data, rest.n), 0);
		assert_digest(&a, data[0], at_a + n_a);
		assert_digest(&b, data[1], at_b + n_b);
	}
	sha256_done(&a);
	sha256_done(&b);
}

static void side_by_side(void **state)
{
	(void)state;
	two_at_a_time(sha256_is_fast(), sha256_is_fast());
}

static void without_instructions(void **state)
{
	(void)state;
	two_at_a_time(false, false);
	two_at_a_time(sha256_is_fast(), false);
	two_at_a_time(false, sha256_is_fast());
}

/* Two processors' ways to the same, of which this one would take one. */
static void both_ways(void **state)
{
	uint32_t one[2][8], other[2][8];

	(void)state;
	if (!sha256_is_fast())
		return; /* as under valgrind: then nobody calls these */
	fill_data();
	for (size_t n = 0; n <= BYTES / SHA256_BLOCK; n++) {
		for (size_t i = 0; i < 2; i++) {
			memcpy(one[i], sha256_initial, sizeof(one[i]));
			memcpy(other[i], sha256_initial, sizeof(other[i]));
		}
		sha256_rounds_both(one[0], data[0], one[1], data[1], n);
		sha256_rounds_both_simply(other[0], data[0], other[1], data[1], n);
		assert_memory_equal(one, other, sizeof(one));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_lengths),
		cmocka_unit_test(side_by_side),
		cmocka_unit_test(without_instructions),
		cmocka_unit_test(both_ways),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
