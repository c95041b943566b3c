/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "base/clock.h"
#include "store/db.h"

#include <sys/stat.h>

static size_t n_listed(struct fixture *f)
{
	struct container_row *rows = NULL;
	size_t n = 0;

	assert_int_equal(container_list(f->s, &rows, &n, &f->e), 0);
	for (size_t i = 0; i < n; i++)
		container_row_done(&rows[i]);
	free(rows);
	return n;
}

static void empty_store_reads_as_empty(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	struct container_row *rows = NULL, row;
	size_t n = 9;

	assert_int_equal(store_open("/nonexistent/usr-ct", STORE_READ, &s, &f->e), 0);
	assert_int_equal(store_dirfd(s), -EBADF);
	assert_int_equal(container_list(s, &rows, &n, &f->e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(container_find(s, "web", &row, &f->e), 0);
	assert_int_equal(container_open_dir(s, "web", NULL), -EINVAL);
	store_close(s);
	/* Directories but no database yet. */
	assert_int_equal(store_open(f->dir, STORE_READ, &s, &f->e), 0);
	assert_int_equal(container_list(s, &rows, &n, &f->e), 0);
	assert_int_equal(n, 0);
	store_close(s);
	assert_false(exists(f, "index.db"));
}

static void publish_find_discard(void **state)
{
	struct fixture *f = *state;
	struct container_row row;
	char hex[65];
	int fd;

	assert_int_equal(add_container(f, "web", 'a', 0), 0);
	assert_int_equal(add_container(f, "db", 'b', 0), 0);
	assert_int_equal(n_listed(f), 2);
	assert_int_equal(count_in(f, "tmp"), 0);
	assert_int_equal(container_find(f->s, "web", &row, &f->e), 1);
	assert_string_equal(row.id, hex64(hex, 'a'));
	container_row_done(&row);
	assert_int_equal(container_find(f->s, "bb", &row, &f->e), 1);
	assert_string_equal(row.name, "db");
	container_row_done(&row);
	assert_int_equal(container_find(f->s, hex64(hex, 'b'), &row, &f->e), 1);
	container_row_done(&row);
	assert_int_equal(container_find(f->s, "c", &row, &f->e), 0);
	assert_int_equal(container_find(f->s, "we", &row, &f->e), 0);
	fd = container_open_dir(f->s, hex64(hex, 'a'), &f->e);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(container_discard(f->s, hex, &f->e), 0);
	assert_int_equal(container_discard(f->s, hex, &f->e), 0);
	assert_int_equal(container_find(f->s, "web", &row, &f->e), 0);
	assert_int_equal(container_open_dir(f->s, hex, &f->e), -ENOENT);
	assert_int_equal(f->e.uct, UCT_CONTAINER_UNKNOWN);
	/* The next writer takes the row and, as it is empty, the directory. */
	assert_int_equal(add_container(f, "web", 'c', 0), 0);
	assert_int_equal(n_listed(f), 2);
	assert_int_equal(count_in(f, "trash"), 0);
}

static void names_and_prefixes(void **state)
{
	struct fixture *f = *state;
	struct container_row row = { .name = NULL };
	struct container_stage stage;
	char hex[65], path[256];

	assert_int_equal(add_container(f, "web", 'a', 0), 0);
	assert_int_equal(add_container(f, "web", 'b', 0), -EEXIST);
	assert_int_equal(f->e.uct, UCT_NAME_TAKEN);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "tmp") + count_in(f, "trash"), 0);
	/* An id that differs in its last digit only makes every prefix ambiguous. */
	(void)hex64(row.id, 'a');
	row.id[63] = 'b';
	row.name = (char *)(uintptr_t) "two";
	assert_int_equal(container_stage(f->s, &stage, &f->e), 0);
	assert_int_equal(container_publish(f->s, &row, &stage, &f->e), 0);
	container_stage_done(&stage);
	assert_int_equal(container_find(f->s, "aaa", &row, &f->e), -ENOTUNIQ);
	assert_int_equal(f->e.uct, UCT_CONTAINER_AMBIGUOUS);
	/* A row whose directory is gone is not there: prefix is unique, name is free. */
	(void)snprintf(path, sizeof(path), "%s/containers/%s", f->dir, hex64(hex, 'a'));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(container_find(f->s, "aaa", &row, &f->e), 1);
	assert_string_equal(row.name, "two");
	container_row_done(&row);
	assert_int_equal(add_container(f, "web", 'c', 0), 0);
	assert_int_equal(n_listed(f), 2);
}

