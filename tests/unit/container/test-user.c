/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/file.h"
#include "container/user.h"

#include <sys/stat.h>

static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
			     "# a comment, and what editors leave\n"
			     "\n"
			     ":::\n"
			     "app:x:1000:100::/home/app:/bin/sh\n"
			     "app:x:7:7::/second:/bin/sh\n"
			     "2000:x:5:6::/digits:/bin/sh\n"
			     "relative:x:8:8::home:/bin/sh\n"
			     "short:x:9:9\n"
			     "negative:x:-1:5::/:\n"
			     "huge:x:4294967296:5::/:\n"
			     "stay:x:4294967295:0::/:\n"
			     "staygid:x:11:4294967295::/:\n"
			     ":x:12:12::/nameless:\n"
			     "last:x:10:10::/last";
static const char group[] = "root:x:0:\n"
			    "users:x:100:app,root\n"
			    "wheel:x:10:root,app\n"
			    "empty:x:66:,\n"
			    "holes:x:67:a,,b\n"
			    "prefix:x:68:ap,appl\n"
			    "300:x:301:\n"
			    "stay:x:4294967295:app\n";

static void test_resolve(void **state)
{
	static const struct {
		const char *text;
		int r;
		uid_t uid;
		gid_t gid;
		size_t n_groups;
		const char *home;
	} cases[] = {
		{ "", 0, 0, 0, 2, "/root" },
		{ "root", 0, 0, 0, 2, "/root" },
		{ "0", 0, 0, 0, 2, "/root" },
		{ "app", 0, 1000, 100, 2, "/home/app" },
		{ "1000", 0, 1000, 100, 2, "/home/app" },
		{ "app:", 0, 1000, 100, 2, "/home/app" },
		{ "app:wheel", 0, 1000, 10, 0, "/home/app" },
		{ "app:5", 0, 1000, 5, 0, "/home/app" },
		{ "1234", 0, 1234, 0, 0, "/" },
		{ "1234:5678", 0, 1234, 5678, 0, "/" },
		{ "2000", 0, 5, 6, 0, "/digits" }, /* a name of digits wins */
		{ "app:300", 0, 1000, 301, 0, "/home/app" },
		{ "relative", 0, 8, 8, 0, "/" },
		{ "short", 0, 9, 9, 0, "/" },
		{ "last", 0, 10, 10, 0, "/last" },
		{ "4294967294", 0, 4294967294U, 0, 0, "/" },
		{ "12", 0, 12, 12, 0, "/nameless" }, /* in no group: it has no name */
		{ "nobody", -ENOENT, 0, 0, 0, NULL },
		{ "app:nogroup", -ENOENT, 0, 0, 0, NULL },
		{ ":wheel", -ENOENT, 0, 0, 0, NULL },
		{ "-1", -ENOENT, 0, 0, 0, NULL },
		{ "+0", -ENOENT, 0, 0, 0, NULL },
		{ " 0", -ENOENT, 0, 0, 0, NULL },
		{ "0x0", -ENOENT, 0, 0, 0, NULL },
		{ "4294967296", -ENOENT, 0, 0, 0, NULL },
		{ "app:4294967296", -ENOENT, 0, 0, 0, NULL },
		{ "negative", -ENOENT, 0, 0, 0, NULL },
		{ "huge", -ENOENT, 0, 0, 0, NULL },
		/* What setresuid(2) takes for "as it is" would leave the program root. */
		{ "4294967295", -ENOENT, 0, 0, 0, NULL },
		{ "app:4294967295", -ENOENT, 0, 0, 0, NULL },
		{ "stay", -ENOENT, 0, 0, 0, NULL },
		{ "staygid", -ENOENT, 0, 0, 0, NULL },
		{ "app:stay", -ENOENT, 0, 0, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err e = { 0 };
		struct user u;

		if (user_resolve_text(passwd, group, cases[i].text, &u, &e) != cases[i].r)
			fail_msg("'%s': %s", cases[i].text, e.msg);
		if (cases[i].r < 0) {
			assert_int_equal(e.uct, UCT_USER_UNKNOWN);
			continue;
		}
		assert_int_equal(u.uid, cases[i].uid);
		assert_int_equal(u.gid, cases[i].gid);
		if (u.n_groups != cases[i].n_groups)
			fail_msg("'%s' is in %zu groups", cases[i].text, u.n_groups);
		assert_string_equal(u.home, cases[i].home);
	}
}

static void test_hostile_files(void **state)
{
	static char text[200000];
	struct user u;
	size_t n = 0;

	(void)state;
	assert_int_equal(user_resolve_text(NULL, NULL, "5", &u, NULL), 0);
	assert_int_equal(user_resolve_text(NULL, NULL, "app", &u, NULL), -ENOENT);
	memset(text, 'x', 300);
	assert_int_equal(user_resolve_text("", "", text, &u, NULL), -ENAMETOOLONG);
	/* A line longer than any is passed over, also at the end. */
	memset(text, 'a', 100000);
	assert_int_equal(user_resolve_text(text, text, "aaa", &u, NULL), -ENOENT);
	(void)snprintf(text + 100000, 300, "\nx:x:3:4::/%0200d:\n", 0);
	assert_int_equal(user_resolve_text(text, NULL, "x", &u, NULL), 0);
	assert_int_equal(u.uid, 3);
	/* More groups than fit. */
	for (int i = 0; i < 2 * USER_GROUPS_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "g%d:x:%d:app\n", i, i);
	assert_int_equal(user_resolve_text(passwd, text, "app", &u, NULL), 0);
	assert_int_equal(u.n_groups, USER_GROUPS_MAX);
}

/* An image cannot make us read the host's files, block, or take memory without end. */
static void test_in_a_root(void **state)
{
	static char big[(1 << 20) + 1];
	struct scratch s;
	struct user u;

	(void)state;
	scratch_make(&s);
	assert_int_equal(user_resolve(s.fd, "5:6", &u, NULL), 0);
	assert_int_equal(symlinkat("/../../../../../../etc", s.fd, "etc"), 0);
	assert_int_equal(user_resolve(s.fd, "daemon", &u, NULL), -ENOENT);
	assert_int_equal(unlinkat(s.fd, "etc", 0), 0);
	assert_int_equal(mkdirat(s.fd, "etc", 0755), 0);
	assert_int_equal(symlinkat("/etc/passwd", s.fd, "etc/passwd"), 0);
	assert_int_equal(mkfifoat(s.fd, "etc/group", 0644), 0);
	assert_int_equal(user_resolve(s.fd, "daemon", &u, NULL), -ENOENT);
	assert_int_equal(user_resolve(s.fd, "5", &u, NULL), 0);
	assert_int_equal(unlinkat(s.fd, "etc/passwd", 0), 0);
	assert_int_equal(unlinkat(s.fd, "etc/group", 0), 0);
	assert_int_equal(
		file_write_at(s.fd, "etc/passwd", passwd, strlen(passwd), 0644, false, NULL), 0);
	assert_int_equal(user_resolve(s.fd, "app", &u, NULL), 0);
	assert_int_equal(u.uid, 1000);
	memset(big, '\n', sizeof(big));
	assert_int_equal(file_write_at(s.fd, "etc/passwd", big, sizeof(big), 0644, false, NULL), 0);
	assert_int_equal(user_resolve(s.fd, "app", &u, NULL), -E2BIG);
	assert_int_equal(tree_remove_at(s.fd, "etc", NULL), 0);
	scratch_done(&s);
}

static void test_further_groups(void **state)
{
	static const char text[] = "root:x:0:\nextra:x:2000:app\nlast:x:7:\n";
	const gid_t numbers[] = { 5, 6 };
	struct user u = { .home = "/" };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(user_add_groups(&u, numbers, 2, NULL), 0);
	assert_int_equal(user_add_group_names_text(text, "last,extra", &u, NULL), 0);
	assert_int_equal(u.n_groups, 4);
	assert_int_equal(u.groups[1], 6);
	assert_int_equal(u.groups[2], 7);
	assert_int_equal(u.groups[3], 2000);
	assert_int_equal(user_add_group_names_text(text, "extra,nosuch", &u, &e), -ENOENT);
	assert_int_equal(e.uct, UCT_USER_UNKNOWN);
	assert_int_equal(user_add_group_names_text(NULL, "extra", &u, NULL), -ENOENT);
	u.n_groups = USER_GROUPS_MAX;
	assert_int_equal(user_add_groups(&u, numbers, 1, NULL), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_hostile_files),
		cmocka_unit_test(test_in_a_root),
		cmocka_unit_test(test_further_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
