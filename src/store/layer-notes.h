/* SPDX-License-Identifier: Apache-2.0 */
/* layer-notes - what the index will say of a layer besides its draft, kept while the layer is
 * unpacked: objects, and devices, which no tree has */
#pragma once

#include "store/draft.h"

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
	struct layer_objects objects;
	struct layer_device *devices;
	size_t n_devices, cap_devices;
};

void layer_notes_done(struct layer_notes *n);
/* The same number for the same object. */
int layer_notes_object(struct layer_notes *n, const struct object_id *id, uint32_t *ret,
                       struct err *e);
int layer_notes_device(struct layer_notes *n, const char *path, const struct tree_meta *meta,
                       enum layer_entry_type type, uint32_t dev, struct err *e);

/* Walks the draft and writes the index of it into @dirfd. */
int layer_index_write(const struct layer_notes *n, const struct draft *d, int dirfd, struct err *e);
