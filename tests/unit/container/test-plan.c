/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "launch/plan.h"

#include <signal.h>

static int parse(const char *text, struct plan *ret, struct err *e)
{
	return plan_parse(text, strlen(text), ret, e);
}

static void test_good(void **state)
{
	struct plan p;

	(void)state;
	assert_int_equal(parse("{\"layers\":[\"layers/a/fs\"]}", &p, NULL), 0);
	assert_string_equal(p.layers[0], "layers/a/fs");
	assert_null(p.layers[1]);
	assert_int_equal(p.network, NETWORK_NONE);
	assert_int_equal(p.stop_signal, SIGTERM);
	assert_false(p.auto_remove || p.interactive || p.init);
	plan_done(&p);
	assert_int_equal(
		parse("{\"layers\":[\"a\",\"b\"],\"network\":\"pasta\",\"autoRemove\":true,"
	              "\"interactive\":true,\"init\":true,\"stopSignal\":64,\"later\":1}",
	              &p, NULL),
		0);
	assert_int_equal(p.network, NETWORK_PASTA);
	assert_int_equal(p.stop_signal, 64);
	assert_true(p.auto_remove && p.interactive && p.init);
	plan_done(&p);
	plan_done(&p);
}

static void test_policies(void **state)
{
	struct plan p;

	(void)state;
	assert_int_equal(parse("{\"layers\":[\"a\"],\"stopTimeout\":3,"
	                       "\"restart\":{\"policy\":\"on-failure\",\"maxRetries\":5},"
	                       "\"log\":{\"driver\":\"local\",\"maxSize\":1000,\"maxFile\":2},"
	                       "\"health\":{\"test\":[\"CMD\",\"true\"],\"interval\":5000000000,"
	                       "\"timeout\":1,\"retries\":0,\"onFailure\":\"stop\"}}",
	                       &p, NULL),
	                 0);
	assert_int_equal(p.stop_timeout_s, 3);
	assert_int_equal(p.restart.when, RESTART_ON_FAILURE);
	assert_int_equal(p.restart.max_retries, 5);
	assert_int_equal(p.log.driver, LOG_TO_FILE);
	assert_int_equal(p.log.max_bytes, 1000);
	assert_int_equal(p.log.max_files, 2);
	assert_string_equal(p.health.test.v[1], "true");
	assert_int_equal(p.health.interval_ns, 5000000000);
	assert_int_equal(p.health.timeout_ns, 1000000); /* no less than a millisecond */
	assert_int_equal(p.health.retries, 1);
	assert_int_equal(p.health.action, HEALTH_STOP);
	plan_done(&p);
	assert_int_equal(parse("{\"layers\":[\"a\"],\"log\":{\"driver\":\"journald\",\"options\":"
	                       "{\"tag\":\"x\"}},\"restart\":{\"policy\":\"always\"}}",
	                       &p, NULL),
	                 0);
	assert_int_equal(p.log.driver, LOG_TO_JOURNAL);
	assert_string_equal(p.log.tag, "x");
	assert_int_equal(p.restart.when, RESTART_ALWAYS);
	assert_int_equal(p.health.test.n, 0);
	plan_done(&p);
}

static void test_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"layers\":[]}",
		"{\"layers\":{}}",
		"{\"layers\":[1]}",
		"{\"layers\":[\"a\",null]}",
		"{\"layers\":[\"a\"],\"network\":\"bridge\"}",
		"{\"layers\":[\"a\"],\"network\":1}",
		"{\"layers\":[\"a\"],\"autoRemove\":1}",
		"{\"layers\":[\"a\"],\"restart\":{\"policy\":\"perhaps\"}}",
		"{\"layers\":[\"a\"],\"restart\":{\"policy\":\"always\",\"maxRetries\":-1}}",
		"{\"layers\":[\"a\"],\"log\":{\"maxFile\":0}}",
		"{\"layers\":[\"a\"],\"log\":{\"maxSize\":-5}}",
		"{\"layers\":[\"a\"],\"health\":{\"test\":[\"CMD\"]}}",
		"{\"layers\":[\"a\"],\"health\":{\"test\":[\"CMD\",1]}}",
		"{\"layers\":[\"a\"],\"health\":{}}",
		"{\"layers\":[\"a\"],\"stopSignal\":0}",
		"{\"layers\":[\"a\"],\"stopSignal\":65}",
		"{\"layers\":[\"a\"],\"stopSignal\":4294967311}",
		"{\"layers\":[\"a\"],\"stopSignal\":\"TERM\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };
		struct plan p;

		if (parse(bad[i], &p, &e) >= 0)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(strncmp(e.msg, "cannot read 'launch.json': ", 27), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
