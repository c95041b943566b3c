/* SPDX-License-Identifier: Apache-2.0 */
/* copy - from one place to another, both ends in the hands of usr-ct-pack */
#pragma once

#include "engine/packing.h"

#include <usrct/files.h>

/* What Docker does with a source and a target, once it is known what stands there: the name of the
 * copy, and whether it goes into the target or beside it. @makes_dirs: "dir/" may be missing.
 * copy-plan.c, without side effects. */
struct copy_plan {
	char name[NAME_MAX + 1];
	bool into_parent;
};
int copy_plan(const struct pack_info *from, const struct pack_info *to, bool makes_dirs,
              struct copy_plan *ret, struct err *e);

/* One end: a path in a container, a path of the user's, or a stream. */
struct copy_end {
	const char *path; /* absolute; NULL: the stream */
	int stream_fd;
	bool is_container;
	int container_dirfd;
	const struct state *state;
	unsigned flags; /* PACK_FOLLOW, PACK_KEEP_OWNER, PACK_MAKE_DIRS */
};
int engine_copy(struct usrct *u, const struct copy_end *from, const struct copy_end *to,
                struct usrct_copied *ret, struct err *e);
/* A path of the user's below @base (NULL: the current directory), with what ends it kept. */
int copy_host_path(const char *base, const char *path, char **ret, struct err *e);
