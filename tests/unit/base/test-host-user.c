/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/host-user.h"

#include <stdlib.h>

static const char text[] = "root:x:0:0:root:/root:/bin/sh\n"
			   "\n"
			   "short\n"
			   "12:x:13:0:a number for a name:/:/bin/sh\n"
			   "me:x:12:100::/home/me:\n"
			   "me:x:99:99:a second one:/:/bin/sh";

static void expect(const char *key, const char *line)
{
	char *got = host_user_line(text, key);

	if (line)
		assert_string_equal(got, line);
	else
		assert_null(got);
	free(got);
}

static void test_line(void **state)
{
	(void)state;
	expect("root", "root:x:0:0:root:/root:/bin/sh");
	expect("0", "root:x:0:0:root:/root:/bin/sh");
	expect("me", "me:x:12:100::/home/me:");
	expect("12", "me:x:12:100::/home/me:"); /* digits are a number */
	expect("99", "me:x:99:99:a second one:/:/bin/sh");
	expect("13", "12:x:13:0:a number for a name:/:/bin/sh");
	expect("m", NULL);
	expect("mee", NULL);
	expect("", NULL);
	expect("x", NULL);
}

/* Of this machine. */
static void test_root(void **state)
{
	char group[HOST_USER_FIELD];
	struct host_user u;

	(void)state;
	assert_int_equal(host_user_find("0", &u), 1);
	assert_string_equal(u.name, "root");
	assert_int_equal(u.gid, 0);
	assert_int_equal(u.home[0], '/');
	assert_int_equal(host_user_find("root", &u), 1);
	assert_int_equal(u.uid, 0);
	assert_int_equal(host_group_name(0, group), 1);
	assert_string_equal(group, "root");
}

/* The second goes by way of getent(1), which does not know them either. */
static void test_nobody(void **state)
{
	char group[HOST_USER_FIELD];
	struct host_user u;

	(void)state;
	assert_int_equal(host_user_find("", &u), 0);
	assert_int_equal(host_user_find("no-such-user-here", &u), 0);
	assert_int_equal(host_user_find("-s", &u), 0);
	assert_int_equal(host_user_find("a:b", &u), 0);
	assert_int_equal(host_user_find("3999999999", &u), 0);
	assert_int_equal(host_group_name(3999999999U, group), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_line),
		                            cmocka_unit_test(test_root),
		                            cmocka_unit_test(test_nobody) };

	return cmocka_run_group_tests_name("host-user", tests, NULL, NULL);
}
