/* SPDX-License-Identifier: Apache-2.0 */
/* log-id - which file of a log this is, under whatever name, compressed or not
 *
 * A file that is finished and compressed (--log-opt compress=true) becomes "log.N.zst": a Zstandard
 * frame that says what the file was, which every program passes over (RFC 8878, 3.1.2 "skippable
 * frames"), and frames with the contents. That file's inode number, which may be given out again,
 * and the time of its first entry together are its identity.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { LOG_ID_STAMP = 30, LOG_ID_FRAME = 8 + 8 + 8 + LOG_ID_STAMP };

struct log_id {
	uint64_t inode;
	char stamp[LOG_ID_STAMP]; /* of the first entry */
	bool has_stamp;           /* there was one yet */
};

/* 0, or -errno. @ret_is_compressed may be NULL. */
int log_id_read(int fd, struct log_id *ret, bool *ret_is_compressed);
bool log_id_equal(const struct log_id *a, const struct log_id *b);
/* The frame for a file with this identity. */
void log_id_frame(const struct log_id *id, char buf[LOG_ID_FRAME]);

/* What the program usr-ct-squeeze gets as its argument. It reads descriptor 0 and writes 1. */
#define SQUEEZE_COMPRESS "compress"
#define SQUEEZE_EXPAND   "expand"
