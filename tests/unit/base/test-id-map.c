/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/id-map.h"
#include "base/macro.h"

#include <string.h>

static const struct id_map held = { { { 0, 1000, 1 }, { 1, 100000, 10 }, { 11, 300000, 5 } }, 3 };

static void test_add(void **state)
{
	struct id_map m = { .n = 0 };

	(void)state;
	assert_int_equal(id_map_add(&m, 5, 100, 5), 0);
	assert_int_equal(id_map_add(&m, 9, 200, 1), -EEXIST);
	assert_int_equal(id_map_add(&m, 4, 200, 2), -EEXIST);
	assert_int_equal(id_map_add(&m, 20, 104, 1), -EEXIST);
	assert_int_equal(id_map_add(&m, 10, 105, 1), 0);
	assert_int_equal(id_map_add(&m, 0, 99, 1), 0);
	assert_int_equal(id_map_add(&m, 50, 5, 0), -EINVAL);
	assert_int_equal(id_map_add(&m, UINT32_MAX - 1, 5, 2), -EINVAL);
	assert_int_equal(id_map_add(&m, 70, UINT32_MAX, 1), -EINVAL);
	id_map_sort(&m);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.extents[1].count, 6);
	for (uint32_t i = 0; m.n < ID_EXTENTS_MAX; i++)
		assert_int_equal(id_map_add(&m, 1000 + 2 * i, 1000 + 3 * i, 1), 0);
	assert_int_equal(id_map_add(&m, 100000, 100000, 1), -E2BIG);
}

static void test_lookup(void **state)
{
	uint32_t id;

	(void)state;
	assert_true(id_map_out(&held, 11, &id));
	assert_int_equal(id, 300000);
	assert_true(id_map_in(&held, 100009, &id));
	assert_int_equal(id, 10);
	assert_false(id_map_out(&held, 16, &id));
	assert_false(id_map_in(&held, 100010, &id));
	assert_int_equal(id_map_count(&held), 16);
	assert_int_equal(id_map_end(&held), 16);
}

/* The user becomes one id inside, all others keep their order. */
static void test_fill(void **state)
{
	struct id_map m = { { { 4, 0, 1 } }, 1 };

	(void)state;
	assert_int_equal(id_map_fill(&m, 16, 0, 16), 0);
	assert_int_equal(m.n, 3);
	assert_memory_equal(m.extents,
	                    ((struct id_extent[]){ { 0, 1, 4 }, { 4, 0, 1 }, { 5, 5, 11 } }),
	                    3 * sizeof(struct id_extent));
	m = (struct id_map){ { { 1000, 0, 1 } }, 1 };
	assert_int_equal(id_map_fill(&m, 16, 0, 16), 0);
	assert_memory_equal(m.extents, ((struct id_extent[]){ { 0, 1, 15 }, { 1000, 0, 1 } }),
	                    2 * sizeof(struct id_extent));
	m = (struct id_map){ .n = 0 };
	assert_int_equal(id_map_fill(&m, 0, 0, 16), 0);
	assert_int_equal(m.n, 0);
}

static void test_nest(void **state)
{
	struct id_map m = { { { 0, 5, 8 }, { 100, 0, 2 } }, 2 }, out;

	(void)state;
	assert_int_equal(id_map_nest(&m, &held, false, &out), 0);
	assert_int_equal(out.n, 4);
	assert_memory_equal(
		out.extents,
		((struct id_extent[]){ { 0, 5, 6 }, { 6, 11, 2 }, { 100, 0, 1 }, { 101, 1, 1 } }),
		4 * sizeof(struct id_extent));
	assert_int_equal(id_map_nest(&m, &held, true, &out), 0);
	assert_memory_equal(
		out.extents,
		((struct id_extent[]){
			{ 0, 100004, 6 }, { 6, 300000, 2 }, { 100, 1000, 1 }, { 101, 100000, 1 } }),
		4 * sizeof(struct id_extent));
	m.extents[0].count = 12;
	assert_int_equal(id_map_nest(&m, &held, false, &out), -ERANGE);
}

/* Whatever is filled: no id twice on either side, all that can be mapped are, order is kept. */
static void test_fill_properties(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct id_map m = { .n = 0 }, before, copy = { .n = 0 };
		uint32_t n_inside = next_random(&seed) % 200, first = next_random(&seed) % 20;
		uint32_t count = next_random(&seed) % 200, taken = 0, wanted = 0, id;

		for (int i = 0; i < 5; i++)
			(void)id_map_add(&m, next_random(&seed) % 250, next_random(&seed) % 250,
			                 next_random(&seed) % 30);
		before = m;
		assert_int_equal(id_map_fill(&m, n_inside, first, count), 0);
		for (size_t i = 0; i < m.n; i++)
			assert_int_equal(id_map_add(&copy, m.extents[i].inside,
			                            m.extents[i].outside, m.extents[i].count),
			                 0);
		for (uint32_t i = 0; i < 300; i++) {
			uint32_t now = 0;

			if (id_map_out(&before, i, &id)) {
				assert_true(id_map_out(&m, i, &now));
				assert_int_equal(now, id);
			} else if (i < n_inside) {
				wanted++;
			}
			if (i >= first && i < first + count)
				taken += id_map_in(&before, i, &id) ? 1 : 0;
		}
		assert_int_equal(id_map_count(&m) - id_map_count(&before),
		                 MIN(wanted, count - taken));
	}
}

/* Nesting changes how a map is cut, and nothing else. */
static void test_nest_properties(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct id_map m = { .n = 0 }, cut, composed;
		uint32_t a, b, c;
		int r;

		for (int i = 0; i < 4; i++)
			(void)id_map_add(&m, next_random(&seed) % 40, next_random(&seed) % 18,
			                 next_random(&seed) % 8);
		r = id_map_nest(&m, &held, false, &cut);
		assert_true(r == 0 || r == -ERANGE);
		assert_int_equal(id_map_nest(&m, &held, true, &composed), r);
		for (uint32_t i = 0; i < 60 && r == 0; i++) {
			bool has = id_map_out(&m, i, &a);

			assert_true(id_map_out(&cut, i, &b) == has);
			assert_true(id_map_out(&composed, i, &c) == has);
			if (!has)
				continue;
			assert_int_equal(a, b);
			assert_true(id_map_out(&held, a, &b));
			assert_int_equal(b, c);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_nest),
		cmocka_unit_test(test_fill_properties),
		cmocka_unit_test(test_nest_properties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
