/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "store/claims.h"

static void set_up_two(struct fixture *f)
{
	put_blob(f, 'a',
	         "{\"mediaType\":\"application/vnd.docker.distribution.manifest.v2+json\"}");
	put_blob(f, 'b', "{\"schemaVersion\":2}");
	for (const char *p = "123"; *p; p++) {
		put_blob(f, *p, "layer");
		assert_int_equal(add_layer(f, *p), 0);
	}
	assert_int_equal(add_image(f, 'a', "12", "docker.io/library/a:latest"), 0);
	assert_int_equal(add_image(f, 'b', "13", "docker.io/library/b:latest"), 0);
}

static bool has_layer(struct fixture *f, char digit)
{
	char path[256], hex[65];

	(void)snprintf(path, sizeof(path), "layers/%s/fs", hex64(hex, digit));
	return exists(f, path);
}

static bool has_blob(struct fixture *f, char digit)
{
	char path[256], hex[65];

	(void)snprintf(path, sizeof(path), "oci/blobs/sha256/%s", hex64(hex, digit));
	return exists(f, path);
}

static const char *digest(char *buf, char digit)
{
	memcpy(buf, "sha256:", 7);
	(void)hex64(buf + 7, digit);
	return buf;
}

static void find_and_list(void **state)
{
	struct fixture *f = *state;
	struct image_row row, *rows = NULL;
	char d[DIGEST_SIZE];
	size_t n = 0;

	set_up_two(f);
	assert_int_equal(image_find(f->s, "docker.io/library/a:latest", &row, &f->e), 1);
	assert_string_equal(row.id, digest(d, 'a'));
	assert_int_equal(row.n_chains, 2);
	assert_int_equal(row.chains[1][0], '2');
	assert_int_equal(row.n_blobs, 3);
	assert_string_equal(row.names[0], "docker.io/library/a:latest");
	image_row_done(&row);
	assert_int_equal(image_find(f->s, d, &row, &f->e), 1);
	image_row_done(&row);
	assert_int_equal(image_find(f->s, "bbb", &row, &f->e), 1);
	image_row_done(&row);
	assert_int_equal(image_find(f->s, "bb", &row, &f->e), 0);
	assert_int_equal(image_find(f->s, "ccc", &row, &f->e), 0);
	assert_int_equal(image_find(f->s, "nothing", &row, &f->e), 0);
	assert_int_equal(image_list(f->s, &rows, &n, &f->e), 0);
	assert_int_equal(n, 2);
	assert_string_equal(rows[1].id, digest(d, 'a'));
	for (size_t i = 0; i < n; i++)
		image_row_done(&rows[i]);
	free(rows);
}

static void names_move(void **state)
{
	struct fixture *f = *state;
	_cleanup_free_ char *index = NULL;
	struct image_row row;
	char d[DIGEST_SIZE];

	set_up_two(f);
	assert_int_equal(add_image(f, 'b', "13", "docker.io/library/a:latest"), 0);
	assert_int_equal(image_find(f->s, digest(d, 'a'), &row, &f->e), 1);
	assert_null(row.names[0]);
	image_row_done(&row);
	assert_int_equal(image_untag(f->s, "docker.io/library/b:latest", &f->e), 1);
	assert_int_equal(image_untag(f->s, "docker.io/library/b:latest", &f->e), 0);
	assert_int_equal(
		file_read_at(store_dirfd(f->s), "oci/index.json", 1 << 20, &index, NULL, &f->e), 0);
	/* For others a manifest of Docker's kind has an OCI twin. */
	assert_null(strstr(index, "docker.distribution.manifest"));
	assert_non_null(strstr(index, "oci.image.manifest.v1+json\",\"digest\":\"sha256:"));
	assert_non_null(strstr(index, "ref.name\":\"docker.io/library/a:latest"));
	assert_null(strstr(index, "library/b"));
	assert_true(exists(f, "oci/oci-layout"));
}

static void missing_layer_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(add_image(f, 'a', "7", "x"), -ENOENT);
	assert_int_equal(f->e.uct, UCT_STORE_DAMAGED);
}

