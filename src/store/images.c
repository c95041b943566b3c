/* SPDX-License-Identifier: Apache-2.0 */
/* images - looking up and listing; image-edit.c changes them */
#include "store/images.h"

#include "base/array.h"
#include "base/strv.h"
#include "store/db.h"
#include "store/hex.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX_MIN = 3 };
enum { DIGESTS_SINCE = 3 }; /* version of the schema; a reader does not upgrade */

void image_row_done(struct image_row *row)
{
	for (size_t i = 0; row->names && row->names[i]; i++)
		free(row->names[i]);
	for (size_t i = 0; row->digests && row->digests[i]; i++)
		free(row->digests[i]);
	cleanup_free(&row->names);
	cleanup_free(&row->digests);
	cleanup_free(&row->chains);
	cleanup_free(&row->blobs);
	*row = (struct image_row){ 0 };
}

/* All values of a one-column query as an array of @size bytes each. */
static int read_list(struct store *s, const char *sql, const char *id, size_t size, void *ret,
                     size_t *ret_n, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	_cleanup_free_ char *list = NULL;
	size_t n = 0, cap = 0;
	int r = db_query(s, &st, e, sql, "s", id);

	while (r == 0 && (r = db_step(s, st, e)) > 0) {
		if (array_grow(&list, n, &cap, size) < 0)
			return err_oom(e);
		r = db_copy(st, 0, list + size * n++, size, e);
	}
	if (r < 0)
		return r;
	*(void **)ret = TAKE_PTR(list);
	*ret_n = n;
	return 0;
}

/* Prepared once for many rows. */
struct name_queries {
	sqlite3_stmt *names, *digests;
};

static void name_queries_done(struct name_queries *q)
{
	(void)sqlite3_finalize(q->names);
	(void)sqlite3_finalize(q->digests);
}

static int read_names(struct store *s, sqlite3_stmt **st, const char *sql, const char *id,
                      char ***ret, struct err *e)
{
	_cleanup_strv_ struct strv names = { 0 };
	int r = 0;

	if (*st) {
		(void)sqlite3_reset(*st);
		(void)sqlite3_bind_text(*st, 1, id, -1, SQLITE_STATIC);
	} else {
		r = db_query(s, st, e, sql, "s", id);
	}
	while (r == 0 && (r = db_step(s, *st, e)) > 0) {
		r = strv_add(&names, db_text(*st, 0));
		if (r < 0)
			return err_oom(e);
	}
	if (r < 0)
		return r;
	if (!names.v) {
		names.v = calloc(1, sizeof(*names.v));
		if (!names.v)
			return err_oom(e);
	}
	*ret = TAKE_PTR(names.v);
	names.n = 0;
	return 0;
}

#define COLUMNS "id, manifest, created_ns, pulled_ns, size_bytes"

static int read_row(struct store *s, sqlite3_stmt *st, struct name_queries *q,
                    struct image_row *ret, struct err *e)
{
	struct image_row row = {
		.created_ns = (uint64_t)sqlite3_column_int64(st, 2),
		.pulled_ns = (uint64_t)sqlite3_column_int64(st, 3),
		.size_bytes = (uint64_t)sqlite3_column_int64(st, 4),
	};
	int r;

	r = db_copy(st, 0, row.id, sizeof(row.id), e);
	if (r == 0)
		r = db_copy(st, 1, row.manifest, sizeof(row.manifest), e);
	if (r == 0)
		r = read_names(s, &q->names,
		               "SELECT name FROM image_names WHERE image_id = ? ORDER BY name",
		               row.id, &row.names, e);
	if (r == 0 && s->version >= DIGESTS_SINCE)
		r = read_names(s, &q->digests,
		               "SELECT name FROM image_digests WHERE image_id = ? ORDER BY name",
		               row.id, &row.digests, e);
	if (r < 0) {
		image_row_done(&row);
		return r;
	}
	*ret = row;
	return 0;
}

static int read_parts(struct store *s, struct image_row *row, struct err *e)
{
	int r;

	r = read_list(s, "SELECT chain FROM image_layers WHERE image_id = ? ORDER BY pos", row->id,
	              sizeof(*row->chains), (void *)&row->chains, &row->n_chains, e);
	if (r == 0)
		r = read_list(s, "SELECT digest FROM image_blobs WHERE image_id = ? ORDER BY pos",
		              row->id, sizeof(*row->blobs), (void *)&row->blobs, &row->n_blobs, e);
	if (r < 0)
		image_row_done(row);
	return r;
}

