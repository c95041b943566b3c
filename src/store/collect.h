/* SPDX-License-Identifier: Apache-2.0 */
/* collect - removing layers, objects and blobs that no image needs; only for this folder
 *
 * Order of steps, so that a kill between any two of them does no harm:
 *
 *	1  rows of unused layers go, committed	a layer without a row does not exist
 *	2  layers/X without a row -> trash/, and in other layers the trees that nobody uses and what
 *	   a migration left (forms.c)		one rename each, still under the lock
 *	3  objects that no layer in layers/ needs, and blobs that no image lists, are unlinked, also
 *	   under the lock: whoever wants to rely on one takes a pin, and so waits for us
 *	4  the trees in trash/ are deleted	slow, so after the lock was released
 *
 * Steps 2 and 3 look at the directories, not at what step 1 did, and so also finish what a killed
 * process or a power cut left over. After a kill between 2 and 4 the next sweep does step 4.
 * Nothing is done at all while somebody has a pin (pins.h).
 *
 * garbage_find() takes the same steps with a transaction that is rolled back and a collector that
 * tells instead of removing.
 */
#pragma once

#include "base/strv.h"
#include "store/db.h"
#include "store/garbage.h"

#include <stdbool.h>

/* What is done with things that nothing needs. */
struct collector {
	struct store *s;
	struct strv moved;    /* names in trash/, or paths below the store, that wait for step 4 */
	garbage_fn found;     /* told instead; or NULL */
	void *arg;            /* of found */
	char *const *without; /* containers that do not count; or NULL */
};
void collector_done(struct collector *k);
#define _cleanup_collector_ _cleanup_(collector_done)

/* Step 1, inside an open transaction. 1: go on with the other steps; 0: a pin forbids it. */
int collect_rows(struct store *s, struct err *e);
/* Steps 2 and 3, after the commit, under the lock. */
int collect_files(struct collector *k, struct err *e);
/* Step 4, without the lock. What cannot be removed is left to store_sweep(). */
void collect_trees(const struct collector *k, store_remove_fn remove_tree, void *arg);
/* Rows of containers whose directory is gone, and the reverse; inside an open transaction. */
int collect_containers(struct store *s, struct err *e);

/* One directory goes, with all in it: @path below the store. */
int collect_directory(struct collector *k, enum garbage_kind kind, const char *path, struct err *e);
/* Whether a layer has a row; 1 or 0. */
int collect_knows_layer(struct store *s, const char *chain, struct err *e);
/* And one that says that it is of the objects driver. */
int collect_knows_objects(struct store *s, const char *chain, struct err *e);
/* forms.c: step 2 inside the layers that stay. */
int forms_collect(struct collector *k, struct err *e);
