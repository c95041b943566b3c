/* SPDX-License-Identifier: Apache-2.0 */
/* tree-copy - a directory tree once more: owners, modes, times, attributes, hard links, holes
 *
 * Stays on the file system and below the directory that it was given, follows no link, opens no
 * device and no FIFO. Contents are shared with the original where the file system can (FICLONE).
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { TREE_COPY_DEPTH_MAX = 256 };

struct tree_copied {
	uint64_t n_entries;
	uint64_t n_skipped; /* devices, sockets, what is mounted there */
	uint64_t bytes;
};

/**
 * tree_copy() - what is in @from_fd also in @to_fd, an empty directory
 * @is_lenient: an owner that is not mapped here, or an attribute that cannot be held, is left out
 *
 * @to_fd itself gets owner, mode and times of @from_fd, at the end.
 */
int tree_copy(int from_fd, int to_fd, bool is_lenient, struct tree_copied *ret, struct err *e);

/* Owner, mode, times and attributes of one directory or file for another; both open for reading. */
int tree_copy_attributes(int from_fd, int to_fd, bool is_lenient, struct err *e);
