/* SPDX-License-Identifier: Apache-2.0 */
/* sbuf - a growing string with an upper bound and a sticky error
 *
 * Add as often as you like, check once in sbuf_take(). A loop over foreign input also stops on
 * b.err, because a sticky error does not end an endless input.
 */
#pragma once

#include "base/macro.h"

struct sbuf {
	char *s; /* always NUL-terminated once something was added */
	size_t len, cap, max;
	int err; /* negative errno of the first failure; -E2BIG beyond max */
};
#define SBUF_INIT(max_bytes)               \
	{                                  \
		NULL, 0, 0, (max_bytes), 0 \
	}

void sbuf_add(struct sbuf *b, const void *data, size_t n);
void sbuf_adds(struct sbuf *b, const char *s);
void sbuf_addc(struct sbuf *b, char c);
void sbuf_addf(struct sbuf *b, const char *fmt, ...) PRINTF(2, 3);
/* Empties it but keeps memory and error. */
void sbuf_clear(struct sbuf *b);
/* Hands the string (never NULL) to the caller; negative errno if any addition failed. */
int sbuf_take(struct sbuf *b, char **ret);
void sbuf_done(struct sbuf *b);
#define _cleanup_sbuf_ _cleanup_(sbuf_done)

/* A heap string printed in one go; NULL if out of memory. */
char *strf(const char *fmt, ...) PRINTF(1, 2);
