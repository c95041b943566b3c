/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "container/spec.h"

#include <sched.h>

#define LEAST(more) "{\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"" more
/* Inside process; beside it; inside linux. */
#define PROCESS(x) LEAST("," x "}}")
#define BESIDE(x)  LEAST("}," x "}")
#define LINUX(x)   BESIDE("\"linux\":{" x "}")

static int parse(const char *text, struct spec *ret, struct err *e)
{
	return spec_parse(text, strlen(text), ret, e);
}

static void test_least(void **state)
{
	struct spec s;

	(void)state;
	assert_int_equal(parse(LEAST("}}"), &s, NULL), 0);
	assert_string_equal(s.args[0], "sh");
	assert_null(s.args[1]);
	assert_null(s.env[0]);
	assert_int_equal(s.umask, 022);
	assert_false(s.terminal || s.no_new_privileges || s.root_readonly || s.default_seccomp ||
	             s.has_oom_score_adj);
	assert_null(s.user);
	assert_null(s.hostname);
	assert_int_equal(s.n_mounts + s.n_groups + s.n_rlimits + s.namespaces, 0);
	for (size_t i = 0; i < SPEC_CAPABILITY_SETS; i++)
		assert_null(s.capabilities[i][0]);
	spec_done(&s);
	spec_done(&s);
}

static void test_full(void **state)
{
	static const char text[] =
		"{\"hostname\":\"h\",\"root\":{\"path\":\"root\",\"readonly\":true},"
		"\"process\":{\"terminal\":true,\"noNewPrivileges\":true,\"cwd\":\"/w\","
		"\"args\":[\"a\",\"\"],\"env\":[\"A=1\"],\"oomScoreAdj\":-5,"
		"\"user\":{\"uid\":1,\"gid\":2,\"umask\":63,\"additionalGids\":[3,4294967294]},"
		"\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":10,\"hard\":-1}],"
		"\"capabilities\":{\"bounding\":[\"CAP_CHOWN\"]}},"
		"\"mounts\":[{\"destination\":\"/p\",\"type\":\"proc\",\"source\":\"proc\","
		"\"options\":[\"ro\"]},{\"destination\":\"/b\",\"source\":\"/s\"}],"
		"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},"
		"{\"type\":\"ipc\",\"path\":\"container:0123\"}],"
		"\"sysctl\":{\"a.b\":\"c\"},\"maskedPaths\":[\"/m\"],\"readonlyPaths\":[\"/r\"],"
		"\"resources\":{},\"devices\":[],\"mountLabel\":\"\"},"
		"\"domainname\":\"d\",\"annotations\":{\"io.usr-ct.groups\":\"x,y\","
		"\"run.oci.keep_original_groups\":\"1\",\"io.usr-ct.user\":\"u:g\",\"io.usr-ct."
		"seccomp\":\"default\","
		"\"other\":\"x\"}}";
	struct spec s;

	(void)state;
	assert_int_equal(parse(text, &s, NULL), 0);
	assert_true(s.terminal && s.no_new_privileges && s.root_readonly && s.default_seccomp);
	assert_int_equal(s.oom_score_adj, -5);
	assert_int_equal(s.umask, 077);
	assert_int_equal(s.uid, 1);
	assert_int_equal(s.gid, 2);
	assert_int_equal(s.n_groups, 2);
	assert_int_equal(s.groups[1], 4294967294U);
	assert_int_equal(s.n_rlimits, 1);
	assert_int_equal(s.rlimits[0].limit.rlim_cur, 10);
	assert_true(s.rlimits[0].limit.rlim_max == RLIM_INFINITY);
	assert_string_equal(s.capabilities[SPEC_BOUNDING][0], "CAP_CHOWN");
	assert_int_equal(s.n_mounts, 2);
	assert_string_equal(s.mounts[0].options[0], "ro");
	assert_string_equal(s.mounts[1].type, "bind");
	assert_true(s.namespaces == (CLONE_NEWPID | CLONE_NEWNET));
	assert_true(s.joined == CLONE_NEWIPC);
	assert_string_equal(s.sysctls[0], "a.b=c");
	assert_string_equal(s.masked_paths[0], "/m");
	assert_string_equal(s.readonly_paths[0], "/r");
	assert_string_equal(s.user, "u:g");
	assert_string_equal(s.group_names, "x,y");
	assert_string_equal(s.domainname, "d");
	assert_true(s.keep_groups);
	spec_done(&s);
}

