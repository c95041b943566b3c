/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include "cgroup/usage.h"

static void test_parsers(void **state)
{
	uint64_t rd, wr;
	unsigned p = 7;

	(void)state;
	assert_int_equal(usage_keyed("a 1\nab 2\nb 3", "ab"), 2);
	assert_int_equal(usage_keyed("a 1\nab 2\nb 3", "b"), 3);
	assert_int_equal(usage_keyed("a 1\n", "c"), 0);
	assert_int_equal(usage_keyed("a x\n", "a"), 0);
	assert_int_equal(usage_keyed("a 99999999999999999999999999\n", "a"), 0);
	usage_io("8:0 rbytes=10 wbytes=20 rios=1\n8:16 rbytes=5 wbytes=6\n", &rd, &wr);
	assert_int_equal(rd, 15);
	assert_int_equal(wr, 26);
	usage_io("", &rd, &wr);
	assert_int_equal(rd + wr, 0);
	usage_io("rbytes=", &rd, &wr);
	assert_int_equal(rd, 0);
	assert_int_equal(usage_pressure("some avg10=12.34 avg60=0.00\nfull avg10=9.99", &p), 0);
	assert_int_equal(p, 1234);
	assert_int_equal(usage_pressure("some avg10=100.00 ", &p), 0);
	assert_int_equal(p, 10000);
	assert_int_equal(usage_pressure("some avg10=5", &p), 0);
	assert_int_equal(p, 500);
	assert_int_equal(usage_pressure("full avg10=1.00", &p), -EINVAL);
	assert_int_equal(usage_pressure("", &p), -EINVAL);
}

static void test_reads(void **state)
{
	struct cgroup_usage u;
	struct scratch s;

	(void)state;
	scratch_make(&s);
	cgroup_usage(s.path, &u);
	assert_int_equal(u.has, 0);
	assert_true(u.memory_limit_bytes == UINT64_MAX);
	put(&s, "cpu.stat", "usage_usec 123\nuser_usec 1\n");
	put(&s, "memory.current", "1000\n");
	put(&s, "memory.stat", "anon 1\ninactive_file 300\n");
	put(&s, "memory.max", "max\n");
	put(&s, "pids.current", "4\n");
	put(&s, "io.stat", "8:0 rbytes=10 wbytes=20\n");
	put(&s, "memory.pressure", "some avg10=1.50 avg60=0.00\n");
	cgroup_usage(s.path, &u);
	assert_int_equal(u.has,
	                 USAGE_CPU | USAGE_MEMORY | USAGE_PIDS | USAGE_IO | USAGE_PRESSURE_MEMORY);
	assert_int_equal(u.cpu_usec, 123);
	assert_int_equal(u.memory_bytes, 700);
	assert_true(u.memory_limit_bytes == UINT64_MAX);
	assert_int_equal(u.pids, 4);
	assert_int_equal(u.write_bytes, 20);
	assert_int_equal(u.pressure_memory, 150);
	put(&s, "memory.max", "2000\n");
	put(&s, "memory.stat", "inactive_file 3000\n"); /* read at another moment */
	cgroup_usage(s.path, &u);
	assert_int_equal(u.memory_limit_bytes, 2000);
	assert_int_equal(u.memory_bytes, 0);
	drop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parsers),
		cmocka_unit_test(test_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
