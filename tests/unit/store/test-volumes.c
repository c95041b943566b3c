/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "store/db.h"
#include "store/volumes.h"

static struct volume_row row_of(const char *name, bool is_anonymous)
{
	return (struct volume_row){ (char *)(uintptr_t)name,
		                    (char *)(uintptr_t) "local",
		                    (char *)(uintptr_t) "{}",
		                    (char *)(uintptr_t) "{}",
		                    17,
		                    is_anonymous };
}

static int make(struct fixture *f, const char *name)
{
	struct volume_row row = row_of(name, false);
	char staged[STORE_NAME_MAX];
	int fd = volume_stage(f->s, &row, staged, &f->e), r;

	assert_true(fd >= 0);
	(void)close(fd);
	r = volume_publish(f->s, &row, staged, &f->e);
	if (r < 0)
		assert_int_equal(tree_remove_at(store_dirfd(f->s), staged, NULL), 0);
	return r;
}

/* A container that uses a named volume, and has an anonymous one. */
static int publish(struct fixture *f, char digit, const char *named, const char *anonymous,
                   bool auto_remove)
{
	struct volume_row own = row_of(anonymous, true);
	const struct container_use uses[] = { { USE_VOLUME, named, NULL },
		                              { USE_VOLUME, anonymous, &own } };
	struct container_row row = { .uses = uses, .n_uses = 2, .auto_remove = auto_remove };
	struct container_stage stage;
	char name[3] = { digit, digit, '\0' };
	int r;

	(void)hex64(row.id, digit);
	row.name = name;
	assert_int_equal(container_stage(f->s, &stage, &f->e), 0);
	r = container_publish(f->s, &row, &stage, &f->e);
	container_stage_done(&stage);
	return r;
}

static size_t n_users(struct fixture *f, const char *name)
{
	_cleanup_strv_ struct strv ids = { 0 };

	assert_int_equal(volume_users(f->s, name, &ids, &f->e), 0);
	return ids.n;
}

static size_t n_listed(struct fixture *f)
{
	struct volume_row *rows = NULL;
	size_t n = 0;

	assert_int_equal(volume_list(f->s, &rows, &n, &f->e), 0);
	volume_list_free(rows, n);
	return n;
}

