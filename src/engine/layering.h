/* SPDX-License-Identifier: Apache-2.0 */
/* layering - which driver stores new layers, and what a container mounts of old ones */
#pragma once

#include "base/json.h"
#include "engine/engine.h"
#include "store/layers.h"

/* For new layers: $USRCT_STORAGE_DRIVER, or objects where the kernel can mount them and the store's
 * file system has attributes. Found by trying once in a session, kept in the runtime directory. */
int engine_layer_driver(struct usrct *u, struct err *e); /* enum layer_driver */
/* Whether layers of a driver can be mounted here: UCT_NO_OBJECTS. */
int engine_driver_works(struct usrct *u, enum layer_driver driver, struct err *e);
/* The label of the id map that unpackers and containers of ours work under; after engine_hold(). */
const char *engine_map(const struct usrct *u);
struct ids;
/* layer_paths() under a container's ids; NULL: our own map. Trees may be missing until
 * engine_layers_make(). */
int engine_layer_paths(struct usrct *u, const struct image_row *image, const struct ids *ids,
                       struct strv *ret, struct err *e);
/* Writes into a launch document where the contents of a metadata tree among @paths are: our own
 * objects, then shared directories that the image's layers rely on. UCT_SHARED_GONE ... */
int engine_layer_data(struct usrct *u, const struct image_row *image, const struct strv *paths,
                      json_t *plan, struct err *e);
/* Makes the metadata tree among @paths (NULL-terminated) if it is not there. */
int engine_layers_make(struct usrct *u, const struct ids *ids, char *const *paths, struct err *e);
/* Whether the image has layers whose owners are fixed, so that a container with other ids than by
 * default needs somebody who shifts them: 0, or UCT_CANNOT_SHIFT. @e may be NULL. */
int layers_need_shift(struct usrct *u, const struct image_row *image, struct err *e);