/* Of two that remove the last two names one must not be left with an image without any. */
static void last_name_is_no_spare(void **state)
{
	static const char other[] = "docker.io/library/other:latest";
	char *known[] = { NULL, NULL };
	struct fixture *f = *state;
	struct image_row row;
	char d[DIGEST_SIZE];

	set_up_two(f);
	assert_int_equal(image_find(f->s, digest(d, 'a'), &row, &f->e), 1);
	assert_non_null(row.names[0]);
	assert_null(row.names[1]);
	assert_int_equal(image_untag_spare(f->s, row.names[0], &f->e), 0);
	assert_int_equal(image_untag_spare(f->s, other, &f->e), 0);
	assert_true(image_note_digest(f->s, d, "r.example/x@sha256:1", &f->e) >= 0);
	assert_int_equal(image_untag_spare(f->s, "r.example/x@sha256:1", &f->e), 1);
	assert_int_equal(image_tag(f->s, d, other, &f->e), 1);
	known[0] = row.names[0];
	assert_int_equal(image_delete(f->s, d, known, NULL, NULL, &f->e), -ESTALE);
	assert_int_equal(image_untag_spare(f->s, row.names[0], &f->e), 1);
	assert_int_equal(image_untag_spare(f->s, other, &f->e), 0);
	known[0] = (char *)(uintptr_t)other;
	assert_int_equal(image_delete(f->s, d, known, NULL, NULL, &f->e), 0);
	image_row_done(&row);
}

