/* SPDX-License-Identifier: Apache-2.0 */
/* load-proto - what the engine and usr-ct-load say to each other
 *
 * One SOCK_SEQPACKET socket, descriptor 3 of the helper. The helper takes an archive apart and puts
 * what it consists of into the blobs directory, under the names that its digests give it. What that
 * means for layers and images is then the business of a pull from the store (image/fetch-proto.h,
 * FETCH_STORED), so that a loaded image is checked as a pulled one is.
 *
 *      engine                              load
 *   1  START [blobs, tmp, input]   ->               input: a stream, or a layout's directory
 *   2                              <-  PROGRESS     bytes of content, ten times a second at most
 *   3                              <-  IMAGE        for each name of each image; all its blobs are
 *                                                   in place
 *                                      ROOT         LOAD_ROOT, LOAD_CONVERT: the layer's blob
 *   4                              <-  DONE         that was all
 * Instead of any message the helper may send FAIL with its struct err and exit.
 */
#pragma once

#include "base/err.h"

enum load_type {
	LOAD_START = 1,
	LOAD_PROGRESS,
	LOAD_IMAGE,
	LOAD_ROOT_BLOB,
	LOAD_DONE,
	LOAD_FAIL,
};

enum load_op {
	LOAD_ARCHIVE, /* a docker archive or an OCI layout as tar, compressed or not */
	LOAD_LAYOUT,  /* an OCI layout as directory */
	LOAD_ROOT,    /* a root file system as tar, compressed or not: becomes a layer's blob */
	LOAD_CONVERT, /* a layer's blob: becomes one compressed as @compression says */
};

enum load_compression { LOAD_PLAIN, LOAD_GZIP, LOAD_ZSTD };

struct load_start {
	uint32_t type;
	uint32_t op;
	uint32_t compression, pad;
	uint64_t max_bytes;  /* of all contents together */
	char platform[64];   /* "os/arch[/variant]" */
	char tmp_prefix[64]; /* temporary files in the tmp directory start with this */
};

struct load_progress {
	uint32_t type;
	uint32_t pad;
	uint64_t done_bytes;
};

struct load_image {
	uint32_t type;
	uint32_t number; /* of the image in the archive's list */
	char manifest[72];
	char name[512]; /* as the archive has it; may be empty */
};

struct load_root_blob {
	uint32_t type;
	uint32_t pad;
	char digest[72];
	char media_type[128];
	uint64_t size_bytes;
};

struct load_fail {
	uint32_t type;
	uint32_t pad;
	struct err e;
};
