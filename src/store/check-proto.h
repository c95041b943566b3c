/* SPDX-License-Identifier: Apache-2.0 */
/* check-proto - what the engine and usr-ct-check say to each other
 *
 * One SOCK_SEQPACKET socket, descriptor 3 of the helper. End of file means death.
 *
 *      engine                                   check
 *   1  START [directory, list, (userns,      ->
 *             layers)]
 *   2                                        <-  FOUND     any number: what is wrong
 *   3                                        <-  DONE      all was looked at
 *                                                or FAIL   its struct err
 *
 * FILES: the list is a file of struct object_id as in a layer's index, LAYER_INDEX_OBJECT bytes
 * each; the directory has the objects. BLOBS: the same, of which only the digests count; the
 * directory is oci/blobs/sha256. TREE: the list has chain ids, as in unpack-proto.h; the directory
 * is layers/CHAIN/meta-MAP, and is looked at as root of the namespace, if there is one.
 */
#pragma once

#include "base/err.h"

enum check_type { CHECK_START = 1, CHECK_FOUND, CHECK_DONE, CHECK_FAIL };

enum check_job { CHECK_FILES = 1, CHECK_BLOBS, CHECK_TREE };

enum check_flags {
	CHECK_QUICK = 1,     /* sizes and labels, no contents */
	CHECK_SINGLE_ID = 2, /* the tree belongs to one id */
	CHECK_ANY_OWNER = 4, /* the tree is of another id map than the namespace */
	CHECK_FOREIGN = 8,   /* objects may be root's, and readable by everybody */
	CHECK_SEALED = 16,   /* objects must have fs-verity on */
};

struct check_start {
	uint32_t type, job, flags;
	uint32_t n_skip; /* of the list: every n_parts-th from here on is ours */
	uint32_t n_parts;
	uint32_t uid; /* whose objects they are */
};

enum check_what {
	CHECK_MISSING = 1,
	CHECK_CONTENT, /* other bytes than its digest says */
	CHECK_SIZE,    /* too short or too long */
	CHECK_KIND,    /* no regular file */
	CHECK_OPEN,    /* others may write to it, or it is somebody else's */
	CHECK_CLASH,   /* labelled with another digest */
	CHECK_UNREADABLE,
	CHECK_UNSEALED, /* without fs-verity */
	CHECK_DIFFERS,  /* a tree: see where */
};

struct check_found {
	uint32_t type, what;
	uint64_t number; /* in the list; of a tree: 0 */
	char where[256]; /* of a tree: what is wrong with which path */
};

struct check_done {
	uint32_t type, pad;
	uint64_t n, bytes; /* what was looked at */
};

struct check_fail {
	uint32_t type, pad;
	struct err e;
};
