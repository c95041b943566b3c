/* SPDX-License-Identifier: Apache-2.0 */
/* layers - unpacked layers on disk, whatever driver made them
 *
 * Two drivers stand behind one interface: a stream goes in (by the unpack helper, into the
 *directory that layer_stage() made), paths of lower directories for a mount come out, and a
 *collection removes what no image needs.
 *
 *	plain	layers/CHAIN/fs is the layer, owners as mapped when it was unpacked
 *	objects	layers/CHAIN/index says what is in it (layer-index.h), contents lie in objects/
 *		(object.h), and layers/CHAIN/meta-MAP/fs is the metadata tree (meta-tree.h) of this
 *		layer with all below it, for one id map. It is made by whoever needs it first, kept,
 *		and may be thrown away; MAP is a label that the caller chooses
 *
 * The row of a layer names its driver and, for objects, the layer below. Of an image's layers the
 * lower ones may be of the objects driver and those above plain, never the reverse: the kernel
 *would not follow what is in a metadata tree above another layer.
 */
#pragma once

#include "base/strv.h"
#include "store/images.h"
#include "store/object.h"

#include <stdbool.h>

enum layer_driver { LAYER_PLAIN, LAYER_OBJECTS };
const char *layer_driver_name(enum layer_driver driver);

enum { LAYER_MAP_SIZE = 24 };
/* In a layer of the objects driver that needs more than our own objects: the directories that have
 * the others, one a line (shared.h). */
#define LAYER_SHARED_FILE "shared"

struct layer_stage {
	char name[STORE_NAME_MAX]; /* tmp/layer-... */
	int dirfd;                 /* of that directory; the helper unpacks into its "fs" */
	int store_dirfd;           /* borrowed: the store stays open until layer_stage_done() */
	enum layer_driver driver;
	char parent[CHAIN_SIZE];  /* "" for the lowest; objects only */
	char map[LAYER_MAP_SIZE]; /* of the tree that is being made; objects only */
};

/* Whether the layer is here; its unpacked size in @ret_size_bytes (may be NULL). 1 or 0. */
int layer_find(struct store *s, const char *chain, uint64_t *ret_size_bytes, struct err *e);
/* For the plain driver, until layer_stage_objects() says otherwise. */
int layer_stage(struct store *s, struct layer_stage *ret, struct err *e);
/* 1: the layer is here, and its driver; 0. */
int layer_driver_of(struct store *s, const char *chain, enum layer_driver *ret, struct err *e);
/* The staged layer shall be of the objects driver, upon the layer @parent (NULL: the lowest); the
 * unpacker works under the id map @map. Returns a descriptor of the objects' directory for it. */
int layer_stage_objects(struct layer_stage *l, const char *parent, const char *map, struct err *e);
/* Makes it visible as @chain and records its size. If another process was faster, that one stays
 * and layer_stage_done() throws ours away. Does not sync: whoever pulls calls syncfs(2) once,
 * before image_put(). */
int layer_commit(struct store *s, struct layer_stage *l, const char *chain, const char *diff_id,
                 uint64_t size_bytes, struct err *e);
/* Gives the staged metadata tree, if there is one, the name of its id map: "meta-MAP". */
int layer_stage_label(const struct layer_stage *l, struct err *e);
/* Renames a layer's root into another directory; rename(2) wants to write to it for that, which its
 * mode may forbid. */
int layer_root_move(int from_dirfd, const char *from, int to_dirfd, const char *to, struct err *e);
void layer_stage_done(struct layer_stage *l); /* closes; what was not committed goes to trash/ */

/* The lower directories of an image, lowest first, as paths below the data directory: LAYER_PLAIN,
 * or LAYER_OBJECTS if the first is a metadata tree, which needs OBJECT_DIR as data-only lower layer
 * and may have to be made. Plain layers below one that hides everything are left out. @map may be
 * NULL; if an objects layer is there then, nothing is returned but LAYER_OBJECTS. */
int layer_paths(struct store *s, const struct image_row *image, const char *map, struct strv *ret,
                struct err *e);
/* Whether a path of layer_paths() is a metadata tree. */
bool layer_path_is_tree(const char *path);
/* Whether what the path stands for is there: 1; 0: a metadata tree that has to be made. */
int layer_path_ready(struct store *s, const char *path, struct err *e);
/* Making one: a stage for usr-ct-unpack to work in, and the layers that @path (of layer_paths())
 * stands for, lowest first, whose indexes it wants. */
int layer_tree_stage(struct store *s, struct layer_stage *ret, struct err *e);
int layer_tree_chains(struct store *s, const char *path, struct strv *ret, struct err *e);
/* A descriptor of the index of an objects layer that is here. */
int layer_index_fd(struct store *s, const char *chain, struct err *e);
/* One goes, "layers/CHAIN/meta-MAP"; no container may use it. */
int layer_tree_discard(struct store *s, const char *dir, struct err *e);
/* Whoever is first wins; the stage is thrown away by layer_stage_done() then. */
int layer_tree_commit(struct store *s, struct layer_stage *l, const char *path, struct err *e);

/* Calls @use for each object that some of the layers (NULL-terminated) need, with what it takes on
 * the disk and which of them need it, by number. */
typedef void (*object_use_fn)(uint64_t disk_bytes, const uint32_t *layers, size_t n, void *arg);
int layer_objects_each(struct store *s, char *const *chains, object_use_fn use, void *arg,
                       struct err *e);

/* The largest owner or group of a file in the image's objects layers (layer-owners.c). */
int layer_owner_max(struct store *s, const struct image_row *image, uint32_t *ret, struct err *e);

/* Removes layers, objects and blobs that no image row refers to, and repairs what a power cut left
 * apart in the index of containers. While a pull or build is going on (from its first layer_find(),
 * layer_stage() or blob_dirs_open() on a STORE_WRITE handle until image_put(), store_close() or its
 * death) nothing is removed, and a later store_sweep() does it. */
int layer_collect(struct store *s, store_remove_fn remove_tree, void *arg, struct err *e);
