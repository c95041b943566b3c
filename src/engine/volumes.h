/* SPDX-License-Identifier: Apache-2.0 */
/* volumes - volumes in the hands of the engine: what their options mean, making and finding them */
#pragma once

#include "base/json.h"
#include "engine/engine.h"
#include "engine/mount-spec.h"
#include "store/volumes.h"

/* What a volume's options make of it. */
enum volume_backing {
	VOLUME_DIRECTORY, /* of the store */
	VOLUME_MEMORY,    /* a tmpfs of each container's own */
	VOLUME_ELSEWHERE, /* another directory of the user's */
};
struct volume_options {
	enum volume_backing backing;
	const char *device;      /* ELSEWHERE */
	struct mount_spec mount; /* .options and what goes with them, as "o" has them */
	json_t *doc;
};
/* UCT_VOLUME_OPTION, UCT_BAD_MOUNT. */
int volume_options_read(const struct volume_row *row, struct volume_options *ret, struct err *e);
void volume_options_done(struct volume_options *o);
#define _cleanup_volume_options_ _cleanup_(volume_options_done)

/* A row for a volume that is to be made; options are checked. @name NULL: an anonymous one. */
struct volume_wish {
	const char *name, *driver;
	const char *const *options, *const *labels;
};
int volume_row_make(const struct volume_wish *w, struct volume_row *ret, struct err *e);
/* Makes it, with nothing in it. */
int engine_volume_create(struct usrct *u, const struct volume_row *row, struct err *e);
/* Finds it, or makes it as wished. */
int engine_volume_ensure(struct usrct *u, const struct volume_wish *w, struct volume_row *ret,
                         struct err *e);
int engine_volume_find(struct usrct *u, const char *name, struct volume_row *ret, struct err *e);
/* Absolute path of what is in it; heap, NULL: no memory. */
char *engine_volume_path(struct usrct *u, const char *name);
/* @container: id, or NULL. */
void engine_volume_event(struct usrct *u, const char *action, const char *name,
                         const char *container);
/* What a directory in volumes/ says of itself: 1; 0: it is no volume. Needs no index. */
int volume_row_of_directory(struct usrct *u, const char *name, struct volume_row *row,
                            struct err *e);
json_t *volume_json(const char *text); /* of a row: an object, empty if it is none */
