/* SPDX-License-Identifier: Apache-2.0 */
/* layout - the files that make oci/ an OCI image layout for others; only for this folder */
#pragma once

#include "store/blobs.h"
#include "store/db.h"

/* Media type (static string) and size of a manifest blob; NULL and 0 if it is not here. */
int layout_manifest_type(struct store *s, const char *digest, const char **ret, uint64_t *ret_bytes,
                         struct err *e);
/* A blob that only the layout needs; under the lock, so no pin is taken for it. */
int layout_add_blob(struct store *s, const void *data, size_t n, char ret_digest[DIGEST_SIZE],
                    struct err *e);
/* Rewrites oci/index.json from the tables; under the lock. */
/* layout-twin.c: an OCI manifest for one of Docker's kind; a blob. */
int layout_twin(struct store *s, const char *digest, char ret_digest[DIGEST_SIZE],
                uint64_t *ret_bytes, struct err *e);
int layout_write(struct store *s, struct err *e);
/* Makes the directories and oci/oci-layout where they are missing. */
int layout_make(struct store *s, struct err *e);