static void delete_counts_references(void **state)
{
	struct fixture *f = *state;
	char d[DIGEST_SIZE], user[CHAIN_SIZE];
	size_t n = 0;

	set_up_two(f);
	assert_int_equal(add_container(f, "web", 'e', 'a'), 0);
	assert_int_equal(image_users(f->s, digest(d, 'a'), &n, user, &f->e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(image_delete(f->s, d, NULL, NULL, NULL, &f->e), -EBUSY);
	assert_int_equal(f->e.uct, UCT_IMAGE_IN_USE);
	assert_int_equal(container_discard(f->s, user, &f->e), 0);
	assert_int_equal(image_delete(f->s, d, NULL, NULL, NULL, &f->e), 0);
	assert_true(has_layer(f, '1') && has_layer(f, '3') && !has_layer(f, '2'));
	assert_true(has_blob(f, '1') && has_blob(f, '3') && has_blob(f, 'b'));
	assert_true(!has_blob(f, '2') && !has_blob(f, 'a'));
	assert_int_equal(count_in(f, "trash"), 1); /* the container */
	assert_int_equal(image_delete(f->s, d, NULL, NULL, NULL, &f->e), -ENOENT);
	assert_int_equal(image_delete(f->s, digest(d, 'b'), NULL, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "layers"), 0);
}

static int goes_without_name(struct image_row *row, void *arg, struct err *e)
{
	(void)e;
	*(unsigned *)arg += 1;
	return !row->names[0];
}

static int loses_second(struct image_row *row, void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	assert_non_null(row->names[1]);
	free(row->names[0]);
	row->names[0] = row->names[1];
	row->names[1] = NULL;
	return 1;
}

/* The list of what has no name is old by the time its images go. */
static void prune_judges_what_is_now(void **state)
{
	static const char second[] = "docker.io/library/second:latest";
	unsigned asked = 0;
	struct image_pruning p = { .decide = goes_without_name, .arg = &asked };
	struct fixture *f = *state;
	struct image_row row = { 0 };
	char d[DIGEST_SIZE], user[CHAIN_SIZE];
	size_t n = 0;

	set_up_two(f);
	assert_int_equal(image_prune(f->s, digest(d, 'a'), &row, &p, &f->e), IMAGE_STAYS);
	assert_int_equal(asked, 1);
	image_row_done(&row);
	assert_int_equal(image_tag(f->s, d, second, &f->e), 1);
	p.decide = loses_second;
	assert_int_equal(image_prune(f->s, d, &row, &p, &f->e), IMAGE_UNTAGGED);
	assert_string_equal(row.names[0], second);
	image_row_done(&row);
	assert_int_equal(image_find(f->s, second, &row, &f->e), 0);
	assert_int_equal(image_find(f->s, d, &row, &f->e), 1);
	assert_int_equal(image_untag(f->s, row.names[0], &f->e), 1);
	image_row_done(&row);
	p.decide = goes_without_name;
	assert_int_equal(add_container(f, "web", 'e', 'a'), 0);
	assert_int_equal(image_prune(f->s, d, &row, &p, &f->e), -EBUSY);
	image_row_done(&row);
	assert_int_equal(image_users(f->s, d, &n, user, &f->e), 0);
	assert_int_equal(container_discard(f->s, user, &f->e), 0);
	assert_int_equal(image_prune(f->s, d, &row, &p, &f->e), IMAGE_GONE);
	assert_string_equal(row.id, d);
	assert_true(row.n_chains > 0);
	image_row_done(&row);
	assert_true(has_layer(f, '1') && !has_layer(f, '2'));
	assert_int_equal(image_prune(f->s, d, &row, &p, &f->e), IMAGE_STAYS);
}

static void pull_is_protected(void **state)
{
	struct fixture *f = *state;
	struct store *other = NULL;
	char d[DIGEST_SIZE], hex[65];
	uint64_t size = 0;

	set_up_two(f);
	assert_int_equal(store_open(f->dir, STORE_WRITE, &other, &f->e), 0);
	/* Somebody finds layer 2 and stores blob and layer 4 for an image to come. */
	assert_int_equal(layer_find(other, hex64(hex, '2'), &size, &f->e), 1);
	assert_int_equal(size, 1000);
	put_blob(f, '4', "layer");
	assert_int_equal(image_delete(f->s, digest(d, 'a'), NULL, NULL, NULL, &f->e), 0);
	assert_true(has_layer(f, '2') && has_blob(f, '2') && has_blob(f, '4'));
	assert_true(exists(f, "trash/.collect"));
	assert_int_equal(layer_collect(f->s, NULL, NULL, &f->e), 0);
	assert_true(has_layer(f, '2'));
	store_close(other);
	assert_int_equal(layer_collect(f->s, NULL, NULL, &f->e), 0);
	assert_true(!has_layer(f, '2') && !has_blob(f, '2') && !has_blob(f, '4'));
	assert_true(has_layer(f, '1'));
	assert_false(exists(f, "trash/.collect"));
}

static void pull_and_die(struct fixture *f)
{
	int blobs_fd, tmp_fd;

	if (blob_dirs_open(f->s, &blobs_fd, &tmp_fd, &f->e) < 0 || add_layer(f, '8') < 0)
		_exit(1);
	if (mkdirat(tmp_fd, "download", 0700) < 0)
		_exit(1);
}

static void dead_pull_is_collected(void **state)
{
	struct fixture *f = *state;

	in_dead_process(f, pull_and_die);
	assert_int_equal(count_in(f, "tmp"), 1);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "tmp"), 0);
	assert_false(has_layer(f, '8') || exists(f, "trash/.collect"));
}

static void layers_commit_once(void **state)
{
	struct fixture *f = *state;
	struct image_row row;
	struct strv paths = { 0 };
	char hex[65], path[256];

	/* The remains of a killed process: a directory without a row, and an index. */
	(void)snprintf(path, sizeof(path), "layers/%s/old", hex64(hex, '1'));
	assert_int_equal(layer_find(f->s, hex, NULL, &f->e), 0);
	assert_int_equal(dir_make_at(store_dirfd(f->s), path, 0700, &f->e), 0);
	assert_int_equal(layer_find(f->s, hex, NULL, &f->e), 0);
	assert_int_equal(add_layer(f, '1'), 0);
	assert_true(has_layer(f, '1') && !exists(f, path));
	assert_int_equal(add_layer(f, '1'), 0); /* again: ours goes */
	assert_int_equal(count_in(f, "trash"), 2);
	assert_int_equal(store_sweep(f->s, NULL, NULL, &f->e), 0);
	assert_int_equal(count_in(f, "trash"), 0);
	assert_int_equal(add_layer(f, '2'), 0);
	assert_int_equal(add_image(f, 'a', "12", "a"), 0);
	assert_int_equal(image_find(f->s, "a", &row, &f->e), 1);
	assert_int_equal(layer_paths(f->s, &row, NULL, &paths, &f->e), LAYER_PLAIN);
	assert_int_equal(paths.n, 2);
	strv_done(&paths);
	(void)snprintf(path, sizeof(path), "%s/layers/%s/fs", f->dir, hex64(hex, '2'));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(layer_paths(f->s, &row, NULL, &paths, &f->e), -ENOENT);
	assert_int_equal(layer_find(f->s, hex, NULL, &f->e), 0);
	image_row_done(&row);
}

