/* SPDX-License-Identifier: Apache-2.0 */
/* sharing - which directories of shared layers there are, and taking layers from them */
#pragma once

#include "engine/engine.h"
#include "store/object.h"

enum { SHARED_DIRS_MAX = 8 };

enum sharing_verify {
	SHARING_HASH,   /* contents are hashed when a layer is taken */
	SHARING_SEALED, /* and must be under fs-verity, so that they stay what they are */
	SHARING_TRUST,  /* sizes and owners must do */
};

struct sharing_dir {
	char *path;
	enum sharing_verify verify;
};

struct sharing {
	struct sharing_dir dirs[SHARED_DIRS_MAX];
	size_t n;
};
void sharing_done(struct sharing *s);
#define _cleanup_sharing_ _cleanup_(sharing_done)

/* $USRCT_SHARED_DIRS, divided by colons; else the lines of shared-dirs in the user's configuration
 * and /etc/usr-ct, and /var/lib/usr-ct if it is there. UCT_BAD_SHARED_DIRS. */
int sharing_config(struct sharing *ret, struct err *e);
/* "PATH", "PATH verify=sealed"; for tests. */
int sharing_parse(const char *line, struct sharing *s, struct err *e);

struct sharing_layer {
	const char *chain, *parent, *diff_id; /* parent: NULL for the lowest */
};

/* A layer of the objects driver whose index is in one of them, and whose objects are there too, as
 * our own: 1 it is committed; 0 none has it. */
int sharing_adopt(struct usrct *u, const struct sharing *s, const struct sharing_layer *l,
                  uint64_t *ret_size_bytes, struct err *e);
/* Objects directories of those that are there and need no seal, for an unpacker: how many. */
int sharing_open_objects(const struct sharing *s, int fds[SHARED_DIRS_MAX],
                         const char *paths[SHARED_DIRS_MAX], struct err *e);

/* The objects that an index names in a directory: 0; -EUCLEAN (UCT_SHARED_DAMAGED). */
int sharing_verify_layer(struct usrct *u, int shared_dirfd, const void *index, size_t n,
                         enum sharing_verify verify, struct err *e);
