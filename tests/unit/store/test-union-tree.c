/* SPDX-License-Identifier: Apache-2.0 */
/* Layers put upon each other in memory: what hides what. */
#include "testing.h"

#include "base/err.h"
#include "store/crc32c.h"
#include "store/union-tree.h"

#include <endian.h>
#include <string.h>

struct image {
	uint8_t data[2048];
	size_t n;
	uint64_t n_entries;
};

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static void add(struct image *x, char type, uint8_t flags, unsigned up, const char *name)
{
	uint8_t *p = x->data + x->n;

	memset(p, 0, LAYER_INDEX_ENTRY);
	p[0] = (uint8_t)type;
	p[1] = flags;
	p[4] = (uint8_t)up;
	p[6] = (uint8_t)strlen(name);
	put32(p + 28, type == LAYER_FILE ? LAYER_INDEX_NO_OBJECT : 0);
	memcpy(p + LAYER_INDEX_ENTRY, name, strlen(name));
	x->n += LAYER_INDEX_ENTRY + strlen(name);
	x->n_entries++;
}

static void begin(struct image *x, uint8_t root_flags)
{
	memset(x, 0, sizeof(*x));
	x->n = LAYER_INDEX_HEADER;
	add(x, LAYER_DIR, root_flags, 0, "");
}

static void put(struct union_tree *t, struct image *x)
{
	struct err e = { 0 };
	struct crc32c c;

	crc32c_init(&c);
	memcpy(x->data, LAYER_INDEX_MAGIC, 8);
	put32(x->data + 8, LAYER_INDEX_VERSION);
	put32(x->data + 12, LAYER_INDEX_HEADER);
	put64(x->data + 24, x->n_entries);
	put64(x->data + 32, x->n - LAYER_INDEX_HEADER);
	put32(x->data + 68,
	      crc32c_add(&c, 0, x->data + LAYER_INDEX_HEADER, x->n - LAYER_INDEX_HEADER));
	put32(x->data + 76, crc32c_add(&c, 0, x->data, 76));
	assert_int_equal(union_tree_add(t, x->data, x->n, &e), 0);
}

static struct union_node *find(const struct union_tree *t, const char *path)
{
	uint32_t at = 0;
	struct union_node *x = &t->nodes[0];

	while (*path && x) {
		size_t n = strcspn(path, "/");

		x = union_tree_find(t, at, path, n);
		at = x ? (uint32_t)(x - t->nodes) : 0;
		path += n + (path[n] == '/');
	}
	return x;
}

/* /a/x /a/y /b */
static void below(struct image *x)
{
	begin(x, 0);
	add(x, LAYER_DIR, 0, 0, "a");
	add(x, LAYER_FILE, 0, 0, "x");
	add(x, LAYER_FILE, 0, 0, "y");
	add(x, LAYER_FILE, 0, 1, "b");
}

static void test_merge(void **state)
{
	struct union_tree t = { 0 };
	struct image one, two;

	(void)state;
	below(&one);
	begin(&two, 0);
	add(&two, LAYER_DIR, 0, 0, "a");
	add(&two, LAYER_WHITEOUT, 0, 0, "x");
	add(&two, LAYER_FILE, 0, 0, "z");
	add(&two, LAYER_DIR, 0, 1, "b"); /* instead of the file */
	put(&t, &one);
	assert_int_equal(find(&t, "a")->n_here, 2);
	put(&t, &two);
	assert_null(find(&t, "a/x"));
	assert_non_null(find(&t, "a/y"));
	assert_non_null(find(&t, "a/z"));
	assert_int_equal(find(&t, "a")->n_here, 2);
	assert_int_equal(t.files[find(&t, "b")->file].entry.type, LAYER_DIR);
	assert_int_equal(find(&t, "")->n_here, 2);
	union_tree_done(&t);
}

static void test_opaque(void **state)
{
	struct union_tree t = { 0 };
	struct image one, two, three;

	(void)state;
	below(&one);
	begin(&two, 0);
	add(&two, LAYER_DIR, LAYER_OPAQUE, 0, "a");
	add(&two, LAYER_FILE, 0, 0, "n");
	put(&t, &one);
	put(&t, &two);
	assert_null(find(&t, "a/x"));
	assert_int_equal(find(&t, "a")->n_here, 1);
	assert_non_null(find(&t, "b"));
	begin(&three, LAYER_OPAQUE);
	add(&three, LAYER_FILE, 0, 0, "only");
	put(&t, &three);
	assert_null(find(&t, "a"));
	assert_null(find(&t, "b"));
	assert_int_equal(find(&t, "")->n_here, 1);
	union_tree_done(&t);
}

static void test_links(void **state)
{
	struct union_tree t = { 0 };
	struct image one, two;

	(void)state;
	begin(&one, 0);
	add(&one, LAYER_FILE, LAYER_NAMED_AGAIN, 0, "f");
	add(&one, LAYER_SAME, 0, 0, "g");
	put32(one.data + one.n - 1 - LAYER_INDEX_ENTRY + 28, 1);
	put(&t, &one);
	assert_int_equal(find(&t, "f")->file, find(&t, "g")->file);
	begin(&two, 0);
	add(&two, LAYER_FILE, 0, 0, "f");
	put(&t, &two);
	assert_int_not_equal(find(&t, "f")->file, find(&t, "g")->file);
	union_tree_done(&t);
}

static void test_many(void **state)
{
	struct union_tree t = { 0 };
	struct err e = { 0 };

	(void)state;
	/* An empty index is no tree at all, and damage. */
	assert_int_equal(union_tree_add(&t, "nonsense", 8, &e), -EUCLEAN);
	assert_int_equal(e.uct, UCT_INDEX_DAMAGED);
	union_tree_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