static void image_must_exist(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add_container(f, "web", 'a', '9'), -ENOENT);
	assert_int_equal(f->e.uct, UCT_IMAGE_UNKNOWN);
	assert_int_equal(add_image(f, '9', "", NULL), 0);
	assert_int_equal(add_container(f, "web", 'a', '9'), 0);
}

static void failed_rename_leaves_no_row(void **state)
{
	struct fixture *f = *state;
	struct container_row row = { .created_ns = 1 };
	struct container_stage stage;
	char path[256];

	row.name = (char *)(uintptr_t) "web";
	(void)hex64(row.id, 'a');
	assert_int_equal(container_stage(f->s, &stage, &f->e), 0);
	(void)snprintf(path, sizeof(path), "%s/%s", f->dir, stage.name);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(container_publish(f->s, &row, &stage, &f->e), -ENOENT);
	container_stage_done(&stage);
	assert_int_equal(n_listed(f), 0);
}

static void writers_at_once(void **state)
{
	enum { PROCS = 8, EACH = 25 };
	struct fixture *f = *state;
	int fds[2], status;
	pid_t pids[PROCS];
	char won[PROCS];

	assert_int_equal(pipe(fds), 0);
	for (int p = 0; p < PROCS; p++) {
		pids[p] = fork();
		assert_true(pids[p] >= 0);
		if (pids[p] > 0)
			continue;
		char c = 0;

		for (int i = 0; i < EACH; i++) {
			struct container_row row = { .created_ns = 1 }, *rows = NULL;
			struct container_stage stage;
			struct store *s = NULL;
			char name[32];
			size_t n;
			int r;

			/* Everybody tries "same" once, and makes names of his own. */
			(void)snprintf(name, sizeof(name), i ? "c-%d-%d" : "same", p, i);
			row.name = name;
			if (store_open(f->dir, STORE_WRITE, &s, NULL) < 0 ||
			    container_new_id(row.id, NULL) < 0 ||
			    container_stage(s, &stage, NULL) < 0)
				_exit(1);
			r = container_publish(s, &row, &stage, NULL);
			if (i == 0 && r == 0)
				c = 1;
			else if (r < 0 && (i > 0 || r != -EEXIST))
				_exit(2);
			container_stage_done(&stage);
			if (i % 2 && container_discard(s, row.id, NULL) < 0)
				_exit(3);
			if (store_sweep(s, NULL, NULL, NULL) < 0)
				_exit(4);
			store_close(s);
			if (store_open(f->dir, STORE_READ, &s, NULL) < 0 ||
			    container_list(s, &rows, &n, NULL) < 0)
				_exit(5);
			for (size_t k = 0; k < n; k++)
				container_row_done(&rows[k]);
			free(rows);
			store_close(s);
		}
		_exit(write(fds[1], &c, 1) != 1);
	}
	for (int p = 0; p < PROCS; p++) {
		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(read(fds[0], won, PROCS), PROCS);
	for (int p = 1; p < PROCS; p++)
		won[0] = (char)(won[0] + won[p]);
	assert_int_equal(won[0], 1);
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(n_listed(f), 1 + PROCS * (EACH / 2));
	assert_int_equal(count_in(f, "containers"), 1 + PROCS * (EACH / 2));
	assert_int_equal(count_in(f, "tmp") + count_in(f, "trash"), 0);
}

static void listing_is_newest_first(void **state)
{
	struct fixture *f = *state;
	uint64_t best = UINT64_MAX;
	struct db_write w = { 0 };
	struct store *s = NULL;

	assert_int_equal(db_begin(f->s, &w, &f->e), 0);
	for (int i = 0; i < 1000; i++) {
		char id[65], name[32];

		(void)snprintf(id, sizeof(id), "%064x", i);
		(void)snprintf(name, sizeof(name), "name-%d", i);
		assert_int_equal(
			db_run(f->s, &f->e,
		               "INSERT INTO containers VALUES (?, ?, 'docker.io/library/x', "
		               "'sha256:1', 'sleep inf', ?, 0)",
		               "ssi", id, name, (int64_t)i),
			0);
	}
	assert_int_equal(db_commit(&w, &f->e), 0);
	db_end(&w);
	for (int i = 0; i < 20; i++) {
		struct container_row *rows = NULL;
		size_t n = 0;
		uint64_t t = clock_monotonic_ns();

		assert_int_equal(store_open(f->dir, STORE_READ, &s, &f->e), 0);
		assert_int_equal(container_list(s, &rows, &n, &f->e), 0);
		t = clock_monotonic_ns() - t;
		best = t < best ? t : best;
		assert_int_equal(n, 1000);
		assert_string_equal(rows[0].name, "name-999");
		for (size_t k = 0; k < n; k++)
			container_row_done(&rows[k]);
		free(rows);
		store_close(s);
	}
	print_message("# open and list 1000: %.2f ms\n", (double)best / 1e6);
}

/* Each of our processes opens and closes the database; nobody is there to keep what SQLite knows of
 * its log, so it must be cut, not only copied. */
static void log_does_not_grow(void **state)
{
	struct fixture *f = *state;
	off_t largest = 0;
	char hex[65];

	for (int i = 0; i < 200; i++) {
		struct stat st;

		store_close(f->s);
		assert_int_equal(store_open(f->dir, STORE_WRITE, &f->s, &f->e), 0);
		assert_int_equal(add_container(f, "web", 'a', 0), 0);
		assert_int_equal(container_discard(f->s, hex64(hex, 'a'), &f->e), 0);
		assert_int_equal(fstatat(store_dirfd(f->s), "index.db-wal", &st, 0), 0);
		largest = st.st_size > largest ? st.st_size : largest;
	}
	assert_true(largest > 0 && largest < 256 * 1024);
}

static void foreign_newer_damaged(void **state)
{
	struct fixture *f = *state;
	struct container_row *rows = NULL;
	struct db_write w = { 0 };
	struct store *s = NULL;
	size_t n;

	assert_int_equal(chmod(f->dir, 0777), 0);
	assert_int_equal(store_open(f->dir, STORE_READ, &s, &f->e), -EPERM);
	assert_int_equal(f->e.uct, UCT_STORE_FOREIGN);
	assert_int_equal(chmod(f->dir, 0700), 0);
	assert_int_equal(db_begin(f->s, &w, &f->e), 0);
	assert_int_equal(db_run(f->s, &f->e, "PRAGMA user_version = 99", ""), 0);
	assert_int_equal(db_commit(&w, &f->e), 0);
	db_end(&w);
	for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		assert_int_equal(store_open(f->dir, (enum store_mode)mode, &s, &f->e), 0);
		assert_true(container_list(s, &rows, &n, &f->e) < 0);
		assert_int_equal(f->e.uct, UCT_STORE_NEWER);
		store_close(s);
	}
	/* The log holds pages of its own. */
	assert_int_equal(unlinkat(store_dirfd(f->s), "index.db-wal", 0), 0);
	assert_int_equal(unlinkat(store_dirfd(f->s), "index.db-shm", 0), 0);
	assert_int_equal(file_write_at(store_dirfd(f->s), "index.db", "no database at all, no no",
	                               25, 0600, false, NULL),
	                 0);
	for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
		assert_int_equal(store_open(f->dir, (enum store_mode)mode, &s, &f->e), 0);
		assert_true(container_list(s, &rows, &n, &f->e) < 0);
		assert_int_equal(f->e.uct, UCT_STORE_DAMAGED);
		store_close(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_store_reads_as_empty),  TEST(publish_find_discard),
		TEST(names_and_prefixes),          TEST(image_must_exist),
		TEST(failed_rename_leaves_no_row), TEST(writers_at_once),
		TEST(listing_is_newest_first),     TEST(log_does_not_grow),
		TEST(foreign_newer_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
