/* SPDX-License-Identifier: Apache-2.0 */
/* containers - rows and directories of containers
 *
 * A container exists if its row and containers/ID both exist, and the directory decides: it appears
 * by a rename after the row was committed, and disappears by a rename before the row is deleted. So
 * whoever is killed in between leaves a row without a directory, which nobody sees, whose name is
 * free, and which the next sweep deletes. The other order would leave directories without rows,
 * which only a search through containers/ could find.
 */
#include "store/containers.h"

#include "base/array.h"
#include "base/file.h"
#include "base/strv.h"
#include "store/db.h"
#include "store/hex.h"
#include "store/rows.h"
#include "store/trash.h"
#include "store/volume-uses.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum { CONTAINER_PATH_SIZE = 16 + CONTAINER_ID_SIZE };

#define COLUMNS "id, name, image, image_id, command, created_ns, auto_remove"

void container_row_done(struct container_row *row)
{
	cleanup_free(&row->name);
	cleanup_free(&row->image);
	cleanup_free(&row->command);
	*row = (struct container_row){ 0 };
}

int container_new_id(char ret_id[CONTAINER_ID_SIZE], struct err *e)
{
	unsigned char b[(CONTAINER_ID_SIZE - 1) / 2];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return err_sys(e, "cannot get random bytes");
	for (size_t i = 0; i < sizeof(b); i++)
		(void)snprintf(ret_id + 2 * i, 3, "%02x", b[i]);
	return 0;
}

static int container_path(char path[CONTAINER_PATH_SIZE], const char *where, const char *id,
                          struct err *e)
{
	if (!is_hex(id, CONTAINER_ID_SIZE - 1))
		return err_set(e, UCT_INTERNAL, -EINVAL, "'%s' is not a container id", id);
	(void)snprintf(path, CONTAINER_PATH_SIZE, "%s/%s", where, id);
	return 0;
}

bool container_exists(struct store *s, const char *id)
{
	char path[CONTAINER_PATH_SIZE];

	return container_path(path, "containers", id, NULL) == 0 &&
	       faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int container_stage(struct store *s, struct container_stage *ret, struct err *e)
{
	int r;

	*ret = (struct container_stage){ .dirfd = -EBADF, .store_dirfd = s->dirfd };
	r = store_tmp_dir(s, "container", ret->name, e);
	if (r < 0)
		return r;
	ret->dirfd = r;
	return 0;
}

void container_stage_done(struct container_stage *stage)
{
	if (stage->name[0]) /* or the sweep after our death */
		(void)trash_move(stage->store_dirfd, stage->name, NULL, NULL);
	cleanup_close(&stage->dirfd);
	stage->dirfd = -EBADF;
	stage->name[0] = '\0';
}

/* Since we write anyway: the rows of what lies in trash/. */
static int purge_trash(struct store *s, struct strv *ret_ids, struct err *e)
{
	int fd = openat(s->dirfd, "trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		r = err_sys(e, "cannot read directory '%s/trash'", s->path);
		cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (de = readdir(d))) {
		if (!is_hex(de->d_name, CONTAINER_ID_SIZE - 1) ||
		    trash_look(fd, de->d_name) == TRASH_EMPTYING)
			continue;
		r = strv_addf(ret_ids, "trash/%s", de->d_name);
		if (r < 0)
			r = err_oom(e);
		else
			r = uses_release(s, de->d_name, NULL, e);
		if (r == 0)
			r = db_run(s, e, "DELETE FROM containers WHERE id = ?", "s", de->d_name);
	}
	(void)closedir(d);
	return r;
}

static int check_image(struct store *s, const struct container_row *row, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	if (row->image_id[0] == '\0')
		return 0; /* a container without an image: --rootfs */
	r = db_query(s, &st, e, "SELECT 1 FROM images WHERE id = ?", "s", row->image_id);
	if (r == 0)
		r = db_step(s, st, e);
	if (r == 0)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "image '%s' was removed meanwhile",
		               row->image ? row->image : row->image_id);
	return r < 0 ? r : 0;
}

static int check_name(struct store *s, const char *name, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r;

	if (!name)
		return 0;
	r = db_query(s, &st, e, "SELECT id FROM containers WHERE name = ?", "s", name);
	if (r == 0)
		r = db_step(s, st, e);
	if (r <= 0)
		return r;
	if (container_exists(s, db_text(st, 0)))
		return err_set(e, UCT_NAME_TAKEN, -EEXIST,
		               "the name '%s' belongs to container %.12s", name, db_text(st, 0));
	return db_run(s, e, "DELETE FROM containers WHERE name = ?", "s", name);
}

