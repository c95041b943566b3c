/* SPDX-License-Identifier: Apache-2.0 */
/* collect - removing layers, objects and blobs that no image needs; only for this folder
 *
 * Order of steps, so that a kill between any two of them does no harm:
 *
 *	1  rows of unused layers go, committed	a layer without a row does not exist
 *	2  layers/X without a row -> trash/	one rename each, still under the lock
 *	3  objects that no layer in layers/ needs, and blobs that no image lists, are unlinked, also
 *	   under the lock: whoever wants to rely on one takes a pin, and so waits for us
 *	4  the trees in trash/ are deleted	slow, so after the lock was released
 *
 * Steps 2 and 3 look at the directories, not at what step 1 did, and so also finish what a killed
 * process or a power cut left over. After a kill between 2 and 4 the next sweep does step 4.
 * Nothing is done at all while somebody has a pin (pins.h).
 */
#pragma once

#include "store/db.h"

/* Names in trash/ that wait for step 4. */
struct collected {
	char (*names)[STORE_NAME_MAX];
	size_t n, cap;
};
void collected_done(struct collected *c);
#define _cleanup_collected_ _cleanup_(collected_done)

/* Step 1, inside an open transaction. 1: go on with the other steps; 0: a pin forbids it. */
int collect_rows(struct store *s, struct err *e);
/* Steps 2 and 3, after the commit, under the lock. */
int collect_files(struct store *s, struct collected *c, struct err *e);
/* Step 4, without the lock. What cannot be removed is left to store_sweep(). */
void collect_trees(struct store *s, const struct collected *c, store_remove_fn remove_tree,
                   void *arg);
/* Rows of containers whose directory is gone, and the reverse; inside an open transaction. */
int collect_containers(struct store *s, struct err *e);
