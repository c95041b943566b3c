/* SPDX-License-Identifier: Apache-2.0 */
/* saving - what save.c and save-old.c share: an archive on its way out */
#pragma once

#include "engine/engine.h"
#include "store/images.h"

struct save {
	struct usrct *u;
	enum usrct_save_format format;
	int fd; /* a stream, or a directory */
	int blobs_fd;
	bool is_dir;
	const char *as; /* the name that it gets; NULL: the one that it was asked for by */
	json_t *index, *list, *repositories; /* index.json, manifest.json, repositories */
	json_t *written;                     /* names of what is out already */
};

/* Whether it is the first time; layers are shared. */
bool save_is_new(struct save *s, const char *name);
int save_dir(struct save *s, const char *name, struct err *e);
int save_text(struct save *s, const char *name, const char *text, size_t n, struct err *e);
int save_json(struct save *s, const char *name, const json_t *j, struct err *e);
/* A blob of the store as file @name. */
int save_blob(struct save *s, const char *digest, const char *name, struct err *e);
/* A name stands for the layer @top in `repositories`. */
void save_name(struct save *s, const char *familiar, const char *top);

/* One image, in USRCT_SAVE_DOCKER_OLD. @name may be NULL. */
int save_old(struct save *s, const struct image_row *row, const json_t *manifest, const char *name,
             struct err *e);
