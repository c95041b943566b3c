/* SPDX-License-Identifier: Apache-2.0 */
/* journal - a container's output to the systemd journal, by its native protocol
 *
 * An entry is a datagram of FIELD=value lines to /run/systemd/journal/socket; a value that has a
 * newline follows its field's name as a little-endian length and the bytes, and what is too long
 * for a datagram goes as a sealed memfd (systemd.io/JOURNAL_NATIVE_PROTOCOL). The fields are those
 * of Docker's and podman's drivers, so their users' queries work. Written here rather than with
 * libsystemd, which a static monitor of a few dozen kilobytes cannot have.
 */
#pragma once

#include "base/err.h"
#include "container/log.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

struct journal {
	int fd;       /* -EBADF: not open */
	char *fields; /* the same in each entry */
	size_t fields_n;
	bool is_stuck; /* nobody read the last one: the next must not wait */
	uint64_t dropped_bytes;
};

struct journal_identity {
	const char *id, *name, *image;
	const char *tag;    /* NULL: the short id */
	const char *socket; /* NULL: JOURNAL_SOCKET */
};
/* UCT_LOG_DRIVER if there is no journal. */
int journal_open(const struct journal_identity *who, struct journal *ret, struct err *e);
/* Each line an entry; a piece without its newline is marked as partial. Waits for a slow journal at
 * most a second, then entries are dropped until it takes them again. */
void journal_append(struct journal *j, enum log_stream stream, const char *data, size_t n);
void journal_close(struct journal *j);
