/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/num.h"
#include "container/log-reader.h"

#include <sys/stat.h>

enum { MAX = 20000 };

static char scratch_memory[4096];

static void writer_init(struct log_writer *w, int dirfd, uint64_t max_bytes, uint32_t max_files)
{
	*w = (struct log_writer){ .fd = -EBADF,
		                  .dirfd = dirfd,
		                  .max_bytes = max_bytes,
		                  .max_files = max_files,
		                  .scratch = scratch_memory,
		                  .scratch_size = sizeof(scratch_memory) };
	log_open(w);
}

static void write_line(struct log_writer *w, unsigned i)
{
	char line[32];

	log_append(w, LOG_STDOUT, line, (size_t)snprintf(line, sizeof(line), "%u\n", i));
}

/* Adds what the reader gives to *text. */
static size_t read_all(struct log_reader *r, char *text, size_t at)
{
	for (;;) {
		ssize_t n = log_reader_read(r, text + at, (1 << 20) - at, NULL);

		assert_true(n >= 0);
		if (n == 0)
			return at;
		at += (size_t)n;
	}
}

/* Numbers from @first on, without a gap; returns the one after the last. */
static unsigned check(const char *text, size_t n, unsigned first)
{
	while (n > 0) {
		struct log_entry x;
		ssize_t k = log_parse(text, n, &x);
		char number[32] = "";
		uint32_t got;

		assert_true(k > 0);
		memcpy(number, x.data, x.n);
		assert_int_equal(parse_u32(number, &got), 0);
		assert_int_equal(got, first);
		first++;
		text += k;
		n -= (size_t)k;
	}
	return first;
}

static void remove_all(struct scratch *s)
{
	for (unsigned i = 0; i < 10; i++) {
		char name[LOG_NAME_SIZE];

		log_file_name(i, name);
		(void)unlinkat(s->fd, name, 0);
	}
	scratch_done(s);
}

static void test_rotation(void **state)
{
	struct log_writer w;
	struct scratch s;
	struct stat st;
	char name[LOG_NAME_SIZE];

	(void)state;
	scratch_make(&s);
	writer_init(&w, s.fd, 1000, 3);
	assert_int_equal(fstatat(s.fd, LOG_FILE, &st, 0), -1); /* nothing was written yet */
	for (unsigned i = 0; i < 200; i++)
		write_line(&w, i);
	for (unsigned i = 0; i < 3; i++) {
		log_file_name(i, name);
		assert_int_equal(fstatat(s.fd, name, &st, 0), 0);
		assert_true(st.st_size > 0 && st.st_size <= 1000);
	}
	log_file_name(3, name);
	assert_int_equal(fstatat(s.fd, name, &st, 0), -1);
	(void)close(w.fd);
	/* A later start goes on where it was. */
	assert_int_equal(fstatat(s.fd, LOG_FILE, &st, 0), 0);
	writer_init(&w, s.fd, 1000, 3);
	write_line(&w, 200);
	assert_int_equal(w.size_bytes, st.st_size + LOG_HEAD + 4);
	(void)close(w.fd);
	remove_all(&s);
}

/* The reader looks after every so many lines, some of which rotate several times. */
static void test_follow(void **state)
{
	static const unsigned steps[] = { 1, 7, 20, 23, 45, 60 };
	char *text = malloc(1 << 20);

	(void)state;
	assert_non_null(text);
	for (size_t k = 0; k < ARRAY_SIZE(steps); k++) {
		_cleanup_log_reader_ struct log_reader r = { 0 };
		struct log_writer w;
		struct scratch s;
		unsigned next = 0;
		size_t n = 0;

		scratch_make(&s);
		assert_int_equal(log_reader_open(s.fd, 0, &r, NULL), 0);
		assert_int_equal(read_all(&r, text, 0), 0);
		writer_init(&w, s.fd, 1000, 4);
		for (unsigned i = 0; i < 1000; i++) {
			write_line(&w, i);
			if (i % steps[k] == 0)
				n = read_all(&r, text, n);
		}
		n = read_all(&r, text, n);
		next = check(text, n, 0);
		assert_int_equal(next, 1000);
		assert_false(r.has_gap);
		(void)close(w.fd);
		remove_all(&s);
	}
	free(text);
}

