/* SPDX-License-Identifier: Apache-2.0 */
/* layer-index - what a layer of the objects driver says of each file: layers/CHAIN/index
 *
 * docs/storage.md describes the bytes. Little endian throughout:
 *
 *	header     LAYER_INDEX_HEADER bytes: magic, version, sizes, a checksum for each part
 *	entries    a walk of the tree from its root, directories before what is in them, names
 *sorted objects    48 bytes each: digest, size, flags; each once, in the order of their first use
 *
 * Each entry says how many directories are left before it (up), so a reader needs no paths and may
 * go on for ever in constant memory. The index is complete: a metadata tree for any id map can be
 * made from it and the objects. Owners are those of the image.
 *
 * A reader believes nothing: damage, also such that has the right checksum, is UCT_INDEX_DAMAGED,
 * and a version that it does not know UCT_INDEX_NEWER.
 */
#pragma once

#include "base/err.h"
#include "store/object.h"

#include <stdbool.h>

#define LAYER_INDEX_FILE  "index"
#define LAYER_INDEX_MAGIC "uctlayer"
enum { LAYER_INDEX_VERSION = 1, LAYER_INDEX_HEADER = 80, LAYER_INDEX_OBJECT = 48 };
enum { LAYER_INDEX_ENTRY = 40 }; /* before name, target and attributes */
#define LAYER_INDEX_NO_OBJECT UINT32_MAX
#define LAYER_INDEX_BYTES_MAX (512ULL << 20)

enum layer_entry_type {
	LAYER_DIR = 'd',
	LAYER_FILE = 'f',
	LAYER_LINK = 'l',
	LAYER_FIFO = 'p',
	LAYER_SAME = 'h',     /* another name for an earlier entry */
	LAYER_WHITEOUT = 'w', /* hides what lower layers have under this name */
	/* Devices are at the end, their names are whole paths: no tree of ours has them. */
	LAYER_CHAR = 'c',
	LAYER_BLOCK = 'b',
};

enum layer_entry_flags {
	LAYER_OPAQUE = 1,      /* a directory that hides those of lower layers */
	LAYER_NAMED_AGAIN = 2, /* a LAYER_SAME refers to this */
	LAYER_IMPLIED = 4, /* a directory that only the names of other entries tell of: what lower
	                    * layers have there stays as it is, also where that is a link */
};

struct layer_entry {
	enum layer_entry_type type;
	uint8_t flags;
	uint16_t up;
	uint16_t mode; /* 07777 */
	uint32_t uid, gid;
	int64_t mtime_s;
	uint32_t mtime_ns;
	uint32_t ref;          /* number of an object or, of LAYER_SAME, of an entry; device */
	const char *name;      /* not terminated; "" for the root */
	const char *target;    /* of a link; not terminated */
	const uint8_t *xattrs; /* for layer_xattr_next() */
	uint16_t name_len, target_len, n_xattrs;
	uint32_t xattr_bytes;
};

struct layer_index {
	const uint8_t *data;
	uint64_t objects_at; /* where the entries end */
	uint64_t n_objects, n_entries, content_bytes;
	/* While reading entries. */
	uint64_t at, entry;
	uint32_t depth;
	uint64_t *path_len; /* of each directory on the way; for names that grow too long */
	size_t cap;
};

/* The header alone, of @n bytes of which the first LAYER_INDEX_HEADER are there: sizes and offsets
 * are right for a file of @file_bytes. Checks neither objects nor entries. */
int layer_index_header(const void *data, size_t n, uint64_t file_bytes, struct layer_index *ret,
                       struct err *e);
/* Whether these are the objects that the header @header has the checksum of. */
int layer_index_check_objects(const void *header, const void *objects, size_t n, struct err *e);
/* A whole index; @data is borrowed until layer_index_done(). */
int layer_index_open(const void *data, size_t n, struct layer_index *ret, struct err *e);
void layer_index_done(struct layer_index *x);
#define _cleanup_layer_index_ _cleanup_(layer_index_done)
/* By number; below n_objects. */
void layer_index_object(const struct layer_index *x, uint32_t number, struct object_id *ret);
/* The next entry: 1, or 0 after the last one. Pointers are valid as long as the data. */
int layer_index_next(struct layer_index *x, struct layer_entry *ret, struct err *e);
/* Of one before its first entry: whether opaque directories have to be emptied before anything of
 * the layer is there (meta-opaque.h), since there are implied ones, which may lead to them. */
bool layer_index_clears_first(struct layer_index x);
/* Takes one attribute from an entry's: 1, or 0 after the last one. */
struct layer_xattr {
	const char *name; /* not terminated */
	const void *value;
	uint32_t name_len, value_len;
};
int layer_xattr_next(struct layer_entry *entry, struct layer_xattr *ret);
