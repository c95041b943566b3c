/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "engine/processes.h"

static void test_stat(void **state)
{
	/* The name is whatever the process likes. */
	static const char text[] =
		"17 (a) b ( c)) S 3 17 17 0 -1 4194560 1 2 3 4 50 7 0 0 20 0 6 0 100 2000 30 0";
	struct proc_usage u = { 0 };

	(void)state;
	assert_int_equal(proc_stat_parse(text, &u), 0);
	assert_int_equal(u.parent, 3);
	assert_int_equal(u.cpu_ticks, 57);
	assert_int_equal(u.threads, 6);
	assert_int_equal(u.memory_bytes, 30 * sysconf(_SC_PAGESIZE));
	assert_int_equal(proc_stat_parse("", &u), -EINVAL);
	assert_int_equal(proc_stat_parse("17 (x", &u), -EINVAL);
	assert_int_equal(proc_stat_parse("17 (x)", &u), -EINVAL);
	assert_int_equal(proc_stat_parse("17 (x) S", &u), 0);
	assert_int_equal(u.parent, 0);
}

static void test_net(void **state)
{
	static const char text[] = "Inter-|   Receive                |  Transmit\n"
				   " face |bytes    packets errs drop|bytes    packets\n"
				   "    lo:     500       5    0    0    0     0          0        "
				   " 0      500       5\n"
				   "  tap0:    1000       5    0    0    0     0          0        "
				   " 0     2000       5\n"
				   "eth1:7 1 1 1 1 1 1 1 8 1 1";
	uint64_t rx, tx;

	(void)state;
	proc_net_parse(text, &rx, &tx);
	assert_int_equal(rx, 1007);
	assert_int_equal(tx, 2008);
	proc_net_parse("", &rx, &tx);
	assert_int_equal(rx + tx, 0);
	proc_net_parse("a:", &rx, &tx);
	assert_int_equal(rx + tx, 0);
	proc_net_parse("a: 99999999999999999999999 x", &rx, &tx);
	assert_int_equal(rx + tx, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_net),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
