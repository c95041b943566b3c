/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layer-notes.h"

#include "base/array.h"

#include <endian.h>
#include <string.h>

enum { SLOTS_MIN = 1024 };

void layer_notes_done(struct layer_notes *n)
{
	for (size_t i = 0; i < n->n_slots; i++)
		free(n->slots[i].xattrs);
	for (size_t i = 0; i < n->n_devices; i++)
		free(n->devices[i].path);
	free(n->slots);
	free(n->devices);
	free(n->objects.ids);
	free(n->objects.slots);
	*n = (struct layer_notes){ 0 };
}

/* The last step of splitmix64: neighbours go far apart. */
static uint64_t scatter(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static struct layer_note *slot_of(struct layer_note *slots, size_t n_slots, uint64_t ino)
{
	size_t i = scatter(ino) & (n_slots - 1);

	while (slots[i].ino && slots[i].ino != ino)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

struct layer_note *layer_note_find(const struct layer_notes *n, uint64_t ino)
{
	struct layer_note *s = n->n_slots ? slot_of(n->slots, n->n_slots, ino) : NULL;

	return s && s->ino ? s : NULL;
}

/* Never more than half full. */
static int grow(struct layer_notes *n)
{
	size_t n_slots = n->n_slots ? n->n_slots * 2 : SLOTS_MIN;
	struct layer_note *slots;

	if ((n->n + 1) * 2 <= n->n_slots)
		return 0;
	slots = calloc(n_slots, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < n->n_slots; i++)
		if (n->slots[i].ino)
			*slot_of(slots, n_slots, n->slots[i].ino) = n->slots[i];
	free(n->slots);
	n->slots = slots;
	n->n_slots = n_slots;
	return 0;
}

int layer_note_put(struct layer_notes *n, const struct layer_note *note, struct err *e)
{
	struct layer_note *s;

	if (grow(n) < 0) {
		free(note->xattrs);
		return err_oom(e);
	}
	s = slot_of(n->slots, n->n_slots, note->ino);
	n->n += s->ino == 0;
	free(s->xattrs);
	*s = *note;
	return 0;
}

int layer_note_xattr(struct layer_note *note, const char *name, const void *value, size_t size,
                     struct err *e)
{
	size_t name_len = strlen(name), more = 8 + name_len + size;
	uint32_t sizes[2] = { htole32((uint32_t)name_len), htole32((uint32_t)size) };
	uint8_t *p;

	if (note->n_xattrs == UINT16_MAX || note->xattr_bytes + more > INT32_MAX)
		return err_errno(e, -E2BIG, "there are too many attributes");
	p = realloc(note->xattrs, note->xattr_bytes + more);
	if (!p)
		return err_oom(e);
	note->xattrs = p;
	p += note->xattr_bytes;
	memcpy(p, sizes, sizeof(sizes));
	(void)mempcpy(p + 8, name, name_len);
	if (size)
		memcpy(p + 8 + name_len, value, size);
	note->xattr_bytes += (uint32_t)more;
	note->n_xattrs++;
	return 0;
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
