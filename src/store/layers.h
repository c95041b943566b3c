/* SPDX-License-Identifier: Apache-2.0 */
/* layers - unpacked layers on disk: the plain driver
 *
 * The interface is what any driver offers: a stream goes in (by the unpack helper, into the
 * directory that layer_stage() made), lower directories for a mount come out.
 */
#pragma once

#include "base/strv.h"
#include "store/images.h"

struct layer_stage {
	char name[STORE_NAME_MAX]; /* tmp/layer-... */
	int dirfd;                 /* of that directory; the helper unpacks into its "fs" */
	int store_dirfd;           /* borrowed: the store stays open until layer_stage_done() */
};

/* Whether the layer is here; its unpacked size in @ret_size_bytes (may be NULL). 1 or 0. */
int layer_find(struct store *s, const char *chain, uint64_t *ret_size_bytes, struct err *e);
int layer_stage(struct store *s, struct layer_stage *ret, struct err *e);
/* Makes it visible as @chain and records its size. If another process was faster, that one stays
 * and layer_stage_done() throws ours away. Does not sync: whoever pulls calls syncfs(2) once,
 * before image_put(). */
int layer_commit(struct store *s, struct layer_stage *l, const char *chain, const char *diff_id,
                 uint64_t size_bytes, struct err *e);
void layer_stage_done(struct layer_stage *l); /* closes; what was not committed goes to trash/ */
/* O_PATH descriptors of the fs directories of an image's layers, lowest first; the caller closes
 * them. Layers below one that hides everything are left out. */
int layer_open_all(struct store *s, const struct image_row *image, int **ret_fds, size_t *ret_n,
                   struct err *e);
/* The same directories as paths below the data directory, for a process that opens them itself. */
int layer_paths(struct store *s, const struct image_row *image, struct strv *ret, struct err *e);
/* Removes layers and blobs that no image row refers to, and repairs what a power cut left apart in
 * the index of containers. While a pull or build is going on (from its first layer_find(),
 * layer_stage() or blob_dirs_open() on a STORE_WRITE handle until image_put(), store_close() or its
 * death) nothing is removed, and a later store_sweep() does it. */
int layer_collect(struct store *s, store_remove_fn remove_tree, void *arg, struct err *e);
