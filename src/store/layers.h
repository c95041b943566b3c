/* SPDX-License-Identifier: Apache-2.0 */
/* layers - unpacked layers on disk: the plain driver
 *
 * The interface is what any driver offers: a stream goes in (by the unpack helper, into the
 * directory that layer_stage() made), lower directories for a mount come out.
 */
#pragma once

#include "store/images.h"

struct layer_stage {
	char name[STORE_NAME_MAX]; /* tmp/layer-... */
	int dirfd;                 /* of that directory; the helper unpacks into its "fs" */
};

/* Whether the layer is here; its unpacked size in @ret_size_bytes (may be NULL). 1 or 0. */
int layer_find(struct store *s, const char *chain, uint64_t *ret_size_bytes, struct err *e);
int layer_stage(struct store *s, struct layer_stage *ret, struct err *e);
/* Makes it visible as @chain and records its size. If another process was faster, that one stays
 * and ours is removed. Syncs the file system first if @durable. */
int layer_commit(struct store *s, struct layer_stage *l, const char *chain, const char *diff_id,
                 uint64_t size_bytes, struct err *e);
void layer_stage_done(struct layer_stage *l); /* closes; what was not committed is swept later */
/* O_PATH descriptors of the fs directories of an image's layers, lowest first; the caller closes
 * them. */
int layer_open_all(struct store *s, const struct image_row *image, int **ret_fds, size_t *ret_n,
                   struct err *e);
/* Removes layers and blobs that no image row refers to. */
int layer_collect(struct store *s, store_remove_fn remove_tree, void *arg, struct err *e);
