/* SPDX-License-Identifier: Apache-2.0 */
/* layer-index-write - one walk over the draft of a layer */
#include "store/layer-notes.h"

#include "base/array.h"
#include "base/fd.h"
#include "store/crc32c.h"
#include "store/unpack.h"

#include <endian.h>
#include <fcntl.h>
#include <string.h>

enum { BUFFER_BYTES = 64 * 1024 };

/* A directory on the way down. */
struct level {
	const struct draft_name **names;
	size_t n, next;
};

struct writer {
	const struct layer_notes *notes;
	int fd;
	struct crc32c crc;
	uint32_t crc_entries, crc_objects;
	uint64_t entry_bytes, n_entries, content_bytes;
	uint16_t up;
	uint32_t *numbers; /* of each object in the index, or LAYER_INDEX_NO_OBJECT */
	uint32_t *order;   /* the reverse */
	uint32_t n_objects;
	struct level *levels;
	size_t n_levels, cap_levels;
	char *buf;
	size_t n_buf;
};

static int flush(struct writer *w, struct err *e)
{
	int r;

	w->crc_entries = crc32c_add(&w->crc, w->crc_entries, w->buf, w->n_buf);
	w->entry_bytes += w->n_buf;
	r = fd_write_all(w->fd, w->buf, w->n_buf);
	w->n_buf = 0;
	return r < 0 ? err_errno(e, r, "cannot write the layer's index") : 0;
}

static int add(struct writer *w, const void *data, size_t n, struct err *e)
{
	int r = 0;

	while (n > 0 && r == 0) {
		size_t part = MIN(n, (size_t)BUFFER_BYTES - w->n_buf);

		memcpy(w->buf + w->n_buf, data, part);
		w->n_buf += part;
		data = (const char *)data + part;
		n -= part;
		if (w->n_buf == BUFFER_BYTES)
			r = flush(w, e);
	}
	return r;
}

static void put16(uint8_t *p, uint16_t v)
{
	v = htole16(v);
	memcpy(p, &v, sizeof(v));
}

