/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rebuild.h"

#include "base/sha256.h"
#include "store/db.h"
#include "store/rows.h"
#include "store/volume-uses.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

struct rebuild {
	struct store *s;
	struct db_write w;
	char dir[STORE_NAME_MAX]; /* tmp/index-... */
	char file[STORE_NAME_MAX + sizeof("/" DB_FILE)];
	int dirfd;
};

void rebuild_free(struct rebuild *b)
{
	static const char *const parts[] = { DB_FILE, DB_FILE "-wal", DB_FILE "-shm" };

	if (!b)
		return;
	db_end(&b->w);
	if (b->s)
		store_let_go(b->s);
	/* What could not be removed, the next sweep does. */
	for (size_t i = 0; i < ARRAY_SIZE(parts) && b->dirfd >= 0; i++)
		(void)unlinkat(b->dirfd, parts[i], 0);
	cleanup_close(&b->dirfd);
	if (b->dir[0])
		(void)unlinkat(store_dirfd(b->s), b->dir, AT_REMOVEDIR);
	store_close(b->s);
	free(b);
}

/* Whether somebody else made it anew while we waited for the lock. */
static bool is_readable(const char *data_dir)
{
	_cleanup_store_ struct store *s = NULL;
	_cleanup_stmt_ sqlite3_stmt *st = NULL;

	return store_open(data_dir, STORE_READ, &s, NULL) == 0 && db_open(s, NULL) == 1 &&
	       db_query(s, &st, NULL, "PRAGMA quick_check(1)", "") == 0 &&
	       db_step(s, st, NULL) == 1 && !strcmp(db_text(st, 0), "ok");
}

static int begin(struct rebuild *b, const char *data_dir, struct err *e)
{
	int r = store_open(data_dir, STORE_WRITE, &b->s, e);

	if (r == 0)
		r = b->dirfd = store_tmp_dir(b->s, "index", b->dir, e);
	if (r < 0)
		return r;
	(void)snprintf(b->file, sizeof(b->file), "%s/" DB_FILE, b->dir);
	b->s->index = b->file;
	return db_begin(b->s, &b->w, e);
}

int rebuild_begin(const char *data_dir, bool force, struct rebuild **ret, struct err *e)
{
	_cleanup_rebuild_ struct rebuild *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return err_oom(e);
	b->dirfd = -EBADF;
	r = begin(b, data_dir, e);
	if (r < 0)
		return r;
	if (!force && is_readable(data_dir))
		return 0;
	*ret = TAKE_PTR(b);
	return 1;
}

int rebuild_layer(struct rebuild *b, const struct layer_row *l, struct err *e)
{
	return db_run(b->s, e,
	              "INSERT OR REPLACE INTO layers (chain, diff_id, size_bytes, driver, parent)"
	              " VALUES (?, ?, ?, ?, ?)",
	              "ssiss", l->chain, l->diff_id, (int64_t)l->size_bytes, l->driver, l->parent);
}

int rebuild_image(struct rebuild *b, const struct image_row *image, struct err *e)
{
	int r = image_insert(b->s, image, e);

	for (char *const *n = image->names; r == 0 && n && *n; n++)
		r = db_run(b->s, e, "INSERT OR REPLACE INTO image_names VALUES (?, ?)", "ss", *n,
		           image->id);
	return r;
}

int rebuild_volume(struct rebuild *b, const struct volume_row *volume, struct err *e)
{
	return volume_insert(b->s, volume, e);
}

int rebuild_container(struct rebuild *b, const struct container_row *row, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = db_query(b->s, &st, e, "SELECT 1 FROM containers WHERE name = ?", "s", row->name);

	if (r == 0)
		r = db_step(b->s, st, e);
	if (r > 0)
		return err_set(e, UCT_NAME_TAKEN, -EEXIST, "two containers have the name '%s'",
		               row->name);
	if (r == 0)
		r = container_insert(b->s, row, e);
	return r < 0 ? r : uses_insert(b->s, row->id, row->uses, row->n_uses, e);
}

static int move(struct rebuild *b, const char *from, const char *to, struct err *e)
{
	if (renameat(b->s->dirfd, from, b->s->dirfd, to) < 0 && errno != ENOENT)
		return err_sys(e, "cannot rename '%s/%s' to '%s'", b->s->path, from, to);
	return 0;
}

int rebuild_finish(struct rebuild *b, struct err *e)
{
	int r = db_commit(&b->w, e), rc;

	if (r < 0)
		return r;
	/* All of it from the log into the file, and that to the disk. */
	rc = sqlite3_wal_checkpoint_v2(b->s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK)
		return err_set(e, rc == SQLITE_FULL ? UCT_NO_SPACE : UCT_SYSTEM,
		               rc == SQLITE_FULL ? -ENOSPC : -EIO, "cannot write '%s/%s': %s",
		               b->s->path, b->file, sqlite3_errstr(rc));
	store_let_go(b->s);
	(void)unlinkat(b->s->dirfd, DB_FILE "-shm", 0); /* made anew by whoever opens it */
	r = move(b, DB_FILE "-wal", REBUILD_OLD "-wal", e);
	if (r == 0)
		r = move(b, DB_FILE, REBUILD_OLD, e);
	if (r == 0)
		r = move(b, b->file, DB_FILE, e);
	if (r == 0 && fsync(b->s->dirfd) < 0)
		r = err_sys(e, "cannot sync '%s'", b->s->path);
	return r;
}

void rebuild_chains(const char (*diff_ids)[DIGEST_SIZE], size_t n, char (*ret)[CHAIN_SIZE])
{
	char text[2 * DIGEST_SIZE], digest[SHA256_TEXT_SIZE];

	for (size_t i = 0; i < n; i++) {
		(void)snprintf(digest, sizeof(digest), "%s", diff_ids[i]);
		if (i > 0) {
			(void)snprintf(text, sizeof(text), "sha256:%s %s", ret[i - 1], diff_ids[i]);
			sha256_text(text, strlen(text), digest);
		}
		(void)snprintf(ret[i], CHAIN_SIZE, "%.64s", digest + strlen("sha256:"));
	}
}
