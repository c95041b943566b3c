/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-entry - one entry of the archive becomes one thing on disk; only for unpack */
#pragma once

#include <stdbool.h>

#include "store/unpack-tree.h"
#include "store/unpack.h"

#include "store/draft.h"
#include "store/layer-notes.h"
#include "store/object-write.h"

struct archive;
struct archive_entry;

struct unpacker {
	const struct unpack_job *job;
	struct unpack_result *result;
	struct archive *archive; /* positioned at the entry's data */
	struct tree tree;
	bool is_layer;
	/* The objects driver: no tree, but these. */
	struct object_writer *objects; /* NULL: the plain driver */
	struct draft draft;
	struct layer_notes notes;
	int try_fd;     /* a file without a name, on which owners are tried */
	uid_t good_uid; /* of the last owner that was possible */
	gid_t good_gid;
	bool ends_in_padding; /* the stream ended behind the last file: nothing more comes */
};

int unpack_entry(struct unpacker *u, struct archive_entry *ae, struct err *e);

/* What both drivers need; for unpack-draft.c. */
#define WH        ".wh."
#define WH_OPAQUE ".wh..wh..opq"
/* Into @ret: where the entry goes, below the tree's root. @name is an archive's. */
int entry_clean_name(const struct unpacker *u, const char *name, char ret[PATH_MAX], struct err *e);
/* UCT_BAD_LAYER for a hard link of a layer to its own name; both are clean. */
int entry_check_link(const struct unpacker *u, const char *path, const char *target, struct err *e);
bool entry_xattr_is_kept(const char *name);
int entry_set_xattrs(const struct unpacker *u, struct archive_entry *ae, int fd, const char *path,
                     struct err *e);
/* Into the file, or into the object that was begun. */
int entry_write_data(struct unpacker *u, int fd, int64_t size, const char *path, struct err *e);
