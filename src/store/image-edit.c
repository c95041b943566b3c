/* SPDX-License-Identifier: Apache-2.0 */
/* image-edit - adding, naming and removing images
 *
 * Layers and blobs are counted by asking the tables who refers to them, never by a stored count
 * that a crash could leave wrong. What is not referred to is removed by collect.c; what is not
 * referred to *yet* is protected by pins.c. oci/index.json is written after the commit and under
 * the lock: a kill in between leaves it one change behind, until the next change writes it anew.
 */
#include "store/blobs.h"
#include "store/collect.h"
#include "store/hex.h"
#include "store/layout.h"
#include "store/pins.h"
#include "store/rows.h"

#include <string.h>

static int put_parts(struct store *s, const struct image_row *row, struct err *e)
{
	int r;

	r = db_run(s, e, "DELETE FROM image_layers WHERE image_id = ?", "s", row->id);
	if (r == 0)
		r = db_run(s, e, "DELETE FROM image_blobs WHERE image_id = ?", "s", row->id);
	for (size_t i = 0; i < row->n_chains && r == 0; i++)
		r = db_run(s, e, "INSERT INTO image_layers VALUES (?, ?, ?)", "sis", row->id,
		           (int64_t)i, row->chains[i]);
	for (size_t i = 0; i < row->n_blobs && r == 0; i++)
		r = db_run(s, e, "INSERT INTO image_blobs VALUES (?, ?, ?)", "sis", row->id,
		           (int64_t)i, row->blobs[i]);
	return r;
}

static int check_layers(struct store *s, const struct image_row *row, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < row->n_chains && r == 0; i++) {
		_cleanup_stmt_ sqlite3_stmt *st = NULL;

		r = db_query(s, &st, e, "SELECT 1 FROM layers WHERE chain = ?", "s",
		             row->chains[i]);
		if (r == 0)
			r = db_step(s, st, e);
		if (r == 0)
			return err_set(e, UCT_STORE_DAMAGED, -ENOENT,
			               "layer '%s' of image '%s' is not in the store",
			               row->chains[i], row->id);
		r = r < 0 ? r : 0;
	}
	return r;
}

static int put_row(struct store *s, const struct image_row *row, struct err *e)
{
	const char *type = NULL;
	uint64_t bytes = 0;
	int r;

	r = layout_manifest_type(s, row->manifest, &type, &bytes, e);
	if (r < 0)
		return r;
	return db_run(s, e,
	              "INSERT INTO images (id, manifest, manifest_type, manifest_bytes, created_ns,"
	              " pulled_ns, size_bytes) VALUES (?, ?, ?, ?, ?, ?, ?)"
	              " ON CONFLICT (id) DO UPDATE SET manifest = excluded.manifest,"
	              " manifest_type = excluded.manifest_type,"
	              " manifest_bytes = excluded.manifest_bytes,"
	              " created_ns = excluded.created_ns, pulled_ns = excluded.pulled_ns,"
	              " size_bytes = excluded.size_bytes",
	              "sssiiii", row->id, row->manifest, type, (int64_t)bytes,
	              (int64_t)row->created_ns, (int64_t)row->pulled_ns, (int64_t)row->size_bytes);
}

int image_insert(struct store *s, const struct image_row *row, struct err *e)
{
	int r = put_row(s, row, e);

	return r < 0 ? r : put_parts(s, row, e);
}

int image_put(struct store *s, const struct image_row *row, const char *name, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	int r;

	if (!is_digest(row->id) || !is_digest(row->manifest))
		return err_set(e, UCT_INTERNAL, -EINVAL, "'%s' is not an image id", row->id);
	r = db_begin(s, &w, e);
	if (r == 0)
		r = check_layers(s, row, e);
	if (r == 0)
		r = image_insert(s, row, e);
	if (r == 0 && name)
		r = db_run(s, e, "INSERT OR REPLACE INTO image_names VALUES (?, ?)", "ss", name,
		           row->id);
	for (char *const *d = row->digests; r == 0 && d && *d; d++)
		r = db_run(s, e, "INSERT OR REPLACE INTO image_digests VALUES (?, ?)", "ss", *d,
		           row->id);
	if (r == 0)
		r = db_commit(&w, e);
	if (r < 0)
		return r;
	pin_drop(s, true);
	return layout_write(s, e);
}

/* Whether the row is there, and the name already its own: 1, 0, or UCT_IMAGE_UNKNOWN. */
static int has_name(struct store *s, const char *id, const char *name, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = db_query(
		s, &st, e,
		"SELECT EXISTS (SELECT 1 FROM image_names WHERE name = ?2 AND image_id = ?1)"
		" FROM images WHERE id = ?1",
		"ss", id, name);

	if (r == 0)
		r = db_step(s, st, e);
	if (r == 0)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "image '%s' does not exist", id);
	return r < 0 ? r : sqlite3_column_int(st, 0) != 0;
}

