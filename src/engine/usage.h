/* SPDX-License-Identifier: Apache-2.0 */
/* usage - how much space things take */
#pragma once

#include "engine/engine.h"

struct usage {
	uint64_t file_bytes;   /* what files hold, as ls -l; Docker's sizes of containers */
	uint64_t disk_bytes;   /* what everything takes, as du */
	uint32_t n_unreadable; /* directories, also for root of the user's namespace */
};

/* @name: an entry of @dirfd. A missing one takes nothing. May ask a helper in the user's
 * namespace, whose files these may be. */
int usage_of_tree(struct usrct *u, int dirfd, const char *name, struct usage *ret, struct err *e);
/* What a container wrote, and that with its image. Of a copy (backend.h): what it has more than the
 * image. */
int usage_of_container(struct usrct *u, int dirfd, const struct container_row *row,
                       uint64_t *ret_rw_bytes, uint64_t *ret_root_bytes, struct err *e);
