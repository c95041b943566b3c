/* SPDX-License-Identifier: Apache-2.0 */
/* rows - writing rows inside a transaction that is somebody else's; only for this folder */
#pragma once

#include "store/containers.h"
#include "store/volumes.h"

/* The image, its layers and its blobs; not its names. */
int image_insert(struct store *s, const struct image_row *row, struct err *e);
int container_insert(struct store *s, const struct container_row *row, struct err *e);
int volume_insert(struct store *s, const struct volume_row *row, struct err *e);
