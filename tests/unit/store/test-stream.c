/* SPDX-License-Identifier: Apache-2.0 */
/* The decompressor; tests/component/unpack.py covers gzip and zstd made by others. */
#include "fixture.h"

#include "base/fd.h"
#include "store/unpack-stream.h"
#include "store/unpack-tree.h"

#include <fcntl.h>
#include <isa-l/crc.h>
#include <unistd.h>

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

enum { LONG_SIZE = 5 << 20, MEMBER_SIZE = 64 * 1024 };
#define LONG_DIGEST "sha256:04293c23e627219138fa4bd0fe9c03e224f1c24e3f0cc1f9ea23603f52d17126"

/* Bytes that say where they stand, so that a block too few, twice or in the wrong place is seen. */
static unsigned char long_byte(uint64_t at)
{
	return (unsigned char)(at * 2654435761U >> 13 ^ at >> 16);
}

/* As gzip without compression (RFC 1951 3.2.4), a member for each block; returns its length. */
static size_t make_long(unsigned char *gz, size_t n)
{
	size_t len = 0;

	for (size_t at = 0; at < n; at += MEMBER_SIZE - 1) {
		uint16_t size = (uint16_t)MIN(n - at, (size_t)MEMBER_SIZE - 1),
			 not = (uint16_t)~size;
		unsigned char *p = gz + len;
		uint32_t crc, total = size;

		memcpy(p, hello, 10);
		p[10] = 1; /* the last block, stored */
		memcpy(p + 11, &size, 2);
		memcpy(p + 13, &not, 2);
		for (size_t i = 0; i < size; i++)
			p[15 + i] = long_byte(at + i);
		crc = crc32_gzip_refl(0, p + 15, size);
		memcpy(p + 15 + size, &crc, 4);
		memcpy(p + 19 + size, &total, 4);
		len += 23U + size;
	}
	return len;
}

struct long_stream {
	unsigned char *gz;
	size_t len;
};

static void long_stream_make(struct long_stream *x)
{
	x->gz = malloc(LONG_SIZE + LONG_SIZE / 1000 + 100);
	assert_non_null(x->gz);
	x->len = make_long(x->gz, LONG_SIZE);
}

/* Reads until the end or an error; everything before has to be right. */
static ssize_t read_long(const struct long_stream *x, uint64_t max, size_t *ret_n, struct err *e)
{
	_cleanup_close_ int fd = fd_sealed_memory("test", x->gz, x->len, e);
	_cleanup_stream_ struct stream *st = NULL;
	const void *p;
	char digest[72];
	ssize_t n;

	*ret_n = 0;
	assert_int_equal(stream_new(fd, max, &st, e), 0);
	while ((n = stream_next(st, &p, e)) > 0)
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(((const unsigned char *)p)[i], long_byte((*ret_n)++));
	assert_int_equal(stream_next(st, &p, NULL), n);
	if (n < 0)
		return n;
	assert_int_equal(stream_digest(st, digest, e), 0);
	assert_string_equal(digest, LONG_DIGEST);
	return 0;
}

static void ahead_is_in_order(void **state)
{
	struct long_stream x;
	struct err e;
	size_t n;

	(void)state;
	long_stream_make(&x);
	assert_int_equal(read_long(&x, LONG_SIZE, &n, &e), 0);
	assert_int_equal(n, LONG_SIZE);
	free(x.gz);
}

static void ahead_tells_errors_in_their_place(void **state)
{
	struct long_stream x;
	struct err e;
	size_t n;

	(void)state;
	long_stream_make(&x);
	assert_true(read_long(&x, LONG_SIZE - 1, &n, &e) < 0);
	assert_int_equal(e.uct, UCT_BAD_LAYER);
	x.gz[x.len - 8] ^= 1; /* of the last checksum */
	assert_true(read_long(&x, LONG_SIZE, &n, &e) < 0);
	assert_int_equal(e.uct, UCT_BAD_LAYER);
	assert_true(n >= LONG_SIZE - (1 << 20));
	x.len -= 100;
	assert_true(read_long(&x, LONG_SIZE, &n, &e) < 0);
	assert_non_null(strstr(e.msg, "truncated"));
	free(x.gz);
}

/* The reader gives up while the thread waits: for a free block, for the other end of the pipe. */
static void ahead_is_left(void **state)
{
	struct long_stream x;
	struct err e;

	(void)state;
	long_stream_make(&x);
	for (int with_pipe = 0; with_pipe < 2; with_pipe++) {
		_cleanup_close_ int fd = fd_sealed_memory("test", x.gz, x.len, &e), w = -EBADF;
		_cleanup_stream_ struct stream *st = NULL; /* goes first */
		const void *p;

		if (with_pipe) {
			int ends[2];

			assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
			cleanup_close(&fd);
			fd = ends[0];
			w = ends[1];
			assert_true(fcntl(w, F_SETPIPE_SZ, 1 << 20) >= 1 << 20);
			assert_int_equal(fd_write_all(w, x.gz, 1 << 20), 0);
		}
		assert_int_equal(stream_new(fd, LONG_SIZE, &st, &e), 0);
		for (int i = 0; i < (with_pipe ? 3 : 5); i++)
			assert_true(stream_next(st, &p, &e) > 0);
		if (!with_pipe)
			continue;
		/* Of the pipe's megabyte three blocks are read, the fourth lacks its end. */
		assert_int_equal(fd_write_all(w, x.gz + (1 << 20), 1 << 19), 0);
		assert_true(stream_next(st, &p, &e) > 0);
	}
	free(x.gz);
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
		cmocka_unit_test(ahead_is_in_order),
		cmocka_unit_test(ahead_tells_errors_in_their_place),
		cmocka_unit_test(ahead_is_left),
		cmocka_unit_test(clean_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