int image_tag(struct store *s, const char *id, const char *name, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	int r = db_begin(s, &w, e);

	if (r == 0)
		r = has_name(s, id, name, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = db_run(s, e, "INSERT OR REPLACE INTO image_names VALUES (?, ?)", "ss", name, id);
	if (r == 0)
		r = db_commit(&w, e);
	if (r == 0)
		r = layout_write(s, e);
	return r < 0 ? r : 1;
}

int image_note_digest(struct store *s, const char *id, const char *text, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	int r = db_begin(s, &w, e);

	if (r == 0)
		r = db_run(s, e,
		           "INSERT OR REPLACE INTO image_digests SELECT ?, id FROM images"
		           " WHERE id = ?",
		           "ss", text, id);
	return r == 0 ? db_commit(&w, e) : r;
}

static int run_untag(struct store *s, const char *sql, const char *name, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	int n, r = db_begin(s, &w, e);

	if (r == 0)
		r = db_run(s, e, sql, "s", name);
	n = r == 0 ? sqlite3_changes(s->db) : 0;
	if (r == 0)
		r = db_commit(&w, e);
	if (r == 0 && n)
		r = layout_write(s, e);
	return r < 0 ? r : n > 0;
}

int image_untag(struct store *s, const char *name, struct err *e)
{
	return run_untag(s,
	                 strchr(name, '@') ? "DELETE FROM image_digests WHERE name = ?"
	                                   : "DELETE FROM image_names WHERE name = ?",
	                 name, e);
}

#define OTHER(table) \
	"EXISTS (SELECT 1 FROM " table " AS o WHERE o.image_id = mine.image_id AND o.name <> ?1)"

int image_untag_spare(struct store *s, const char *name, struct err *e)
{
	return run_untag(s,
	                 strchr(name, '@')
	                         ? "DELETE FROM image_digests AS mine WHERE name = ?1 AND (" OTHER(
					   "image_names") " OR " OTHER("image_digests") ")"
	                         : "DELETE FROM image_names AS mine WHERE name = ?1 AND " OTHER(
					   "image_names"),
	                 name, e);
}

/* Whether all names that the image has now are in @names; else -ESTALE. */
static int check_names(struct store *s, const char *id, char *const *names, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = db_query(s, &st, e, "SELECT name FROM image_names WHERE image_id = ?", "s", id);

	while (r == 0 && (r = db_step(s, st, e)) > 0) {
		char *const *n = names;

		while (*n && strcmp(*n, db_text(st, 0)) != 0)
			n++;
		r = *n ? 0
		       : err_set(e, UCT_IMAGE_IN_USE, -ESTALE,
		                 "image '%.19s' is named '%s' meanwhile", id, db_text(st, 0));
	}
	return r;
}

static int delete_rows(struct store *s, const char *id, struct err *e)
{
	int r, n;

	r = db_run(s, e, "DELETE FROM images WHERE id = ?", "s", id);
	n = r == 0 ? sqlite3_changes(s->db) : 0;
	if (r == 0)
		r = db_run(s, e, "DELETE FROM image_names WHERE image_id = ?", "s", id);
	if (r == 0)
		r = db_run(s, e, "DELETE FROM image_digests WHERE image_id = ?", "s", id);
	if (r == 0)
		r = db_run(s, e, "DELETE FROM image_layers WHERE image_id = ?", "s", id);
	if (r == 0)
		r = db_run(s, e, "DELETE FROM image_blobs WHERE image_id = ?", "s", id);
	if (r == 0 && n == 0)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "image '%s' does not exist", id);
	return r;
}

static int check_unused(struct store *s, const char *id, struct err *e)
{
	char user[CHAIN_SIZE] = "";
	size_t n = 0;
	int r = image_users(s, id, &n, user, e);

	if (r == 0 && n > 0)
		return err_set(e, UCT_IMAGE_IN_USE, -EBUSY,
		               "image '%.19s' is used by %zu container%s, the first is %.12s", id,
		               n, n == 1 ? "" : "s", user);
	return r;
}

/* Ends the transaction in any case. */
static int delete_and_collect(struct db_write *w, const char *id, store_remove_fn remove_tree,
                              void *arg, struct err *e)
{
	struct store *s = w->s;
	_cleanup_collector_ struct collector k = { .s = s };
	int r = delete_rows(s, id, e), go = 0;

	if (r == 0)
		r = go = collect_rows(s, e);
	if (r >= 0)
		r = db_commit(w, e);
	if (r < 0)
		return r;
	r = layout_write(s, e); /* before its blobs go */
	if (r == 0 && go > 0)
		r = collect_files(&k, e);
	db_end(w);
	collect_trees(&k, remove_tree, arg);
	return r;
}

int image_delete(struct store *s, const char *id, char *const *names, store_remove_fn remove_tree,
                 void *arg, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	int r = db_begin(s, &w, e);

	if (r == 0)
		r = check_unused(s, id, e);
	if (r == 0 && names)
		r = check_names(s, id, names, e);
	return r < 0 ? r : delete_and_collect(&w, id, remove_tree, arg, e);
}

static int untag_all(struct db_write *w, char *const *names, struct err *e)
{
	int r = 0;

	for (; *names && r == 0; names++)
		r = db_run(w->s, e, "DELETE FROM image_names WHERE name = ?", "s", *names);
	if (r == 0)
		r = db_commit(w, e);
	return r < 0 ? r : layout_write(w->s, e);
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

int image_prune(struct store *s, const char *id, struct image_row *ret,
                const struct image_pruning *p, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	size_t n_names;
	int r = db_begin(s, &w, e);

	if (r == 0)
		r = image_find(s, id, ret, e);
	if (r <= 0)
		return r;
	n_names = count(ret->names);
	r = p->decide(ret, p->arg, e);
	if (r <= 0)
		return r;
	if (count(ret->names) < n_names) {
		r = untag_all(&w, ret->names, e);
		return r < 0 ? r : IMAGE_UNTAGGED;
	}
	r = check_unused(s, id, e);
	if (r == 0)
		r = delete_and_collect(&w, id, p->remove_tree, p->remove_arg, e);
	return r < 0 ? r : IMAGE_GONE;
}
