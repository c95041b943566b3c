/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "store/db.h"

#include <poll.h>

static void make_and_die(struct fixture *f)
{
	char name[STORE_NAME_MAX], inner[STORE_NAME_MAX + 16];
	int fd = store_tmp_dir(f->s, "thing", name, &f->e);

	(void)snprintf(inner, sizeof(inner), "%s/a/b/c", name);
	if (fd < 0 || dir_make_at(store_dirfd(f->s), inner, 0700, NULL) < 0)
		_exit(1);
}

static void dead_makers_only(void **state)
{
	struct fixture *f = *state;
	char name[STORE_NAME_MAX];
	int fd;

	fd = store_tmp_dir(f->s, "thing", name, &f->e);
	assert_true(fd >= 0);
	assert_int_equal(dir_make_at(store_dirfd(f->s), "tmp/not-one-of-ours", 0700, NULL), 0);
	in_dead_process(f, make_and_die);
	in_dead_process(f, make_and_die);
	assert_int_equal(count_in(f, "tmp"), 4);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "tmp"), 2);
	assert_true(exists(f, name) && exists(f, "tmp/not-one-of-ours"));
	assert_false(exists(f, "index.db")); /* nothing here needed rows */
	(void)close(fd);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_true(exists(f, name));
}

static int kept_fd = -1;
static void leave_with_heir(struct fixture *f)
{
	char name[STORE_NAME_MAX];
	int fd = store_tmp_dir(f->s, "layer", name, &f->e);
	char c;

	if (fd < 0)
		_exit(1);
	if (fork() == 0) { /* as a helper does: holds the directory, outlives its maker */
		_exit(read(kept_fd, &c, 1) != 0);
	}
}

static void heirs_keep_it_alive(void **state)
{
	struct fixture *f = *state;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	kept_fd = fds[0];
	/* The heir has the write end as well, so the other test below ends it by a signal: here it
	 * is simply given end of file when all ends are closed. */
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)close(fds[1]);
		if (store_open(f->dir, STORE_WRITE, &f->s, &f->e) < 0)
			_exit(1);
		leave_with_heir(f);
		_exit(0);
	}
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "tmp"), 1);
	(void)close(fds[1]); /* the heir leaves; its last descriptor may close a moment later */
	for (int i = 0; i < 1000 && count_in(f, "tmp") > 0; i++) {
		assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
		(void)poll(NULL, 0, 5);
	}
	assert_int_equal(count_in(f, "tmp"), 0);
	(void)close(fds[0]);
}

/* Killed after the row was committed and before the rename. */
static void publish_half(struct fixture *f)
{
	struct container_stage stage;
	struct db_write w = { 0 };
	char hex[65];

	if (container_stage(f->s, &stage, &f->e) < 0 || db_begin(f->s, &w, &f->e) < 0 ||
	    db_run(f->s, &f->e, "INSERT INTO containers VALUES (?, 'web', '', '', '', 1, 0)", "s",
	           hex64(hex, 'a')) < 0 ||
	    db_commit(&w, &f->e) < 0)
		_exit(1);
}

/* Killed inside the transaction, with the lock held. */
static void publish_less(struct fixture *f)
{
	struct container_stage stage;
	struct db_write w = { 0 };
	char hex[65];

	if (container_stage(f->s, &stage, &f->e) < 0 || db_begin(f->s, &w, &f->e) < 0 ||
	    db_run(f->s, &f->e, "INSERT INTO containers VALUES (?, 'web', '', '', '', 1, 0)", "s",
	           hex64(hex, 'a')) < 0)
		_exit(1);
}

static void killed_publishers(void **state)
{
	struct fixture *f = *state;
	struct container_row row, *rows = NULL;
	size_t n = 9;

	in_dead_process(f, publish_less);
	in_dead_process(f, publish_half);
	assert_int_equal(container_find(f->s, "web", &row, &f->e), 0);
	assert_int_equal(container_list(f->s, &rows, &n, &f->e), 0);
	assert_int_equal(n, 1);
	container_row_done(&rows[0]);
	free(rows);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(container_list(f->s, &rows, &n, &f->e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(count_in(f, "tmp"), 0);
	in_dead_process(f, publish_half);
	assert_int_equal(add_container(f, "web", 'b', 0), 0); /* takes the name over */
}

static int n_calls;
static int failing_remove(int dirfd, const char *name, void *arg, struct err *e)
{
	(void)dirfd;
	(void)arg;
	assert_null(strchr(name, '/'));
	n_calls++;
	return err_set(e, UCT_SYSTEM, -EACCES, "no");
}

static void trash_goes(void **state)
{
	struct fixture *f = *state;
	struct container_row *rows = NULL;
	char hex[65], path[256];
	size_t n = 9;

	assert_int_equal(add_container(f, "web", 'a', 0), 0);
	assert_int_equal(add_container(f, "db", 'b', 0), 0);
	(void)snprintf(path, sizeof(path), "containers/%s/upper/x", hex64(hex, 'a'));
	assert_int_equal(dir_make_at(store_dirfd(f->s), path, 0700, NULL), 0);
	assert_int_equal(container_discard(f->s, hex, &f->e), 0);
	assert_int_equal(container_discard(f->s, hex64(hex, 'b'), &f->e), 0);
	/* What cannot be removed is no error and stays; the empty one needs no help. */
	assert_int_equal(store_sweep(f->s, failing_remove, NULL, &f->e), 0);
	assert_int_equal(n_calls, 1);
	assert_int_equal(count_in(f, "trash"), 1);
	assert_int_equal(container_list(f->s, &rows, &n, &f->e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "trash"), 0);
}

static void power_cut_is_repaired(void **state)
{
	struct fixture *f = *state;
	char hex[65], path[256];

	/* The rename reached the disk, the row did not. There is an index. */
	assert_int_equal(layer_find(f->s, hex64(hex, 'c'), NULL, &f->e), 0);
	(void)snprintf(path, sizeof(path), "containers/%s/upper", hex64(hex, 'c'));
	assert_int_equal(dir_make_at(store_dirfd(f->s), path, 0700, NULL), 0);
	assert_int_equal(layer_collect(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "containers"), 0);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "trash"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dead_makers_only), TEST(heirs_keep_it_alive),   TEST(killed_publishers),
		TEST(trash_goes),       TEST(power_cut_is_repaired),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
