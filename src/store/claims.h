/* SPDX-License-Identifier: Apache-2.0 */
/* claims - who of several pulls fetches a blob; the others wait for it
 *
 * One file, pull.lock, and a byte of it for each blob: the first 60 bits of its digest say which.
 * They are locks of an open file (F_OFD_SETLK, Linux 3.15): the kernel releases them at death,
 * whatever the death, and nothing has to be tidied up. They spare work and protect nothing: where
 * a file system has no locks, everybody has every claim.
 */
#pragma once

#include "store/store.h"

struct claims {
	int fd; /* -EBADF until needed */
};
#define CLAIMS_NONE          \
	{                    \
		.fd = -EBADF \
	}

/* 1 it is ours, 0 somebody else has it (never with @wait). @digest is "sha256:HEX". */
int claim_take(struct claims *c, struct store *s, const char *digest, bool wait, struct err *e);
void claim_drop(struct claims *c, const char *digest);
void claims_done(struct claims *c);
