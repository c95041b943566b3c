/* SPDX-License-Identifier: Apache-2.0 */
#include "store/ranges.h"

#include "base/strv.h"
#include "store/db.h"

#include <fcntl.h>
#include <stdio.h>

/* Not part of the schema's version: a program that does not know it makes no such ranges. */
static const char table[] =
	"CREATE TABLE IF NOT EXISTS id_ranges (id TEXT PRIMARY KEY, stage TEXT NOT NULL,"
	" first INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID";

static bool is_held(struct store *s, const char *id, const char *stage)
{
	char path[STORE_NAME_MAX + 16];

	(void)snprintf(path, sizeof(path), "containers/%.64s", id);
	return faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	       faccessat(s->dirfd, stage, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The lowest gap; @ret_dead: ids of rows that nobody holds any more. */
static int find_gap(struct store *s, const uint32_t bounds[2], uint32_t count, uint32_t *ret,
                    struct strv *ret_dead, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	uint64_t at = bounds[0];
	bool found = false;
	int r = db_query(s, &st, e, "SELECT id, stage, first, count FROM id_ranges ORDER BY first",
	                 "");

	while (r == 0 && (r = db_step(s, st, e)) > 0) {
		uint64_t first = (uint64_t)sqlite3_column_int64(st, 2);

		if (!is_held(s, db_text(st, 0), db_text(st, 1))) {
			r = strv_add(ret_dead, db_text(st, 0)) < 0 ? err_oom(e) : 0;
			continue;
		}
		found = found || (first >= at && first - at >= count);
		if (!found)
			at = MAX(at, first + (uint64_t)sqlite3_column_int64(st, 3));
		r = 0;
	}
	if (r < 0)
		return r;
	if (at + count > bounds[1])
		return err_set(e, UCT_NO_FREE_IDS, -EBUSY,
		               "no %u ids in a row are free for a container of its own", count);
	*ret = (uint32_t)at;
	return 0;
}

int range_take(struct store *s, const char *id, const struct container_stage *stage,
               const uint32_t bounds[2], uint32_t count, uint32_t *ret_first, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	_cleanup_strv_ struct strv dead = { 0 };
	int r = db_begin(s, &w, e);

	if (r == 0)
		r = db_run(s, e, table, "");
	if (r == 0)
		r = find_gap(s, bounds, count, ret_first, &dead, e);
	for (size_t i = 0; i < dead.n && r == 0; i++)
		r = db_run(s, e, "DELETE FROM id_ranges WHERE id = ?", "s", dead.v[i]);
	if (r == 0)
		r = db_run(s, e,
		           "INSERT INTO id_ranges (id, stage, first, count) VALUES (?, ?, ?, ?)",
		           "ssii", id, stage->name, (int64_t)*ret_first, (int64_t)count);
	return r < 0 ? r : db_commit(&w, e);
}
