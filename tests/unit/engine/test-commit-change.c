/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "engine/commit.h"

#include <string.h>

static void test_instructions(void **state)
{
	static const struct {
		const char *change, *wanted; /* NULL: refused */
	} table[] = {
		{ "CMD [\"a\", \"b c\"]", "{\"Cmd\":[\"a\",\"b c\"]}" },
		{ "cmd a b", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"a b\"]}" },
		{ "CMD=/bin/x", "{\"Cmd\":[\"/bin/sh\",\"-c\",\"/bin/x\"]}" },
		{ "ENTRYPOINT [\"x\"]", "{\"Entrypoint\":[\"x\"]}" },
		{ "ENV A=1 B=\"x y\" C='$z' D=a\\ b",
		  "{\"Env\":[\"A=1\",\"B=x y\",\"C=$z\",\"D=a b\"]}" },
		{ "ENV OLD all the rest", "{\"Env\":[\"OLD=all the rest\"]}" },
		{ "LABEL a=b \"c d\"=e", "{\"Labels\":{\"a\":\"b\",\"c d\":\"e\"}}" },
		{ "EXPOSE 80 53/udp", "{\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{}}}" },
		{ "EXPOSE 1-3", "{\"ExposedPorts\":{\"1/tcp\":{},\"2/tcp\":{},\"3/tcp\":{}}}" },
		{ "VOLUME /a /b", "{\"Volumes\":{\"/a\":{},\"/b\":{}}}" },
		{ "VOLUME [\"/a b\"]", "{\"Volumes\":{\"/a b\":{}}}" },
		{ "USER me:group ", "{\"User\":\"me:group\"}" },
		{ "WORKDIR sub", "{\"WorkingDir\":\"/sub\"}" },
		{ "STOPSIGNAL 9", "{\"StopSignal\":\"9\"}" },
		{ "ONBUILD RUN x", "{\"OnBuild\":[\"RUN x\"]}" },
		{ "SHELL [\"bash\"]", "{\"Shell\":[\"bash\"]}" },
		{ "HEALTHCHECK NONE", "{\"Healthcheck\":{\"Test\":[\"NONE\"]}}" },
		{ "HEALTHCHECK --interval=1m30s --timeout=500ms --retries=3 CMD [\"t\"]",
		  "{\"Healthcheck\":{\"Interval\":90000000000,\"Timeout\":500000000,\"Retries\":3,"
		  "\"Test\":[\"CMD\",\"t\"]}}" },
		{ "FROM x", NULL },
		{ "ENV", NULL },
		{ "ENV =x", NULL },
		{ "ENV A=\"open", NULL },
		{ "EXPOSE 0", NULL },
		{ "EXPOSE 80/icmp", NULL },
		{ "EXPOSE 9-1", NULL },
		{ "VOLUME relative", NULL },
		{ "SHELL bash", NULL },
		{ "HEALTHCHECK --interval=x CMD y", NULL },
		{ "HEALTHCHECK --what=1 CMD y", NULL },
		{ "HEALTHCHECK", NULL },
		{ "CMD \377", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		_cleanup_json_ json_t *config = json_object(), *wanted = NULL;
		struct err e = { 0 };
		bool has_cmd = false;
		int r = commit_change(config, table[i].change, &has_cmd, &e);

		if (!table[i].wanted) {
			if (r == 0 || e.uct != UCT_BAD_CHANGE)
				fail_msg("'%s' is taken", table[i].change);
			continue;
		}
		wanted = json_loads(table[i].wanted, 0, NULL);
		assert_non_null(wanted);
		if (r < 0 || !json_equal(config, wanted))
			fail_msg("'%s': %s %s", table[i].change, json_dumps(config, 0), e.msg);
	}
}

static void test_entrypoint_forgets_the_command(void **state)
{
	_cleanup_json_ json_t *config = json_pack("{s:[s]}", "Cmd", "old");
	bool has_cmd = false;

	(void)state;
	assert_int_equal(commit_change(config, "ENTRYPOINT [\"x\"]", &has_cmd, NULL), 0);
	assert_null(json_object_get(config, "Cmd"));
	assert_int_equal(commit_change(config, "CMD [\"new\"]", &has_cmd, NULL), 0);
	assert_int_equal(commit_change(config, "ENTRYPOINT [\"y\"]", &has_cmd, NULL), 0);
	assert_non_null(json_object_get(config, "Cmd"));
}

static void test_durations(void **state)
{
	int64_t ns = 0;

	(void)state;
	assert_int_equal(commit_parse_duration("1h2m3s", &ns), 0);
	assert_true(ns == 3723000000000);
	assert_int_equal(commit_parse_duration("1.5s", &ns), 0);
	assert_true(ns == 1500000000);
	assert_int_equal(commit_parse_duration("250ms", &ns), 0);
	assert_true(ns == 250000000);
	assert_int_equal(commit_parse_duration("5", &ns), -EINVAL);
	assert_int_equal(commit_parse_duration("", &ns), -EINVAL);
	assert_int_equal(commit_parse_duration("1..5s", &ns), -EINVAL);
	assert_int_equal(commit_parse_duration("-1s", &ns), -EINVAL);
	assert_int_equal(commit_parse_duration("99999999999h", &ns), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_entrypoint_forgets_the_command),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
