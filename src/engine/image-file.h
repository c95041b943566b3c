/* SPDX-License-Identifier: Apache-2.0 */
/* image-file - small files of an image, read from its layers without a mount */
#pragma once

#include "container/user.h"
#include "engine/engine.h"

/* etc/NAME as a new container would show it: 1; 0: there is none, or none that we may read. @paths
 * are those of engine_layer_paths() under our own map, made. */
int image_read_etc(struct usrct *u, char *const *paths, const char *name, char **ret,
                   struct err *e);
/* user_resolve() in the image. */
int image_user(struct usrct *u, const struct image_row *image, const char *text, struct user *ret,
               struct err *e);
