/* SPDX-License-Identifier: Apache-2.0 */
#include "store/volumes.h"

#include "base/array.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "store/containers.h"
#include "store/db.h"
#include "store/rows.h"
#include "store/trash.h"
#include "store/volume-uses.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS "name, driver, options, labels, created_ns, is_anonymous"

enum { VOLUME_PATH_SIZE = sizeof(VOLUME_DIR) + 1 + VOLUME_NAME_MAX };

void volume_row_done(struct volume_row *row)
{
	cleanup_free(&row->name);
	cleanup_free(&row->driver);
	cleanup_free(&row->options);
	cleanup_free(&row->labels);
	*row = (struct volume_row){ 0 };
}

void volume_list_free(struct volume_row *rows, size_t n)
{
	for (size_t i = 0; rows && i < n; i++)
		volume_row_done(&rows[i]);
	free(rows);
}

/* As podman has it: Docker's names, and those of one character. */
bool volume_name_is_valid(const char *name)
{
	size_t n = strlen(name);

	if (!isalnum((unsigned char)name[0]) || n > VOLUME_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
			return false;
	return true;
}

static int volume_path(char path[VOLUME_PATH_SIZE], const char *name, struct err *e)
{
	if (!volume_name_is_valid(name))
		return err_set(e, UCT_BAD_VOLUME_NAME, -EINVAL, "'%s' is not a name of a volume",
		               name);
	(void)snprintf(path, VOLUME_PATH_SIZE, VOLUME_DIR "/%s", name);
	return 0;
}

static bool has_directory(struct store *s, const char *name)
{
	char path[VOLUME_PATH_SIZE];

	return volume_path(path, name, NULL) == 0 &&
	       faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int volume_open_dir(struct store *s, const char *name, struct err *e)
{
	char path[VOLUME_PATH_SIZE];
	int r = volume_path(path, name, e), fd;

	if (r < 0)
		return r;
	fd = openat(s->dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == EBADF))
		return err_set(e, UCT_VOLUME_UNKNOWN, -ENOENT, "no volume '%s'", name);
	return fd < 0 ? err_sys(e, "cannot open volume '%s'", name) : fd;
}

/* --- making */

static int write_meta(const struct volume_row *row, int dirfd, struct err *e)
{
	/* Name and driver are words; the other two are JSON already. */
	_cleanup_free_ char *text =
		strf("{\"version\":1,\"name\":\"%s\",\"driver\":\"%s\",\"options\":%s,"
	             "\"labels\":%s,\"createdNs\":%llu,\"anonymous\":%s}\n",
	             row->name, row->driver, row->options, row->labels,
	             (unsigned long long)row->created_ns, row->is_anonymous ? "true" : "false");

	return text ? file_write_at(dirfd, VOLUME_META, text, strlen(text), 0600, false, e)
	            : err_oom(e);
}

/* What a directory must have to be a volume; returns its _data. */
static int fill_directory(const struct volume_row *row, int dirfd, struct err *e)
{
	_cleanup_close_ int data_fd = -EBADF, fresh_fd = -EBADF;
	int r;

	if (mkdirat(dirfd, VOLUME_DATA, 0755) < 0)
		return err_sys(e, "cannot make volume '%s'", row->name);
	data_fd = openat(dirfd, VOLUME_DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (data_fd < 0 || fchmod(data_fd, 0755) < 0) /* whatever the umask is */
		return err_sys(e, "cannot open volume '%s'", row->name);
	fresh_fd = openat(dirfd, VOLUME_FRESH, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fresh_fd < 0)
		return err_sys(e, "cannot make volume '%s'", row->name);
	r = write_meta(row, dirfd, e);
	return r < 0 ? r : TAKE_FD(data_fd);
}

int volume_stage(struct store *s, const struct volume_row *row, char ret_name[STORE_NAME_MAX],
                 struct err *e)
{
	_cleanup_close_ int dirfd = store_tmp_dir(s, "volume", ret_name, e);
	int r;

	if (dirfd < 0)
		return dirfd;
	r = fill_directory(row, dirfd, e);
	if (r < 0)
		(void)tree_remove_at(s->dirfd, ret_name, NULL); /* or a later sweep */
	return r;
}

int volume_make_directory(struct store *s, const struct volume_row *row, const char *path,
                          struct err *e)
{
	_cleanup_close_ int dirfd = -EBADF, data_fd = -EBADF;

	if (mkdirat(s->dirfd, path, 0700) < 0)
		return err_sys(e, "cannot make volume '%s'", row->name);
	dirfd = openat(s->dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dirfd < 0)
		return err_sys(e, "cannot open volume '%s'", row->name);
	data_fd = fill_directory(row, dirfd, e);
	return MIN(data_fd, 0);
}

/* Rows of what was removed under that name, or never finished, are replaced. */
int volume_insert(struct store *s, const struct volume_row *row, struct err *e)
{
	return db_run(s, e,
	              "INSERT OR REPLACE INTO volumes (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)",
	              "ssssii", row->name, row->driver, row->options, row->labels,
	              (int64_t)row->created_ns, (int64_t)row->is_anonymous);
}

static int taken(const char *name, struct err *e)
{
	return err_set(e, UCT_VOLUME_EXISTS, -EEXIST, "volume '%s' exists already", name);
}

int volume_publish(struct store *s, const struct volume_row *row, const char *staged, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	char path[VOLUME_PATH_SIZE];
	int r = volume_path(path, row->name, e);

	if (r == 0)
		r = db_begin(s, &w, e);
	if (r == 0 && has_directory(s, row->name))
		r = taken(row->name, e);
	if (r == 0)
		r = volume_insert(s, row, e);
	if (r == 0)
		r = db_commit(&w, e);
	if (r < 0)
		return r;
	r = file_rename_new(s->dirfd, staged, s->dirfd, path);
	return r == -EEXIST ? taken(row->name, e)
	       : r < 0      ? err_errno(e, r, "cannot rename volume '%s' into place", row->name)
	                    : 0;
}

int volume_adopt(struct store *s, const struct volume_row *row, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	_cleanup_close_ int dirfd = volume_open_dir(s, row->name, e);
	int r = dirfd < 0 ? dirfd : db_begin(s, &w, e);

	if (r == 0)
		r = volume_insert(s, row, e);
	/* One that a person put there may have none. */
	if (r == 0 && faccessat(dirfd, VOLUME_META, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = write_meta(row, dirfd, e);
	return r < 0 ? r : db_commit(&w, e);
}

/* --- looking */

/* 1 the tables are there; 0 no store yet, or one of before volumes. */
static int open_tables(struct store *s, struct err *e)
{
	int r = db_open(s, e);

	return r > 0 && s->version < DB_VERSION_VOLUMES ? 0 : r;
}

static int read_row(sqlite3_stmt *st, struct volume_row *ret, struct err *e)
{
	struct volume_row row = {
		.name = strdup(db_text(st, 0)),
		.driver = strdup(db_text(st, 1)),
		.options = strdup(db_text(st, 2)),
		.labels = strdup(db_text(st, 3)),
		.created_ns = (uint64_t)sqlite3_column_int64(st, 4),
		.is_anonymous = sqlite3_column_int(st, 5),
	};

	*ret = row;
	return row.name && row.driver && row.options && row.labels ? 0 : err_oom(e);
}

int volume_find(struct store *s, const char *name, struct volume_row *ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = open_tables(s, e);

	if (r > 0)
		r = db_query(s, &st, e, "SELECT " COLUMNS " FROM volumes WHERE name = ?", "s",
		             name);
	if (r == 0 && st)
		r = db_step(s, st, e);
	if (r <= 0 || !has_directory(s, name))
		return MIN(r, 0);
	r = read_row(st, ret, e);
	if (r < 0)
		volume_row_done(ret);
	return r < 0 ? r : 1;
}

int volume_list(struct store *s, struct volume_row **ret, size_t *ret_n, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct volume_row *rows = NULL;
	size_t n = 0, cap = 0;
	int r = open_tables(s, e);

	if (r > 0)
		r = db_query(s, &st, e, "SELECT " COLUMNS " FROM volumes ORDER BY name", "");
	while (r == 0 && st && (r = db_step(s, st, e)) > 0) {
		r = 0;
		if (!has_directory(s, db_text(st, 0)))
			continue;
		r = array_grow(&rows, n, &cap, sizeof(*rows)) < 0 ? err_oom(e)
		                                                  : read_row(st, &rows[n++], e);
	}
	if (r < 0) {
		volume_list_free(rows, n);
		return r;
	}
	*ret = rows;
	*ret_n = n;
	return 0;
}

int volume_users(struct store *s, const char *name, struct strv *ret_ids, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = open_tables(s, e);

	if (r > 0)
		r = db_query(s, &st, e,
		             "SELECT container_id FROM container_uses WHERE kind = 'volume' AND "
		             "name = ?",
		             "s", name);
	while (r == 0 && st && (r = db_step(s, st, e)) > 0) {
		r = 0;
		if (container_exists(s, db_text(st, 0)) && strv_add(ret_ids, db_text(st, 0)) < 0)
			r = err_oom(e);
	}
	return r;
}

int volume_used_names(struct store *s, struct strv *ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = open_tables(s, e);

	if (r > 0)
		r = db_query(s, &st, e,
		             "SELECT name, container_id FROM container_uses WHERE kind = 'volume' "
		             "ORDER BY name",
		             "");
	while (r == 0 && st && (r = db_step(s, st, e)) > 0) {
		const char *name = db_text(st, 0);

		r = 0;
		if ((!ret->n || strcmp(ret->v[ret->n - 1], name) != 0) &&
		    container_exists(s, db_text(st, 1)) && strv_add(ret, name) < 0)
			r = err_oom(e);
	}
	return r;
}

/* --- removing */

int volume_remove(struct store *s, const char *name, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	_cleanup_strv_ struct strv users = { 0 };
	char path[VOLUME_PATH_SIZE];
	int r = volume_path(path, name, NULL) < 0 ? -ENOENT : db_begin(s, &w, e);

	if (r == -ENOENT || (r == 0 && !has_directory(s, name)))
		return err_set(e, UCT_VOLUME_UNKNOWN, -ENOENT, "no volume '%s'", name);
	if (r == 0)
		r = volume_users(s, name, &users, e);
	if (r == 0 && users.n)
		r = err_set(e, UCT_VOLUME_USED, -EBUSY,
		            "volume '%s' is in use by container %.12s%s", name, users.v[0],
		            users.n > 1 ? " and others" : "");
	if (r == 0)
		r = trash_move(s->dirfd, path, NULL, e);
	if (r == 0)
		r = db_run(s, e, "DELETE FROM volumes WHERE name = ?", "s", name);
	return r < 0 ? r : db_commit(&w, e);
}

int volume_use(struct store *s, const char *container_id, const char *name, struct err *e)
{
	const struct container_use use = { USE_VOLUME, name, NULL };
	_cleanup_write_ struct db_write w = { 0 };
	int r = db_begin(s, &w, e);

	if (r == 0)
		r = uses_insert(s, container_id, &use, 1, e);
	return r < 0 ? r : db_commit(&w, e);
}

/* --- an index and directories that do not know each other */

void volume_forget(struct store *s, const char *name)
{
	_cleanup_write_ struct db_write w = { 0 };

	/* Where it cannot be told from here, `system check --repair` does it. */
	if (db_begin(s, &w, NULL) == 0 && !has_directory(s, name) &&
	    db_run(s, NULL, "DELETE FROM volumes WHERE name = ?", "s", name) == 0)
		(void)db_commit(&w, NULL);
}

int volume_lost(struct store *s, bool forget, struct strv *ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	_cleanup_write_ struct db_write w = { 0 };
	/* Under the lock nobody is between the row and the directory. */
	int r = s->mode == STORE_WRITE ? db_begin(s, &w, e) : open_tables(s, e);

	if (r == 0 && !s->db)
		return 0;
	r = MIN(r, 0);
	if (r == 0)
		r = db_query(s, &st, e, "SELECT name FROM volumes ORDER BY name", "");
	while (r == 0 && (r = db_step(s, st, e)) > 0) {
		r = 0;
		if (!has_directory(s, db_text(st, 0)) && strv_add(ret, db_text(st, 0)) < 0)
			r = err_oom(e);
	}
	for (size_t i = 0; i < ret->n && r == 0 && forget; i++)
		r = db_run(s, e, "DELETE FROM volumes WHERE name = ?", "s", ret->v[i]);
	return r < 0 || !forget ? r : db_commit(&w, e);
}

int volume_write_meta(struct store *s, const struct volume_row *row, struct err *e)
{
	_cleanup_close_ int dirfd = volume_open_dir(s, row->name, e);

	return dirfd < 0 ? dirfd : write_meta(row, dirfd, e);
}

static int is_known(struct store *s, const char *name, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = db_query(s, &st, e, "SELECT 1 FROM volumes WHERE name = ?", "s", name);

	return r < 0 ? r : db_step(s, st, e);
}

int volume_unknown(struct store *s, struct strv *ret, struct err *e)
{
	int fd = openat(s->dirfd, VOLUME_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int r = d ? db_open(s, e) : err_sys(e, "cannot read directory '%s/volumes'", s->path);
	struct dirent *de;

	if (!d) {
		cleanup_close(&fd);
		return r;
	}
	r = MIN(r, 0);
	while (r >= 0 && (de = readdir(d))) {
		if (!volume_name_is_valid(de->d_name))
			continue;
		r = is_known(s, de->d_name, e);
		if (r == 0 && strv_add(ret, de->d_name) < 0)
			r = err_oom(e);
	}
	(void)closedir(d);
	return MIN(r, 0);
}

/* --- with containers */

static bool is_there(struct store *s, const struct container_use *use)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;

	if (use->kind == USE_VOLUME)
		return has_directory(s, use->name);
	return db_query(s, &st, NULL, "SELECT 1 FROM images WHERE id = ?", "s", use->name) == 0 &&
	       db_step(s, st, NULL) > 0;
}

int uses_insert(struct store *s, const char *id, const struct container_use *uses, size_t n,
                struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		bool is_volume = uses[i].kind == USE_VOLUME;

		if (uses[i].volume)
			r = volume_insert(s, uses[i].volume, e);
		else if (!is_there(s, &uses[i]))
			r = err_set(e, is_volume ? UCT_VOLUME_UNKNOWN : UCT_IMAGE_UNKNOWN, -ENOENT,
			            "%s '%s' was removed meanwhile", is_volume ? "volume" : "image",
			            uses[i].name);
		if (r == 0)
			r = db_run(s, e, "INSERT OR REPLACE INTO container_uses VALUES (?, ?, ?)",
			           "sss", id, is_volume ? "volume" : "image", uses[i].name);
	}
	return r;
}

int uses_make_volumes(struct store *s, const struct container_use *uses, size_t n, struct err *e)
{
	char path[VOLUME_PATH_SIZE];
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (!uses[i].volume)
			continue;
		r = volume_path(path, uses[i].name, e);
		if (r == 0)
			r = volume_make_directory(s, uses[i].volume, path, e);
	}
	return r;
}

/* Whether the anonymous volumes of a container that is gone shall go too. One that was never
 * published has none that anybody has written to. */
static bool is_wished(struct store *s, const char *id, bool auto_remove)
{
	char path[16 + CONTAINER_ID_SIZE + sizeof(VOLUME_WISH)];

	(void)snprintf(path, sizeof(path), "trash/%s/" VOLUME_WISH, id);
	return auto_remove || faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int release_one(struct store *s, const char *name, bool is_wished, struct strv *trash,
                       struct err *e)
{
	char path[VOLUME_PATH_SIZE], fresh[VOLUME_PATH_SIZE + sizeof(VOLUME_FRESH)];
	_cleanup_strv_ struct strv users = { 0 };
	char moved[STORE_NAME_MAX] = "";
	int r = volume_users(s, name, &users, e);

	if (r == 0)
		r = volume_path(path, name, e);
	if (r < 0 || users.n) /* its own is not there any more */
		return r;
	(void)snprintf(fresh, sizeof(fresh), "%s/" VOLUME_FRESH, path);
	if (!is_wished && faccessat(s->dirfd, fresh, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	r = trash_move(s->dirfd, path, moved, e);
	if (r == 0 && moved[0] && trash && strv_add(trash, moved) < 0)
		r = err_oom(e);
	return r < 0 ? r : db_run(s, e, "DELETE FROM volumes WHERE name = ?", "s", name);
}

int uses_release(struct store *s, const char *id, struct strv *trash, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char path[16 + CONTAINER_ID_SIZE];
	int r = db_query(s, &st, e,
	                 "SELECT u.name, c.auto_remove FROM container_uses u JOIN containers c ON "
	                 "c.id = u.container_id JOIN volumes v ON v.name = u.name WHERE "
	                 "u.container_id = ? AND u.kind = 'volume' AND v.is_anonymous",
	                 "s", id);
	bool is_in_trash;

	(void)snprintf(path, sizeof(path), "trash/%s", id);
	is_in_trash = faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	while (r == 0 && (r = db_step(s, st, e)) > 0) {
		bool wish = is_wished(s, id, sqlite3_column_int(st, 1));

		r = 0;
		/* Only one that was never published leaves volumes that nobody knows of. */
		if (wish || !is_in_trash)
			r = release_one(s, db_text(st, 0), wish, trash, e);
	}
	return r;
}
