/* SPDX-License-Identifier: Apache-2.0 */
/* image-columns - the fields of an image in images, with Docker's and podman's names */
#pragma once

#include "cli/columns.h"

#include <usrct/image.h>

/* An image under one of its names. */
struct image_view {
	const struct usrct_image *image;
	const char *repository, *tag; /* "<none>" */
	uint64_t now_ns;
	bool truncated;
	json_t *labels; /* where columns_need() says so; borrowed */
};

extern const struct column image_columns[]; /* rows are struct image_view */
