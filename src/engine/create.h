/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "engine/engine.h"

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
/* The caller's options as far as it knew them, with what follows from them. */
struct usrct_create_options engine_options(const struct usrct_create_options *o);
