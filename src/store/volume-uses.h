/* SPDX-License-Identifier: Apache-2.0 */
/* volume-uses - what containers use, in the course of their own coming and going; only for this
 * folder, inside a transaction */
#pragma once

#include "store/db.h"
#include "store/volumes.h"

/* volumes/NAME with an empty _data at @path, which is relative to the store. */
int volume_make_directory(struct store *s, const struct volume_row *row, const char *path,
                          struct err *e);
/* Rows of what @id uses, and of volumes that are made with it. -ENOENT: one was removed meanwhile.
 */
int uses_insert(struct store *s, const char *id, const struct container_use *uses, size_t n,
                struct err *e);
/* After the commit: the directories of the new volumes. */
int uses_make_volumes(struct store *s, const struct container_use *uses, size_t n, struct err *e);
/* @id is in the trash, or was never published: its anonymous volumes go to the trash with it, if
 * that was wished. Their names there are added to @trash, which may be NULL. */
int uses_release(struct store *s, const char *id, struct strv *trash, struct err *e);
