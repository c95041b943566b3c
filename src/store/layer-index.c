/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layer-index.h"

#include "base/array.h"
#include "store/crc32c.h"

#include <endian.h>
#include <limits.h>
#include <string.h>

/* Offsets in the header. */
enum {
	AT_VERSION = 8,
	AT_HEADER_BYTES = 12,
	AT_N_OBJECTS = 16,
	AT_N_ENTRIES = 24,
	AT_ENTRY_BYTES = 32,
	AT_CONTENT_BYTES = 40,
	AT_CRC_OBJECTS = 64,
	AT_CRC_ENTRIES = 68,
	AT_CRC_HEADER = 76, /* of all before it */
};

#define DAMAGED(e, ...) err_set(e, UCT_INDEX_DAMAGED, -EUCLEAN, __VA_ARGS__)

static uint16_t get16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return le16toh(v);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static uint32_t checksum(const void *data, uint64_t n)
{
	struct crc32c c;

	crc32c_init(&c);
	return crc32c_add(&c, 0, data, n);
}

int layer_index_header(const void *data, size_t n, uint64_t file_bytes, struct layer_index *ret,
                       struct err *e)
{
	const uint8_t *p = data;
	struct layer_index x = { .data = p, .at = LAYER_INDEX_HEADER };
	uint32_t version;

	if (n < LAYER_INDEX_HEADER || memcmp(p, LAYER_INDEX_MAGIC, 8) != 0)
		return DAMAGED(e, "the layer's index is not one");
	version = get32(p + AT_VERSION);
	if (version > LAYER_INDEX_VERSION) /* whose checksums may be elsewhere */
		return err_set(e, UCT_INDEX_NEWER, -EPROTONOSUPPORT,
		               "the layer's index has version %u, this program knows %d", version,
		               LAYER_INDEX_VERSION);
	if (version != LAYER_INDEX_VERSION || get32(p + AT_HEADER_BYTES) != LAYER_INDEX_HEADER ||
	    get32(p + AT_CRC_HEADER) != checksum(p, AT_CRC_HEADER))
		return DAMAGED(e, "the header of the layer's index has a wrong checksum");
	x.n_objects = get64(p + AT_N_OBJECTS);
	x.n_entries = get64(p + AT_N_ENTRIES);
	x.content_bytes = get64(p + AT_CONTENT_BYTES);
	if (file_bytes > LAYER_INDEX_BYTES_MAX || x.n_objects > file_bytes / LAYER_INDEX_OBJECT ||
	    x.n_entries > file_bytes / LAYER_INDEX_ENTRY ||
	    get64(p + AT_ENTRY_BYTES) > file_bytes ||
	    LAYER_INDEX_HEADER + get64(p + AT_ENTRY_BYTES) + x.n_objects * LAYER_INDEX_OBJECT !=
	            file_bytes)
		return DAMAGED(e, "the layer's index has %llu bytes, other than its header says",
		               (unsigned long long)file_bytes);
	x.objects_at = LAYER_INDEX_HEADER + get64(p + AT_ENTRY_BYTES);
	*ret = x;
	return 0;
}

int layer_index_check_objects(const void *header, const void *objects, size_t n, struct err *e)
{
	if (get32((const uint8_t *)header + AT_CRC_OBJECTS) != checksum(objects, n))
		return DAMAGED(e, "the objects of the layer's index have a wrong checksum");
	return 0;
}

int layer_index_open(const void *data, size_t n, struct layer_index *ret, struct err *e)
{
	const uint8_t *p = data;
	struct layer_index x;
	int r = layer_index_header(data, n, n, &x, e);

	if (r == 0)
		r = layer_index_check_objects(data, p + x.objects_at, n - x.objects_at, e);
	if (r < 0)
		return r;
	if (get32(p + AT_CRC_ENTRIES) !=
	    checksum(p + LAYER_INDEX_HEADER, x.objects_at - LAYER_INDEX_HEADER))
		return DAMAGED(e, "the entries of the layer's index have a wrong checksum");
	*ret = x;
	return 0;
}

