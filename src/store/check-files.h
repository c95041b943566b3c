/* SPDX-License-Identifier: Apache-2.0 */
/* check-files - objects and blobs against their digests; only for usr-ct-check */
#pragma once

#include "store/check-proto.h"

typedef int (*check_found_fn)(const struct check_found *found, void *arg);

struct check_list {
	const uint8_t *records; /* of LAYER_INDEX_OBJECT bytes each */
	size_t n_bytes;
};

int check_files(const struct check_start *job, int dirfd, const struct check_list *list,
                check_found_fn found, void *arg, struct check_done *done, struct err *e);