static void test_overtaken(void **state)
{
	_cleanup_log_reader_ struct log_reader r = { 0 };
	char *text = malloc(1 << 20);
	struct log_writer w;
	struct scratch s;
	size_t n;

	(void)state;
	assert_non_null(text);
	scratch_make(&s);
	writer_init(&w, s.fd, 1000, 2);
	write_line(&w, 0);
	assert_int_equal(log_reader_open(s.fd, 0, &r, NULL), 0);
	n = read_all(&r, text, 0);
	assert_int_equal(check(text, n, 0), 1);
	for (unsigned i = 1; i < 500; i++)
		write_line(&w, i);
	/* What it holds it reads to the end, then there is a gap, then all that is kept. */
	n = read_all(&r, text, 0);
	assert_true(r.has_gap);
	assert_true(n > 1000 && n < 4000);
	write_line(&w, 500);
	n = read_all(&r, text, 0);
	assert_int_equal(check(text, n, 500), 501);
	(void)close(w.fd);
	free(text);
	remove_all(&s);
}

static void test_tail(void **state)
{
	struct log_writer w;
	struct scratch s;
	char *text = malloc(1 << 20);

	(void)state;
	assert_non_null(text);
	scratch_make(&s);
	writer_init(&w, s.fd, 1000, 5);
	for (unsigned i = 0; i < 100; i++)
		write_line(&w, i);
	for (unsigned lines = 0; lines <= 90; lines++) {
		_cleanup_log_reader_ struct log_reader r = { 0 };
		size_t n;

		assert_int_equal(log_reader_open(s.fd, 0, &r, NULL), 0);
		assert_int_equal(log_reader_tail(&r, lines, NULL), 0);
		n = read_all(&r, text, 0);
		assert_int_equal(check(text, n, 100 - lines), 100);
	}
	{
		_cleanup_log_reader_ struct log_reader r = { 0 };

		assert_int_equal(log_reader_open(s.fd, 0, &r, NULL), 0);
		assert_int_equal(log_reader_tail(&r, 100000, NULL), 0);
		assert_true(read_all(&r, text, 0) > 3000);
	}
	(void)close(w.fd);
	free(text);
	remove_all(&s);
}

/* Lines that come in two chunks are two entries each: any number of them, from the end. */
static void check_pieces(size_t max_bytes, unsigned max_files, unsigned n_lines)
{
	char *text = malloc(1 << 20);
	struct log_writer w;
	struct scratch s;

	assert_non_null(text);
	scratch_make(&s);
	writer_init(&w, s.fd, max_bytes, max_files);
	for (unsigned i = 0; i < n_lines; i++) {
		log_append(&w, LOG_STDOUT, "12", 2);
		log_append(&w, LOG_STDOUT, "34\n", 3);
	}
	for (unsigned lines = 0; lines <= n_lines; lines++) {
		_cleanup_log_reader_ struct log_reader r = { 0 };
		size_t n, entries = 0;

		assert_int_equal(log_reader_open(s.fd, 0, &r, NULL), 0);
		assert_int_equal(log_reader_tail(&r, lines, NULL), 0);
		n = read_all(&r, text, 0);
		for (size_t i = 0; i < n; i++)
			entries += text[i] == '\n';
		assert_int_equal(entries, lines * 2);
	}
	(void)close(w.fd);
	free(text);
	remove_all(&s);
}

static void test_tail_of_pieces(void **state)
{
	(void)state;
	check_pieces(1 << 20, 2, 50);
}

/* The same where each second file begins with the rest of a line. */
static void test_tail_of_files(void **state)
{
	(void)state;
	check_pieces(250, 9, 12);
}

/* One file alone is unlinked under the reader's hands, never cut. */
static void test_single(void **state)
{
	_cleanup_log_reader_ struct log_reader r = { 0 };
	char *text = malloc(1 << 20);
	struct log_writer w;
	struct scratch s;
	unsigned i = 0;
	size_t n = 0;

	(void)state;
	assert_non_null(text);
	scratch_make(&s);
	writer_init(&w, s.fd, 500, 1);
	write_line(&w, i++);
	assert_int_equal(log_reader_open(s.fd, 0, &r, NULL), 0);
	while (i < 300) {
		n = read_all(&r, text, n);
		for (unsigned k = 0; k < 5; k++)
			write_line(&w, i++);
	}
	n = read_all(&r, text, n);
	assert_int_equal(check(text, n, 0), i);
	(void)close(w.fd);
	free(text);
	remove_all(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotation),       cmocka_unit_test(test_follow),
		cmocka_unit_test(test_overtaken),      cmocka_unit_test(test_tail),
		cmocka_unit_test(test_tail_of_pieces), cmocka_unit_test(test_tail_of_files),
		cmocka_unit_test(test_single),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