/* Nothing is ignored in silence. */
static void test_refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"process\":{\"args\":[\"x\"]}}",
		"{\"process\":{\"args\":[\"x\"],\"cwd\":\"rel\"}}",
		"{\"process\":{\"args\":[\"x\"],\"cwd\":7}}",
		"{\"process\":{\"args\":[],\"cwd\":\"/\"}}",
		"{\"process\":{\"args\":[1],\"cwd\":\"/\"}}",
		"{\"process\":{\"args\":\"sh\",\"cwd\":\"/\"}}",
		PROCESS("\"env\":{}"),
		PROCESS("\"env\":[null]"),
		PROCESS("\"terminal\":1"),
		PROCESS("\"user\":{\"uid\":-1}"),
		PROCESS("\"user\":{\"uid\":4294967295}"),
		PROCESS("\"user\":{\"gid\":4294967296}"),
		PROCESS("\"user\":{\"uid\":\"0\"}"),
		PROCESS("\"user\":{\"umask\":-1}"),
		PROCESS("\"user\":{\"umask\":512}"),
		PROCESS("\"user\":{\"additionalGids\":[4294967295]}"),
		PROCESS("\"user\":{\"additionalGids\":[4294967296]}"), /* would become group 0 */
		PROCESS("\"user\":{\"additionalGids\":[-1]}"),
		PROCESS("\"user\":{\"additionalGids\":[\"1\"]}"),
		PROCESS("\"user\":{\"additionalGids\":{}}"),
		PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]"),
		PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"soft\":1}]"),
		PROCESS("\"rlimits\":[1]"),
		PROCESS("\"rlimits\":{}"),
		PROCESS("\"oomScoreAdj\":1001"),
		PROCESS("\"oomScoreAdj\":4294967296"),
		PROCESS("\"capabilities\":{\"ambient\":\"CAP_CHOWN\"}"),
		PROCESS("\"apparmorProfile\":\"x\""),
		PROCESS("\"selinuxLabel\":\"x\""),
		BESIDE("\"hostname\":1"),
		BESIDE("\"domainname\":1"),
		BESIDE("\"annotations\":{\"io.usr-ct.groups\":[]}"),
		BESIDE("\"root\":{\"readonly\":\"yes\"}"),
		BESIDE("\"mounts\":{}"),
		BESIDE("\"mounts\":[1]"),
		BESIDE("\"mounts\":[{\"destination\":\"rel\"}]"),
		BESIDE("\"mounts\":[{\"destination\":\"/x\",\"type\":1}]"),
		BESIDE("\"mounts\":[{\"destination\":\"/x\",\"source\":[]}]"),
		BESIDE("\"mounts\":[{\"destination\":\"/x\",\"options\":\"ro\"}]"),
		BESIDE("\"mounts\":[{\"destination\":\"/x\",\"uidMappings\":[]}]"),
		BESIDE("\"annotations\":[]"),
		BESIDE("\"annotations\":{\"io.usr-ct.user\":1}"),
		BESIDE("\"annotations\":{\"io.usr-ct.seccomp\":\"none\"}"),
		BESIDE("\"hooks\":{\"prestart\":[]}"),
		LINUX("\"namespaces\":{}"),
		LINUX("\"namespaces\":[{\"type\":\"time\"}]"),
		LINUX("\"namespaces\":[\"pid\"]"),
		LINUX("\"namespaces\":[{\"type\":\"pid\",\"path\":\"/proc/1/ns/pid\"}]"),
		LINUX("\"sysctl\":[]"),
		LINUX("\"sysctl\":{\"a\":1}"),
		LINUX("\"maskedPaths\":\"/x\""),
		LINUX("\"readonlyPaths\":[1]"),
		LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"),
		LINUX("\"resources\":{\"memory\":{\"kernel\":1}}"),
		LINUX("\"cgroupsPath\":\"/x\""),
		LINUX("\"uidMappings\":[{\"containerID\":0}]"),
		LINUX("\"rootfsPropagation\":\"shared\""),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err e = { 0 };
		struct spec s;

		if (parse(bad[i], &s, &e) >= 0)
			fail_msg("accepted: %s", bad[i]);
		if (e.uct != UCT_BAD_CONFIG && e.uct != UCT_NO_COMMAND)
			fail_msg("code %d for %s", e.uct, bad[i]);
	}
}

/* Tables of fixed size: as many as fit, and no more. */
static void test_limits(void **state)
{
	static const struct {
		const char *head, *item, *tail;
		size_t max;
	} cases[] = {
		{ LEAST(",\"user\":{\"additionalGids\":["), "7", "]}}}", SPEC_GROUPS_MAX },
		{ LEAST(",\"rlimits\":["), "{\"type\":\"RLIMIT_CPU\",\"soft\":1,\"hard\":1}", "]}}",
		  SPEC_RLIMITS_MAX },
		{ LEAST("},\"mounts\":["), "{\"destination\":\"/x\"}", "]}", SPEC_MOUNTS_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t over = 0; over < 2; over++) {
			static char text[64 * 1024];
			size_t n = (size_t)snprintf(text, sizeof(text), "%s", cases[i].head);
			struct spec s;

			for (size_t k = 0; k < cases[i].max + over; k++)
				n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
				                      k ? "," : "", cases[i].item);
			(void)snprintf(text + n, sizeof(text) - n, "%s", cases[i].tail);
			assert_int_equal(parse(text, &s, NULL), over ? -EINVAL : 0);
			if (!over)
				spec_done(&s);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
