/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "container/accounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect(const char *text, const char *lines, const char *added)
{
	json_t *list = json_loads(lines, 0, NULL);
	char *got = accounts_missing(text, list);

	assert_non_null(list);
	assert_string_equal(got, added);
	free(got);
	json_decref(list);
}

static void test_missing(void **state)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\nme:x:7:7::/:";

	(void)state;
	expect("", "[]", "");
	expect("", "[\"a:x:1:1::/:\"]", "a:x:1:1::/:\n");
	expect(passwd, "[\"a:x:1:1::/:\"]", "\na:x:1:1::/:\n");
	expect(passwd, "[\"me:x:8:8::/:\"]", "");  /* the name is taken */
	expect(passwd, "[\"you:x:7:8::/:\"]", ""); /* the number is */
	expect(passwd, "[\"0:x:8:8::/:\"]", "\n0:x:8:8::/:\n");
	expect("a\n", "[\"b:x:1:1\", \"c:x:1:1\", \"b:x:2:2\", \"d:x:3:3\"]", "b:x:1:1\nd:x:3:3\n");
	expect("", "[\"a:x:1:1\\nb:x:0:0\", 7]", ""); /* no second line by stealth */
	expect("::\n::::\n", "[\"a::1:\"]", "a::1:\n");
}

static char *slurp(int dirfd, const char *name)
{
	char *text = calloc(1, 4096);
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, text, 4095) >= 0);
	(void)close(fd);
	return text;
}

static void test_files(void **state)
{
	char dir[] = "/tmp/accounts.XXXXXX", *text;
	json_t *wishes =
		json_pack("{s:[s], s:[s]}", "passwd", "me:x:7:7::/:", "group", "us:x:7:me");
	struct err e = { 0 };
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* No /etc: nothing to do. */
	assert_int_equal(accounts_add(fd, wishes, &e), 0);
	assert_int_equal(faccessat(fd, "etc", F_OK, 0), -1);
	assert_int_equal(mkdirat(fd, "etc", 0755), 0);
	/* A link leads nobody anywhere, whoever made it. */
	assert_int_equal(symlinkat("../outside", fd, "etc/group"), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(accounts_add(fd, wishes, &e), 0);
	assert_int_equal(faccessat(fd, "outside", F_OK, 0), -1);
	text = slurp(fd, "etc/passwd");
	assert_string_equal(text, "me:x:7:7::/:\n");
	free(text);
	assert_int_equal(accounts_add(fd, NULL, &e), 0);
	assert_int_equal(unlinkat(fd, "etc/group", 0), 0);
	assert_int_equal(unlinkat(fd, "etc/passwd", 0), 0);
	assert_int_equal(mkfifoat(fd, "etc/passwd", 0600), 0); /* is not waited for */
	assert_int_equal(accounts_add(fd, wishes, &e), 0);
	text = slurp(fd, "etc/group");
	assert_string_equal(text, "us:x:7:me\n");
	free(text);
	(void)unlinkat(fd, "etc/group", 0);
	(void)unlinkat(fd, "etc/passwd", 0);
	(void)unlinkat(fd, "etc", AT_REMOVEDIR);
	(void)close(fd);
	(void)rmdir(dir);
	json_decref(wishes);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_missing),
		                            cmocka_unit_test(test_files) };

	return cmocka_run_group_tests_name("accounts", tests, NULL, NULL);
}