static void put32(uint8_t *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static void put64(uint8_t *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

static int emit(struct writer *w, const struct layer_entry *t, struct err *e)
{
	uint8_t p[LAYER_INDEX_ENTRY];
	int r;

	p[0] = (uint8_t)t->type;
	p[1] = t->flags;
	put16(p + 2, t->mode);
	put16(p + 4, w->up);
	put16(p + 6, t->name_len);
	put32(p + 8, t->uid);
	put32(p + 12, t->gid);
	put64(p + 16, (uint64_t)t->mtime_s);
	put32(p + 24, t->mtime_ns);
	put32(p + 28, t->ref);
	put16(p + 32, t->target_len);
	put16(p + 34, t->n_xattrs);
	put32(p + 36, t->xattr_bytes);
	w->up = 0;
	w->n_entries++;
	if (w->n_entries >= UINT32_MAX || w->entry_bytes > LAYER_INDEX_BYTES_MAX / 2)
		return BAD_LAYER(e, "the layer is too large for its index");
	r = add(w, p, sizeof(p), e);
	if (r == 0)
		r = add(w, t->name, t->name_len, e);
	if (r == 0)
		r = add(w, t->target, t->target_len, e);
	return r < 0 ? r : add(w, t->xattrs, t->xattr_bytes, e);
}

/* What the archive does not say is 0, so that the same layer has the same index. */
static void set_meta(struct layer_entry *t, const struct tree_meta *meta)
{
	t->mode = meta->mode & 07777;
	t->uid = meta->uid;
	t->gid = meta->gid;
	if (meta->mtime.tv_nsec == UTIME_OMIT)
		return;
	t->mtime_s = meta->mtime.tv_sec;
	t->mtime_ns = (uint32_t)meta->mtime.tv_nsec;
}

/* The number of an object in the index: by first use. */
static uint32_t number_of(struct writer *w, uint32_t object)
{
	if (w->numbers[object] == LAYER_INDEX_NO_OBJECT) {
		w->order[w->n_objects] = object;
		w->numbers[object] = w->n_objects++;
	}
	return w->numbers[object];
}

static int emit_node(struct writer *w, struct draft_node *n, struct layer_entry *t, struct err *e)
{
	t->type = n->type;
	if (n->type == LAYER_WHITEOUT)
		return emit(w, t, e);
	if (n->entry) {
		t->type = LAYER_SAME;
		t->ref = n->entry;
		return emit(w, t, e);
	}
	set_meta(t, &n->meta);
	t->flags = n->type == LAYER_DIR ? n->flags : n->n_names > 1 ? LAYER_NAMED_AGAIN : 0;
	t->xattrs = n->xattrs.data;
	t->n_xattrs = n->xattrs.n;
	t->xattr_bytes = n->xattrs.n_bytes;
	if (n->type == LAYER_LINK) {
		t->target = n->target;
		t->target_len = (uint16_t)strlen(n->target);
	} else if (n->type == LAYER_FILE) {
		t->ref = LAYER_INDEX_NO_OBJECT;
		if (n->object != LAYER_INDEX_NO_OBJECT) {
			t->ref = number_of(w, n->object);
			w->content_bytes += w->notes->objects.ids[n->object].size_bytes;
		}
	}
	n->entry = (uint32_t)w->n_entries;
	return emit(w, t, e);
}

/* A directory's names become a level of the walk. */
static int enter(struct writer *w, const struct draft_node *dir, struct err *e)
{
	struct level *l;

	if (array_grow(&w->levels, w->n_levels, &w->cap_levels, sizeof(*w->levels)) < 0)
		return err_oom(e);
	l = &w->levels[w->n_levels++];
	*l = (struct level){ 0 };
	return draft_list(dir, &l->names, &l->n, e);
}

static void leave(struct writer *w)
{
	free(w->levels[--w->n_levels].names);
	w->up = (uint16_t)(w->up + (w->n_levels > 0));
}

static int visit(struct writer *w, const struct draft_name *x, struct err *e)
{
	struct layer_entry t = { .name = x->name, .name_len = (uint16_t)strlen(x->name) };
	int r = emit_node(w, x->node, &t, e);

	return r < 0 || x->node->type != LAYER_DIR ? r : enter(w, x->node, e);
}

static int walk(struct writer *w, const struct draft *d, struct err *e)
{
	struct layer_entry root = { .name = "" };
	int r = emit_node(w, d->root, &root, e);

	if (r == 0)
		r = enter(w, d->root, e);
	while (r == 0 && w->n_levels > 0) {
		struct level *l = &w->levels[w->n_levels - 1];

		if (l->next < l->n)
			r = visit(w, l->names[l->next++], e);
		else
			leave(w);
	}
	/* Devices: no tree has them, and their names are paths. */
	w->up = 0;
	for (size_t i = 0; i < w->notes->n_devices && r == 0; i++) {
		const struct layer_device *x = &w->notes->devices[i];
		struct layer_entry t = { .type = x->type,
			                 .name = x->path,
			                 .name_len = (uint16_t)strlen(x->path),
			                 .ref = x->dev };

		set_meta(&t, &x->meta);
		r = emit(w, &t, e);
	}
	return r < 0 ? r : flush(w, e);
}

static int write_objects(struct writer *w, struct err *e)
{
	uint8_t p[LAYER_INDEX_OBJECT] = { 0 };
	int r = 0;

	for (uint32_t i = 0; i <= w->n_objects && r == 0; i++) {
		const struct object_id *id;

		if (w->n_buf + sizeof(p) > BUFFER_BYTES || i == w->n_objects) {
			w->crc_objects = crc32c_add(&w->crc, w->crc_objects, w->buf, w->n_buf);
			r = fd_write_all(w->fd, w->buf, w->n_buf);
			w->n_buf = 0;
		}
		if (i == w->n_objects)
			break;
		id = &w->notes->objects.ids[w->order[i]];
		memcpy(p, id->digest, sizeof(id->digest));
		put64(p + OBJECT_DIGEST_SIZE, id->size_bytes);
		put32(p + OBJECT_DIGEST_SIZE + 8, id->flags);
		memcpy(w->buf + w->n_buf, p, sizeof(p));
		w->n_buf += sizeof(p);
	}
	return r < 0 ? err_errno(e, r, "cannot write the layer's index") : 0;
}

static int write_header(struct writer *w, struct err *e)
{
	uint8_t p[LAYER_INDEX_HEADER] = { 0 };

	(void)mempcpy(p, LAYER_INDEX_MAGIC, 8);
	put32(p + 8, LAYER_INDEX_VERSION);
	put32(p + 12, LAYER_INDEX_HEADER);
	put64(p + 16, w->n_objects);
	put64(p + 24, w->n_entries);
	put64(p + 32, w->entry_bytes);
	put64(p + 40, w->content_bytes);
	put32(p + 64, w->crc_objects);
	put32(p + 68, w->crc_entries);
	put32(p + 76, crc32c_add(&w->crc, 0, p, 76));
	if (pwrite(w->fd, p, sizeof(p), 0) != sizeof(p))
		return err_sys(e, "cannot write the layer's index");
	return 0;
}

static int writer_init(struct writer *w, const struct layer_notes *n, struct err *e)
{
	size_t n_objects = n->objects.n;

	crc32c_init(&w->crc);
	w->buf = malloc(BUFFER_BYTES);
	w->numbers = calloc(n_objects + 1, sizeof(*w->numbers));
	w->order = calloc(n_objects + 1, sizeof(*w->order));
	if (!w->buf || !w->numbers || !w->order)
		return err_oom(e);
	memset(w->numbers, 0xff, n_objects * sizeof(*w->numbers));
	return 0;
}

static void writer_free(struct writer *w)
{
	cleanup_close(&w->fd);
	while (w->n_levels > 0)
		free(w->levels[--w->n_levels].names);
	free(w->levels);
	free(w->numbers);
	free(w->order);
	free(w->buf);
	free(w);
}

int layer_index_write(const struct layer_notes *n, const struct draft *d, int dirfd, struct err *e)
{
	struct writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return err_oom(e);
	*w = (struct writer){ .notes = n, .fd = -EBADF };
	r = writer_init(w, n, e);
	if (r == 0) {
		w->fd = openat(dirfd, LAYER_INDEX_FILE,
		               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (w->fd < 0 || lseek(w->fd, LAYER_INDEX_HEADER, SEEK_SET) < 0)
			r = err_sys(e, "cannot make the layer's index");
	}
	if (r == 0)
		r = walk(w, d, e);
	if (r == 0)
		r = write_objects(w, e);
	if (r == 0)
		r = write_header(w, e);
	writer_free(w);
	return r;
}
