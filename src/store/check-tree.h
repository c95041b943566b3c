/* SPDX-License-Identifier: Apache-2.0 */
/* check-tree - whether a metadata tree is what the indexes of its layers say; only for usr-ct-check
 *
 * The layers are put upon each other in memory, as meta-tree.c does on disk, and the tree is
 * compared name by name. The first difference is enough: a tree is thrown away as a whole.
 */
#pragma once

#include "store/check-proto.h"
#include "store/layer-stack.h"

/* The tree "fs" below @dirfd. 1: it differs, and @ret_where says how; 0 it fits. */
int check_tree(const struct check_start *job, int dirfd, const struct layer_stack *layers,
               char ret_where[256], struct check_done *done, struct err *e);
