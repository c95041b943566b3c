/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-implied - directories that an archive has no entry for; only for unpack, plain driver
 *
 * "lib/x" without an entry for "lib" means the lib of the layers below, whatever that is: its
 * owner, mode, time and attributes, or, where it is a link to usr/lib, that directory. (The objects
 * driver has LAYER_IMPLIED in its indexes for this, meta-tree.h.) A layer is unpacked before those
 * below it may be here, so such paths are written to the file "implied" beside "fs", one behind the
 * other with a zero byte after each, parents first; and once all the others are here, the layer is
 * settled, still in its stage.
 */
#pragma once

#include "store/unpack-tree.h"

#define IMPLIED_FILE "implied"

/* Writes the list of what @t has made unasked; before tree_seal(). @ret_n: how many; without any
 * there is no file. */
int implied_write(struct tree *t, int dirfd, uint64_t *ret_n, struct err *e);

/* The roots of the layers below, lowest first: paths below @data_fd, one a line, in @list_fd. */
struct implied_below {
	int *fds;
	size_t n;
};
int implied_open(int list_fd, int data_fd, struct implied_below *ret, struct err *e);
void implied_done(struct implied_below *b);
/* Settles "fs" in @dirfd and removes the list. */
int implied_settle(const struct implied_below *b, int dirfd, bool single_id, struct err *e);
