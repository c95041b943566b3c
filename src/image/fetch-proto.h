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
 * Other things than a pull are asked for by flags of START. All talk to registries, so all are done
 * by this helper:
 *      flag          engine                    fetch
 *      FETCH_PUSH    MOUNT ..., GO    ->       <-  BLOB ..., PUSHED
 *      FETCH_LOGIN                             <-  DONE        the credentials are good
 *      FETCH_SEARCH                            <-  ROW ..., DONE
 *      FETCH_TAGS, FETCH_CATALOG               <-  ROW ..., DONE
 *      FETCH_GET     START [file]              <-  DONE        the content of the URL is in the
 * file With FETCH_HAS_SECRET the packet SECRET follows START at once.
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
	FETCH_SECRET,
	FETCH_MOUNT,
	FETCH_GO,
	FETCH_BLOB,
	FETCH_PUSHED,
	FETCH_ROW,
	FETCH_DONE,
};

enum fetch_flag {
	FETCH_STORED = 1, /* no source at all: the image with the manifest @digest is in the blobs
	                   * directory already */
	FETCH_PUSH = 2,   /* the image with the manifest @digest goes to @reference */
	FETCH_LOGIN = 4,  /* @reference is a host */
	FETCH_SEARCH = 8, /* Docker Hub's search; @reference is the term */
	FETCH_TAGS = 16,  /* tags of @reference */
	FETCH_CATALOG = 32,
	FETCH_GET = 64,
	FETCH_INSECURE = 128, /* any certificate, and plain HTTP where there is no TLS */
	FETCH_SECURE = 256,   /* neither, whatever the configuration says */
	FETCH_HAS_SECRET = 512,
	FETCH_NO_MIRRORS = 1024, /* only the registry itself */
};

struct fetch_start {
	uint32_t type;
	uint32_t flags;
	char digest[72];
	char reference[512]; /* as the user wrote it; parsed by image/reference.h */
	char platform[64];   /* "os/arch[/variant]" */
	char tmp_prefix[64]; /* temporary files in the tmp directory start with this */
	char auth_file[512]; /* may be empty: the usual places */
	char cert_dir[512];  /* may be empty: the usual places */
	uint32_t limit, pad; /* SEARCH, TAGS, CATALOG: so many rows; 0: all */
};

/* The value of an Authorization header: "Basic ...". */
struct fetch_secret {
	uint32_t type;
	uint32_t pad;
	char basic[24 << 10];
};

/* PUSH: another repository of that registry that has the blob. Without a digest: GO. */
struct fetch_mount {
	uint32_t type;
	uint32_t pad;
	char digest[72];
	char repository[256]; /* without the host */
};

enum fetch_blob_how { FETCH_BLOB_MOVES, FETCH_BLOB_HAD, FETCH_BLOB_MOUNTED, FETCH_BLOB_SENT };

/* BLOB, and PUSHED with the manifest's */
struct fetch_blob {
	uint32_t type;
	uint32_t how; /* enum fetch_blob_how */
	char digest[72];
	uint64_t done_bytes;
};

enum fetch_row_flag { FETCH_ROW_OFFICIAL = 1, FETCH_ROW_AUTOMATED = 2 };

/* ROW, and DONE without contents */
struct fetch_row {
	uint32_t type;
	uint32_t flags;
	uint64_t stars;
	char name[512];
	char description[1024];
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
	uint32_t is_mirrors_fault; /* it may be better without them */
	struct err e;
};
