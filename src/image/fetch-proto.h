/* SPDX-License-Identifier: Apache-2.0 */
/* fetch-proto - what the engine and usr-ct-fetch say to each other during a pull
 *
 * One SOCK_SEQPACKET socket, descriptor 3 of the helper. Packets are structs below. End of file
 * means that the other side is gone: the helper then exits and leaves only temporary files, named
 * by the prefix it was given so that store_sweep() knows whose they are.
 *
 *      engine                           fetch
 *   1  START [blobs dir, tmp dir]  ->              which image, which platform
 *   2                              <-  RESOLVED    manifest and config are blobs now
 *   3                              <-  INFO        one for each layer, lowest first
 *   4  LAYER [pipe]                ->              for each layer wanted, any number at once
 *   5                              <-  PROGRESS    bytes so far, at most ten times a second
 *   6                              <-  GOT         verified, the blob is in place, pipe closed
 *   7  end of file                 ->              no more layers
 * All parsing of foreign JSON and all hashing happens in the helper: the engine, and with it every
 * program that starts containers, links neither libcurl nor libcrypto.
 * Instead of any message the helper may send FAIL with its struct err and exit. A LAYER may then
 * fail with EPIPE; the FAIL that tells why is there to be read.
 *
 * The layer's bytes go to a temporary blob file as fast as the network gives them, and from there
 * into the pipe as fast as the unpacker takes them; neither waits for the other. A reader of the
 * pipe sees bytes that are not verified yet; only GOT says that they were right. Two layers of an
 * image may be the same blob (empty ones often are): each LAYER then gets a GOT of its own.
 */
#pragma once

#include "base/err.h"

enum fetch_type {
	FETCH_START = 1,
	FETCH_RESOLVED,
	FETCH_INFO,
	FETCH_LAYER,
	FETCH_PROGRESS,
	FETCH_GOT,
	FETCH_FAIL,
};

enum fetch_flag {
	FETCH_STORED = 1, /* no source at all: the image with the manifest @digest is in the blobs
	                   * directory already */
};

struct fetch_start {
	uint32_t type;
	uint32_t flags;
	char digest[72];
	char reference[512]; /* as the user wrote it; parsed by image/reference.h */
	char platform[64];   /* "os/arch[/variant]" */
	char tmp_prefix[64]; /* temporary files in the tmp directory start with this */
	char auth_file[512]; /* may be empty: the usual places */
};

struct fetch_resolved {
	uint32_t type;
	uint32_t n_layers;
	char name[512]; /* full name "host/name:tag"; empty if only a digest was asked for */
	/* "host/name", empty for a layout, and the digest of what its tag names: the manifest's
	 * own, or that of an index. */
	char repository[512], named[72];
	char manifest[72]; /* "sha256:..." of the image manifest (not of an index) */
	char config[72];
	uint64_t manifest_bytes, config_bytes;
	uint64_t created_ns; /* of the config; 0: unknown */
};

/* A layer as manifest and config together describe it. */
struct fetch_info {
	uint32_t type;
	uint32_t index;   /* from 0, the lowest */
	char digest[72];  /* of the blob */
	char diff_id[72]; /* of the tar in it */
	char chain[65];   /* hex of its chain id */
	uint64_t size_bytes;
};

struct fetch_layer {
	uint32_t type;
	uint32_t pad;
	char digest[72];
	uint64_t size_bytes;
};

/* PROGRESS and GOT */
struct fetch_layer_state {
	uint32_t type;
	uint32_t pad;
	char digest[72];
	uint64_t done_bytes;
};

struct fetch_fail {
	uint32_t type;
	uint32_t pad;
	struct err e;
};
