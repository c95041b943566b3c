/* SPDX-License-Identifier: Apache-2.0 */
/* root - getting hold of the tree that START names, and of the right to look into it */
#pragma once

#include "store/pack-proto.h"
#include "store/pack.h"

#include "base/strv.h"
#include "container/backend.h"

struct root {
	int fd;                    /* the tree; UPPER: the upper directory */
	int confine_fd;            /* everything that will be opened lies below it */
	struct lower lower;        /* UPPER; LAYERS: what was before */
	struct lower now;          /* LAYERS */
	struct strv hidden;        /* UPPER: absolute paths */
	bool is_whole;             /* UPPER: a copy of all layers, changed */
	bool is_fuse;              /* UPPER: fuse-overlayfs wrote there */
	struct fuse_server server; /* STOPPED, BARE: shows the tree */
	int shared_fd;             /* UPPER: the machine's, besides; -EBADF */
	int objects_fd;            /* UPPER: contents of metadata trees; -EBADF */
};
#define ROOT_NONE                                                                              \
	{                                                                                      \
		.fd = -EBADF, .confine_fd = -EBADF, .objects_fd = -EBADF, .shared_fd = -EBADF, \
		.server = FUSE_SERVER_NONE                                                     \
	}
void root_done(struct root *r);

int root_open(const struct pack_start *s, const int fds[PACK_N_FDS], struct root *ret,
              struct err *e);
