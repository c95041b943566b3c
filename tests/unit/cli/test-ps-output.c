/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/sbuf.h"
#include "cli/plot.h"
#include "cli/ps-output.h"

static void test_filter(void **state)
{
	static const int pids[] = { 12, 34 };
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4096);
	struct err e = { 0 };
	char text[] = "  UID PID CMD\n"
		      "root 1 init\n"
		      "me   12 sleep  100 x\n"
		      "-    -  thread of 12\n"
		      "me   123 other\n"
		      "-    -  thread of 123\n"
		      "\n"
		      "short\n"
		      "me   34\n";

	(void)state;
	assert_int_equal(ps_output_filter(text, pids, 2, &b, &e), 0);
	assert_string_equal(b.s, "UID\tPID\tCMD\n"
	                         "me\t12\tsleep  100 x\n"
	                         "-\t-\tthread of 12\n"
	                         "me\t34\n");
}

static void test_without_pid(void **state)
{
	static const char *const bad[] = { "", "\n", "USER CMD\nme 1\n", "PPID SPID\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4096);
		char text[32];
		struct err e = { 0 };

		(void)snprintf(text, sizeof(text), "%s", bad[i]);
		assert_true(ps_output_filter(text, NULL, 0, &b, &e) < 0);
		assert_int_equal(e.uct, UCT_NO_PS);
	}
}

static void test_align(void **state)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4096);
	char rows[] = "A\tB\nan argument that is long\tx\n";

	(void)state;
	ps_output_align(rows, &b);
	assert_string_equal(b.s, "A                          B\n"
	                         "an argument that is long   x\n");
}

static void test_plot(void **state)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(4096);
	struct plot p = { 0 };

	(void)state;
	plot_print(&b, &p, 3, 100, false);
	assert_string_equal(b.s, "   ");
	sbuf_clear(&b);
	plot_add(&p, 0);
	plot_add(&p, 50);
	plot_add(&p, 100);
	plot_print(&b, &p, 4, 100, false);
	assert_string_equal(b.s, " _~#");
	sbuf_clear(&b);
	plot_add(&p, 200); /* more than full: that is the height then */
	plot_print(&b, &p, 2, 100, true);
	assert_string_equal(b.s, "▄█");
	sbuf_clear(&b);
	for (unsigned i = 0; i < 2 * PLOT_POINTS; i++)
		plot_add(&p, i);
	plot_print(&b, &p, 1, 1, false);
	assert_string_equal(b.s, "#");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_without_pid),
		cmocka_unit_test(test_align),
		cmocka_unit_test(test_plot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
