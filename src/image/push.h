/* SPDX-License-Identifier: Apache-2.0 */
/* push - an image from blobs on disk to a registry (OCI distribution-spec 1.1, "Push") */
#pragma once

#include "image/source.h"

enum push_how { PUSH_MOVES, PUSH_HAD, PUSH_MOUNTED, PUSH_SENT };

/* Another repository of the same registry that has the blob, most likely. */
struct push_mount {
	char digest[72];
	char repository[256]; /* without the host */
};

struct push_job {
	int blobs_dirfd;
	const struct manifest *manifest;
	const struct document *document; /* the manifest's own text */
	const char *media_type;          /* of it */
	const struct push_mount *mounts;
	size_t n_mounts;
	/* A blob moved, or is there now. */
	void (*tell)(void *arg, const char *digest, uint64_t done_bytes, enum push_how how);
	void *arg;
};

/* @s: a registry, with the name that the image is to have. Blobs go first, several at a time, then
 * the manifest. Blocks; -ECANCELED when source_options.cancel_fd is readable. */
int source_push(struct source *s, const struct push_job *job, struct err *e);
