/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layer-notes.h"

#include "base/array.h"

#include <string.h>

enum { SLOTS_MIN = 1024 };

void layer_notes_done(struct layer_notes *n)
{
	for (size_t i = 0; i < n->n_devices; i++)
		free(n->devices[i].path);
	free(n->devices);
	free(n->objects.ids);
	free(n->objects.slots);
	*n = (struct layer_notes){ 0 };
}

static uint32_t *object_slot(const struct layer_objects *o, uint32_t *slots, size_t n_slots,
                             const struct object_id *id)
{
	uint64_t x;
	size_t i;

	memcpy(&x, id->digest, sizeof(x));
	i = x & (n_slots - 1);
	while (slots[i] && memcmp(o->ids[slots[i] - 1].digest, id->digest, OBJECT_DIGEST_SIZE) != 0)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static int grow_objects(struct layer_objects *o)
{
	size_t n_slots = o->n_slots ? o->n_slots * 2 : SLOTS_MIN;
	uint32_t *slots;

	if ((o->n + 1) * 2 <= o->n_slots)
		return 0;
	slots = calloc(n_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < o->n; i++)
		*object_slot(o, slots, n_slots, &o->ids[i]) = (uint32_t)i + 1;
	free(o->slots);
	o->slots = slots;
	o->n_slots = n_slots;
	return 0;
}

int layer_notes_object(struct layer_notes *n, const struct object_id *id, uint32_t *ret,
                       struct err *e)
{
	struct layer_objects *o = &n->objects;
	uint32_t *slot;

	if (grow_objects(o) < 0)
		return err_oom(e);
	slot = object_slot(o, o->slots, o->n_slots, id);
	if (!*slot) {
		if (array_grow(&o->ids, o->n, &o->cap, sizeof(*o->ids)) < 0)
			return err_oom(e);
		o->ids[o->n++] = *id;
		*slot = (uint32_t)o->n;
	}
	*ret = *slot - 1;
	return 0;
}

int layer_notes_device(struct layer_notes *n, const char *path, const struct tree_meta *meta,
                       enum layer_entry_type type, uint32_t dev, struct err *e)
{
	char *copy = strdup(path);

	if (!copy ||
	    array_grow(&n->devices, n->n_devices, &n->cap_devices, sizeof(*n->devices)) < 0) {
		free(copy);
		return err_oom(e);
	}
	n->devices[n->n_devices++] = (struct layer_device){ copy, *meta, type, dev };
	return 0;
}
