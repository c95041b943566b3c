/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-draft - one entry of the archive becomes a part of the draft, its contents an object; only
 * for unpack-entry.c, which has checked name and type */
#pragma once

#include "store/unpack-entry.h"

int draft_make_entry(struct unpacker *u, struct archive_entry *ae, const char *path,
                     const struct tree_meta *meta, struct err *e);
int draft_make_whiteout(struct unpacker *u, const char *path, struct err *e);