static void names(void **state)
{
	static const char *const good[] = { "a", "a.b-c_d", "0", "A9" };
	static const char *const bad[] = { "",   ".",   "..",  ".a",  "-a",
		                           "_a", "a/b", "a b", "a\n", "\303\244" };
	char longest[VOLUME_NAME_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(volume_name_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(volume_name_is_valid(bad[i]));
	memset(longest, 'a', sizeof(longest));
	longest[VOLUME_NAME_MAX + 1] = '\0';
	assert_false(volume_name_is_valid(longest));
	longest[VOLUME_NAME_MAX] = '\0';
	assert_true(volume_name_is_valid(longest));
}

static void made_found_removed(void **state)
{
	struct fixture *f = *state;
	struct volume_row row;

	assert_int_equal(make(f, "data"), 0);
	assert_int_equal(make(f, "data"), -EEXIST);
	assert_int_equal(f->e.uct, UCT_VOLUME_EXISTS);
	assert_int_equal(volume_find(f->s, "dat", &row, &f->e), 0);
	assert_int_equal(volume_find(f->s, "data", &row, &f->e), 1);
	assert_int_equal(row.created_ns, 17);
	volume_row_done(&row);
	assert_true(exists(f, "volumes/data/_data"));
	assert_true(exists(f, "volumes/data/fresh"));
	assert_int_equal(volume_remove(f->s, "data", &f->e), 0);
	assert_int_equal(volume_remove(f->s, "data", &f->e), -ENOENT);
	assert_int_equal(volume_remove(f->s, "../tmp", &f->e), -ENOENT);
	assert_int_equal(n_listed(f), 0);
	assert_int_equal(make(f, "data"), 0); /* the name is free again */
}

static void a_used_one_stays(void **state)
{
	struct fixture *f = *state;
	char hex[65];

	assert_int_equal(make(f, "data"), 0);
	assert_int_equal(publish(f, 'a', "data", "anon", false), 0);
	assert_int_equal(n_users(f, "data"), 1);
	assert_int_equal(n_listed(f), 2);
	assert_int_equal(volume_remove(f->s, "data", &f->e), -EBUSY);
	assert_int_equal(f->e.uct, UCT_VOLUME_USED);
	assert_int_equal(container_discard(f->s, hex64(hex, 'a'), &f->e), 0);
	assert_int_equal(n_users(f, "data"), 0); /* at once, whatever the index says */
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(n_listed(f), 2); /* nobody wished the anonymous one away */
	assert_int_equal(volume_remove(f->s, "data", &f->e), 0);
}

static void anonymous_ones_go_if_wished(void **state)
{
	struct fixture *f = *state;
	char hex[65], wish[128];

	assert_int_equal(make(f, "data"), 0);
	/* --rm */
	assert_int_equal(publish(f, 'a', "data", "anon1", true), 0);
	assert_int_equal(container_discard(f->s, hex64(hex, 'a'), &f->e), 0);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_false(exists(f, "volumes/anon1"));
	/* rm -v, with somebody else who has it too */
	assert_int_equal(publish(f, 'b', "data", "anon2", false), 0);
	assert_int_equal(publish(f, 'c', "anon2", "anon3", false), 0);
	(void)snprintf(wish, sizeof(wish), "containers/%s/" VOLUME_WISH, hex64(hex, 'b'));
	assert_int_equal(file_write_at(store_dirfd(f->s), wish, "", 0, 0600, false, &f->e), 0);
	assert_int_equal(container_discard(f->s, hex64(hex, 'b'), &f->e), 0);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_true(exists(f, "volumes/anon2"));
	(void)snprintf(wish, sizeof(wish), "containers/%s/" VOLUME_WISH, hex64(hex, 'c'));
	assert_int_equal(file_write_at(store_dirfd(f->s), wish, "", 0, 0600, false, &f->e), 0);
	assert_int_equal(container_discard(f->s, hex64(hex, 'c'), &f->e), 0);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_false(exists(f, "volumes/anon2"));
	assert_false(exists(f, "volumes/anon3"));
	assert_int_equal(n_listed(f), 1);
	assert_int_equal(count_in(f, "trash"), 0);
}

static void a_missing_volume_fails_the_container(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(publish(f, 'a', "nosuch", "anon", false), -ENOENT);
	assert_int_equal(f->e.uct, UCT_VOLUME_UNKNOWN);
	assert_int_equal(n_listed(f), 0);
	assert_false(exists(f, "volumes/anon"));
}

/* As if the maker of a container were killed before it was renamed into place. */
static void die_halfway(struct fixture *f)
{
	char path[128], hex[65], stage[STORE_NAME_MAX];

	if (publish(f, 'd', "data", "orphan", false) < 0 ||
	    store_tmp_dir(f->s, "container", stage, &f->e) < 0)
		_exit(1);
	(void)snprintf(path, sizeof(path), "containers/%s", hex64(hex, 'd'));
	if (tree_remove_at(store_dirfd(f->s), path, NULL) < 0)
		_exit(1);
}

static void a_killed_maker_leaves_no_volume(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(make(f, "data"), 0);
	in_dead_process(f, die_halfway);
	assert_true(exists(f, "volumes/orphan"));
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_false(exists(f, "volumes/orphan"));
	assert_true(exists(f, "volumes/data"));
	assert_int_equal(n_listed(f), 1);
	assert_int_equal(count_in(f, "tmp") + count_in(f, "trash"), 0);
}

static void index_and_directories(void **state)
{
	struct fixture *f = *state;
	_cleanup_strv_ struct strv lost = { 0 }, unknown = { 0 };
	struct volume_row row = row_of("found", false);

	assert_int_equal(make(f, "gone"), 0);
	assert_int_equal(tree_remove_at(store_dirfd(f->s), "volumes/gone", NULL), 0);
	assert_int_equal(mkdirat(store_dirfd(f->s), "volumes/found", 0700), 0);
	assert_int_equal(mkdirat(store_dirfd(f->s), "volumes/.hidden", 0700), 0);
	assert_int_equal(n_listed(f), 0);
	assert_int_equal(volume_lost(f->s, /* forget= */ true, &lost, &f->e), 0);
	assert_int_equal(lost.n, 1);
	assert_string_equal(lost.v[0], "gone");
	assert_int_equal(volume_unknown(f->s, &unknown, &f->e), 0);
	assert_int_equal(unknown.n, 1);
	assert_string_equal(unknown.v[0], "found");
	assert_int_equal(volume_adopt(f->s, &row, &f->e), 0);
	assert_int_equal(n_listed(f), 1);
}

/* A reader of a store that was written before there were volumes. */
static void an_older_index(void **state)
{
	struct fixture *f = *state;
	struct store *s = NULL;
	struct volume_row *rows = NULL;
	size_t n = 9;

	assert_int_equal(make(f, "data"), 0);
	assert_int_equal(db_run(f->s, &f->e, "DROP TABLE volumes", ""), 0);
	assert_int_equal(db_run(f->s, &f->e, "PRAGMA user_version = 3", ""), 0);
	assert_int_equal(store_open(f->dir, STORE_READ, &s, &f->e), 0);
	assert_int_equal(volume_list(s, &rows, &n, &f->e), 0);
	assert_int_equal(n, 0);
	free(rows);
	store_close(s);
	store_close(f->s);
	assert_int_equal(store_open(f->dir, STORE_WRITE, &f->s, &f->e), 0);
	assert_int_equal(make(f, "data"), -EEXIST); /* the tables are there, the directory too */
	assert_int_equal(make(f, "other"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		TEST(made_found_removed),
		TEST(a_used_one_stays),
		TEST(anonymous_ones_go_if_wished),
		TEST(a_missing_volume_fails_the_container),
		TEST(a_killed_maker_leaves_no_volume),
		TEST(index_and_directories),
		TEST(an_older_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
