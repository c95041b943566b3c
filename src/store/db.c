/* SPDX-License-Identifier: Apache-2.0 */
/* db - opening the index, its schema, transactions under the lock; see db.h for how they go */
#include "store/db.h"

#include "base/sbuf.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

enum { SCHEMA_VERSION = 4 };
enum { BUSY_TIMEOUT_MS = 5000, WAL_MAP_BYTES = 32 * 1024 };
/* The log is cut at the end of a command that finds it longer than the first, and after any commit
 * that finds it longer than the second. */
enum { WAL_LONG_BYTES = 192 * 1024, WAL_MAX_BYTES = 1024 * 1024 };

/* What a container uses besides its own image: volumes, and images that are mounted in it. */
#define VOLUME_TABLES                                                                           \
	"CREATE TABLE IF NOT EXISTS volumes (name TEXT PRIMARY KEY, driver TEXT NOT NULL, "     \
	"options TEXT NOT "                                                                     \
	"NULL,"                                                                                 \
	" labels TEXT NOT NULL, created_ns INTEGER NOT NULL, is_anonymous INTEGER NOT NULL)"    \
	" WITHOUT ROWID;"                                                                       \
	"CREATE TABLE IF NOT EXISTS container_uses (container_id TEXT NOT NULL, kind TEXT NOT " \
	"NULL,"                                                                                 \
	" name TEXT NOT NULL, PRIMARY KEY (container_id, kind, name)) WITHOUT ROWID;"           \
	"CREATE INDEX IF NOT EXISTS container_uses_name ON container_uses (kind, name);"        \
	"CREATE TRIGGER IF NOT EXISTS container_uses_end AFTER DELETE ON containers BEGIN"      \
	" DELETE FROM container_uses WHERE container_id = old.id; END;"

/* Listed fields are columns and listing needs no sorting. Names are looked up through UNIQUE
 * indexes, reference counts through the reverse indexes. */
static const char schema[] =
	"CREATE TABLE images (id TEXT PRIMARY KEY, manifest TEXT NOT NULL, manifest_type TEXT,"
	" manifest_bytes INTEGER NOT NULL, created_ns INTEGER NOT NULL, pulled_ns INTEGER NOT NULL,"
	" size_bytes INTEGER NOT NULL);"
	"CREATE TABLE image_names (name TEXT PRIMARY KEY, image_id TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX image_names_image ON image_names (image_id);"
	"CREATE TABLE image_digests (name TEXT PRIMARY KEY, image_id TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX image_digests_image ON image_digests (image_id);"
	"CREATE TABLE image_layers (image_id TEXT NOT NULL, pos INTEGER NOT NULL,"
	" chain TEXT NOT NULL, PRIMARY KEY (image_id, pos)) WITHOUT ROWID;"
	"CREATE INDEX image_layers_chain ON image_layers (chain);"
	"CREATE TABLE image_blobs (image_id TEXT NOT NULL, pos INTEGER NOT NULL,"
	" digest TEXT NOT NULL, PRIMARY KEY (image_id, pos)) WITHOUT ROWID;"
	"CREATE INDEX image_blobs_digest ON image_blobs (digest);"
	"CREATE TABLE layers (chain TEXT PRIMARY KEY, diff_id TEXT NOT NULL,"
	" size_bytes INTEGER NOT NULL, driver TEXT NOT NULL DEFAULT 'plain',"
	" parent TEXT NOT NULL DEFAULT '') WITHOUT ROWID;"
	"CREATE TABLE containers (id TEXT PRIMARY KEY, name TEXT UNIQUE, image TEXT NOT NULL,"
	" image_id TEXT NOT NULL, command TEXT NOT NULL, created_ns INTEGER NOT NULL,"
	" auto_remove INTEGER NOT NULL);"
	"CREATE INDEX containers_created ON containers (created_ns);"
	"CREATE INDEX containers_image ON containers (image_id);" VOLUME_TABLES
	"PRAGMA user_version = 4;";