int container_insert(struct store *s, const struct container_row *row, struct err *e)
{
	return db_run(s, e, "INSERT INTO containers (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
	              "sssssii", row->id, row->name, row->image ? row->image : "", row->image_id,
	              row->command ? row->command : "", (int64_t)row->created_ns,
	              (int64_t)row->auto_remove);
}

static int publish_directory(struct store *s, const char *id, struct container_stage *stage,
                             struct db_write *w, struct err *e)
{
	char path[CONTAINER_PATH_SIZE];
	int r;

	r = container_path(path, "containers", id, e);
	if (r < 0)
		return r;
	r = file_rename_new(s->dirfd, stage->name, s->dirfd, path);
	if (r == 0) {
		stage->name[0] = '\0';
		return 0;
	}
	(void)err_errno(e, r, "cannot rename container '%s' into place", id);
	/* The row must not stay; if this fails too it is a row without a directory: nothing. */
	if (db_again(w, NULL) == 0 &&
	    db_run(s, NULL, "DELETE FROM containers WHERE id = ?", "s", id) == 0)
		(void)db_commit(w, NULL);
	return r;
}

int container_publish(struct store *s, const struct container_row *row,
                      struct container_stage *stage, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	_cleanup_strv_ struct strv purged = { 0 };
	char path[CONTAINER_PATH_SIZE];
	int r;

	r = container_path(path, "containers", row->id, e);
	if (r == 0)
		r = db_begin(s, &w, e);
	if (r == 0)
		r = purge_trash(s, &purged, e);
	if (r == 0)
		r = check_image(s, row, e);
	if (r == 0)
		r = check_name(s, row->name, e);
	if (r == 0)
		r = container_insert(s, row, e);
	if (r == 0)
		r = uses_insert(s, row->id, row->uses, row->n_uses, e);
	if (r == 0)
		r = db_commit(&w, e);
	if (r == 0)
		r = uses_make_volumes(s, row->uses, row->n_uses, e);
	if (r == 0)
		r = publish_directory(s, row->id, stage, &w, e);
	db_end(&w);
	/* What their monitors have emptied already; the rest is for store_sweep(). */
	for (size_t i = 0; i < purged.n && r == 0; i++)
		(void)unlinkat(s->dirfd, purged.v[i], AT_REMOVEDIR);
	return r;
}

int container_rename(struct store *s, const char *id, const char *name, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	int r = db_begin(s, &w, e);

	if (r == 0)
		r = check_name(s, name, e);
	if (r == 0)
		r = db_run(s, e, "UPDATE containers SET name = ? WHERE id = ?", "ss", name, id);
	if (r == 0)
		r = db_commit(&w, e);
	db_end(&w);
	return r;
}

static int read_row(sqlite3_stmt *st, struct container_row *ret, struct err *e)
{
	struct container_row row = { 0 };
	int r;

	r = db_copy(st, 0, row.id, sizeof(row.id), e);
	if (r == 0)
		r = db_copy(st, 3, row.image_id, sizeof(row.image_id), e);
	if (r < 0)
		return r;
	row.name = strdup(db_text(st, 1));
	row.image = strdup(db_text(st, 2));
	row.command = strdup(db_text(st, 4));
	row.created_ns = (uint64_t)sqlite3_column_int64(st, 5);
	row.auto_remove = sqlite3_column_int(st, 6);
	if (!row.name || !row.image || !row.command) {
		container_row_done(&row);
		return err_oom(e);
	}
	*ret = row;
	return 0;
}

/* The one row of a query whose directory exists: 1, 0 or -ENOTUNIQ. */
static int find_one(struct store *s, sqlite3_stmt *st, const char *ref, struct container_row *ret,
                    struct err *e)
{
	bool found = false;
	int r;

	while ((r = db_step(s, st, e)) > 0) {
		if (!container_exists(s, db_text(st, 0)))
			continue;
		if (found) {
			container_row_done(ret);
			return err_set(e, UCT_CONTAINER_AMBIGUOUS, -ENOTUNIQ,
			               "'%s' is the beginning of several container ids", ref);
		}
		r = read_row(st, ret, e);
		if (r < 0)
			return r;
		found = true;
	}
	if (r < 0 && found)
		container_row_done(ret);
	return r < 0 ? r : found;
}

