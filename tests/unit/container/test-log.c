/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/fd.h"
#include "container/log.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { OUTPUT_MAX = 300000 };

struct output {
	char data[2][OUTPUT_MAX];
	size_t n[2];
};

/* Puts the output together again from the log's bytes; the reader gets them in odd portions. */
static void read_log(const char *text, size_t n, struct output *ret, uint64_t *seed)
{
	size_t at = 0, seen = 0;
	uint64_t last_ns = 0;

	ret->n[0] = ret->n[1] = 0;
	while (at < n) {
		struct log_entry x;
		ssize_t r;

		seen = MAX(seen, at);
		r = log_parse(text + at, seen - at, &x);
		if (r == 0 && seen < n) {
			seen = MIN(n, seen + 1 + next_random(seed) % 5000);
			continue;
		}
		assert_true(r > 0);
		assert_true(x.time_ns >= last_ns || !last_ns);
		last_ns = x.time_ns;
		memcpy(ret->data[x.stream] + ret->n[x.stream], x.data, x.n);
		ret->n[x.stream] += x.n;
		if (x.is_whole_line)
			ret->data[x.stream][ret->n[x.stream]++] = '\n';
		at += (size_t)r;
	}
}

static char *map_file(int fd, size_t *ret_n)
{
	struct stat st;
	char *p;

	assert_int_equal(fstat(fd, &st), 0);
	*ret_n = (size_t)st.st_size;
	p = mmap(NULL, *ret_n + 1, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	return p;
}

/* Random bytes, of which a share are line ends, in chunks of random sizes. */
static void round_trip(uint64_t seed, unsigned newline_share, size_t scratch_size)
{
	static struct output put, got;
	_cleanup_free_ char *scratch = malloc(scratch_size);
	int fd = memfd_create("log", MFD_CLOEXEC);
	struct log_writer w = { .fd = fd, .scratch = scratch, .scratch_size = scratch_size };
	char *text;
	size_t n;

	assert_non_null(scratch);
	put.n[0] = put.n[1] = 0;
	for (;;) {
		enum log_stream to = next_random(&seed) % 3 ? LOG_STDOUT : LOG_STDERR;
		size_t max = next_random(&seed) % 4 ? 300 : 65536;
		size_t chunk = next_random(&seed) % max;
		char *at = put.data[to] + put.n[to];

		if (put.n[to] + chunk > OUTPUT_MAX)
			break;
		for (size_t i = 0; i < chunk; i++)
			at[i] = next_random(&seed) % 1000 < newline_share
			                ? '\n'
			                : (char)next_random(&seed);
		log_append(&w, to, at, chunk);
		put.n[to] += chunk;
	}
	assert_int_equal(w.dropped_bytes, 0);
	text = map_file(fd, &n);
	read_log(text, n, &got, &seed);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(got.n[i], put.n[i]);
		assert_memory_equal(got.data[i], put.data[i], put.n[i]);
	}
	(void)munmap(text, n + 1);
	(void)close(fd);
}

static void test_round_trip(void **state)
{
	static const unsigned shares[] = { 0, 1, 20, 500, 1000 };
	static const size_t sizes[] = { LOG_SCRATCH_MIN, 200, 4096, 65536 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shares); i++)
		for (size_t k = 0; k < ARRAY_SIZE(sizes); k++)
			round_trip(i * 10 + k + 1, shares[i], sizes[k]);
}

#define HEAD_TEXT "2026-01-31T12:34:56.123456789Z stdout F "

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		ssize_t r;
		size_t n; /* of the data, or to skip */
	} cases[] = {
		{ "", 0, 0 },
		{ HEAD_TEXT, 0, 0 },
		{ HEAD_TEXT "\n", 41, 0 },
		{ HEAD_TEXT "data\nmore", 45, 4 },
		{ "2026-01-31T12:34:56.123456789Z stderr P x\n", 42, 1 },
		{ "\n", -EBADMSG, 1 },
		{ "nonsense\n", -EBADMSG, 9 },
		{ "2026-01-31T12:34:56.123456789Z stdout F\n", -EBADMSG, 40 },
		{ "2026-01-31T12:34:56.123456789Z stdxxx F x\n", -EBADMSG, 42 },
		{ "2026-01-31T12:34:56.123456789Z stdout Q x\n", -EBADMSG, 42 },
		{ "2026-99-31T12:34:56.123456789Z stdout F x\n", -EBADMSG, 42 },
		{ "2026-01-31T12:34:56.123456789Z_stdout F x\n", -EBADMSG, 42 },
		{ "2026-01-31T12:34:56.1234567+01:00 stdout F x\n", -EBADMSG, 45 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].text);
		_cleanup_free_ char *exact = malloc(n + 1); /* a sanitizer sees one too far */
		struct log_entry x = { 0 };

		assert_non_null(exact);
		memcpy(exact, cases[i].text, n);
		if (log_parse(exact, n, &x) != cases[i].r)
			fail_msg("'%s'", cases[i].text);
		assert_int_equal(x.n, cases[i].n);
	}
}

/* A disk that is full for a while: what was there and what comes later can be read, nothing is
 * torn. */
static void test_full_disk(void **state)
{
	static struct output got;
	struct rlimit old, small = { 700, 0 };
	uint64_t seed = 7;
	char scratch[300], *text;
	struct scratch dir;
	struct log_writer w = { .scratch = scratch, .scratch_size = sizeof(scratch) };
	size_t n;

	(void)state;
	scratch_make(&dir);
	w.fd = openat(dir.fd, "log", O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(w.fd >= 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 20; i++)
		log_append(&w, LOG_STDOUT, "while it is full\n", 17);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	log_append(&w, LOG_STDERR, "later\n", 6);
	text = map_file(w.fd, &n);
	read_log(text, n, &got, &seed);
	(void)munmap(text, n + 1);
	assert_int_equal(got.n[LOG_STDOUT] % 17, 0);
	assert_int_equal(w.dropped_bytes + got.n[LOG_STDOUT] / 17 * (40 + 17), 20 * (40 + 17));
	assert_true(w.dropped_bytes > 0);
	assert_int_equal(got.n[LOG_STDERR], 6);
	(void)close(w.fd);
	assert_int_equal(unlinkat(dir.fd, "log", 0), 0);
	scratch_done(&dir);
	w.fd = -EBADF; /* no log at all is fine, too */
	log_append(&w, LOG_STDOUT, "x", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
