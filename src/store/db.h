/* SPDX-License-Identifier: Apache-2.0 */
/* db - the SQLite side of the store; only for files in this folder
 *
 * Theory of operation. The connection is opened at the first query, so that a command which needs
 * no rows does not pay for it. All writers of all processes stand in one queue, the flock(2) on
 * index.lock: the kernel wakes the next one at once, whereas SQLite's own waiting sleeps in steps.
 * A write is
 *
 *	db_begin()	takes the lock, then BEGIN IMMEDIATE
 *	db_run() ...
 *	db_commit()	the rows are there; the lock is still held
 *	(renames and files that belong to the rows)
 *	db_end()	rolls back what was not committed, releases the lock
 *
 * Once the write-ahead log is longer than 192 KiB, a writer that closes the index copies it back
 * into the database and cuts it: that costs milliseconds, and `run` spends them while its container
 * starts. Readers take no lock of ours. They can meet another process only in the moment in which
 * the first opener after everybody left rebuilds the index of the log; that is what their busy
 * timeout is for.
 *
 * A connection must not be used in a forked child (sqlite.org/howtocorrupt.html, 2.6).
 */
#pragma once

#include "store/store.h"

#include <sqlite3.h>
#include <stdbool.h>

#define DB_FILE "index.db"

/* A reader may meet an index of before. */
enum { DB_VERSION_VOLUMES = 4 };

struct store {
	char *path; /* absolute */
	int dirfd;
	enum store_mode mode;
	const char *index; /* "index.db"; another one while it is made anew (rebuild.h) */
	sqlite3 *db;
	bool has_written; /* since it was opened */
	int version;      /* of the schema, once the index is open */
	int lock_fd;
	bool is_locked;    /* by a db_write of ours */
	struct proc_id me; /* found at the first temporary name */
	int pin_fd;        /* see pins.h */
	char pin[STORE_NAME_MAX];
};

/* 1 open; 0 there is nothing to read yet (STORE_READ only). */
int db_open(struct store *s, struct err *e);
/* Does nothing if it is not open. */
void db_close(struct store *s);

static inline void cleanup_stmt(sqlite3_stmt **st)
{
	(void)sqlite3_finalize(*st); /* repeats the error of the last step, which was told */
}
#define _cleanup_stmt_ _cleanup_(cleanup_stmt)

/* Prepares and binds. @types has a letter for each argument: s const char * (NULL is SQL NULL),
 * i int64_t. */
int db_query(struct store *s, sqlite3_stmt **ret, struct err *e, const char *sql, const char *types,
             ...);
/* 1 a row, 0 no more. */
int db_step(struct store *s, sqlite3_stmt *st, struct err *e);
/* The same to its end, for statements without result. */
int db_run(struct store *s, struct err *e, const char *sql, const char *types, ...);
/* Text of a column, never NULL; valid until the next step. */
const char *db_text(sqlite3_stmt *st, int column);
/* Copies a text column into a fixed buffer; 0 or UCT_STORE_DAMAGED when it does not fit. */
int db_copy(sqlite3_stmt *st, int column, char *buf, size_t size, struct err *e);

struct db_write {
	struct store *s;
	bool is_locked, is_open;
};
int db_begin(struct store *s, struct db_write *w, struct err *e);
int db_again(struct db_write *w, struct err *e); /* another transaction under the same lock */
int db_commit(struct db_write *w, struct err *e);
void db_end(struct db_write *w);
#define _cleanup_write_ _cleanup_(db_end)

/* Waits for whoever holds the lock now, and returns. */
int db_lock_pass(struct store *s, struct err *e);
