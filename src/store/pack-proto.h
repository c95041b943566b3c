/* SPDX-License-Identifier: Apache-2.0 */
/* pack-proto - what the engine and usr-ct-pack say to each other
 *
 * One SOCK_SEQPACKET socket, descriptor 3 of the helper. End of file means death.
 *
 *      engine                    pack
 *   1  START [descriptors]  ->
 *   2                       <-   INFO   what stands at the path; READ and WRITE only
 *   3  GO                   ->          under which name; READ and WRITE only
 *   4                       <-   DONE   counts and digests
 *                                or FAIL, instead of INFO or DONE: its struct err
 *
 * START names one tree and one thing to do with it. Trees:
 *
 *	HOST     the machine's own files, as the user that we are
 *	RUNNING  what a running container sees, volumes and all: the root of its first process
 *	STOPPED  a container's layers and bind mounts, mounted for this one operation, in a mount
 *	         namespace of the helper's own
 *	BARE     a container's own file system without anything mounted in it, running or not
 *	VOLUME   the directory that comes in the container's place
 *	UPPER    only what the container changed, as overlayfs keeps it
 *	LAYERS   those of an image, and those of another one to compare them with; no container
 *
 * The helper enters the user namespace (or, without subordinate ids, the container's, or makes
 *one), gets hold of the tree, confines itself to it (Landlock, seccomp), and then touches contents.
 *
 * The plan is a sealed memory file of NUL-terminated words: "layer" PATH (below the data directory,
 * lowest first), "now" PATH (likewise; of LAYERS, where "layer" is what was before), "data" PATH
 *(likewise, a data-only layer below them), "backend" NAME (container/backend.h), "mount" TARGET
 *SOURCE "ro"|"rw"|"copy", "hidden" PATH (made by us, not by the container).
 */
#pragma once

#include "base/err.h"
#include "base/id-map.h"

#include <limits.h>

enum pack_type { PACK_START = 1, PACK_INFO, PACK_GO, PACK_DONE, PACK_FAIL };
enum pack_op {
	PACK_READ,   /* what is at the path -> tar stream */
	PACK_WRITE,  /* tar stream -> into the directory at the path */
	PACK_EXPORT, /* the whole tree -> tar stream */
	PACK_LAYER,  /* UPPER -> compressed layer with whiteouts */
	PACK_COPY,   /* layers of UPPER -> the container's directory "copy", which is empty */
	PACK_DIFF,   /* UPPER or LAYERS -> NUL-terminated "A/path", "C/path", "D/path" */
};
enum pack_tree {
	PACK_TREE_HOST,
	PACK_TREE_RUNNING,
	PACK_TREE_STOPPED,
	PACK_TREE_BARE,
	PACK_TREE_UPPER,
	PACK_TREE_VOLUME,
	PACK_TREE_LAYERS,
};
enum pack_flag {
	PACK_FOLLOW = 1,     /* READ: the path itself may be a link */
	PACK_KEEP_OWNER = 2, /* WRITE: ids as in the stream; else root's */
	PACK_READ_ONLY = 4,  /* STOPPED: the root file system must not be written to */
	PACK_SINGLE_ID = 8,  /* no ids but one: nothing can be given to others */
	PACK_PLAIN = 16,     /* LAYER: not compressed */
	PACK_AS_ROOT = 128,  /* READ of HOST: all of it is root's in the stream */
	PACK_MAKE_DIRS = 64, /* WRITE: directories that lead there and are missing are made */
	PACK_WRITABLE = 32,  /* STOPPED: nobody else mounts it now (locked), so it can be changed */
};
/* Descriptors that came with START, in this order; a bit in pack_start.fds for each. */
enum pack_fd {
	PACK_FD_STREAM,    /* tar in or out, text of a diff */
	PACK_FD_USERNS,    /* the holder's; without subordinate ids there is none */
	PACK_FD_PROCESS,   /* RUNNING: pidfd of the first process */
	PACK_FD_BASE,      /* the data directory: STOPPED, BARE, UPPER, LAYERS */
	PACK_FD_CONTAINER, /* the container's directory: the same but LAYERS */
	PACK_FD_PLAN,      /* with the data directory */
	PACK_N_FDS,
};

struct pack_start {
	uint32_t type, op, tree, flags, fds;
	int32_t pid; /* RUNNING; BARE: 0 if it does not run */
	/* Of a container with ids of its own: to those of the namespace of PACK_FD_USERNS; else
	 * empty. The owners in layers below a copy are those of the image, without it. */
	struct id_maps maps;
	char path[PATH_MAX]; /* absolute; trailing "/" and "/." have their meaning */
};
struct pack_info {
	uint32_t type;
	uint32_t exists, is_dir, wants_dir; /* wants_dir: the path ended in "/" or "/." */
	uint32_t is_contents;               /* ended in "/.", or is the root */
	uint32_t mode;
	char base[NAME_MAX + 1]; /* last component; of a target that does not exist: to be made */
};
struct pack_go {
	uint32_t type;
	uint32_t into_parent;    /* WRITE: beside the path, not into it */
	char name[NAME_MAX + 1]; /* READ: what the tar calls it; "." for contents */
};
struct pack_done {
	uint32_t type, n_skipped; /* devices that could not be made, sockets */
	uint64_t data_bytes, n_entries;
	uint64_t tar_bytes, blob_bytes;
	char diff_id[72], digest[72]; /* LAYER: of the tar, of the blob */
};
struct pack_fail {
	uint32_t type, pad;
	struct err e;
};
