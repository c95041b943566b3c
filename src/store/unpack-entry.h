/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-entry - one entry of the archive becomes one thing on disk; only for unpack */
#pragma once

#include <stdbool.h>

#include "store/unpack-tree.h"
#include "store/unpack.h"

#include "store/layer-notes.h"
#include "store/object-write.h"

struct archive;
struct archive_entry;

struct unpacker {
	const struct unpack_job *job;
	struct unpack_result *result;
	struct archive *archive; /* positioned at the entry's data */
	struct tree tree;
	struct object_writer *objects; /* NULL: the plain driver */
	struct layer_notes notes;
	bool is_layer;
	/* The tree only serves to find out what the index will say, then goes: its files need
	 * neither owner nor mode, time or contents. */
	bool is_draft;
	uid_t good_uid; /* of the last owner that was possible; -1: none yet */
	gid_t good_gid;
	bool ends_in_padding; /* the stream ended behind the last file: nothing more comes */
};

int unpack_entry(struct unpacker *u, struct archive_entry *ae, struct err *e);
