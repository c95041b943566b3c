/* SPDX-License-Identifier: Apache-2.0 */
/* shared - object directories for all users of a machine, read-only, below our own objects
 *
 * DIR, by default /var/lib/usr-ct, is made by `image share` (docs/storage.md):
 *
 *	usr-ct-shared		"1\n": what this is, and its version
 *	objects/xx/Y...		as in a store, 0444
 *	layers/CHAIN/index	as in a store, 0444
 *	oci/			an OCI image layout with manifests and configurations
 *
 * Whoever can write there can change what our containers run, so it must belong to root or to us,
 * and nobody else may write to it, to objects/, to layers/ or to anything in objects/.
 *
 * A layer that relies on such directories has the file "shared" beside its index, with their
 * absolute paths, one a line: a container that is made of it mounts their objects below our own.
 */
#pragma once

#include "base/strv.h"
#include "store/layers.h"

#define SHARED_MARK    "usr-ct-shared"
#define SHARED_VERSION "1\n"

/* A descriptor of DIR. UCT_SHARED_GONE (-ENOENT), UCT_SHARED_UNSAFE, UCT_SHARED_NEWER. @deep: also
 * looks at each directory of objects/. */
int shared_open(const char *path, bool deep, struct err *e);
/* The directories that a layer relies on; how many. @ret may be NULL. */
int shared_layer_dirs(struct store *s, const char *chain, struct strv *ret, struct err *e);
/* Whether one of them has this object, in its size: 1 or 0. */
int shared_layer_has(struct store *s, const char *chain, const struct object_id *id);
/* Those of all layers of an image, each once. */
int shared_image_dirs(struct store *s, const struct image_row *image, struct strv *ret,
                      struct err *e);
/* The index of a layer in a directory: 1; 0: it has none. UCT_INDEX_DAMAGED, UCT_INDEX_NEWER. */
int shared_index(int shared_dirfd, const char *chain, char **ret_data, size_t *ret_n,
                 struct err *e);
/* Writes into the stage on which directory its layer relies. */
int shared_note(const struct layer_stage *l, char *const *dirs, struct err *e);
