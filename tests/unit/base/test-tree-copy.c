/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/file.h"
#include "base/tree-copy.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static char dir[64];

static int setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/usr-ct-test-XXXXXX");
	return mkdtemp(dir) && chdir(dir) == 0 && mkdir("from", 0750) == 0 && mkdir("to", 0700) == 0
	               ? 0
	               : -1;
}

static int teardown(void **state)
{
	(void)state;
	return chdir("/") < 0 ? -1 : tree_remove_at(AT_FDCWD, dir, NULL);
}

static int copy(struct tree_copied *ret, struct err *e)
{
	_cleanup_close_ int from = open("from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int to = open("to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(from >= 0 && to >= 0);
	return tree_copy(from, to, false, ret, e);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	assert_int_equal(file_write_at(AT_FDCWD, path, text, strlen(text), mode, false, NULL), 0);
}

static void everything_comes_along(void **state)
{
	struct tree_copied sum = { 0 };
	struct err e = { 0 };
	char *text = NULL, target[32] = "";
	struct stat a, b;

	(void)state;
	write_file("from/file", "contents", 0640);
	assert_int_equal(chmod("from/file", 04751), 0);
	assert_int_equal(link("from/file", "from/hard"), 0);
	assert_int_equal(symlink("/etc/passwd", "from/soft"), 0);
	assert_int_equal(mkfifo("from/pipe", 0600), 0);
	assert_int_equal(mkdir("from/sub", 0711), 0);
	assert_int_equal(link("from/file", "from/sub/third"), 0);
	write_file("from/sub/empty", "", 0400);
	assert_int_equal(copy(&sum, &e), 0);
	assert_int_equal(sum.n_skipped, 0);
	assert_int_equal(file_read_at(AT_FDCWD, "to/sub/third", 100, &text, NULL, &e), 0);
	assert_string_equal(text, "contents");
	free(text);
	assert_int_equal(lstat("from/file", &a), 0);
	assert_int_equal(lstat("to/file", &b), 0);
	assert_int_equal(b.st_mode, a.st_mode);
	assert_int_equal(b.st_nlink, 3);
	assert_int_equal(b.st_mtim.tv_nsec, a.st_mtim.tv_nsec);
	assert_true(readlink("to/soft", target, sizeof(target) - 1) > 0);
	assert_string_equal(target, "/etc/passwd");
	assert_int_equal(lstat("to/pipe", &b), 0);
	assert_true(S_ISFIFO(b.st_mode));
	assert_int_equal(lstat("to", &b), 0);
	assert_int_equal(b.st_mode & 0777, 0750);
}

static void holes_stay_holes(void **state)
{
	_cleanup_close_ int fd = open("from/sparse", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct err e = { 0 };
	struct stat st;
	char byte = 'x';

	(void)state;
	assert_int_equal(pwrite(fd, &byte, 1, 8 << 20), 1);
	assert_int_equal(ftruncate(fd, 16 << 20), 0);
	assert_int_equal(copy(NULL, &e), 0);
	assert_int_equal(stat("to/sparse", &st), 0);
	assert_int_equal(st.st_size, 16 << 20);
	assert_true(st.st_blocks < 1000);
	cleanup_close(&fd);
	fd = open("to/sparse", O_RDONLY | O_CLOEXEC);
	byte = 0;
	assert_int_equal(pread(fd, &byte, 1, 8 << 20), 1);
	assert_int_equal(byte, 'x');
}

static void a_tree_without_end_is_an_error(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(chdir("from"), 0);
	for (int i = 0; i < TREE_COPY_DEPTH_MAX + 5; i++)
		assert_true(mkdir("d", 0700) == 0 && chdir("d") == 0);
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(copy(NULL, &e), -ENAMETOOLONG);
	assert_non_null(strstr(e.msg, "d/d/d"));
}

static void what_is_there_is_not_replaced(void **state)
{
	struct err e = { 0 };

	(void)state;
	write_file("from/file", "new", 0600);
	assert_int_equal(symlink("/tmp/usrct-not-there", "to/file"), 0);
	assert_int_equal(copy(NULL, &e), -EEXIST);
	assert_int_equal(access("/tmp/usrct-not-there", F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(everything_comes_along, setup, teardown),
		cmocka_unit_test_setup_teardown(holes_stay_holes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tree_without_end_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_there_is_not_replaced, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
