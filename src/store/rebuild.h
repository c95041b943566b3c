/* SPDX-License-Identifier: Apache-2.0 */
/* rebuild - an index that is lost or damaged, made anew from what lies on disk
 *
 * It is made in tmp/, all of it in one transaction under the lock that every writer takes, and
 * comes to its place by renames: the old log goes away first, since SQLite would apply it to
 * whatever index it finds beside it; then the old index; then the new one takes the name. A kill
 * leaves the old index or none at all, which db.c does not mistake for that of an empty store. What
 * was damaged is kept as REBUILD_OLD until the next time.
 *
 * The engine finds out what there is (engine/rebuild.c) and gives it here, row by row.
 */
#pragma once

#include "store/containers.h"
#include "store/verify.h"
#include "store/volumes.h"

#define REBUILD_OLD "index.db.damaged"

struct rebuild;

/* 1: begun, and the lock is held until rebuild_free(). 0: the index can be read, there is nothing
 * to do: somebody was faster. @force: it can be read, but is known to be damaged. */
int rebuild_begin(const char *data_dir, bool force, struct rebuild **ret, struct err *e);
int rebuild_layer(struct rebuild *b, const struct layer_row *layer, struct err *e);
/* With the names in it; all its layers were given before. */
int rebuild_image(struct rebuild *b, const struct image_row *image, struct err *e);
int rebuild_volume(struct rebuild *b, const struct volume_row *volume, struct err *e);
/* -EEXIST: another one has the name. */
int rebuild_container(struct rebuild *b, const struct container_row *row, struct err *e);
/* It is the index now. */
int rebuild_finish(struct rebuild *b, struct err *e);
void rebuild_free(struct rebuild *b);
static inline void cleanup_rebuild(struct rebuild **b)
{
	rebuild_free(*b);
}
#define _cleanup_rebuild_ _cleanup_(cleanup_rebuild)

/* Hexadecimal chain ids for diff ids, lowest first (OCI image specification, config.md). */
void rebuild_chains(const char (*diff_ids)[DIGEST_SIZE], size_t n, char (*ret)[CHAIN_SIZE]);
