/* SPDX-License-Identifier: Apache-2.0 */
/* scope - ask the user's systemd for a scope around a launcher, beside the rest of a start */
#pragma once

#include "base/libexec.h"
#include "container/sync.h"

#include <stdbool.h>

struct scope {
	struct libexec helper;
	const char *slice; /* borrowed */
	bool is_asked;
	bool may_be_delegated; /* if it is, then there will be no scope */
};
#define SCOPE_NONE                      \
	{                               \
		.helper = LIBEXEC_NONE, \
	}

/* Starts the helper if a scope is what moves the launcher out of our cgroup: it is not known to be
 * delegated, and a systemd of the user's is at hand. */
void scope_prepare(struct scope *s);
/* The same for a container's start, where a delegated cgroup is as good. @slice: NULL for the
 * usual. */
int scope_prepare_start(struct scope *s, const char *slice, struct err *e);
/* Tells it which process. */
void scope_ask(struct scope *s, const char *id, pid_t launcher, unsigned stop_timeout_s);
/* Waits and fills SCOPED. Fails only if @slice is none and there is no delegation to put it in. */
int scope_answer(struct scope *s, struct sync_msg *ret, struct err *e);
void scope_done(struct scope *s);
/* The address of the user's systemd, as D-Bus writes it. 1 its own socket, 0 a bus, -ENOENT. */
int scope_address(char *buf, size_t size);
