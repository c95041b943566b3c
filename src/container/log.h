/* SPDX-License-Identifier: Apache-2.0 */
/* log - a container's output in a file: every byte, its stream and its time
 *
 * The format is the one of the Container Runtime Interface, readable with ordinary tools:
 *	2026-01-31T12:34:56.123456789Z stdout F a whole line
 *	2026-01-31T12:34:56.123456789Z stderr P a piece that did not end with a newline
 * F stands for the line and a newline, P for just these bytes, so the output can be put together
 * again byte for byte, NULs included.
 *
 * Rotation: "log" is written to; "log.1" is the one before it, "log.2" older, and so on. The writer
 * makes the new file as "log.new", renames from the oldest to the youngest, and then log.new; only
 * one process writes, and never to a file that has its later name. A reader that holds a file by
 * descriptor reads it to its end, and finds its successor by the numbers (container/log-reader.h).
 *A finished file may be compressed: "log.N.zst" (container/log-id.h).
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LOG_FILE     "log"
#define LOG_FILE_NEW "log.new"
enum { LOG_NAME_SIZE = 24, LOG_FILES_MAX = 1000 };

enum log_stream { LOG_STDOUT, LOG_STDERR };

/* Appends a chunk as it arrived. @scratch is memory for the formatted text, of LOG_SCRATCH_MIN
 * bytes or more. A full disk is no failure of the container: entries that do not fit are dropped as
 * a whole, and their bytes counted. */
enum { LOG_SCRATCH_MIN = 128 };
struct log_writer {
	int fd;
	bool is_due;         /* for the first entry: most that run for a moment print nothing */
	int dirfd;           /* where the files are; borrowed */
	uint64_t size_bytes; /* of the file that is written to */
	uint64_t max_bytes;  /* 0: it grows without limit */
	uint32_t max_files;  /* kept, this one included; at least 1 */
	uint64_t dropped_bytes;
	uint32_t n_rotations;
	char *scratch;
	size_t scratch_size;
};
/* "log" in @w->dirfd is where entries go; the other members are set by the caller. It is opened, or
 * made, when the first one comes. If that fails there is no log. */
void log_open(struct log_writer *w);
/* "log" for 0, "log.N". */
void log_file_name(unsigned n, char buf[LOG_NAME_SIZE]);
/* "log.N.zst" */
void log_file_name_compressed(unsigned n, char buf[LOG_NAME_SIZE]);
void log_append(struct log_writer *w, enum log_stream stream, const char *data, size_t n);

/* One entry, found in a buffer. */
struct log_entry {
	uint64_t time_ns;
	enum log_stream stream;
	bool is_whole_line;
	const char *data; /* in the buffer */
	size_t n;
};
/* The part before the data alone, of which @buf has @n bytes: all but .data and .n; 0 or -EBADMSG.
 */
enum { LOG_HEAD = 30 + 1 + 6 + 1 + 1 + 1 }; /* time, stream, F or P, and a space behind each */
int log_parse_head(const char *buf, size_t n, struct log_entry *ret);
/* Parses the entry at the start of @buf. Returns its length, 0 if it is not complete yet, -EBADMSG
 * if it is none (the length to skip is in @ret->n). */
ssize_t log_parse(const char *buf, size_t n, struct log_entry *ret);
