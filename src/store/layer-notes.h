/* SPDX-License-Identifier: Apache-2.0 */
/* layer-notes - what the index will say of a layer's files, kept while the layer is unpacked
 *
 * The unpacker makes the first metadata tree itself, with all that an archive can do to a tree:
 * entries that replace others, links in the middle of a path, directories out of order. What that
 * comes to is read from the tree at the end (layer_index_write()). What a tree cannot hold, or not
 * for a user without subordinate ids (owners, capabilities, modes that forbid reading), is noted
 * here by inode number. Whoever gets the number of a removed file writes a note of his own.
 */
#pragma once

#include "store/layer-index.h"
#include "store/unpack-tree.h"

struct layer_note {
	uint64_t ino;
	enum layer_entry_type type;
	struct tree_meta meta;
	uint32_t object; /* of layer_notes_object() */
	uint32_t entry;  /* its number in the index, once it has one; 0: not yet */
	uint8_t *xattrs; /* as in the index; heap */
	uint32_t xattr_bytes;
	uint16_t n_xattrs;
	size_t entry_at; /* where its flags lie in the index */
};

struct layer_device {
	char *path;
	struct tree_meta meta;
	enum layer_entry_type type;
	uint32_t dev;
};

struct layer_objects {
	struct object_id *ids;
	uint32_t *slots; /* number + 1, by digest */
	size_t n, cap, n_slots;
};

struct layer_notes {
	struct layer_note *slots; /* by inode number; ino 0: free */
	size_t n, n_slots;
	struct layer_objects objects;
	struct layer_device *devices;
	size_t n_devices, cap_devices;
};

void layer_notes_done(struct layer_notes *n);
/* The note is copied, its attributes are taken over also on failure. */
int layer_note_put(struct layer_notes *n, const struct layer_note *note, struct err *e);
struct layer_note *layer_note_find(const struct layer_notes *n, uint64_t ino);
/* Appends an attribute to a note that is being made. */
int layer_note_xattr(struct layer_note *note, const char *name, const void *value, size_t size,
                     struct err *e);
/* The same number for the same object. */
int layer_notes_object(struct layer_notes *n, const struct object_id *id, uint32_t *ret,
                       struct err *e);
int layer_notes_device(struct layer_notes *n, const char *path, const struct tree_meta *meta,
                       enum layer_entry_type type, uint32_t dev, struct err *e);

/* Walks the tree and writes the index of it into @dirfd. Before tree_seal(): every directory can
 * still be read. */
int layer_index_write(struct layer_notes *n, struct tree *t, int dirfd, struct err *e);
