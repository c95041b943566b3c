/* SPDX-License-Identifier: Apache-2.0 */
/* Archives are put together block by block, and looked at whole and in pieces of every size. */
#include "testing.h"

#include "store/tar-check.h"

enum { BLOCK = 512, ARCHIVE_MAX = 64 * BLOCK };

struct archive {
	uint8_t data[ARCHIVE_MAX];
	size_t n;
};

static void seal(uint8_t *h)
{
	unsigned sum = 0;

	memset(h + 148, ' ', 8);
	for (int i = 0; i < BLOCK; i++)
		sum += h[i];
	(void)snprintf((char *)h + 148, 8, "%06o", sum);
}

static uint8_t *add_header(struct archive *a, char type, const char *name, uint64_t size)
{
	uint8_t *h = a->data + a->n;

	assert_true(a->n + BLOCK <= sizeof(a->data));
	memset(h, 0, BLOCK);
	(void)snprintf((char *)h, 100, "%s", name);
	(void)snprintf((char *)h + 124, 12, "%011llo", (unsigned long long)size);
	memcpy(h + 257, "ustar", 6);
	h[156] = (uint8_t)type;
	seal(h);
	a->n += BLOCK;
	return h;
}

static const uint8_t none[BLOCK];

static void add_contents(struct archive *a, const void *data, size_t n)
{
	assert_true(a->n + n + BLOCK <= sizeof(a->data));
	memset(a->data + a->n, 0, n + BLOCK);
	memcpy(a->data + a->n, data, n);
	a->n += (n + BLOCK - 1) / BLOCK * BLOCK;
}

/* "LENGTH KEY=VALUE\n" */
static void add_pax(struct archive *a, char type, const char *record, size_t n)
{
	(void)add_header(a, type, "pax", n);
	add_contents(a, record, n);
}

static int check_in_pieces(const struct archive *a, size_t piece, struct err *e)
{
	struct tar_check c;
	int r = 0;

	tar_check_init(&c);
	for (size_t at = 0; at < a->n && r == 0; at += piece)
		r = tar_check_add(&c, a->data + at, MIN(piece, a->n - at), e);
	tar_check_done(&c);
	return r;
}

/* The same word for it however it arrives. */
static int check(const struct archive *a)
{
	static const size_t pieces[] = { 1, 7, 511, 512, 513, 1000 };
	struct err e = { 0 };
	int r = check_in_pieces(a, sizeof(a->data), &e);

	assert_int_equal(e.uct, r < 0 ? UCT_BAD_LAYER : 0);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		assert_int_equal(check_in_pieces(a, pieces[i], &e), r);
	return r;
}

static void test_types(void **state)
{
	struct archive a;

	(void)state;
	for (int type = 0; type < 256; type++) {
		a.n = 0;
		(void)add_header(&a, (char)type, "name", 0);
		assert_int_equal(check(&a),
		                 memchr("0123456SxgLK", type, 13) ? 0 : -EBADMSG); /* and NUL */
	}
}

static const char bad_entry = 'V'; /* refused, so it shows whether it was looked at */

/* What a size says is passed over, to the byte. */
static void test_contents(void **state)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 1024, 5000 };
	uint8_t data[5000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct archive a = { .n = 0 };

		(void)add_header(&a, bad_entry, "inside", 0);
		memset(data, 0, sizeof(data));
		memcpy(data, a.data, BLOCK); /* looks like a header, but is contents */
		a.n = 0;
		(void)add_header(&a, '0', "file", sizes[i]);
		if (sizes[i])
			add_contents(&a, data, sizes[i]);
		assert_int_equal(check(&a), 0);
		(void)add_header(&a, bad_entry, "after", 0);
		assert_int_equal(check(&a), -EBADMSG);
	}
}

/* GNU's base 256, for files of 8 GiB and more; what does not fit in 64 bits ends the look. */
static void test_large_sizes(void **state)
{
	struct archive a = { .n = 0 };
	uint8_t *h = add_header(&a, '0', "file", 0);

	(void)state;
	memset(h + 124, 0, 12);
	h[124] = 0x80;
	h[135] = 5;
	seal(h);
	add_contents(&a, "12345", 5);
	(void)add_header(&a, bad_entry, "after", 0);
	assert_int_equal(check(&a), -EBADMSG);
	h[125] = 0x7f;
	memset(h + 126, 0xff, 10);
	seal(h);
	assert_int_equal(check(&a), 0);
	memcpy(h + 124, "98765432109", 12);
	seal(h);
	assert_int_equal(check(&a), 0);
}