/* From each version to the next. */
static const char *const upgrades[SCHEMA_VERSION] = {
	[1] = "ALTER TABLE layers ADD COLUMN driver TEXT NOT NULL DEFAULT 'plain';"
	      "ALTER TABLE layers ADD COLUMN parent TEXT NOT NULL DEFAULT '';"
	      "PRAGMA user_version = 2;",
	[2] = "CREATE TABLE image_digests (name TEXT PRIMARY KEY, image_id TEXT NOT NULL)"
	      " WITHOUT ROWID;"
	      "CREATE INDEX image_digests_image ON image_digests (image_id);"
	      "PRAGMA user_version = 3;",
	[3] = VOLUME_TABLES "PRAGMA user_version = 4;",
};

/* By trying: of quotas statvfs(2) says nothing, and some are counted only when it is written out.
 */
static bool has_room(const struct store *s, size_t bytes)
{
	static const char zeros[WAL_MAP_BYTES];
	_cleanup_close_ int fd = openat(s->dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t n = fd < 0 ? -1 : (ssize_t)sizeof(zeros);

	for (; bytes > 0 && n == (ssize_t)sizeof(zeros); bytes -= MIN(bytes, sizeof(zeros)))
		n = RETRY_EINTR(write(fd, zeros, sizeof(zeros)));
	if (n == (ssize_t)sizeof(zeros))
		n = fsync(fd);
	return n == 0 || (n < 0 && errno != ENOSPC && errno != EDQUOT);
}

/* File systems that write nothing in place want room for each page that is written through a map,
 * and whoever finds none is killed (SIGBUS). */
static bool maps_want_room(const struct store *s)
{
	static const unsigned long types[] = { 0x9123683eUL /* btrfs */,
		                               0xca451a4eUL /* bcachefs */ };
	struct statfs fs;

	for (size_t i = 0; i < ARRAY_SIZE(types) && fstatfs(s->dirfd, &fs) == 0; i++)
		if ((unsigned long)fs.f_type == types[i])
			return true;
	return false;
}

/* The log's shared map (32 KiB) that finds no room is an "I/O error", and no errno is kept of it.
 */
static bool is_out_of_room(const struct store *s, int rc)
{
	int error = s->db ? sqlite3_system_errno(s->db) : 0;
	struct statvfs fs;

	if ((rc & 0xff) != SQLITE_IOERR)
		return false;
	return error == ENOSPC || error == EDQUOT ||
	       (fstatvfs(s->dirfd, &fs) == 0 && fs.f_bavail * fs.f_frsize < WAL_MAP_BYTES) ||
	       !has_room(s, WAL_MAX_BYTES);
}

static int db_error(struct store *s, int rc, struct err *e)
{
	const char *why = s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc);

	switch (is_out_of_room(s, rc) ? SQLITE_FULL : rc & 0xff) {
	case SQLITE_NOMEM:
		return err_oom(e);
	case SQLITE_FULL:
		return err_set(e, UCT_NO_SPACE, -ENOSPC, "cannot write the index of '%s': %s",
		               s->path, why);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, UCT_STORE_BUSY, -EBUSY, "cannot use the index of '%s': %s",
		               s->path, why);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_ERROR: /* our statements are right, so the tables are not */
	case SQLITE_CONSTRAINT:
		return err_set(e, UCT_STORE_DAMAGED, -EUCLEAN, "index '%s/index.db' is damaged: %s",
		               s->path, why);
	default:
		return err_set(e, UCT_SYSTEM, -EIO, "cannot use index '%s/index.db': %s", s->path,
		               why);
	}
}

