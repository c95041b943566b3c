/* SPDX-License-Identifier: Apache-2.0 */
/* event-reader - the events file, line by line, across its rotation */
#pragma once

#include "base/json.h"

struct event_record {
	uint64_t time_ns; /* realtime */
	const char *type, *action, *id;
	const json_t *attributes; /* an object of strings */
	json_t *doc;              /* owns all of these */
};
void event_record_done(struct event_record *r);
#define _cleanup_event_record_ _cleanup_(event_record_done)

/* One line without its newline; -EBADMSG if it is none of ours. */
int event_parse(const char *line, size_t n, struct event_record *ret);

struct event_reader {
	int store_dirfd; /* borrowed */
	int fd;          /* -EBADF: there is no file yet */
	char *buf;
	size_t at, n;
	bool is_skipping; /* the rest of a line that is too long */
};
/* From the oldest line there is, or after the youngest. A missing file is an empty one. */
int event_reader_open(int store_dirfd, bool at_end, struct event_reader *ret, struct err *e);
/* 1 @ret is filled, 0 nothing more for now. Lines that cannot be read are left out. If two
 * rotations pass while the caller does other things, the lines between them are gone. */
int event_reader_next(struct event_reader *r, struct event_record *ret, struct err *e);
void event_reader_close(struct event_reader *r);
