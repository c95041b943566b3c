/* SPDX-License-Identifier: Apache-2.0 */
/* unpacking - one layer in the hands of usr-ct-unpack */
#pragma once

#include "base/libexec.h"
#include "engine/engine.h"
#include "engine/sharing.h"
#include "store/layers.h"
#include "store/unpack-proto.h"

struct unpacking {
	struct libexec program;
	struct layer_stage stage;
	/* Set before the start: the objects driver, upon this layer (NULL: the lowest; borrowed).
	 * Otherwise plain, which may lie upon anything. */
	bool has_objects;
	bool is_apart; /* objects go to a directory of the stage: for layer_repair() */
	const char *parent;
	const struct sharing *sharing; /* objects need not be written again; may be NULL */
	const char *shared_paths[SHARED_DIRS_MAX];
	struct unpack_done done; /* filled by unpacking_finish() */
	int feed_fd;             /* of a tree: where indexes go */
};
#define UNPACKING_NONE                                                                    \
	{                                                                                 \
		.program = LIBEXEC_NONE, .stage = { .dirfd = -EBADF }, .feed_fd = -EBADF, \
	}

/* Starts the helper on @stream_fd, which stays the caller's to close. */
int unpacking_start(struct usrct *u, struct unpacking *ret, int stream_fd, struct err *e);
struct id_maps;
/* Has it make a metadata tree under our own id map, or under @maps. Each layer is fed, lowest
 * first, as soon as it is here; unpacking_finish() says that there are no more, and waits. Then
 * layer_tree_commit(). */
int unpacking_start_tree(struct usrct *u, struct unpacking *ret, const struct id_maps *maps,
                         struct err *e);
int unpacking_feed_tree(struct usrct *u, struct unpacking *x, const char *chain, struct err *e);
/* Has it give the directories that the archive only implies what the layers below say of them:
 * @chains, lowest first, which are all here; plain driver. Blocks; nothing to do if there are none.
 */
int unpacking_settle(struct usrct *u, struct unpacking *x, char (*chains)[CHAIN_SIZE], size_t n,
                     struct err *e);
/* Once program.sock_fd is readable: its result. */
int unpacking_finish(struct unpacking *x, struct err *e);
/* Kills what runs, throws away what was not committed. */
void unpacking_done(struct unpacking *x);