static int connect_to(struct store *s, const char *uri_tail, int flags, struct err *e)
{
	_cleanup_free_ char *file = NULL;
	int rc;

	/* In a URI, ? # and % have a meaning of their own; only the rare form uses one. */
	if (uri_tail)
		file = strf("file:/proc/self/fd/%d/%s%s", s->dirfd, s->index, uri_tail);
	else
		file = strf("%s/%s", s->path, s->index);
	if (!file)
		return err_oom(e);
	rc = sqlite3_open_v2(file, &s->db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
	                     NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
	if (rc == SQLITE_OK && s->mode == STORE_WRITE)
		rc = sqlite3_wal_autocheckpoint(s->db, 0); /* see fold_back() */
	return rc == SQLITE_OK ? 0 : db_error(s, rc, e);
}

static void disconnect(struct store *s)
{
	(void)sqlite3_close(s->db); /* all statements are finalized by their variables */
	s->db = NULL;
	s->has_written = false;
}

static int read_version(struct store *s, int *ret, int *ret_rc)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &st, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int(st, 0);
	(void)sqlite3_finalize(st);
	*ret_rc = rc;
	return rc == SQLITE_ROW ? 0 : -EIO;
}

static int lock_take(struct store *s, struct err *e)
{
	if (s->lock_fd < 0)
		s->lock_fd = openat(s->dirfd, "index.lock",
		                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock_fd < 0)
		return err_sys(e, "cannot open '%s/index.lock'", s->path);
	if (RETRY_EINTR(flock(s->lock_fd, LOCK_EX)) < 0)
		return err_sys(e, "cannot lock '%s/index.lock'", s->path);
	s->is_locked = true;
	return 0;
}

static void lock_drop(struct store *s)
{
	(void)flock(s->lock_fd, LOCK_UN); /* cannot fail on a descriptor that holds it */
	s->is_locked = false;
}

int db_lock_pass(struct store *s, struct err *e)
{
	int r = lock_take(s, e);

	if (r == 0)
		lock_drop(s);
	return r;
}

