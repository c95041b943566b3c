/* SPDX-License-Identifier: Apache-2.0 */
/* What flags of Docker and podman come to in the documents, without making a container. */
#include "testing.h"

#include "engine/document.h"
#include "engine/environment.h"
#include "engine/etc.h"
#include "engine/privileges.h"
#include "engine/sysctls.h"
#include "engine/ulimits.h"
#include "network/etc-files.h"

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void ulimits(void **state)
{
	static const char *const bad[] = { "",          "nofile",       "=1",        "nofile=",
		                           "nofile=a",  "nofile=2:1",   "nofile=1:", "nosuch=1",
		                           "nofile=-2", "nofile=1:2:3", "NOFILE=1",  "nofile= 1" };
	struct ulimit u;

	(void)state;
	assert_int_equal(ulimit_parse("nofile=5:6", &u, NULL), 0);
	assert_string_equal(u.name, "nofile");
	assert_int_equal(u.resource, RLIMIT_NOFILE);
	assert_int_equal(u.limit.rlim_cur, 5);
	assert_int_equal(u.limit.rlim_max, 6);
	assert_int_equal(ulimit_parse("core=0", &u, NULL), 0);
	assert_int_equal(u.limit.rlim_max, 0);
	assert_int_equal(ulimit_parse("nofile=host", &u, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (ulimit_parse(bad[i], &u, NULL) >= 0)
			fail_msg("'%s' is accepted", bad[i]);
}

static void sysctls(void **state)
{
	static const struct isolation own = { .ipc = true, .network = true }, shared = { 0 };
	static const char *const bad[] = {
		"a",           "=1",          "vm.swappiness=1", "net..ipv4=1",
		".net.ipv4=1", "net.ipv4.=1", "net/../vm=1",     "kernel.hostname=x"
	};
	json_t *out = json_object();

	(void)state;
	assert_int_equal(sysctls_add(LIST("net.ipv4.x=1", "kernel.sem=1 2", "net/core/y=a=b"), &own,
	                             out, NULL),
	                 0);
	assert_string_equal(json_string_value(json_object_get(out, "net.core.y")), "a=b");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (sysctls_add(LIST(bad[i]), &own, out, NULL) >= 0)
			fail_msg("'%s' is accepted", bad[i]);
	assert_true(sysctls_add(LIST("net.ipv4.x=1"), &shared, out, NULL) < 0);
	assert_true(sysctls_add(LIST("kernel.sem=1"), &shared, out, NULL) < 0);
	json_decref(out);
}

static void capabilities(void **state)
{
	static const struct {
		const char *const add[3], *const drop[3];
		uint64_t bounding, ambient;
	} table[] = {
		{ { NULL }, { NULL }, 0xa80425fb, 0 },
		{ { "net_admin" }, { "CAP_CHOWN" }, 0xa80435fa, 1 << 12 },
		{ { "chown", "Cap_Fowner" }, { "all" }, 0x9, 0x9 },
		{ { NULL }, { "ALL" }, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct usrct_create_options o = { .cap_add = table[i].add,
			                          .cap_drop = table[i].drop };
		struct privileges p;

		assert_int_equal(privileges_choose(&o, &p, NULL), 0);
		assert_true(p.bounding == table[i].bounding);
		assert_true(p.ambient == table[i].ambient);
		privileges_done(&p);
	}
}

static void security_options(void **state)
{
	static const char *const bad[] = { "",
		                           "x",
		                           "seccomp=f.json",
		                           "mask=rel",
		                           "unmask=x",
		                           "no-new-privileges=2",
		                           "label=type:x" };
	struct usrct_create_options o = { .security =
		                                  LIST("no-new-privileges:false", "mask=/a:/b",
		                                       "unmask=/proc/sys:/proc/kcore",
		                                       "apparmor=unconfined", "label:disable") };
	struct privileges p;

	(void)state;
	assert_int_equal(privileges_choose(&o, &p, NULL), 0);
	assert_false(p.no_new_privileges || p.is_unfiltered || p.is_unmasked);
	assert_string_equal(p.masked.v[0], "/a");
	assert_string_equal(p.masked.v[1], "/b");
	for (size_t i = 0; i < p.masked.n; i++)
		assert_string_not_equal(p.masked.v[i], "/proc/kcore");
	for (size_t i = 0; i < p.protected.n; i++)
		assert_string_not_equal(p.protected.v[i], "/proc/sys");
	privileges_done(&p);
	o = (struct usrct_create_options){ .privileged = true };
	assert_int_equal(privileges_choose(&o, &p, NULL), 0);
	assert_true(p.is_unfiltered && p.masked.n == 0 && p.protected.n == 0);
	privileges_done(&p);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		o = (struct usrct_create_options){ .security = LIST(bad[i]) };
		if (privileges_choose(&o, &p, NULL) >= 0)
			fail_msg("'%s' is accepted", bad[i]);
	}
}

static void environment(void **state)
{
	char *image[] = { (char[]){ "A=image" }, (char[]){ "B=image" }, (char[]){ "C=image" },
		          NULL };
	struct usrct_create_options o = { .env = LIST("A=flag", "USRCT_T1", "USRCT_P*", "NOSUCH_X"),
		                          .unset_env = LIST("B") };
	struct strv env = { 0 };

	(void)state;
	(void)setenv("USRCT_T1", "own", 1);
	(void)setenv("USRCT_P1", "p1", 1);
	assert_int_equal(environment_merge(&o, image, &env, NULL), 0);
	assert_string_equal(strv_env_get(&env, "A"), "flag");
	assert_null(strv_env_get(&env, "B"));
	assert_string_equal(strv_env_get(&env, "C"), "image");
	assert_string_equal(strv_env_get(&env, "USRCT_T1"), "own");
	assert_string_equal(strv_env_get(&env, "USRCT_P1"), "p1");
	assert_null(strv_env_get(&env, "NOSUCH_X"));
	strv_done(&env);
	o.env = LIST("=x");
	assert_int_equal(environment_merge(&o, image, &env, NULL), -EINVAL);
}

static void etc_texts(void **state)
{
	struct usrct_create_options o = { .add_hosts = LIST("a;b:192.0.2.1", "c=[::1]"),
		                          .dns = LIST("192.0.2.53"),
		                          .dns_search = LIST("."),
		                          .dns_options = LIST("ndots:2", "rotate") };
	struct etc etc = { .network = NETWORK_HOST, .hostname = "h", .domainname = "d" };
	json_t *wishes = NULL;
	char *text = NULL;

	(void)state;
	assert_int_equal(etc_describe(&o, NETWORK_HOST, &wishes, NULL), 0);
	etc.wishes = wishes;
	assert_int_equal(etc_hosts(&etc, "127.0.0.1 localhost", &text, NULL), 0);
	assert_string_equal(text,
	                    "192.0.2.1\ta b\n::1\tc\n127.0.0.1 localhost\n127.0.0.1\th.d h\n");
	free(text);
	assert_int_equal(
		etc_resolv_conf(&etc, "search x\nnameserver 1.1.1.1\noptions z\n", &text, NULL), 0);
	assert_string_equal(text, "options ndots:2 rotate\nnameserver 192.0.2.53\n");
	free(text);
	json_decref(wishes);
	for (const char *const *bad = LIST("a", "a:b", ":1.1.1.1", "a b:1.1.1.1", "a;:1.1.1.1");
	     *bad; bad++) {
		o = (struct usrct_create_options){ .add_hosts = LIST(*bad) };
		if (etc_describe(&o, NETWORK_HOST, &wishes, NULL) >= 0)
			fail_msg("'%s' is accepted", *bad);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ulimits),      cmocka_unit_test(sysctls),
		cmocka_unit_test(capabilities), cmocka_unit_test(security_options),
		cmocka_unit_test(environment),  cmocka_unit_test(etc_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
