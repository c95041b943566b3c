/* SPDX-License-Identifier: Apache-2.0 */
/* meta-place - where on the disk a metadata tree begins; only for unpack
 *
 * A tree is nothing but inodes, and ext4 without a journal is slow at making some: for each it
 * looks at all inodes of the group that were deleted within the last minute (recently_deleted() in
 * fs/ext4/ialloc.c). After a large removal that is 100 microseconds a file instead of 8. The
 * directory that the stage is was told to spread what is made in it (layer_tree_stage()), so
 * directories of different names come into different groups; the first in which files are made
 * quickly is taken. Everywhere else that is the first of all.
 */
#pragma once

#include "base/err.h"

/* Makes the directory "fs" in @dirfd. -EEXIST: it is there. */
int meta_place_root(int dirfd, struct err *e);