static bool is_empty(struct store *s, const char *name)
{
	int fd = openat(s->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de = NULL;

	if (!d) {
		cleanup_close(&fd);
		return true;
	}
	do
		de = readdir(d);
	while (de && de->d_name[0] == '.');
	(void)closedir(d);
	return !de;
}

/* Layers and containers come after the index, so where these are it was there. An empty one in its
 * place would make garbage of them. Volumes do not count: a backup may be all there is. */
static int check_not_lost(struct store *s, struct err *e)
{
	if (strcmp(s->index, DB_FILE) != 0 || (is_empty(s, "layers") && is_empty(s, "containers")))
		return 0;
	return err_set(e, UCT_STORE_DAMAGED, -EUCLEAN,
	               "index '%s/" DB_FILE
	               "' is lost: there are layers or containers, and no index",
	               s->path);
}

/* Under the lock; another process may have been faster. */
static int make_schema(struct store *s, struct err *e)
{
	int version = 0, rc;

	rc = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return db_error(s, rc, e);
	if (read_version(s, &version, &rc) == 0 && version == 0) {
		int r = check_not_lost(s, e);

		if (r < 0)
			return r; /* closing the connection rolls back */
		rc = sqlite3_exec(s->db, schema, NULL, NULL, NULL);
		version = SCHEMA_VERSION;
	} else if (rc == SQLITE_ROW) {
		rc = SQLITE_OK;
	}
	for (; rc == SQLITE_OK && version > 0 && version < SCHEMA_VERSION; version++)
		rc = sqlite3_exec(s->db, upgrades[version], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : db_error(s, rc, e);
}

static int check_version(struct store *s, int version, struct err *e)
{
	if (version >= 0 && version <= SCHEMA_VERSION)
		return 0;
	return err_set(e, UCT_STORE_NEWER, -EPROTONOSUPPORT,
	               "index '%s/index.db' has schema %d, this program knows %d", s->path, version,
	               SCHEMA_VERSION);
}

/* The first who opens the index makes the log's shared map (-shm, 32 KiB) anew, which a full disk
 * refuses even to readers, and which file systems without shared mappings can never have. In
 * exclusive mode SQLite keeps that map in its own memory, and others wait for us meanwhile. Needs a
 * descriptor that may write, since the lock does. */
static int reopen_alone(struct store *s, struct err *e)
{
	int r, rc;

	disconnect(s);
	r = connect_to(s, NULL, SQLITE_OPEN_READWRITE, e);
	if (r < 0)
		return r;
	rc = sqlite3_exec(s->db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : db_error(s, rc, e);
}

/* SQLite makes the -shm file with write permission even for read-only connections. That fails on a
 * read-only file system; then nobody writes, and SQLite may treat the database as immutable,
 * provided that no log waits to be applied. */
static int reopen_immutable(struct store *s, int rc, struct err *e)
{
	struct stat st;

	if (fstatat(s->dirfd, DB_FILE "-wal", &st, 0) == 0 && st.st_size > 0)
		return db_error(s, rc, e);
	disconnect(s);
	return connect_to(s, "?immutable=1", SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e);
}

/* The first reading of a connection, and what can still be done where it fails with @rc. */
static int first_reading(struct store *s, int *ret_version, struct err *e)
{
	int r, rc, kind;

	if (maps_want_room(s) && !has_room(s, WAL_MAP_BYTES)) {
		r = reopen_alone(s, e);
		return r < 0 ? r : read_version(s, ret_version, &rc) == 0 ? 0 : db_error(s, rc, e);
	}
	if (read_version(s, ret_version, &rc) == 0)
		return 0;
	kind = rc & 0xff;
	if (kind == SQLITE_IOERR || kind == SQLITE_FULL)
		r = reopen_alone(s, e);
	else if (s->mode != STORE_WRITE &&
	         (kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY || kind == SQLITE_PERM))
		r = reopen_immutable(s, rc, e);
	else
		r = db_error(s, rc, e);
	if (r < 0)
		return r;
	return read_version(s, ret_version, &rc) == 0 ? 0 : db_error(s, rc, e);
}

static int open_reader(struct store *s, struct err *e)
{
	int r, rc, version = 0;

	if (s->dirfd < 0)
		return 0;
	/* No lock is held, so what is not there yet is looked for again before it is missed. */
	if (faccessat(s->dirfd, s->index, F_OK, 0) < 0) {
		r = check_not_lost(s, e);
		if (r == 0 || faccessat(s->dirfd, s->index, F_OK, 0) < 0)
			return r;
	}
	r = connect_to(s, NULL, SQLITE_OPEN_READONLY, e);
	if (r < 0)
		return r;
	r = first_reading(s, &version, e);
	if (r == 0)
		r = check_version(s, version, e);
	if (r == 0 && version == 0) {
		/* The first writer is just making it, or it was cut to nothing. */
		r = check_not_lost(s, e);
		if (r < 0 && read_version(s, &version, &rc) == 0 && version > 0)
			r = 0;
	}
	if (r < 0)
		return r;
	s->version = version;
	return version > 0;
}

static int open_writer(struct store *s, struct err *e)
{
	int r, rc, version = 0;

	r = connect_to(s, NULL, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
	if (r < 0)
		return r;
	r = first_reading(s, &version, e);
	if (r == 0)
		r = check_version(s, version, e);
	if (r < 0)
		return r;
	if (version < SCHEMA_VERSION) {
		r = lock_take(s, e);
		if (r < 0)
			return r;
		r = make_schema(s, e);
		lock_drop(s);
		if (r < 0)
			return r;
	}
	s->version = SCHEMA_VERSION;
	rc = sqlite3_exec(s->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
	return rc == SQLITE_OK ? 1 : db_error(s, rc, e);
}

int db_open(struct store *s, struct err *e)
{
	int r;

	if (s->db)
		return 1;
	r = s->mode == STORE_WRITE ? open_writer(s, e) : open_reader(s, e);
	if (r <= 0)
		disconnect(s); /* half open is closed, so that the next query tries again */
	return r;
}

static int bind_all(sqlite3_stmt *st, const char *types, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; types[i - 1] && rc == SQLITE_OK; i++) {
		/* The caller's strings outlive the statement's one run. */
		if (types[i - 1] == 's')
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
		else
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
	}
	return rc;
}

static int query(struct store *s, sqlite3_stmt **ret, struct err *e, const char *sql,
                 const char *types, va_list ap)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = bind_all(st, types, ap);
	if (rc != SQLITE_OK)
		return db_error(s, rc, e);
	*ret = TAKE_PTR(st);
	return 0;
}

int db_query(struct store *s, sqlite3_stmt **ret, struct err *e, const char *sql, const char *types,
             ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = query(s, ret, e, sql, types, ap);
	va_end(ap);
	return r;
}

int db_step(struct store *s, sqlite3_stmt *st, struct err *e)
{
	int rc = sqlite3_step(st);

	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : db_error(s, rc, e);
}

int db_run(struct store *s, struct err *e, const char *sql, const char *types, ...)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	va_list ap;
	int r;

	va_start(ap, types);
	r = query(s, &st, e, sql, types, ap);
	va_end(ap);
	if (r < 0)
		return r;
	do
		r = db_step(s, st, e);
	while (r > 0);
	return r;
}

const char *db_text(sqlite3_stmt *st, int column)
{
	const unsigned char *t = sqlite3_column_text(st, column);

	return t ? (const char *)t : "";
}

int db_copy(sqlite3_stmt *st, int column, char *buf, size_t size, struct err *e)
{
	const char *t = db_text(st, column);
	size_t n = strlen(t);

	if (n >= size)
		return err_set(e, UCT_STORE_DAMAGED, -EUCLEAN,
		               "the index holds a value of %zu bytes where %zu fit", n, size - 1);
	memcpy(buf, t, n + 1);
	return 0;
}

int db_again(struct db_write *w, struct err *e)
{
	int rc = sqlite3_exec(w->s->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return db_error(w->s, rc, e);
	w->is_open = true;
	return 0;
}

int db_begin(struct store *s, struct db_write *w, struct err *e)
{
	int r;

	*w = (struct db_write){ .s = s };
	if (s->mode != STORE_WRITE)
		return err_set(e, UCT_INTERNAL, -EROFS, "the store was opened for reading only");
	r = db_open(s, e);
	if (r < 0)
		return r;
	r = lock_take(s, e);
	if (r < 0)
		return r;
	w->is_locked = true;
	return db_again(w, e);
}

/* Our processes are short, and the first to open the log after all have left reads all of it to
 * build its index anew. That forgets how much was copied back already, so a log that is only
 * copied, as SQLite's own checkpoints do, would grow for ever. We copy and cut it, under the lock,
 * as soon as reading it costs more than that. A reader in its way is not waited for: the next one
 * tries again. */
static void fold_back(struct store *s, off_t limit)
{
	struct stat st;

	if (fstatat(s->dirfd, DB_FILE "-wal", &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_size < limit)
		return;
	(void)sqlite3_busy_timeout(s->db, 0);
	(void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
}

void db_close(struct store *s)
{
	/* If another has the lock, it will find the log as long as we do. */
	if (s->has_written && !s->is_locked && flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0) {
		fold_back(s, WAL_LONG_BYTES);
		lock_drop(s);
	}
	disconnect(s);
}

int db_commit(struct db_write *w, struct err *e)
{
	int rc = sqlite3_exec(w->s->db, "COMMIT", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return db_error(w->s, rc, e);
	w->is_open = false;
	w->s->has_written = true;
	fold_back(w->s, WAL_MAX_BYTES);
	return 0;
}

void db_end(struct db_write *w)
{
	int saved = errno;

	if (w->is_open) /* fails only where SQLite has rolled back by itself */
		(void)sqlite3_exec(w->s->db, "ROLLBACK", NULL, NULL, NULL);
	if (w->is_locked)
		lock_drop(w->s);
	*w = (struct db_write){ 0 };
	errno = saved;
}
