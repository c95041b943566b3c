/* SPDX-License-Identifier: Apache-2.0 */
/* The decompressor; tests/component/unpack.py covers gzip and zstd made by others. */
#include "fixture.h"

#include "base/fd.h"
#include "store/unpack-stream.h"
#include "store/unpack-tree.h"

/* gzip of "hello\n", made by gzip(1) -n. */
static const unsigned char hello[] = { 0x1f, 0x8b, 8,    0,    0,    0,    0,    0, 0,
	                               3,    0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0xe7, 2, 0,
	                               0x20, 0x30, 0x3a, 0x36, 6,    0,    0,    0 };

/* The stream's text, or its error. */
static int read_all(const void *data, size_t n, char *out, size_t size, struct err *e)
{
	_cleanup_close_ int fd = fd_sealed_memory("test", data, n, e);
	_cleanup_stream_ struct stream *st = NULL;
	const void *p;
	size_t len = 0;
	ssize_t got;

	assert_true(fd >= 0);
	assert_int_equal(stream_new(fd, 1000, &st, e), 0);
	while ((got = stream_next(st, &p, e)) > 0) {
		assert_true(len + (size_t)got < size);
		memcpy(out + len, p, (size_t)got);
		len += (size_t)got;
	}
	out[len] = '\0';
	if (got < 0) /* an error is repeated */
		assert_int_equal(stream_next(st, &p, NULL), got);
	return (int)got;
}

static void gzip_members(void **state)
{
	unsigned char buf[256] = { 0 };
	char out[2048];
	struct err e;

	(void)state;
	assert_int_equal(read_all(hello, sizeof(hello), out, sizeof(out), &e), 0);
	assert_string_equal(out, "hello\n");
	memcpy(buf, hello, sizeof(hello));
	memcpy(buf + sizeof(hello), hello, sizeof(hello));
	assert_int_equal(read_all(buf, 2 * sizeof(hello), out, sizeof(out), &e), 0);
	assert_string_equal(out, "hello\nhello\n");
	assert_int_equal(read_all(buf, 2 * sizeof(hello) + 100, out, sizeof(out), &e), 0);
	buf[2 * sizeof(hello) + 50] = 1;
	assert_true(read_all(buf, 2 * sizeof(hello) + 100, out, sizeof(out), &e) < 0);
	assert_int_equal(e.uct, UCT_BAD_LAYER);
}

static void every_truncation_and_flip(void **state)
{
	unsigned char buf[sizeof(hello)];
	char out[2048];
	struct err e;

	(void)state;
	for (size_t n = 6; n < sizeof(hello); n++) {
		assert_true(read_all(hello, n, out, sizeof(out), &e) < 0);
		assert_int_equal(e.uct, UCT_BAD_LAYER);
	}
	for (size_t i = 10; i < sizeof(hello); i++) {
		memcpy(buf, hello, sizeof(buf));
		buf[i] ^= 0x10;
		/* Byte 17 is filled up with bits that mean nothing. */
		if (i != 17)
			assert_true(read_all(buf, sizeof(buf), out, sizeof(out), &e) < 0);
	}
}

static void plain_and_limit(void **state)
{
	char text[1100] = "plain", out[2048];
	struct err e;

	(void)state;
	assert_int_equal(read_all(text, 5, out, sizeof(out), &e), 0);
	assert_string_equal(out, "plain");
	assert_int_equal(read_all(text, 1000, out, sizeof(out), &e), 0);
	assert_true(read_all(text, 1001, out, sizeof(out), &e) < 0);
	assert_true(read_all(text, 0, out, sizeof(out), &e) < 0);
}

static void clean_names(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "a", "a" },          { "/a//b/", "a/b" },
		{ "./a/./b", "a/b" },  { "", "" },
		{ "/", "" },           { "./", "" },
		{ "a/..", "" },        { "a/b/../c", "a/c" },
		{ "aa/../b", "b" },    { "..", NULL },
		{ "a/../..", NULL },   { "/..", NULL },
		{ "a/../../b", NULL }, { "...", "..." },
		{ "..a", "..a" },      { "a/..b/c", "a/..b/c" },
	};
	char out[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int r = tree_clean(cases[i].in, out, NULL);

		assert_int_equal(r, cases[i].out ? 0 : -EBADMSG);
		if (r == 0)
			assert_string_equal(out, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_members),
		cmocka_unit_test(every_truncation_and_flip),
		cmocka_unit_test(plain_and_limit),
		cmocka_unit_test(clean_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
