/* SPDX-License-Identifier: Apache-2.0 */
/* mount-spec - one mount that the user wants, as far as its words say
 *
 * Nothing here looks at the machine: sources are found, volumes made and images looked up by
 * engine/mount-add.c.
 */
#pragma once

#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>

enum mount_kind {
	MOUNT_BIND,
	MOUNT_VOLUME, /* without a source: an anonymous one */
	MOUNT_TMPFS,
	MOUNT_RAMFS,
	MOUNT_IMAGE,
	MOUNT_OVERLAY,
	MOUNT_DEVPTS,
};

struct mount_spec {
	const char *flag, *spec; /* as written, for errors; borrowed */
	enum mount_kind kind;
	char *source, *target;
	char *subpath;            /* of a volume or image */
	char *upperdir, *workdir; /* of an overlay: kept by the user */
	char *mode;               /* options of -v as written, for inspect */
	struct strv options;      /* for the OCI document */
	/* Of a volume that is made with it. */
	char *driver;
	struct strv driver_options, labels; /* KEY=VALUE */

	bool has_kind, has_propagation, has_mode; /* bind or rbind was said, and so on */
	bool is_read_only, is_read_only_alone, is_overlay;
	bool no_copy, copies_up, chowns, creates_source, is_writable_image;
	char relabel; /* 'z', 'Z' or 0 */
};

void mount_spec_done(struct mount_spec *m);
#define _cleanup_mount_spec_ _cleanup_(mount_spec_done)

int mount_bad(const struct mount_spec *m, const char *why, struct err *e);
int mount_refuse(const struct mount_spec *m, const char *what, const char *why, struct err *e);
const char *mount_kind_name(enum mount_kind kind); /* as --mount type= has it */
/* One option of a bind mount, volume or overlay: "ro", "nosuid", "rslave", "U" ... */
int mount_bind_option(struct mount_spec *m, const char *o, struct err *e);
/* One of a file system in memory: "size=64m", "mode=1777", "exec" ... */
int mount_tmpfs_option(struct mount_spec *m, const char *o, struct err *e);
int mount_devpts_option(struct mount_spec *m, const char *o, struct err *e);
/* Docker's for what is in memory. */
int mount_tmpfs_defaults(struct mount_spec *m, struct err *e);
/* "/a//b/./c/" is "/a/b/c": one spelling, so that the same place is seen as the same. */
int mount_clean_target(struct mount_spec *m, struct err *e);
