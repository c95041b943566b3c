/* SPDX-License-Identifier: Apache-2.0 */
/* events - what happened to containers and images, one line of JSON for each event
 *
 * DATA/events is appended to by whoever does something: engine, launcher, monitor. A line has
 * Docker's fields:
 *	{"Type":"container","Action":"die","Actor":{"ID":"...","Attributes":{"exitCode":"0", ...}},
 *	 "scope":"local","time":1700000000,"timeNano":1700000000123456789}
 * A line is one O_APPEND write. What a kill or a full disk tore is ended by the next writer with a
 * newline, and readers skip lines that they cannot read.
 *
 * Above EVENTS_MAX_BYTES the file becomes DATA/events.1, replacing the one before. Whoever writes
 * holds a shared flock on the file, whoever renames it an exclusive one, so nothing is written to a
 * file that has its later name; a reader that holds the old one reads it to its end and goes on.
 *
 * Attributes of a container (name, image, labels) lie beside it as a JSON object, since its monitor
 * has no index to ask; whoever renames it writes that file again.
 */
#pragma once

#include "base/err.h"

#define EVENTS_FILE      "events"
#define EVENTS_OLD_FILE  "events.1"
#define EVENT_ACTOR_FILE "actor"

enum { EVENTS_MAX_BYTES = 4 << 20, EVENT_LINE_MAX = 32 << 10, EVENT_ACTOR_MAX = 16 << 10 };

struct event {
	const char *type;              /* "container", "image", "volume", "network" */
	const char *action;            /* "start", "exec_start: ls" */
	const char *id;                /* container id, image reference */
	const char *const *attributes; /* NAME, VALUE, NAME, VALUE, ..., NULL; may be NULL */
	const char *actor;             /* text of an EVENT_ACTOR_FILE, comes first; may be NULL */
};

/* Never blocks for others. 0 or -errno, which callers ignore: an event that cannot be written (a
 * full disk) must not make what happened fail. A negative @store_dirfd is a store without one. */
int event_append(int store_dirfd, const struct event *ev);
/* The same of a container, with the attributes that lie in its directory. */
int event_container(int store_dirfd, int container_dirfd, const char *id, const char *action,
                    const char *const *attributes);
/* The text of the actor file. Labels of @labels (KEY=VALUE) that do not fit are left out. */
int event_actor_write(int container_dirfd, const char *name, const char *image, char *const *labels,
                      struct err *e);
/* After a rename: keeps the rest. */
int event_actor_rename(int container_dirfd, const char *new_name, struct err *e);
