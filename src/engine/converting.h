/* SPDX-License-Identifier: Apache-2.0 */
/* converting - layers of an image under another compression than they are stored under */
#pragma once

#include "engine/engine.h"
#include "image/load-proto.h"
#include "store/images.h"

/* Makes a further blob, which stays for as long as the handle's store is open. */
int convert_blob(struct usrct *u, const char *digest, enum load_compression how,
                 struct load_root_blob *ret, struct err *e);
/* The image as a manifest with layers of that compression would have it: blobs, and the digests in
 * @row (read from the index before) with them. The configuration, and so the id, stays. */
int convert_image(struct usrct *u, struct image_row *row, enum load_compression how, struct err *e);
