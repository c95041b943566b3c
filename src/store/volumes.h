/* SPDX-License-Identifier: Apache-2.0 */
/* volumes - named directories that outlive containers: rows and volumes/NAME/
 *
 *	_data		what is in it; belongs to whom the container's processes say
 *	volume.json	the row once more, for volume reload
 *	fresh		empty; there until an image's content was copied into it
 *(container/copy-up.h)
 *
 * As with containers the directory decides: it appears by a rename after the row was committed and
 * goes by a rename to trash/ before the row is deleted, so a kill in between leaves a row that
 * nobody sees and the next one of that name replaces. Which containers use a volume stands in
 * container_uses, written with the container's row and deleted with it.
 */
#pragma once

#include "base/strv.h"
#include "store/store.h"

#include <stdbool.h>

#define VOLUME_DIR   "volumes"
#define VOLUME_DATA  "_data"
#define VOLUME_META  "volume.json"
#define VOLUME_FRESH "fresh"
/* In a container's directory: its anonymous volumes go with it. */
#define VOLUME_WISH "remove-volumes"
enum { VOLUME_NAME_MAX = 255, VOLUME_META_MAX = 1 << 20 };

struct volume_row {
	char *name, *driver;
	char *options, *labels; /* text of JSON objects */
	uint64_t created_ns;
	bool is_anonymous;
};
void volume_row_done(struct volume_row *row);
bool volume_name_is_valid(const char *name);

/* What a container uses; with @volume it is made together with the container. */
struct container_use {
	enum container_use_kind { USE_VOLUME, USE_IMAGE } kind;
	const char *name;                /* of the volume, or id of the image */
	const struct volume_row *volume; /* NULL: it is there */
};

/* A directory in tmp/ with all that a volume has; returns a descriptor of its _data. */
int volume_stage(struct store *s, const struct volume_row *row, char ret_name[STORE_NAME_MAX],
                 struct err *e);
/* @staged becomes the volume. -EEXIST (UCT_VOLUME_EXISTS): there is one of that name. */
int volume_publish(struct store *s, const struct volume_row *row, const char *staged,
                   struct err *e);
/* A row for a directory that has none. */
int volume_adopt(struct store *s, const struct volume_row *row, struct err *e);
/* Names of rows whose directory is gone; @forget: these rows are deleted. */
int volume_lost(struct store *s, bool forget, struct strv *ret, struct err *e);
/* One that was not published for want of room: its row, if it has no directory. */
void volume_forget(struct store *s, const char *name);
/* The file VOLUME_META once more. */
int volume_write_meta(struct store *s, const struct volume_row *row, struct err *e);
/* Names of directories that have no row. */
int volume_unknown(struct store *s, struct strv *ret, struct err *e);

/* By its whole name: 1, 0. */
int volume_find(struct store *s, const char *name, struct volume_row *ret, struct err *e);
/* Sorted by name. */
int volume_list(struct store *s, struct volume_row **ret, size_t *ret_n, struct err *e);
void volume_list_free(struct volume_row *rows, size_t n);
/* Ids of the containers that use it. */
int volume_users(struct store *s, const char *name, struct strv *ret_ids, struct err *e);
/* Name after name of all that some container uses, sorted. */
int volume_used_names(struct store *s, struct strv *ret, struct err *e);
/* To the trash. -ENOENT, -EBUSY (UCT_VOLUME_USED). */
int volume_remove(struct store *s, const char *name, struct err *e);
/* A container that exists uses it from now on. */
int volume_use(struct store *s, const char *container_id, const char *name, struct err *e);
/* O_RDONLY descriptor of its directory, -ENOENT. */
int volume_open_dir(struct store *s, const char *name, struct err *e);
