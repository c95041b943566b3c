/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-proto - what the engine and usr-ct-unpack say to each other
 *
 * One SOCK_SEQPACKET socket, descriptor 3 of the helper. End of file means death.
 *
 *      engine                                unpack
 *   1  START [stream, directory,          ->            userns only if the user has ids to map,
 *             userns, objects,                          objects or layers only with a flag,
 *             shared objects ...]                       n_shared others
 *   2                                     <-  DONE      all unpacked, tar digest and sizes
 *                                             or FAIL   its struct err
 *
 * The helper enters the user namespace, drops what it does not need, confines itself to the
 * directory (Landlock, seccomp), then reads the stream: decompress (gzip, zstd or none, by magic),
 * hash the tar, extract into "fs" below the directory. With UNPACK_FLAG_OBJECTS contents become
 * objects and "index" the layer's index; there is no "fs".
 *
 * With UNPACK_FLAG_TREE the stream is another socket of this kind. Each of its packets, of one
 * byte, brings the index of a layer as a descriptor, lowest layer first, and "fs" becomes the
 * metadata tree of all of them together. Its end of file says that there are no more; so a tree may
 * grow while upper layers are still being unpacked.
 *
 * With UNPACK_FLAG_SETTLE the directory holds a layer of the plain driver that was unpacked with
 * n_implied > 0 (unpack-implied.h), the stream is a list of the layers below, lowest first, one a
 * line, and the fourth descriptor the directory that their paths begin at.
 */
#pragma once

#include "base/err.h"
#include "base/id-map.h"

enum unpack_type { UNPACK_START = 1, UNPACK_DONE, UNPACK_FAIL };

enum unpack_flags {
	UNPACK_FLAG_SINGLE_ID = 1, /* no map: everything belongs to the user, no device nodes */
	UNPACK_FLAG_OBJECTS = 2,   /* contents go to the objects; an index is written */
	UNPACK_FLAG_TREE = 8,      /* make a metadata tree */
	UNPACK_FLAG_MAPPED = 16,   /* with that: owners are first looked up in the maps */
	UNPACK_FLAG_SETTLE = 32,   /* give implied directories what the layers below say */
};

enum { UNPACK_CHAIN_BYTES = 64, UNPACK_LAYERS_MAX = 1024, UNPACK_SHARED_MAX = 8 };

struct unpack_start {
	uint32_t type;
	uint32_t flags;
	uint64_t max_bytes; /* of unpacked data: decompression bombs stop here */
	uint64_t max_entries;
	uint32_t n_shared; /* directories of objects that need not be written again */
	uint32_t pad;
	struct id_maps maps; /* from the image's ids to the user namespace's */
};

struct unpack_done {
	uint32_t type;
	uint32_t shared_used; /* a bit for each shared directory that the layer relies on */
	uint64_t size_bytes;  /* what was written */
	uint64_t n_entries;
	char diff_id[72]; /* "sha256:..." of the uncompressed tar */
	uint64_t n_implied;
};

struct unpack_fail {
	uint32_t type;
	uint32_t pad;
	struct err e;
};
