/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/human.h"
#include "cli/signals.h"
#include "cli/status.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#define S UINT64_C(1000000000)

static void sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} table[] = {
		{ 0, "0B" },
		{ 999, "999B" },
		{ 1000, "1kB" },
		{ 1234, "1.23kB" },
		{ 12345, "12.3kB" },
		{ 999499, "999kB" },
		{ 999500, "1MB" },
		{ 7800000, "7.8MB" },
		{ 77800000, "77.8MB" },
		{ 1240000000, "1.24GB" },
		{ UINT64_MAX, "18.4EB" },
	};
	char buf[HUMAN_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		human_bytes(table[i].bytes, buf);
		assert_string_equal(buf, table[i].text);
	}
}

static void ages(void **state)
{
	static const struct {
		uint64_t s;
		const char *text;
	} table[] = {
		{ 0, "Less than a second" }, { 1, "1 second" },
		{ 59, "59 seconds" },        { 60, "About a minute" },
		{ 119, "About a minute" },   { 120, "2 minutes" },
		{ 3599, "59 minutes" },      { 3600, "About an hour" },
		{ 7200, "2 hours" },         { 47 * 3600, "47 hours" },
		{ 48 * 3600, "2 days" },     { 13 * 86400, "13 days" },
		{ 14 * 86400, "2 weeks" },   { 59 * 86400, "8 weeks" },
		{ 60 * 86400, "2 months" },  { 729 * 86400, "24 months" },
		{ 730 * 86400, "2 years" },
	};
	char buf[HUMAN_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		human_age(table[i].s * S, buf);
		assert_string_equal(buf, table[i].text);
	}
}

static void durations(void **state)
{
	char buf[HUMAN_SIZE];

	(void)state;
	human_took(850000000, buf);
	assert_string_equal(buf, "850ms");
	human_took(3290000000, buf);
	assert_string_equal(buf, "3.2s");
	human_took(125 * S, buf);
	assert_string_equal(buf, "2m05s");
}

static void names(void **state)
{
	char buf[72];

	(void)state;
	assert_string_equal(human_image("docker.io/library/alpine:3"), "alpine:3");
	assert_string_equal(human_image("docker.io/team/app:3"), "team/app:3");
	assert_string_equal(human_image("quay.io/a/b"), "quay.io/a/b");
	assert_string_equal(human_id("sha256:0123456789abcdef", true, buf), "0123456789ab");
	assert_string_equal(human_id("0123", true, buf), "0123");
	assert_string_equal(human_id("sha256:0123456789abcdef", false, buf),
	                    "sha256:0123456789abcdef");
}

static void points_in_time(void **state)
{
	static const struct {
		const char *text;
		uint64_t s;
	} table[] = {
		{ "1970-01-02T00:00:00Z", 86400 },
		{ "1970-01-02", 86400 },
		{ "1970-01-02 01:00:00", 90000 },
		{ "1970-01-02T01:00", 90000 },
		{ "12345", 12345 },
		{ "12345.0", 12345 },
		{ "10s", 999990 },
		{ "2m", 999880 },
		{ "1h30m", 994600 },
		{ "1d", 913600 },
	};
	static const char *const bad[] = { "",   "x",    "5x",  "m",           "5.",
		                           ".5", "1h30", "-5m", "1970-01-02x", "99999999999d" };
	uint64_t ns;

	(void)state;
	(void)setenv("TZ", "UTC", 1);
	tzset();
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		assert_int_equal(parse_when(table[i].text, 1000000 * S, &ns), 0);
		assert_int_equal(ns, table[i].s * S);
	}
	assert_int_equal(parse_when("100d", 1000 * S, &ns), 0);
	assert_int_equal(ns, 1); /* before 1970: everything, and not "no bound" */
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_when(bad[i], S, &ns), -EINVAL);
}

static void signals(void **state)
{
	static const char *const bad[] = { "",    "SIG",     "SIGFOO",   "0",       "-9",
		                           "999", "RTMIN-1", "RTMIN+99", "RTMAX+1", "9x" };
	int n = 0;

	(void)state;
	assert_int_equal(signal_parse("KILL", &n), 0);
	assert_int_equal(n, SIGKILL);
	assert_int_equal(signal_parse("SIGHUP", &n), 0);
	assert_int_equal(n, SIGHUP);
	assert_int_equal(signal_parse("sigusr1", &n), 0);
	assert_int_equal(n, SIGUSR1);
	assert_int_equal(signal_parse("15", &n), 0);
	assert_int_equal(n, 15);
	assert_int_equal(signal_parse("RTMIN+2", &n), 0);
	assert_int_equal(n, SIGRTMIN + 2);
	assert_int_equal(signal_parse("SIGRTMAX", &n), 0);
	assert_int_equal(n, SIGRTMAX);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(signal_parse(bad[i], &n), -EINVAL);
}

static void states(void **state)
{
	struct usrct_container ct = { .state = USRCT_EXITED,
		                      .exit_code = 3,
		                      .started_ns = 100 * S };
	char buf[STATUS_SIZE];

	(void)state;
	ct.finished_ns = 1000 * S;
	status_text(&ct, 1300 * S, buf);
	assert_string_equal(buf, "Exited (3) 5 minutes ago");
	status_text(&ct, 900 * S, buf); /* the clock was set back */
	assert_string_equal(buf, "Exited (3) Less than a second ago");
	ct.is_oom_killed = true;
	status_text(&ct, 1300 * S, buf);
	assert_string_equal(buf, "Exited (3) 5 minutes ago (OOM killed)");
	ct.is_oom_killed = false;
	ct.exit_code = -1;
	ct.finished_ns = 0;
	status_text(&ct, 1300 * S, buf);
	assert_string_equal(buf, "Exited (unknown)");
	ct.state = USRCT_RUNNING;
	status_text(&ct, 103 * S, buf);
	assert_string_equal(buf, "Up 3 seconds");
	ct.state = USRCT_CREATED;
	status_text(&ct, 103 * S, buf);
	assert_string_equal(buf, "Created");
	status_ago(0, S, buf);
	assert_string_equal(buf, "N/A");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes),          cmocka_unit_test(ages),
		cmocka_unit_test(durations),      cmocka_unit_test(names),
		cmocka_unit_test(points_in_time), cmocka_unit_test(signals),
		cmocka_unit_test(states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