/* The id that @ref stands for: by name, by full id, by prefix. 1, 0 or negative. */
static int resolve(struct store *s, const char *ref, char ret_id[DIGEST_SIZE], struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *by_name = NULL, *by_id = NULL;
	const char *hex = strncmp(ref, "sha256:", 7) ? ref : ref + 7;
	char prefix[DIGEST_SIZE];
	int r;

	r = db_query(s, &by_name, e,
	             s->version >= DIGESTS_SINCE
	                     ? "SELECT image_id FROM image_names WHERE name = ?1 UNION ALL"
	                       " SELECT image_id FROM image_digests WHERE name = ?1"
	                     : "SELECT image_id FROM image_names WHERE name = ?",
	             "s", ref);
	if (r == 0)
		r = db_step(s, by_name, e);
	if (r > 0)
		r = db_copy(by_name, 0, ret_id, DIGEST_SIZE, e);
	else if (r == 0)
		r = -ENOENT;
	if (r != -ENOENT)
		return r < 0 ? r : 1;
	if (!is_hex(hex, 0) || strlen(hex) < PREFIX_MIN || strlen(hex) > 64)
		return 0;
	(void)snprintf(prefix, sizeof(prefix), "sha256:%s", hex);
	/* A range of the primary key that also holds the exact id; 'g' follows the last digit. */
	r = db_query(s, &by_id, e,
	             "SELECT id FROM images WHERE id >= ?1 AND id < ?1 || 'g' LIMIT 2", "s",
	             prefix);
	if (r == 0)
		r = db_step(s, by_id, e);
	if (r <= 0)
		return r;
	r = db_copy(by_id, 0, ret_id, DIGEST_SIZE, e);
	if (r == 0)
		r = db_step(s, by_id, e);
	if (r > 0)
		return err_set(e, UCT_BAD_REFERENCE, -ENOTUNIQ,
		               "'%s' is the beginning of several image ids", ref);
	return r < 0 ? r : 1;
}

int image_find(struct store *s, const char *name_or_id, struct image_row *ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct name_queries q = { 0 };
	char id[DIGEST_SIZE];
	int r = db_open(s, e);

	if (r > 0)
		r = resolve(s, name_or_id, id, e);
	if (r <= 0)
		return r;
	r = db_query(s, &st, e, "SELECT " COLUMNS " FROM images WHERE id = ?", "s", id);
	if (r == 0)
		r = db_step(s, st, e);
	if (r <= 0)
		return r;
	r = read_row(s, st, &q, ret, e);
	name_queries_done(&q);
	if (r == 0)
		r = read_parts(s, ret, e);
	return r < 0 ? r : 1;
}

int image_list(struct store *s, struct image_row **ret, size_t *ret_n, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct name_queries q = { 0 };
	struct image_row *rows = NULL;
	size_t n = 0, cap = 0;
	int r = db_open(s, e);

	if (r > 0)
		r = db_query(s, &st, e,
		             "SELECT " COLUMNS " FROM images ORDER BY pulled_ns DESC, id", "");
	while (r == 0 && st && (r = db_step(s, st, e)) > 0) {
		r = array_grow(&rows, n, &cap, sizeof(*rows)) < 0
		            ? err_oom(e)
		            : read_row(s, st, &q, &rows[n], e);
		if (r == 0)
			n++;
	}
	name_queries_done(&q);
	if (r < 0) {
		while (n > 0)
			image_row_done(&rows[--n]);
		free(rows);
		return r;
	}
	*ret = rows;
	*ret_n = n;
	return 0;
}

int image_users(struct store *s, const char *id, size_t *ret_n, char ret_id[CHAIN_SIZE],
                struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char path[16 + CHAIN_SIZE];
	size_t n = 0;
	int r = db_open(s, e);

	if (r > 0)
		r = db_query(s, &st, e,
		             s->version < DB_VERSION_VOLUMES
		                     ? "SELECT id FROM containers WHERE image_id = ?1 ORDER BY "
		                       "created_ns"
		                     : "SELECT id FROM containers WHERE image_id = ?1 OR id IN "
		                       "(SELECT container_id FROM container_uses WHERE kind = "
		                       "'image' AND name = ?1) ORDER BY created_ns",
		             "s", id);
	while (r == 0 && st && (r = db_step(s, st, e)) > 0) {
		(void)snprintf(path, sizeof(path), "containers/%.64s", db_text(st, 0));
		r = 0;
		if (faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (n++ == 0)
			r = db_copy(st, 0, ret_id, CHAIN_SIZE, e);
	}
	if (r < 0)
		return r;
	*ret_n = n;
	return 0;
}
