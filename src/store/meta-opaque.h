/* SPDX-License-Identifier: Apache-2.0 */
/* meta-opaque - opaque directories that a layer has no entry for; only for meta-tree
 *
 * "lib/.wh..wh..opq" without an entry for "lib", which is a link to usr/lib in the layers below,
 * empties usr/lib, for whoever unpacks one layer after the other. That has to be done before
 * anything of the layer is there, or what it has in usr/lib itself would go, too.
 */
#pragma once

#include "store/layer-index.h"

/* @index: before its first entry. @root_fd: the tree of the layers below. 1: the layer's opaque
 * directories are empty now; 0: it has none of that kind, and each is emptied in its turn. */
int meta_opaque_clear(const struct layer_index *index, int root_fd, struct err *e);
/* Removes what is in a directory. */
int meta_clear_directory(int fd, struct err *e);