static void test_pax(void **state)
{
	static const struct {
		const char *record;
		size_t n;
		int r; /* before any other entry */
	} cases[] = {
		{ "11 path=ab\n", 11, 0 },
		{ "12 path=a\0b\n", 12, -EBADMSG },
		{ "16 linkpath=a\0b\n", 16, -EBADMSG },
		{ "15 comment=a\0b\n", 15, 0 },
		{ "9 x=yz\n\n\n12 path=a\0b\n", 21, -EBADMSG },
		/* Not understood: libarchive has the word. */
		{ "99 path=a\0b\n", 12, 0 },
		{ "path=a\0b\n", 9, 0 },
		{ "1 path=a\0b\n", 11, 0 },
		{ "999999999 path=a\0b\n", 19, 0 },
		{ "12", 2, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct archive a = { .n = 0 };

		add_pax(&a, 'x', cases[i].record, cases[i].n);
		assert_int_equal(check(&a), cases[i].r);
		/* A global header is read past, whatever it says. */
		a.n = 0;
		add_pax(&a, 'g', cases[i].record, cases[i].n);
		(void)add_header(&a, bad_entry, "after", 0);
		assert_int_equal(check(&a), -EBADMSG);
	}
}

/* The size in a pax header counts for the next entry, and for that one alone. */
static void test_pax_size(void **state)
{
	struct archive a = { .n = 0 };
	char data[BLOCK] = "";

	(void)state;
	add_pax(&a, 'x', "12 size=512\n", 12);
	(void)add_header(&a, '0', "file", 0);
	add_contents(&a, data, sizeof(data));
	(void)add_header(&a, '0', "empty", 0);
	(void)add_header(&a, bad_entry, "after", 0);
	assert_int_equal(check(&a), -EBADMSG);
	/* One that is a whole header of something refused, were it not contents. */
	a.n -= 2 * BLOCK;
	memcpy(a.data + a.n - BLOCK, a.data + a.n + BLOCK, BLOCK);
	assert_int_equal(check(&a), 0);
}

static void test_long_headers(void **state)
{
	struct archive a;

	(void)state;
	for (const char *type = "xgLK"; *type; type++) {
		a.n = 0;
		(void)add_header(&a, *type, "long", (1 << 20) + 1);
		assert_int_equal(check(&a), -EBADMSG);
		a.n = 0;
		(void)add_header(&a, *type, "long", 1 << 20);
		assert_int_equal(check(&a), 0);
	}
	a.n = 0;
	(void)add_header(&a, 'L', "long", 5);
	add_contents(&a, "name", 5);
	(void)add_header(&a, bad_entry, "after", 0);
	assert_int_equal(check(&a), -EBADMSG);
}

/* Old GNU sparse files: more blocks of the map follow, before the contents. */
static void test_sparse(void **state)
{
	struct archive a = { .n = 0 };
	uint8_t *h = add_header(&a, 'S', "sparse", BLOCK), more[BLOCK] = { 0 };

	(void)state;
	h[482] = 1;
	seal(h);
	more[504] = 1;
	add_contents(&a, more, BLOCK);
	more[504] = 0;
	add_contents(&a, more, BLOCK);
	add_contents(&a, more, BLOCK); /* these are the contents */
	(void)add_header(&a, bad_entry, "after", 0);
	assert_int_equal(check(&a), -EBADMSG);
}

/* Where the length of an entry is not sure, and after the end, nothing more is looked at. */
static void test_end(void **state)
{
	struct archive a = { .n = 0 };

	(void)state;
	add_contents(&a, none, BLOCK); /* the end mark */
	(void)add_header(&a, bad_entry, "after", 0);
	assert_int_equal(check(&a), 0);
	a.n = 0;
	(void)add_header(&a, '5', "directory with a size", 512);
	(void)add_header(&a, bad_entry, "after", 0);
	assert_int_equal(check(&a), 0);
	a.n = 0;
	add_header(&a, '0', "wrong sum", 0)[0] ^= 1;
	(void)add_header(&a, bad_entry, "after", 0);
	assert_int_equal(check(&a), 0);
	a.n = 100; /* the beginning of a header */
	assert_int_equal(check(&a), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),       cmocka_unit_test(test_contents),
		cmocka_unit_test(test_large_sizes), cmocka_unit_test(test_pax),
		cmocka_unit_test(test_pax_size),    cmocka_unit_test(test_long_headers),
		cmocka_unit_test(test_sparse),      cmocka_unit_test(test_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
