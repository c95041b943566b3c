/* SPDX-License-Identifier: Apache-2.0 */
/* log - a container's output in a file: every byte, its stream and its time
 *
 * The format is the one of the Container Runtime Interface, readable with ordinary tools:
 *	2026-01-31T12:34:56.123456789Z stdout F a whole line
 *	2026-01-31T12:34:56.123456789Z stderr P a piece that did not end with a newline
 * F stands for the line and a newline, P for just these bytes, so the output can be put together
 * again byte for byte, NULs included.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LOG_FILE "log"

enum log_stream { LOG_STDOUT, LOG_STDERR };

/* Appends a chunk as it arrived. @scratch is memory for the formatted text, of LOG_SCRATCH_MIN
 * bytes or more. A full disk is no failure of the container: entries that do not fit are dropped as
 * a whole, and their bytes counted. */
enum { LOG_SCRATCH_MIN = 128 };
struct log_writer {
	int fd;
	uint64_t dropped_bytes;
	char *scratch;
	size_t scratch_size;
};
void log_append(struct log_writer *w, enum log_stream stream, const char *data, size_t n);

/* One entry, found in a buffer. */
struct log_entry {
	uint64_t time_ns;
	enum log_stream stream;
	bool is_whole_line;
	const char *data; /* in the buffer */
	size_t n;
};
/* Parses the entry at the start of @buf. Returns its length, 0 if it is not complete yet, -EBADMSG
 * if it is none (the length to skip is in @ret->n). */
ssize_t log_parse(const char *buf, size_t n, struct log_entry *ret);
