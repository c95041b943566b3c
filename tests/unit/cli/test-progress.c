/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sbuf.h"
#include "cli/progress.h"
#include "cli/timing.h"

#include <string.h>

#define MS        UINT64_C(1000000)
#define DIGEST(c) "sha256:" c "123456789abcdef"

static struct usrct_pull_progress event(enum usrct_pull_event what, unsigned layer, uint64_t done,
                                        uint64_t total)
{
	static const char *const digests[] = { DIGEST("a"), DIGEST("b"), DIGEST("c") };

	return (struct usrct_pull_progress){ .event = what,
		                             .digest = digests[layer],
		                             .done_bytes = done,
		                             .total_bytes = total,
		                             .layer = layer,
		                             .n_layers = 3 };
}

static void resolved(struct progress *p, struct sbuf *out)
{
	const struct usrct_pull_progress ev = { .event = USRCT_PULL_RESOLVED,
		                                .text = "docker.io/library/x:1@sha256:00",
		                                .n_layers = 3 };

	progress_step(p, &ev, 1 * MS, out);
}

static void step(struct progress *p, struct usrct_pull_progress ev, uint64_t at_ms,
                 struct sbuf *out)
{
	progress_step(p, &ev, at_ms * MS, out);
}

static void plain_lines(void **state)
{
	struct sbuf out = SBUF_INIT(10000);
	struct term t = { .columns = 80, .rows = 24 };
	struct progress p;

	(void)state;
	progress_init(&p, &t);
	resolved(&p, &out);
	step(&p, event(USRCT_PULL_LAYER_HAD, 0, 0, 5000), 2, &out);
	step(&p, event(USRCT_PULL_LAYER, 1, 10, 3000000), 3, &out);
	step(&p, event(USRCT_PULL_LAYER, 1, 3000000, 3000000), 900, &out);
	step(&p, event(USRCT_PULL_UNPACKED, 1, 0, 0), 1000, &out);
	step(&p, event(USRCT_PULL_UNPACKED, 2, 0, 0), 1100, &out);
	step(&p, event(USRCT_PULL_DONE, 0, 0, 0), 2501, &out);
	assert_string_equal(out.s, "docker.io/library/x:1@sha256:00\n"
	                           "layer 1/3  a123456789ab  5kB  already here\n"
	                           "layer 2/3  b123456789ab  3MB  done\n"
	                           "layer 3/3  c123456789ab  0B  done\n"
	                           "3 layers, 1 already here, 3MB in 2.5s\n");
	sbuf_done(&out);
	p.t = NULL;
	progress_done(&p);
}

/* No line wider than the terminal, or moving up would land in the wrong place. */
static void assert_narrow(const char *s, size_t columns)
{
	while (*s) {
		size_t n = strcspn(s, "\n");
		char *line = strndup(s, n), *shown = line;
		size_t width = 0;

		for (; *shown; shown++) {
			if (*shown == '\033')
				shown += strcspn(shown, "mAKJ");
			else if (*shown != '\r')
				width += ((unsigned char)*shown & 0xc0) != 0x80;
		}
		free(line);
		assert_true(width < columns);
		s += n + (s[n] == '\n');
	}
}

static unsigned count(const char *s, const char *what)
{
	unsigned n = 0;

	for (; (s = strstr(s, what)); s += strlen(what))
		n++;
	return n;
}

static void bars(void **state)
{
	static const unsigned widths[] = { 30, 40, 60, 80, 200 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct sbuf out = SBUF_INIT(100000);
		struct term t = { .columns = widths[i],
			          .rows = 24,
			          .is_tty = true,
			          .has_colour = i % 2,
			          .has_utf8 = i > 1 };
		struct progress p;

		progress_init(&p, &t);
		for (unsigned ms = 10; ms < 5000; ms += 10)
			step(&p, event(USRCT_PULL_LAYER, 1, ms * 1000, 5000000), ms, &out);
		assert_int_equal(out.err, 0);
		assert_narrow(out.s, widths[i]);
		/* Twenty a second for five seconds, and one for each change of state. */
		assert_in_range(count(out.s, "\033[J"), 90, 105);
		sbuf_clear(&out);
		step(&p, event(USRCT_PULL_LAYER, 1, 4000000, 5000000), 6000, &out);
		if (widths[i] >= 80) {
			assert_non_null(strstr(out.s, "4MB / 5MB"));
			assert_non_null(strstr(out.s, "ETA"));
			assert_non_null(strstr(out.s, "0/3 layers"));
		}
		sbuf_clear(&out);
		step(&p, event(USRCT_PULL_DONE, 0, 0, 0), 6100, &out);
		assert_non_null(strstr(out.s, "\033[4A\033[J")); /* all that was drawn goes */
		sbuf_done(&out);
		p.t = NULL;
		progress_done(&p);
	}
}

static void small_screen(void **state)
{
	struct sbuf out = SBUF_INIT(100000);
	struct term t = { .columns = 80, .rows = 6, .is_tty = true };
	struct progress p;

	(void)state;
	progress_init(&p, &t);
	step(&p, event(USRCT_PULL_LAYER_HAD, 0, 0, 1000), 1, &out);
	step(&p, event(USRCT_PULL_LAYER, 1, 10, 1000), 2, &out);
	sbuf_clear(&out);
	step(&p, event(USRCT_PULL_LAYER, 2, 10, 1000), 100, &out);
	assert_null(strstr(out.s, "already here")); /* no room for what is over */
	assert_int_equal(count(out.s, "\n"), 3);
	sbuf_done(&out);
	p.t = NULL;
	progress_done(&p);
}

static void hostile_numbers(void **state)
{
	struct usrct_pull_progress ev = event(USRCT_PULL_LAYER, 0, UINT64_MAX, 1);
	struct sbuf out = SBUF_INIT(100000);
	struct term t = { .columns = 80, .rows = 24, .is_tty = true };
	struct progress p;

	(void)state;
	progress_init(&p, &t);
	progress_step(&p, &ev, 5, &out);
	ev.layer = UINT32_MAX;
	progress_step(&p, &ev, 6, &out);
	ev.layer = 0;
	ev.n_layers = UINT32_MAX;
	progress_step(&p, &ev, 7, &out);
	assert_narrow(out.s, 80);
	sbuf_done(&out);
	p.t = NULL;
	progress_done(&p);
}

static void timing_table(void **state)
{
	const struct usrct_timing steps[] = { { "client", "plan", 0, 500000 },
		                              { "launcher", "mounts", 500000, 2000000 } };
	struct sbuf out = SBUF_INIT(10000);
	struct timing all = { 0 };
	struct term t = { .columns = 80 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		timing_add(&steps[i], &all);
	timing_print(&all, &out, &t);
	assert_string_equal(
		out.s, "PROCESS    STEP        AT ms    TOOK ms\n"
		       "client     plan        0.000      0.500  ========\n"
		       "launcher   mounts      0.500      1.500          ========================\n"
		       "all                               2.000\n");
	sbuf_done(&out);
	timing_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_lines),  cmocka_unit_test(bars),
		cmocka_unit_test(small_screen), cmocka_unit_test(hostile_numbers),
		cmocka_unit_test(timing_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
