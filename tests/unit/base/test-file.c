/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "base/file.h"

#include <dirent.h>
#include <sys/wait.h>

enum { SOMEBODY = 65534 };

static size_t count_entries(int dirfd)
{
	DIR *d = fdopendir(openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	(void)closedir(d);
	return n - 2;
}

static void test_write_and_read(void **state)
{
	static const struct {
		size_t n, max;
		int r;
	} cases[] = {
		{ 0, 0, 0 },        { 1, 0, -E2BIG },      { 10, 10, 0 },
		{ 11, 10, -E2BIG }, { 100000, 100000, 0 }, { 100000, 99999, -E2BIG },
	};
	static char data[100000];
	struct scratch s;
	size_t n;

	(void)state;
	scratch_make(&s);
	memset(data, 'd', sizeof(data));
	data[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		struct stat st;

		assert_int_equal(file_write_at(s.fd, "f", data, cases[i].n, 0600, i & 1, NULL), 0);
		assert_int_equal(fstatat(s.fd, "f", &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		assert_int_equal(file_read_at(s.fd, "f", cases[i].max, &text, &n, NULL),
		                 cases[i].r);
		if (cases[i].r == 0) {
			assert_int_equal(n, cases[i].n);
			assert_memory_equal(text, data, n);
			assert_int_equal(text[n], 0);
		}
		assert_int_equal(count_entries(s.fd), 1); /* no temporary name stays */
	}
	assert_int_equal(unlinkat(s.fd, "f", 0), 0);
	scratch_done(&s);
}

static void test_read_refuses(void **state)
{
	struct err e = { 0 };
	struct scratch s;
	char *text = NULL;

	(void)state;
	scratch_make(&s);
	assert_int_equal(mkfifoat(s.fd, "fifo", 0600), 0);
	assert_int_equal(symlinkat("/etc/passwd", s.fd, "link"), 0);
	assert_int_equal(mkdirat(s.fd, "dir", 0700), 0);
	assert_int_equal(file_read_at(s.fd, "none", 10, &text, NULL, &e), -ENOENT);
	assert_int_equal(file_read_at(s.fd, "fifo", 10, &text, NULL, &e), -EINVAL);
	assert_int_equal(file_read_at(s.fd, "link", 10, &text, NULL, &e), -ELOOP);
	assert_int_equal(file_read_at(s.fd, "dir", 10, &text, NULL, &e), -EINVAL);
	assert_int_equal(file_read_at(AT_FDCWD, "/dev/zero", 10, &text, NULL, &e), -EINVAL);
	assert_null(text);
	/* A file that fails to appear leaves nothing behind. */
	assert_true(file_write_at(s.fd, "dir", "x", 1, 0600, false, &e) < 0);
	assert_int_equal(file_write_at(s.fd, "none/x", "x", 1, 0600, false, &e), -ENOENT);
	assert_int_equal(count_entries(s.fd), 3);
	assert_int_equal(tree_remove_at(s.fd, "fifo", NULL), 0);
	assert_int_equal(tree_remove_at(s.fd, "link", NULL), 0);
	assert_int_equal(tree_remove_at(s.fd, "dir", NULL), 0);
	scratch_done(&s);
}

static void test_make_directories(void **state)
{
	struct scratch s;
	int fd;

	(void)state;
	scratch_make(&s);
	assert_int_equal(dir_make_at(s.fd, "a/b//c/", 0755, NULL), 0);
	assert_int_equal(dir_make_at(s.fd, "a/b/c", 0755, NULL), 0);
	assert_int_equal(dir_make_at(s.fd, "", 0755, NULL), -ENAMETOOLONG);
	fd = dir_open_at(s.fd, "a/b/d", 0700, NULL);
	assert_true(fd >= 0);
	assert_int_equal(file_write_at(fd, "f", "", 0, 0600, true, NULL), 0);
	(void)close(fd);
	assert_int_equal(dir_make_at(s.fd, "a/b/d/f/g", 0755, NULL), -ENOTDIR);
	assert_int_equal(dir_open_at(s.fd, "a/b/d/f", 0755, NULL), -ENOTDIR);
	assert_int_equal(tree_remove_at(s.fd, "a", NULL), 0);
	scratch_done(&s);
}

/* Links are removed, not followed. */
static void test_remove_stays_inside(void **state)
{
	struct scratch s, other;

	(void)state;
	scratch_make(&s);
	scratch_make(&other);
	assert_int_equal(file_write_at(other.fd, "kept", "x", 1, 0600, false, NULL), 0);
	assert_int_equal(dir_make_at(s.fd, "t/d", 0755, NULL), 0);
	assert_int_equal(symlinkat(other.path, s.fd, "t/link"), 0);
	assert_int_equal(symlinkat(other.path, s.fd, "t/d/link"), 0);
	assert_int_equal(symlinkat(other.path, s.fd, "top"), 0);
	assert_int_equal(tree_remove_at(s.fd, "t", NULL), 0);
	assert_int_equal(tree_remove_at(s.fd, "top", NULL), 0);
	assert_int_equal(tree_remove_at(s.fd, "never", NULL), 0);
	assert_int_equal(unlinkat(other.fd, "kept", 0), 0);
	scratch_done(&other);
	scratch_done(&s);
}

/* A chain that no path can name, made as a hostile container would: from inside out. */
static void make_chain(int dirfd, unsigned levels, mode_t mode)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < levels; i++) {
		int next;

		assert_int_equal(mkdirat(fd, "d", 0700), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		assert_int_equal(file_write_at(next, "f", "x", 1, 0, false, NULL), 0);
		if (i) /* the first one stays open for the test's own additions */
			assert_int_equal(fchmod(fd, mode), 0);
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
}

/* Names that the removal uses itself. */
static void make_obstacles(int dirfd)
{
	for (int i = 0; i < 4; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), ".deep-%d", i);
		if (i % 2) {
			assert_int_equal(symlinkat("/", dirfd, name), 0);
			continue;
		}
		assert_int_equal(mkdirat(dirfd, name, 0700), 0);
		(void)snprintf(name, sizeof(name), ".deep-%d/in", i);
		assert_int_equal(mkdirat(dirfd, name, 0700), 0);
	}
}

static void test_remove_deep(void **state)
{
	struct scratch s;

	(void)state;
	scratch_make(&s);
	make_chain(s.fd, 3000, 0700);
	assert_int_equal(tree_remove_at(s.fd, "d", NULL), 0);
	/* Eight times, since a file system lists names in the order it likes. */
	for (int i = 0; i < 8; i++) {
		int fd = dir_open_at(s.fd, "top", 0700, NULL);
		char name[8];

		assert_true(fd >= 0);
		make_obstacles(fd);
		make_chain(fd, 250, 0700);
		(void)snprintf(name, sizeof(name), "x%d", i);
		assert_int_equal(renameat(fd, "d", fd, name), 0);
		(void)close(fd);
		assert_int_equal(tree_remove_at(s.fd, "top", NULL), 0);
	}
	scratch_done(&s);
}

static void test_rename_new(void **state)
{
	struct scratch s;

	(void)state;
	scratch_make(&s);
	assert_int_equal(file_write_at(s.fd, "a", "a", 1, 0600, false, NULL), 0);
	assert_int_equal(file_write_at(s.fd, "b", "b", 1, 0600, false, NULL), 0);
	assert_int_equal(file_rename_new(s.fd, "a", s.fd, "b"), -EEXIST);
	assert_int_equal(file_rename_new(s.fd, "none", s.fd, "c"), -ENOENT);
	assert_int_equal(file_rename_new(s.fd, "a", s.fd, "c"), 0);
	assert_int_equal(faccessat(s.fd, "a", F_OK, 0), -1);
	assert_int_equal(faccessat(s.fd, "c", F_OK, 0), 0);
	(void)unlinkat(s.fd, "b", 0);
	(void)unlinkat(s.fd, "c", 0);
	scratch_done(&s);
}

/* Modes mean nothing to root, so this runs as somebody else where we are root. */
static void remove_unreadable(void)
{
	struct err e = { 0 };
	struct scratch s;

	scratch_make(&s);
	assert_int_equal(dir_make_at(s.fd, "t/a/b", 0700, NULL), 0);
	assert_int_equal(dir_make_at(s.fd, "t/c", 0700, NULL), 0);
	assert_int_equal(file_write_at(s.fd, "t/a/b/f", "", 0, 0, false, NULL), 0);
	assert_int_equal(file_write_at(s.fd, "t/c/f", "", 0, 0, false, NULL), 0);
	assert_int_equal(fchmodat(s.fd, "t/a/b", 0, 0), 0);
	assert_int_equal(fchmodat(s.fd, "t/a", 0300, 0), 0);
	assert_int_equal(fchmodat(s.fd, "t/c", 0500, 0), 0);
	assert_int_equal(fchmodat(s.fd, "t", 0, 0), 0);
	assert_int_equal(tree_remove_at(s.fd, "t", &e), 0);
	make_chain(s.fd, 450, 0100);
	assert_int_equal(tree_remove_at(s.fd, "d", &e), 0);
	/* A file where we may not write: the caller is told EACCES, on which it calls for help. */
	assert_int_equal(file_write_at(s.fd, "f", "", 0, 0600, false, NULL), 0);
	assert_int_equal(fchmod(s.fd, 0500), 0);
	assert_int_equal(tree_remove_at(s.fd, "f", &e), -EACCES);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_int_equal(fchmod(s.fd, 0700), 0);
	assert_int_equal(tree_remove_at(s.fd, "f", &e), 0);
	scratch_done(&s);
}

static void test_remove_unreadable(void **state)
{
	bool is_root = geteuid() == 0;

	(void)state;
	if (is_root)
		assert_int_equal(seteuid(SOMEBODY), 0);
	remove_unreadable();
	if (is_root)
		assert_int_equal(seteuid(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_and_read),   cmocka_unit_test(test_read_refuses),
		cmocka_unit_test(test_make_directories), cmocka_unit_test(test_remove_stays_inside),
		cmocka_unit_test(test_remove_deep),      cmocka_unit_test(test_remove_unreadable),
		cmocka_unit_test(test_rename_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
