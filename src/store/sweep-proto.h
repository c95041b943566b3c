/* SPDX-License-Identifier: Apache-2.0 */
/* sweep-proto - what the engine and usr-ct-sweep say to each other
 *
 * One SOCK_SEQPACKET socket, descriptor 3 of the helper. End of file means death.
 *
 *      engine                       sweep
 *   1  START [directory, userns]  ->           files of subordinate ids can be deleted by
 *   2                             <-  DONE     the root of the user's namespace only
 *                                     or FAIL  its struct err
 *
 * or, to learn how large a tree is (which as oneself is possible only where all directories can be
 * read; then the answer counts the others, and the question is repeated in the namespace):
 *   1  MEASURE [directory, userns] ->
 *   2                             <-  DONE     with sizes
 *                                     or FAIL
 *
 * or, to have a tree once more (base/tree-copy.h):
 *   1  COPY [empty directory, source, userns] ->
 *   2                             <-  DONE
 *                                     or FAIL
 *
 * One helper removes or measures one tree: the directory's entry @name, which is a single
 * component. What is gone already counts as removed. The directory itself must be writable for the
 * user, since in the namespace the helper has the user's rights over it and no more.
 */
#pragma once

#include "base/err.h"

enum sweep_type { SWEEP_START = 1, SWEEP_DONE, SWEEP_FAIL, SWEEP_MEASURE, SWEEP_COPY };

struct sweep_start {
	uint32_t type;
	char name[256]; /* NUL-terminated; not of COPY */
};

/* The rest is that of MEASURE; a file with several links counts once. */
struct sweep_done {
	uint32_t type;
	uint32_t n_unreadable; /* directories */
	uint64_t file_bytes;   /* what files hold: ls -l */
	uint64_t disk_bytes;   /* what everything takes: du */
};

struct sweep_fail {
	uint32_t type;
	uint32_t pad;
	struct err e;
};
