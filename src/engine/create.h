/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/json.h"
#include "engine/engine.h"
#include "engine/launcher.h"

/* What happens between a container's directory and its appearance. */
struct create_hook {
	/* Its directory has its documents and is empty else. */
	int (*fill)(struct usrct *u, int dirfd, void *arg, struct err *e);
	void *arg;
	const char
		*replaces; /* id of the container that has its name, removed at the end; or NULL */
};

int engine_create(struct usrct *u, const struct usrct_create_options *o, struct stopwatch *w,
                  char ret_id[CONTAINER_ID_SIZE], struct err *e);
int engine_create_hooked(struct usrct *u, const struct usrct_create_options *o,
                         const struct create_hook *hook, struct stopwatch *w,
                         char ret_id[CONTAINER_ID_SIZE], struct err *e);
/* A container that the same process starts at once. */
struct created {
	char id[CONTAINER_ID_SIZE];
	int dirfd;           /* containers/ID, with a shared lock */
	json_t *spec, *plan; /* what was written */
	struct launched launched;
};
#define CREATED_NONE                                        \
	{                                                   \
		.dirfd = -EBADF, .launched = LAUNCHED_NONE, \
	}
int engine_create_to_start(struct usrct *u, const struct usrct_create_options *o,
                           struct stopwatch *w, struct created *ret, struct err *e);
void created_done(struct created *c);
/* The caller's options as far as it knew them, with what follows from them. */
struct usrct_create_options engine_options(const struct usrct_create_options *o);
