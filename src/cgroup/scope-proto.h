/* SPDX-License-Identifier: Apache-2.0 */
/* scope-proto - what the engine and usr-ct-scope say to each other
 *
 * A SOCK_SEQPACKET pair; the engine waits with a time limit, since systemd may be busy.
 *
 *      engine           usr-ct-scope
 *   1  START     ->                    which process, under which name
 *   2            <-  DONE              it is in the scope now
 *      or        <-  DELEGATED         no scope is needed: the caller's unit is delegated, and is
 *                                      marked so from now on (user.delegate, cgroup/cgroup.h)
 *      or        <-  FAIL              no scope; why
 *
 * The helper knows D-Bus (libsystemd), which nothing else of ours links.
 */
#pragma once

#include "base/err.h"

#include <stdint.h>

enum scope_type { SCOPE_START = 's', SCOPE_DONE = 'd', SCOPE_DELEGATED = 'g', SCOPE_FAIL = 'f' };

enum { SCOPE_NAME_SIZE = 128, SCOPE_ADDRESS_SIZE = 512, SCOPE_TIMEOUT_MS = 25000 };

struct scope_start {
	uint8_t type;
	int32_t pid;
	uint32_t stop_timeout_s;
	char name[SCOPE_NAME_SIZE];       /* without ".scope" */
	char slice[SCOPE_NAME_SIZE];      /* "usr-ct.slice" */
	char description[256];            /* for systemctl status */
	char address[SCOPE_ADDRESS_SIZE]; /* of D-Bus: "unix:path=..." */
	uint8_t is_private;               /* systemd's own socket, no bus between */
	uint8_t may_be_delegated;         /* look at the caller's own unit first */
};
struct scope_answer {
	uint8_t type;
	struct err e; /* FAIL */
};
