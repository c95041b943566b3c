/* SPDX-License-Identifier: Apache-2.0 */
/* The index of a layer: what is accepted, what is damage, what is of the future. */
#include "testing.h"

#include "base/err.h"
#include "store/crc32c.h"
#include "store/layer-index.h"

#include <endian.h>
#include <string.h>

struct image {
	uint8_t data[1024];
	size_t n, n_entries, n_objects;
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

static void begin(struct image *x)
{
	memset(x, 0, sizeof(*x));
	x->n = LAYER_INDEX_HEADER;
}

/* Returns the entry's bytes, for a test to spoil. */
static uint8_t *add(struct image *x, char type, unsigned up, const char *name, uint32_t ref,
                    const char *target)
{
	uint8_t *p = x->data + x->n;

	p[0] = (uint8_t)type;
	p[2] = 0xed;
	p[3] = 01;
	p[4] = (uint8_t)up;
	p[6] = (uint8_t)strlen(name);
	put32(p + 28, ref);
	p[32] = (uint8_t)strlen(target);
	memcpy(p + LAYER_INDEX_ENTRY, name, strlen(name));
	memcpy(p + LAYER_INDEX_ENTRY + strlen(name), target, strlen(target));
	x->n += LAYER_INDEX_ENTRY + strlen(name) + strlen(target);
	x->n_entries++;
	return p;
}

static void finish(struct image *x, size_t n_objects)
{
	size_t entry_bytes = x->n - LAYER_INDEX_HEADER;
	struct crc32c c;

	crc32c_init(&c);
	memcpy(x->data, LAYER_INDEX_MAGIC, 8);
	put32(x->data + 8, LAYER_INDEX_VERSION);
	put32(x->data + 12, LAYER_INDEX_HEADER);
	put64(x->data + 16, n_objects);
	put64(x->data + 24, x->n_entries);
	put64(x->data + 32, entry_bytes);
	put32(x->data + 64, crc32c_add(&c, 0, x->data + x->n, n_objects * LAYER_INDEX_OBJECT));
	put32(x->data + 68, crc32c_add(&c, 0, x->data + LAYER_INDEX_HEADER, entry_bytes));
	put32(x->data + 76, crc32c_add(&c, 0, x->data, 76));
	x->n += n_objects * LAYER_INDEX_OBJECT;
}

/* Reads all entries: their number, or the error. */
static int read_all(const struct image *x, struct err *e)
{
	_cleanup_layer_index_ struct layer_index index = { 0 };
	struct layer_entry t;
	int r = layer_index_open(x->data, x->n, &index, e), n = 0;

	while (r >= 0 && (r = layer_index_next(&index, &t, e)) == 1)
		n++;
	return r < 0 ? r : n;
}

static void sample(struct image *x)
{
	begin(x);
	(void)add(x, 'd', 0, "", 0, "");
	(void)add(x, 'd', 0, "bin", 0, "");
	(void)add(x, 'f', 0, "sh", 0, "");
	(void)add(x, 'h', 0, "ash", 2, "");
	(void)add(x, 'l', 1, "lib", 0, "usr/lib");
	(void)add(x, 'w', 0, "gone", 0, "");
	(void)add(x, 'c', 0, "dev/null", 0x100003, "");
}

static void a_good_one_is_read(void **state)
{
	_cleanup_layer_index_ struct layer_index index = { 0 };
	struct err e = { 0 };
	struct layer_entry t;
	struct image x;

	(void)state;
	sample(&x);
	finish(&x, 1);
	assert_int_equal(read_all(&x, &e), 7);
	assert_int_equal(layer_index_open(x.data, x.n, &index, &e), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(layer_index_next(&index, &t, &e), 1);
	assert_int_equal(t.up, 1);
	assert_int_equal(t.target_len, 7);
	assert_memory_equal(t.target, "usr/lib", 7);
}

static void each_flipped_bit_is_noticed(void **state)
{
	struct err e = { 0 };
	struct image x;

	(void)state;
	sample(&x);
	finish(&x, 1);
	for (size_t i = 0; i < x.n; i++) {
		int r;

		x.data[i] ^= 4;
		r = read_all(&x, &e);
		assert_true(r == -EUCLEAN || (i >= 8 && i < 12 && r == -EPROTONOSUPPORT));
		assert_true(e.uct == UCT_INDEX_DAMAGED || e.uct == UCT_INDEX_NEWER);
		x.data[i] ^= 4;
	}
	for (size_t n = 0; n < x.n; n++) {
		struct image shorter = x;

		shorter.n = n;
		assert_int_equal(read_all(&shorter, &e), -EUCLEAN);
	}
}

static void the_future_is_told_from_damage(void **state)
{
	struct err e = { 0 };
	struct image x;

	(void)state;
	sample(&x);
	finish(&x, 1);
	put32(x.data + 8, LAYER_INDEX_VERSION + 1);
	assert_int_equal(read_all(&x, &e), -EPROTONOSUPPORT);
	assert_int_equal(e.uct, UCT_INDEX_NEWER);
}

/* With right checksums, as somebody hostile would make them. */
static void nonsense_is_damage(void **state)
{
	static const struct {
		char type;
		unsigned up;
		const char *name;
		uint32_t ref;
		const char *target;
	} bad[] = {
		{ 'f', 0, "a/b", 0, "" },  { 'f', 0, "..", 0, "" }, { 'f', 0, ".", 0, "" },
		{ 'f', 0, "", 0, "" },     { 'f', 1, "up", 0, "" }, { 'f', 0, "x", 1, "" },
		{ 'h', 0, "x", 0, "" },    { 'h', 0, "x", 1, "" },  { 'l', 0, "x", 0, "" },
		{ 'f', 0, "x", 0, "to" },  { '?', 0, "x", 0, "" },  { 0, 0, "x", 0, "" },
		{ 'c', 0, "../x", 1, "" }, { 'c', 0, "/x", 1, "" }, { 'b', 0, "a//x", 1, "" },
		{ 'd', 0, "d/..", 0, "" },
	};
	struct err e = { 0 };
	struct image x;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		begin(&x);
		(void)add(&x, 'd', 0, "", 0, "");
		(void)add(&x, bad[i].type, bad[i].up, bad[i].name, bad[i].ref, bad[i].target);
		finish(&x, 1);
		assert_int_equal(read_all(&x, &e), -EUCLEAN);
		assert_int_equal(e.uct, UCT_INDEX_DAMAGED);
	}
	begin(&x);
	finish(&x, 0); /* not even a root */
	assert_int_equal(read_all(&x, &e), -EUCLEAN);
	begin(&x);
	(void)add(&x, 'd', 0, "", 0, "");
	add(&x, 'f', 0, "x", LAYER_INDEX_NO_OBJECT, "")[1] = LAYER_OPAQUE;
	finish(&x, 0);
	assert_int_equal(read_all(&x, &e), -EUCLEAN);
	begin(&x);
	(void)add(&x, 'd', 0, "", 0, "");
	put32(add(&x, 'f', 0, "x", LAYER_INDEX_NO_OBJECT, "") + 24, 1000000000);
	finish(&x, 0);
	assert_int_equal(read_all(&x, &e), -EUCLEAN);
}

static void names_of_objects(void **state)
{
	uint8_t digest[OBJECT_DIGEST_SIZE] = { 0xab, 0, 0, 0, 0xff, 0xff, 0xff };
	char name[OBJECT_NAME_SIZE];

	(void)state;
	object_name(digest, name);
	assert_string_equal(name, "ab/AAAA____AAAAAAAAAAAA");
}

static void checksum(void **state)
{
	struct crc32c c;

	(void)state;
	crc32c_init(&c);
	/* RFC 3720, appendix B.4, and the check value of the catalogues. */
	assert_int_equal(crc32c_add(&c, 0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_add(&c, crc32c_add(&c, 0, "1234", 4), "56789", 5), 0xe3069283);
	assert_int_equal(crc32c_add(&c, 0, (uint8_t[32]){ 0 }, 32), 0x8a9136aa);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_one_is_read),
		cmocka_unit_test(each_flipped_bit_is_noticed),
		cmocka_unit_test(the_future_is_told_from_damage),
		cmocka_unit_test(nonsense_is_damage),
		cmocka_unit_test(names_of_objects),
		cmocka_unit_test(checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
