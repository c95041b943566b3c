/* SPDX-License-Identifier: Apache-2.0 */
/* layout - the files that make oci/ an OCI image layout for others; only for this folder */
#pragma once

#include "store/db.h"

/* Media type (static string) and size of a manifest blob; NULL and 0 if it is not here. */
int layout_manifest_type(struct store *s, const char *digest, const char **ret, uint64_t *ret_bytes,
                         struct err *e);
/* Rewrites oci/index.json from the tables; under the lock. */
int layout_write(struct store *s, struct err *e);
/* Makes the directories and oci/oci-layout where they are missing. */
int layout_make(struct store *s, struct err *e);
