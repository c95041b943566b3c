/* SPDX-License-Identifier: Apache-2.0 */
/* containers - the index of containers and their directories */
#pragma once

#include "store/images.h"

#include <stdbool.h>

struct container_use;

enum { CONTAINER_ID_SIZE = 65 }; /* 64 hex + NUL */

struct container_row {
	char id[CONTAINER_ID_SIZE];
	char *name, *image, *command; /* as shown by ps; heap when read, borrowed when written */
	char image_id[DIGEST_SIZE];
	uint64_t created_ns;
	bool auto_remove;
	const struct container_use *uses; /* store/volumes.h; written only */
	size_t n_uses;
};
void container_row_done(struct container_row *row);

struct container_stage {
	char name[STORE_NAME_MAX]; /* tmp/container-... */
	int dirfd;
	int store_dirfd; /* borrowed: the store stays open until container_stage_done() */
};

int container_new_id(char ret_id[CONTAINER_ID_SIZE], struct err *e);
int container_stage(struct store *s, struct container_stage *ret, struct err *e);
/* Inserts the row, then renames the staged directory to containers/ID, both under one hold of the
 * write lock; @stage->dirfd stays open and is now the container's directory. -EEXIST
 * (UCT_NAME_TAKEN): another existing container has the name. A row whose directory is gone does not
 * count. -ENOENT (UCT_IMAGE_UNKNOWN): the image was removed meanwhile. */
int container_publish(struct store *s, const struct container_row *row,
                      struct container_stage *stage, struct err *e);
/* Another name for it; -EEXIST as above. */
int container_rename(struct store *s, const char *id, const char *name, struct err *e);
/* Whether its directory is there. */
bool container_exists(struct store *s, const char *id);
void container_stage_done(struct container_stage *stage); /* what is not published is thrown away */

/* By exact id, exact name, or unique prefix of an id, in this order; a slash before it is not part
 * of it. 1, 0 or -ENOTUNIQ. */
int container_find(struct store *s, const char *ref, struct container_row *ret, struct err *e);
/* Newest first; rows only: the caller drops those whose directory is gone. */
int container_list(struct store *s, struct container_row **ret, size_t *ret_n, struct err *e);
/* The same of those with these ids; unknown ones are passed over. */
int container_list_of(struct store *s, const char (*ids)[CONTAINER_ID_SIZE], size_t n,
                      struct container_row **ret, size_t *ret_n, struct err *e);
/* The container is gone after this: its directory is in trash/. Deleting is store_sweep()'s. 0 also
 * when it was gone already. */
int container_discard(struct store *s, const char *id, struct err *e);
/* O_RDONLY descriptor of containers/ID; -ENOENT. */
int container_open_dir(struct store *s, const char *id, struct err *e);
