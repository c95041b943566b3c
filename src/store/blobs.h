/* SPDX-License-Identifier: Apache-2.0 */
/* blobs - the OCI image layout in oci/: reading verified blobs, keeping index.json true */
#pragma once

#include "store/images.h"

/* Directory descriptors that the fetch helper needs; made when missing. */
int blob_dirs_open(struct store *s, int *ret_blobs_dirfd, int *ret_tmp_dirfd, struct err *e);
int blob_exists(struct store *s, const char *digest); /* 1 or 0 */
/* The whole blob as text, bounded; it was verified when it was written. */
int blob_read(struct store *s, const char *digest, size_t max_bytes, char **ret, size_t *ret_len,
              struct err *e);
/* Keeps a small document; its digest in @ret_digest. */
int blob_add(struct store *s, const void *data, size_t n, char ret_digest[DIGEST_SIZE],
             struct err *e);
