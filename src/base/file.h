/* SPDX-License-Identifier: Apache-2.0 */
/* file - whole files and directory trees, addressed below a held directory descriptor */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/stat.h>

/* Reads a regular file of at most @max_bytes into a fresh NUL-terminated string. Does not follow a
 * link in the last component and does not block on a FIFO. -ENOENT is expected by callers. */
int file_read_at(int dirfd, const char *name, size_t max_bytes, char **ret, size_t *ret_len,
                 struct err *e);
/* Makes @name appear with these contents in one step: temporary name, write, rename. With @durable
 * the file and its directory are synced, so that it survives a power cut. */
int file_write_at(int dirfd, const char *name, const void *data, size_t n, mode_t mode,
                  bool durable, struct err *e);
/* The same where nobody looks yet, as in a stage: without the way by a temporary name. It must not
 * be there. */
int file_make_at(int dirfd, const char *name, const void *data, size_t n, mode_t mode,
                 struct err *e);
/* Renames, and says -EEXIST where @to exists already. Not in one step on file systems that cannot
 * (NFS, some FUSE), so either a lock or a random name must keep others from making @to meanwhile.
 */
int file_rename_new(int from_dirfd, const char *from, int to_dirfd, const char *to);
/* mkdir -p for a relative or absolute path; existing components are followed. */
int dir_make_at(int dirfd, const char *path, mode_t mode, struct err *e);
/* Makes (if missing) and opens a directory; the descriptor can be read from. */
int dir_open_at(int dirfd, const char *path, mode_t mode, struct err *e);
/* Removes a tree without following links or leaving @dirfd; a missing one is no error. Continues
 * past failures and returns the first. -EACCES and -EPERM are expected: foreign ids inside. */
int tree_remove_at(int dirfd, const char *name, struct err *e);
