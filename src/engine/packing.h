/* SPDX-License-Identifier: Apache-2.0 */
/* packing - one tree in the hands of usr-ct-pack: a container's, or the user's own files */
#pragma once

#include "base/libexec.h"
#include "engine/engine.h"
#include "store/pack-proto.h"

struct packing {
	struct libexec program;
	struct pack_info info; /* packing_info() */
	struct pack_done done; /* packing_finish() */
};
#define PACKING_NONE                     \
	{                                \
		.program = LIBEXEC_NONE, \
	}

struct packing_request {
	enum pack_op op;
	enum pack_tree tree; /* RUNNING and STOPPED are chosen here: say STOPPED */
	unsigned flags;      /* PACK_FOLLOW, PACK_KEEP_OWNER, PACK_MAKE_DIRS, PACK_PLAIN */
	const char *path;    /* READ, WRITE */
	int stream_fd;       /* stays the caller's to close */
	/* Of a container (of a volume: its files): its directory and what is known of it. A
	 * directory that is still being made is one that does not run. */
	int container_dirfd;
	const struct state *state;
};

/* Starts the helper. A stopped container that is to be changed is locked by @q->container_dirfd
 * until that is closed; waits for whoever has it. */
int packing_start(struct usrct *u, const struct packing_request *q, struct packing *ret,
                  struct err *e);
/* Compares layers (paths below the data directory, lowest first), PACK_DIFF of PACK_TREE_LAYERS; a
 * list may be empty, but not both. */
struct strv;
int packing_start_layers(struct usrct *u, const struct strv *then, const struct strv *now,
                         int stream_fd, struct packing *ret, struct err *e);
/* What packing_start() does itself where it must; whoever has two containers takes them in one
 * order beforehand. Waits for another copy, or for a monitor that is putting things away. */
int packing_lock(int container_dirfd, struct err *e);
/* READ and WRITE: what stands at the path, then under which name. */
int packing_info(struct packing *p, struct err *e);
int packing_go(struct packing *p, const char *name, bool into_parent, struct err *e);
/* Waits for the result. */
int packing_finish(struct packing *p, struct err *e);
/* Kills what runs. */
void packing_done(struct packing *p);
#define _cleanup_packing_ _cleanup_(packing_done)

/* A container that the user named, for one of these. */
void packing_of(const struct target *t, enum pack_op op, enum pack_tree tree, int stream_fd,
                struct packing_request *ret);
