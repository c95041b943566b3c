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
 * One helper removes one tree: the directory's entry @name, which is a single component. What is
 * gone already counts as removed. The directory itself must be writable for the user, since in the
 * namespace the helper has the user's rights over it and no more.
 */
#pragma once

#include "base/err.h"

enum sweep_type { SWEEP_START = 1, SWEEP_DONE, SWEEP_FAIL };

struct sweep_start {
	uint32_t type;
	char name[256]; /* NUL-terminated */
};

struct sweep_done {
	uint32_t type;
};

struct sweep_fail {
	uint32_t type;
	uint32_t pad;
	struct err e;
};
