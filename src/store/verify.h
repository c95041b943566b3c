/* SPDX-License-Identifier: Apache-2.0 */
/* verify - the index looked at as a whole, and layers put right from what was unpacked anew */
#pragma once

#include "base/strv.h"
#include "store/layers.h"
#include "store/object.h"

struct layer_row {
	char chain[CHAIN_SIZE], parent[CHAIN_SIZE]; /* parent: "" for the lowest; objects only */
	char diff_id[DIGEST_SIZE];
	char driver[16];
	uint64_t size_bytes;
};
/* All layers, in no order; free() the array. */
int layer_rows(struct store *s, struct layer_row **ret, size_t *ret_n, struct err *e);
/* Digests of the blobs that images have for a layer: what it can be unpacked from. */
int layer_sources(struct store *s, const char *chain, struct strv *ret, struct err *e);

/* Whether an image whose manifest names the blob @digest for the layer has all that it needs: the
 * blob itself, without which it could neither be saved nor pushed nor repaired (another one that
 * unpacks to the same does not help), or the layer's objects in a shared directory. 1; 0: a pull
 * fetches it. */
int layer_has_source(struct store *s, const char *chain, const char *digest, struct err *e);

/* The whole index of a layer in heap memory, opened and walked through to its end. */
int layer_index_load(struct store *s, const char *chain, char **ret_data, size_t *ret_n,
                     struct err *e);

/* Puts what was unpacked into the stage, objects in its own OBJECT_DIR, over what the layer @chain
 * has: one rename for each object, then the index. Trees stay. */
int layer_repair(struct store *s, struct layer_stage *l, const char *chain, struct err *e);
/* What the layer @chain is under the stage's driver, beside what it is now; from the commit on, the
 * row says so. The old form stays for whoever is mounted upon it, until a collection. */
int layer_convert(struct store *s, struct layer_stage *l, const char *chain, struct err *e);
/* A damaged blob of a digest goes, so that a pull fetches it again. */
int blob_discard(struct store *s, const char *digest, struct err *e);

/* Calls @found for what the tables say that cannot be. @repair: is made impossible again. */
typedef int (*verify_fn)(const char *what, bool is_repaired, void *arg, struct err *e);
int store_verify(struct store *s, bool repair, verify_fn found, void *arg, struct err *e);
