/* SPDX-License-Identifier: Apache-2.0 */
/* store - what is on disk below the data directory, and who may change it when
 *
 *	index.db          SQLite, WAL: images, their names and layers, containers; metadata only
 *	index.lock        flock(2)ed by whoever writes; waiting is the kernel's, not SQLite's sleep
 *	oci/              a valid OCI image layout: blobs/sha256/, index.json, oci-layout
 *	layers/CHAIN/     an unpacked layer (layers.h), CHAIN = 64 hex digits of its chain id
 *	objects/          contents of files, by digest (object.h)
 *	containers/ID/    config.json (OCI document), state, log, upper, work ...
 *	volumes/NAME/     _data and what is known of it (volumes.h)
 *	live/ID           empty; exists while a monitor looks after that container
 *	tmp/KIND-PID-UNIQUE-RANDOM   being made; PID and UNIQUE name the maker (struct proc_id)
 *	trash/ID          a removed container: contents being deleted, row not yet gone
 *	trash/gone-...    a removed layer, or a stage that was given up
 *
 * Rules that make kill -9 harmless:
 * - Whatever is being made lies in tmp/ under a name that tells its maker; it becomes visible by
 *   one rename. store_sweep() removes what dead makers left. Everything in trash/ may be deleted
 *   by anybody at any time, several processes at once included.
 * - A container exists if and only if its row and containers/ID both exist. It is removed by
 *   renaming containers/ID to trash/ID: one step, which also a monitor without SQLite can do. The
 *   next writer deletes the row and what is left in trash/.
 * - Readers open the database without a lock and never write; a missing store reads as empty.
 */
#pragma once

#include "base/err.h"
#include "base/proc.h"

struct store;

enum store_mode {
	STORE_READ,  /* never creates, never waits */
	STORE_WRITE, /* makes the directories and the schema when they are missing */
};

int store_open(const char *data_dir, enum store_mode mode, struct store **ret, struct err *e);
void store_close(struct store *s);
/* Closes the index, since nothing will be asked for a while; if something is, it is opened again.
 */
void store_let_go(struct store *s);
static inline void cleanup_store(struct store **s)
{
	store_close(*s);
}
#define _cleanup_store_ _cleanup_(cleanup_store)

/* The data directory; -EBADF where a STORE_READ found none. Borrowed. */
int store_dirfd(const struct store *s);
/* A pin of its own for layers that somebody is to use beside containers (pins.h): as long as the
 * descriptor, or a copy of it in another process, is open nothing is collected. The handle must be
 * open for writing. */
int store_pin(struct store *s, struct err *e);
const char *store_path(const struct store *s);

/* Makes a directory in tmp/ that names this process as its maker; the caller renames it away or
 * removes it. @ret_name receives "tmp/KIND-..." (relative to store_dirfd). Returns a descriptor. */
enum { STORE_NAME_MAX = 128 };
int store_tmp_dir(struct store *s, const char *kind, char ret_name[STORE_NAME_MAX], struct err *e);

/* The beginning of a name in tmp/ for things that are no directories: "KIND-PID-UNIQUE-RANDOM-". */
int store_tmp_prefix(struct store *s, const char *kind, char *buf, size_t size, struct err *e);

/* Removes a tree whose files may belong to subordinate ids; engine passes one that asks the sweep
 * helper in the user's namespace. @name is relative to @dirfd. */
typedef int (*store_remove_fn)(int dirfd, const char *name, void *arg, struct err *e);

/* Deletes what dead makers left in tmp/ and what lies in trash/ with its rows. Cheap when both are
 * empty (two directory reads). Never touches what a living process makes. Failures to delete are
 * left for the next time. */
int store_sweep(struct store *s, store_remove_fn remove_tree, void *arg, struct err *e);
/* The same for who is about to call container_publish(): leaves to that, and to monitors at work,
 * the containers that ended in good order. */
int store_sweep_before_publish(struct store *s, store_remove_fn remove_tree, void *arg,
                               struct err *e);