int container_find(struct store *s, const char *ref, struct container_row *ret, struct err *e)
{
	static const char *const queries[] = {
		"SELECT " COLUMNS " FROM containers WHERE id = ?1",
		"SELECT " COLUMNS " FROM containers WHERE name = ?1",
		/* 'g' follows the last hex digit, so this is a range of the primary key. */
		"SELECT " COLUMNS " FROM containers WHERE id > ?1 AND id < ?1 || 'g'",
	};
	int r = db_open(s, e);

	if (r <= 0)
		return r;
	ref += ref[0] == '/'; /* as Docker's inspect shows names, and scripts hand them on */
	for (size_t i = 0; i < ARRAY_SIZE(queries); i++) {
		_cleanup_stmt_ sqlite3_stmt *st = NULL;

		if (i == 2 && !is_hex(ref, 0))
			break;
		r = db_query(s, &st, e, queries[i], "s", ref);
		if (r == 0)
			r = find_one(s, st, ref, ret, e);
		if (r != 0)
			return r;
	}
	return 0;
}

struct rows {
	struct container_row *v;
	size_t n, cap;
};

/* All that the query still has. */
static int add_rows(struct store *s, sqlite3_stmt *st, struct rows *rows, struct err *e)
{
	int r;

	while ((r = db_step(s, st, e)) > 0) {
		if (array_grow(&rows->v, rows->n, &rows->cap, sizeof(*rows->v)) < 0)
			return err_oom(e);
		r = read_row(st, &rows->v[rows->n], e);
		if (r < 0)
			return r;
		rows->n++;
	}
	return r;
}

static int give_rows(struct rows *rows, int r, struct container_row **ret, size_t *ret_n)
{
	if (r < 0) {
		while (rows->n > 0)
			container_row_done(&rows->v[--rows->n]);
		free(rows->v);
		return r;
	}
	*ret = rows->v;
	*ret_n = rows->n;
	return 0;
}

int container_list(struct store *s, struct container_row **ret, size_t *ret_n, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct rows rows = { 0 };
	int r = db_open(s, e);

	if (r > 0)
		r = db_query(s, &st, e,
		             "SELECT " COLUMNS " FROM containers ORDER BY created_ns DESC", "");
	if (r == 0 && st)
		r = add_rows(s, st, &rows, e);
	return give_rows(&rows, r, ret, ret_n);
}

static int compare_age(const void *a, const void *b)
{
	uint64_t left = ((const struct container_row *)a)->created_ns;
	uint64_t right = ((const struct container_row *)b)->created_ns;

	return left < right ? 1 : left > right ? -1 : 0;
}

int container_list_of(struct store *s, const char (*ids)[CONTAINER_ID_SIZE], size_t n,
                      struct container_row **ret, size_t *ret_n, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct rows rows = { 0 };
	int r = n ? db_open(s, e) : 0;

	if (r > 0)
		r = db_query(s, &st, e, "SELECT " COLUMNS " FROM containers WHERE id = ?", "s",
		             ids[0]);
	for (size_t i = 0; i < n && r == 0 && st; i++) {
		if (i > 0) {
			(void)sqlite3_reset(st);
			(void)sqlite3_bind_text(st, 1, ids[i], -1, SQLITE_STATIC);
		}
		r = add_rows(s, st, &rows, e);
	}
	if (r == 0 && rows.n)
		qsort(rows.v, rows.n, sizeof(*rows.v), compare_age);
	return give_rows(&rows, r, ret, ret_n);
}

int container_discard(struct store *s, const char *id, struct err *e)
{
	char from[CONTAINER_PATH_SIZE], to[CONTAINER_PATH_SIZE];
	int r;

	r = container_path(from, "containers", id, e);
	if (r == 0)
		r = container_path(to, "trash", id, e);
	if (r < 0)
		return r;
	r = file_rename_new(s->dirfd, from, s->dirfd, to);
	return r < 0 && r != -ENOENT
	               ? err_errno(e, r, "cannot move container '%s' to the trash", id)
	               : 0;
}

int container_open_dir(struct store *s, const char *id, struct err *e)
{
	char path[CONTAINER_PATH_SIZE];
	int r, fd;

	r = container_path(path, "containers", id, e);
	if (r < 0)
		return r;
	fd = openat(s->dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == EBADF))
		return err_set(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "container '%s' does not exist",
		               id);
	return fd < 0 ? err_sys(e, "cannot open container '%s'", id) : fd;
}