void layer_index_done(struct layer_index *x)
{
	cleanup_free(&x->path_len);
	*x = (struct layer_index){ 0 };
}

void layer_index_object(const struct layer_index *x, uint32_t number, struct object_id *ret)
{
	const uint8_t *p = x->data + x->objects_at + (uint64_t)number * LAYER_INDEX_OBJECT;

	memcpy(ret->digest, p, OBJECT_DIGEST_SIZE);
	ret->size_bytes = get64(p + OBJECT_DIGEST_SIZE);
	ret->flags = get32(p + OBJECT_DIGEST_SIZE + 8);
}

/* A single component, except for devices. */
static bool is_name(const char *name, size_t n, bool is_path)
{
	size_t from = 0;

	if (n == 0 || memchr(name, '\0', n) || (!is_path && memchr(name, '/', n)))
		return false;
	for (size_t i = 0; i <= n; i++) {
		size_t len = i - from;

		if (i < n && name[i] != '/')
			continue;
		if (len == 0 || len > NAME_MAX || (len == 1 && name[from] == '.') ||
		    (len == 2 && name[from] == '.' && name[from + 1] == '.'))
			return false;
		from = i + 1;
	}
	return true;
}

static bool is_device(const struct layer_entry *t)
{
	return t->type == LAYER_CHAR || t->type == LAYER_BLOCK;
}

/* Each type has some fields that mean something and others that must be zero. */
static bool fits_type(const struct layer_index *x, const struct layer_entry *t)
{
	uint8_t flags = 0;
	bool has_target = false;

	switch (t->type) {
	case LAYER_DIR:
		flags = LAYER_OPAQUE | LAYER_IMPLIED;
		break;
	case LAYER_FILE:
		if (t->ref != LAYER_INDEX_NO_OBJECT && t->ref >= x->n_objects)
			return false;
		flags = LAYER_NAMED_AGAIN;
		break;
	case LAYER_LINK:
		has_target = true;
		flags = LAYER_NAMED_AGAIN;
		break;
	case LAYER_FIFO:
		flags = LAYER_NAMED_AGAIN;
		break;
	case LAYER_SAME:
		if (t->ref == 0 || t->ref >= x->entry)
			return false;
		break;
	case LAYER_WHITEOUT:
	case LAYER_CHAR:
	case LAYER_BLOCK:
		break;
	default:
		return false;
	}
	return !(t->flags & ~flags) && has_target == (t->target_len > 0) &&
	       t->target_len < PATH_MAX && !memchr(t->target, '\0', t->target_len);
}

/* Where it stands: below the directories that are still open, and no deeper than a path reaches. */
static int place(struct layer_index *x, const struct layer_entry *t, struct err *e)
{
	uint64_t len;

	if (x->entry == 0) {
		if (t->type != LAYER_DIR || t->name_len || t->up ||
		    t->flags & ~(LAYER_OPAQUE | LAYER_IMPLIED))
			return DAMAGED(e, "the layer's index does not begin with a root");
		len = 0;
	} else {
		if (t->up >= x->depth || !is_name(t->name, t->name_len, is_device(t)))
			return DAMAGED(e, "entry %llu of the layer's index has no valid place",
			               (unsigned long long)x->entry);
		x->depth -= t->up;
		len = is_device(t) ? 0 : x->path_len[x->depth - 1] + 1;
		len += t->name_len;
	}
	if (len > PATH_MAX)
		return DAMAGED(e, "entry %llu of the layer's index lies too deep",
		               (unsigned long long)x->entry);
	if (t->type != LAYER_DIR)
		return 0;
	if (array_grow(&x->path_len, x->depth, &x->cap, sizeof(*x->path_len)) < 0)
		return err_oom(e);
	x->path_len[x->depth++] = len;
	return 0;
}

