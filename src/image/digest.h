/* SPDX-License-Identifier: Apache-2.0 */
/* digest - SHA-256 through OpenSSL's libcrypto; only helpers link this (digest_is_valid() apart,
 * which needs nothing) */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct digest;

int digest_new(struct digest **ret, struct err *e);
void digest_add(struct digest *d, const void *data, size_t n);
/* Writes "sha256:HEX" and frees; an empty string if libcrypto failed, which equals no digest. */
void digest_finish(struct digest *d, char ret[72]);
void digest_free(struct digest *d);
static inline void cleanup_digest(struct digest **d)
{
	digest_free(*d);
}
#define _cleanup_digest_ _cleanup_(cleanup_digest)
/* All at once. */
int digest_of(const void *data, size_t n, char ret[72], struct err *e);
/* "sha256:" and 64 lower-case hex digits. */
bool digest_is_valid(const char *text);
/* Chain ids of an image's layers (image specification, config.md "Layer ChainID"); lowest first,
 * only the 64 hex digits. */
int digest_chain_ids(const char (*diff_ids)[72], size_t n, char (*ret_chains)[65], struct err *e);
