/* SPDX-License-Identifier: Apache-2.0 */
/* log-reader - a container's log from its oldest file to its youngest, across rotations
 *
 * All files are opened at the start, the youngest first: whatever is renamed meanwhile, none is
 * missed, and one that is met twice is recognized by its identity (container/log-id.h). At the end
 * of the youngest the reader looks whether it is still "log". If not, it was finished before it
 * lost that name: what is left of it is read, and its successor is the file with the number before
 * its own. If its own name is gone as well, more rotations have passed than files are kept, while
 * nobody read; then it goes on with the oldest that is there, and has_gap says so.
 */
#pragma once

#include "container/log-id.h"
#include "container/log.h"

struct log_file {
	int fd;
	struct log_id id;
	uint64_t changed_ns;
	bool is_compressed;
	bool is_expanded; /* it was: @fd is that of its contents */
};

struct log_reader {
	int dirfd;              /* borrowed */
	struct log_file *files; /* youngest first */
	size_t n;               /* files[n - 1] is read now; 0: there is no log yet */
	bool has_gap;
};

/* @since_ns: files that were last written to before are left out. */
int log_reader_open(int dirfd, uint64_t since_ns, struct log_reader *ret, struct err *e);
/* As read(2): 0 at the end of all that there is now. */
ssize_t log_reader_read(struct log_reader *r, char *buf, size_t n, struct err *e);
/* Goes to where the last @lines lines begin. */
int log_reader_tail(struct log_reader *r, uint64_t lines, struct err *e);
/* The file being read, to be watched; -EBADF. */
int log_reader_fd(const struct log_reader *r);
void log_reader_done(struct log_reader *r);
#define _cleanup_log_reader_ _cleanup_(log_reader_done)