static bool xattrs_are_whole(const struct layer_entry *t)
{
	struct layer_entry copy = *t;
	struct layer_xattr a;

	while (layer_xattr_next(&copy, &a) == 1)
		if (a.name_len == 0 || a.name_len > 255 || a.value_len > 65536 ||
		    memchr(a.name, '\0', a.name_len))
			return false;
	return copy.n_xattrs == 0 && copy.xattr_bytes == 0;
}

int layer_index_next(struct layer_index *x, struct layer_entry *ret, struct err *e)
{
	const uint8_t *p = x->data + x->at;
	uint64_t left = x->objects_at - x->at;
	struct layer_entry t;
	int r;

	if (x->entry == x->n_entries) {
		if (left > 0 || x->n_entries == 0)
			return DAMAGED(e, "the layer's index does not end where it should");
		return 0;
	}
	if (left < LAYER_INDEX_ENTRY)
		return DAMAGED(e, "the layer's index ends within an entry");
	t = (struct layer_entry){
		.type = p[0],
		.flags = p[1],
		.mode = get16(p + 2),
		.up = get16(p + 4),
		.name_len = get16(p + 6),
		.uid = get32(p + 8),
		.gid = get32(p + 12),
		.mtime_s = (int64_t)get64(p + 16),
		.mtime_ns = get32(p + 24),
		.ref = get32(p + 28),
		.target_len = get16(p + 32),
		.n_xattrs = get16(p + 34),
		.xattr_bytes = get32(p + 36),
	};
	left -= LAYER_INDEX_ENTRY;
	if (left < t.name_len || left - t.name_len < t.target_len ||
	    left - t.name_len - t.target_len < t.xattr_bytes)
		return DAMAGED(e, "the layer's index ends within an entry");
	t.name = (const char *)p + LAYER_INDEX_ENTRY;
	t.target = t.name + t.name_len;
	t.xattrs = p + LAYER_INDEX_ENTRY + t.name_len + t.target_len;
	if (!fits_type(x, &t) || t.mode & ~07777 || t.mtime_ns > 999999999 || !xattrs_are_whole(&t))
		return DAMAGED(e, "entry %llu of the layer's index makes no sense",
		               (unsigned long long)x->entry);
	r = place(x, &t, e);
	if (r < 0)
		return r;
	x->at += (uint64_t)LAYER_INDEX_ENTRY + t.name_len + t.target_len + t.xattr_bytes;
	x->entry++;
	*ret = t;
	return 1;
}

/* An entry's attributes that do not fill their bytes exactly leave a rest in it. */
int layer_xattr_next(struct layer_entry *entry, struct layer_xattr *ret)
{
	const uint8_t *p = entry->xattrs;
	uint32_t left = entry->xattr_bytes;

	if (entry->n_xattrs == 0 || left < 8)
		return 0;
	ret->name_len = get32(p);
	ret->value_len = get32(p + 4);
	left -= 8;
	if (left < ret->name_len || left - ret->name_len < ret->value_len)
		return 0;
	ret->name = (const char *)p + 8;
	ret->value = p + 8 + ret->name_len;
	entry->xattrs += 8 + ret->name_len + ret->value_len;
	entry->xattr_bytes = left - ret->name_len - ret->value_len;
	entry->n_xattrs--;
	return 1;
}

bool layer_index_clears_first(struct layer_index x)
{
	bool has_opaque = false, has_implied = false;
	struct layer_entry t;

	while (!(has_opaque && has_implied) && layer_index_next(&x, &t, NULL) == 1) {
		if (t.type != LAYER_DIR || !t.name_len)
			continue;
		has_opaque |= (t.flags & LAYER_OPAQUE) != 0;
		has_implied |= (t.flags & LAYER_IMPLIED) != 0;
	}
	layer_index_done(&x);
	return has_opaque && has_implied;
}
