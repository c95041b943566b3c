/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "store/pack.h"

#include <fcntl.h>
#include <string.h>

static char *root;

static int make_root(void **state)
{
	static char name[] = "/tmp/usrct-place.XXXXXX";
	int fd;

	(void)state;
	root = mkdtemp(name);
	fd = root ? open(root, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0 || mkdirat(fd, "dir", 0755) < 0 || mkdirat(fd, "dir/sub", 0755) < 0 ||
	    symlinkat("/dir", fd, "abs") < 0 || symlinkat("../dir/none", fd, "dir/dangling") < 0 ||
	    symlinkat("../../../../etc", fd, "up") < 0 || symlinkat("loop", fd, "loop") < 0)
		return -1;
	(void)close(openat(fd, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	(void)close(fd);
	return 0;
}

static int remove_root(void **state)
{
	static const char *const names[] = { "up", "loop", "abs", "file", "dir/dangling" };
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		(void)unlinkat(fd, names[i], 0);
	(void)unlinkat(fd, "dir/sub", AT_REMOVEDIR);
	(void)unlinkat(fd, "dir", AT_REMOVEDIR);
	(void)close(fd);
	return rmdir(root);
}

static void test_clean(void **state)
{
	static const struct {
		const char *text, *wanted;
	} table[] = { { "/a/b", "a/b" },        { "a//b/.", "a/b" }, { "/../../x", "x" },
		      { "/a/../b/", "b" },      { "", "" },          { "/", "" },
		      { "a/b/../../../c", "c" } };
	char got[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		assert_int_equal(place_clean(table[i].text, got, NULL), 0);
		assert_string_equal(got, table[i].wanted);
	}
}

static void test_sources(void **state)
{
	static const struct {
		const char *path;
		bool follow;
		int r;
		const char *base;
		bool is_dir, is_contents;
	} table[] = {
		{ "/dir", false, 0, "dir", true, false },
		{ "/dir/.", false, 0, "dir", true, true },
		{ "/abs", false, 0, "abs", false, false },
		{ "/abs", true, 0, "abs", true, false },
		{ "/abs/", false, 0, "abs", true, false },
		{ "/", false, 0, "", true, true },
		{ "/file/", false, -ENOTDIR, NULL, false, false },
		{ "/none", false, -ENOENT, NULL, false, false },
		{ "/up/passwd", false, -ENOENT, NULL, false, false },
		{ "/loop", true, -ELOOP, NULL, false, false },
	};
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct place p = PLACE_NONE;
		struct err e = { 0 };
		int r = place_source(fd, table[i].path, table[i].follow, &p, &e);

		if (r != table[i].r)
			fail_msg("%s: %d %s", table[i].path, r, e.msg);
		if (r == 0) {
			assert_string_equal(p.base, table[i].base);
			assert_true(p.is_dir == table[i].is_dir);
			assert_true(p.is_contents == table[i].is_contents);
		}
		place_done(&p);
	}
	(void)close(fd);
}

static void test_targets(void **state)
{
	static const struct {
		const char *path;
		int r;
		const char *ends_as; /* clean path at the end of all links */
		bool exists;
	} table[] = {
		{ "/file", 0, "file", true },
		{ "/new", 0, "new", false },
		{ "/abs", 0, "dir", true },
		{ "/abs/sub", 0, "abs/sub", true },
		{ "/dir/dangling", 0, "dir/none", false },
		{ "/no/where", -ENOENT, NULL, false },
		{ "/up", 0, "etc", false },
		{ "/loop", -ELOOP, NULL, false },
		{ "/file/", -ENOTDIR, NULL, false },
	};
	int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct place p = PLACE_NONE;
		struct err e = { 0 };
		int r = place_target(fd, table[i].path, false, &p, &e);

		if (r != table[i].r || (r == 0 && (strcmp(p.path, table[i].ends_as) != 0 ||
		                                   p.exists != table[i].exists)))
			fail_msg("%s: %d '%s' %s", table[i].path, r, p.path, e.msg);
		place_done(&p);
	}
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_targets),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
