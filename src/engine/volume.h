/* SPDX-License-Identifier: Apache-2.0 */
/* volume - one mount that the user wants, while it is being put together */
#pragma once

#include "base/json.h"
#include "base/strv.h"

#include <stdbool.h>

struct volume {
	const char *flag, *spec; /* as written, for errors */
	const char *type;        /* "bind", "tmpfs", "ramfs" */
	char *source, *target;
	struct strv options; /* OCI */
	bool is_volume;      /* --mount type=volume, or no type */
	bool has_kind;       /* bind or rbind was said */
	bool has_propagation, has_mode;
};

void volume_done(struct volume *v);
#define _cleanup_volume_ _cleanup_(volume_done)

int volume_bad(const struct volume *v, const char *why, struct err *e);
int volume_refuse(const struct volume *v, const char *what, const char *why, struct err *e);
/* One option of a bind mount: "ro", "nosuid", "rslave" ... */
int volume_bind_option(struct volume *v, const char *o, struct err *e);
/* One of a file system in memory: "size=64m", "mode=1777", "exec" ... */
int volume_tmpfs_option(struct volume *v, const char *o, struct err *e);
/* Checks the whole, fills in defaults, and adds it. */
int volume_finish(struct volume *v, json_t *list, struct err *e);