static void bad_ids_are_refused(void **state)
{
	struct fixture *f = *state;
	char *text = NULL;

	assert_int_equal(layer_find(f->s, "../../x", NULL, &f->e), -EINVAL);
	assert_int_equal(blob_read(f->s, "sha256:../../../x", 10, &text, NULL, &f->e), -EINVAL);
	assert_int_equal(blob_exists(f->s, "sha256:AA"), 0);
	assert_int_equal(container_discard(f->s, "..", &f->e), -EINVAL);
}

static void tags_and_digests(void **state)
{
	struct fixture *f = *state;
	struct image_row row;
	char a[DIGEST_SIZE], b[DIGEST_SIZE];

	set_up_two(f);
	(void)digest(a, 'a');
	(void)digest(b, 'b');
	assert_int_equal(image_tag(f->s, a, "docker.io/library/c:1", &f->e), 1);
	assert_int_equal(image_tag(f->s, a, "docker.io/library/c:1", &f->e), 0);
	assert_int_equal(image_tag(f->s, b, "docker.io/library/c:1", &f->e), 1); /* it moves */
	assert_int_equal(image_tag(f->s, "sha256:0", "docker.io/library/c:1", &f->e), -ENOENT);
	assert_int_equal(image_note_digest(f->s, a, "r.example/x@sha256:1", &f->e), 0);
	assert_int_equal(image_find(f->s, "r.example/x@sha256:1", &row, &f->e), 1);
	assert_string_equal(row.id, a);
	assert_string_equal(row.digests[0], "r.example/x@sha256:1");
	assert_null(row.digests[1]);
	assert_null(row.names[1]);
	image_row_done(&row);
	assert_int_equal(image_untag(f->s, "r.example/x@sha256:1", &f->e), 1);
	assert_int_equal(image_untag(f->s, "r.example/x@sha256:1", &f->e), 0);
	assert_int_equal(image_find(f->s, "docker.io/library/c:1", &row, &f->e), 1);
	assert_string_equal(row.id, b);
	image_row_done(&row);
}

static void one_claim_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct claims one = CLAIMS_NONE, two = CLAIMS_NONE;
	char a[DIGEST_SIZE], b[DIGEST_SIZE];

	(void)digest(a, 'a');
	(void)digest(b, 'b');
	assert_int_equal(claim_take(&one, f->s, a, false, &f->e), 1);
	assert_int_equal(claim_take(&one, f->s, a, false, &f->e), 1); /* its own */
	assert_int_equal(claim_take(&two, f->s, a, false, &f->e), 0);
	assert_int_equal(claim_take(&two, f->s, b, false, &f->e), 1);
	claim_drop(&one, a);
	assert_int_equal(claim_take(&two, f->s, a, true, &f->e), 1);
	assert_int_equal(claim_take(&one, f->s, a, false, &f->e), 0);
	claims_done(&two); /* as a death would */
	assert_int_equal(claim_take(&one, f->s, a, false, &f->e), 1);
	assert_int_equal(claim_take(&one, f->s, "sha256:../x", false, &f->e), -EINVAL);
	claims_done(&one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(find_and_list),
		TEST(names_move),
		TEST(missing_layer_is_refused),
		TEST(last_name_is_no_spare),
		TEST(prune_judges_what_is_now),
		TEST(delete_counts_references),
		TEST(pull_is_protected),
		TEST(dead_pull_is_collected),
		TEST(layers_commit_once),
		TEST(bad_ids_are_refused),
		TEST(tags_and_digests),
		TEST(one_claim_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
