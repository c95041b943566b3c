/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "store/rebuild.h"

#include <fcntl.h>
#include <sys/stat.h>

static void chains(void **state)
{
	static const char first[] =
		"sha256:0000000000000000000000000000000000000000000000000000000000000001";
	char diff_ids[2][DIGEST_SIZE], ret[2][CHAIN_SIZE];

	(void)state;
	memcpy(diff_ids[0], first, DIGEST_SIZE);
	memcpy(diff_ids[1], first, DIGEST_SIZE);
	rebuild_chains((const char(*)[DIGEST_SIZE])diff_ids, 2, ret);
	assert_string_equal(ret[0], first + 7);
	/* printf '%s %s' "$first" "$first" | sha256sum */
	assert_string_equal(ret[1],
	                    "b53a25b93c7dc3371b718b0327a520b573759eb2999e7431eb08adfdb64835e3");
}

static void volume(struct rebuild *b, const char *name, struct err *e)
{
	const struct volume_row row = { (char *)(uintptr_t)name,
		                        (char *)(uintptr_t) "local",
		                        (char *)(uintptr_t) "{}",
		                        (char *)(uintptr_t) "{}",
		                        17,
		                        false };

	assert_int_equal(rebuild_volume(b, &row, e), 0);
}

static bool has_index(struct fixture *f, const char *name)
{
	return faccessat(store_dirfd(f->s), name, F_OK, 0) == 0;
}

static void lose(struct fixture *f)
{
	store_let_go(f->s);
	(void)unlinkat(store_dirfd(f->s), "index.db", 0);
	(void)unlinkat(store_dirfd(f->s), "index.db-wal", 0);
	(void)unlinkat(store_dirfd(f->s), "index.db-shm", 0);
}

static void missing(void **state)
{
	struct fixture *f = *state;
	struct volume_row found = { 0 };
	struct rebuild *b = NULL;

	/* One that can be read needs nothing. */
	assert_int_equal(volume_find(f->s, "kept", &found, &f->e), 0);
	assert_int_equal(rebuild_begin(store_path(f->s), false, &b, &f->e), 0);
	lose(f);
	/* Empty, so that it may be made anew; not so with a layer beside it. */
	assert_int_equal(volume_find(f->s, "kept", &found, &f->e), 0);
	lose(f);
	assert_int_equal(mkdirat(store_dirfd(f->s), "layers/x", 0700), 0);
	assert_true(volume_find(f->s, "kept", &found, &f->e) < 0);
	assert_int_equal(f->e.uct, UCT_STORE_DAMAGED);
	store_let_go(f->s);
	assert_int_equal(rebuild_begin(store_path(f->s), false, &b, &f->e), 1);
	volume(b, "kept", &f->e);
	assert_int_equal(rebuild_finish(b, &f->e), 0);
	rebuild_free(b);
	assert_int_equal(mkdirat(store_dirfd(f->s), "volumes/kept", 0700), 0);
	assert_int_equal(volume_find(f->s, "kept", &found, &f->e), 1);
	volume_row_done(&found);
	assert_int_equal(unlinkat(store_dirfd(f->s), "layers/x", AT_REMOVEDIR), 0);
}

static void given_up(void **state)
{
	struct fixture *f = *state;
	struct volume_row found = { 0 };
	struct rebuild *b = NULL;

	assert_int_equal(volume_find(f->s, "kept", &found, &f->e), 0);
	assert_int_equal(rebuild_begin(store_path(f->s), true, &b, &f->e), 1);
	volume(b, "kept", &f->e);
	rebuild_free(b);
	assert_int_equal(mkdirat(store_dirfd(f->s), "volumes/kept", 0700), 0);
	assert_int_equal(volume_find(f->s, "kept", &found, &f->e), 0);
	assert_false(has_index(f, REBUILD_OLD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains),
		TEST(missing),
		TEST(given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
