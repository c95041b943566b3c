/* SPDX-License-Identifier: Apache-2.0 */
/* The clock that log.c asks is ours here (-Wl,--wrap): it jumps an hour ahead and two back, as the
 * machine's may while a container runs. A time namespace would not do: there is none for
 * CLOCK_REALTIME. */
#include "testing.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "container/log-reader.h"

#include <sys/stat.h>

#define S UINT64_C(1000000000)
enum { HOUR = 3600, LINES = 400 };

uint64_t __wrap_clock_realtime_ns(void);

static uint64_t now_ns;
static char scratch_memory[4096];

uint64_t __wrap_clock_realtime_ns(void)
{
	return now_ns;
}

/* The kernel's clock goes on; files get the times that they would have had. */
static void set_time(int fd, uint64_t ns)
{
	const struct timespec t = { (time_t)(ns / S), (long)(ns % S) };

	assert_int_equal(futimens(fd, (struct timespec[2]){ t, t }), 0);
}

/* One line a second; the clock jumps at a third and at two thirds. */
static uint64_t time_of(unsigned i)
{
	uint64_t t = 1700000000 + i;

	if (i >= LINES / 3)
		t += HOUR;
	if (i >= 2 * LINES / 3)
		t -= 2 * HOUR;
	return t * S;
}

static void write_log(int dirfd)
{
	struct log_writer w = { .fd = -EBADF,
		                .dirfd = dirfd,
		                .max_bytes = 2000,
		                .max_files = 100,
		                .scratch = scratch_memory,
		                .scratch_size = sizeof(scratch_memory) };

	log_open(&w);
	for (unsigned i = 0; i < LINES; i++) {
		char line[32];

		now_ns = time_of(i);
		log_append(&w, LOG_STDOUT, line, (size_t)snprintf(line, sizeof(line), "%u\n", i));
		set_time(w.fd, now_ns);
	}
	(void)close(w.fd);
}

/* All that is at least as young is among what is read. */
static void check_since(int dirfd, uint64_t since_ns)
{
	_cleanup_log_reader_ struct log_reader r = { 0 };
	_cleanup_free_ char *text = calloc(1, 1 << 20);
	bool seen[LINES] = { 0 };
	size_t n = 0, at = 0;
	ssize_t k;

	assert_int_equal(log_reader_open(dirfd, since_ns, &r, NULL), 0);
	while ((k = log_reader_read(&r, text + n, (1 << 20) - n, NULL)) > 0)
		n += (size_t)k;
	assert_int_equal(k, 0);
	while (at < n) {
		struct log_entry x;
		char number[32] = "";
		uint32_t i;

		k = log_parse(text + at, n - at, &x);
		assert_true(k > 0);
		memcpy(number, x.data, x.n);
		assert_int_equal(parse_u32(number, &i), 0);
		assert_int_equal(x.time_ns, time_of(i));
		seen[i] = true;
		at += (size_t)k;
	}
	for (unsigned i = 0; i < LINES; i++)
		if (time_of(i) >= since_ns && !seen[i])
			fail_msg("line %u is missing", i);
}

static void test_jumps(void **state)
{
	char dir[] = "/tmp/test-log-clock.XXXXXX";
	int dirfd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dirfd >= 0);
	write_log(dirfd);
	check_since(dirfd, 0);
	for (unsigned i = 0; i < LINES; i += 7)
		check_since(dirfd, time_of(i));
	check_since(dirfd, time_of(LINES / 2) + HOUR * S);
	(void)close(dirfd);
	assert_int_equal(tree_remove_at(AT_FDCWD, dir, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_jumps) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
