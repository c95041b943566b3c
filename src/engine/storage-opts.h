/* SPDX-License-Identifier: Apache-2.0 */
/* storage-opts - --storage-opt KEY=VALUE: where a container's changes lie, and how many there may
 * be */
#pragma once

#include "engine/backends.h"

struct storage {
	enum mount_backend backend;
	char memory[32]; /* options of a tmpfs for what it writes */
	bool is_in_memory;
};

/* @list: NULL-terminated, may be NULL. @is_removed: --rm. UCT_BAD_STORAGE_OPT, UCT_NO_STORAGE_SIZE,
 * and what engine_backend() says. */
int storage_choose(struct usrct *u, const char *const *list, bool is_removed, struct storage *ret,
                   struct err *e);
