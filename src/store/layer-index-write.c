/* SPDX-License-Identifier: Apache-2.0 */
/* layer-index-write - one walk over the tree that was just unpacked
 *
 * The walk goes down by name and up by "..": nobody else changes this tree, and however deep it is,
 * one descriptor is open.
 */
#include "store/layer-notes.h"

#include "base/array.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/strv.h"
#include "store/crc32c.h"
#include "store/unpack.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { BUFFER_BYTES = 64 * 1024 };

/* A directory on the way down. */
struct level {
	struct strv names;
	size_t next;
};

struct writer {
	struct layer_notes *notes;
	int fd, dirfd; /* the file; the current directory of the walk */
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

static void set_meta(struct layer_entry *t, const struct tree_meta *meta, const struct stat *st)
{
	t->mode = meta->mode & 07777;
	t->uid = meta->uid;
	t->gid = meta->gid;
	t->mtime_s = meta->mtime.tv_sec;
	t->mtime_ns = (uint32_t)meta->mtime.tv_nsec;
	if (meta->mtime.tv_nsec == UTIME_OMIT) {
		t->mtime_s = st->st_mtim.tv_sec;
		t->mtime_ns = (uint32_t)st->st_mtim.tv_nsec;
	}
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

static int emit_noted(struct writer *w, struct layer_note *note, const struct stat *st,
                      struct layer_entry *t, struct err *e)
{
	char target[PATH_MAX];

	if (note->entry) {
		t->type = LAYER_SAME;
		t->ref = note->entry;
		return emit(w, t, e);
	}
	set_meta(t, &note->meta, st);
	t->type = note->type;
	t->flags = st->st_nlink > 1 ? LAYER_NAMED_AGAIN : 0;
	t->xattrs = note->xattrs;
	t->n_xattrs = note->n_xattrs;
	t->xattr_bytes = note->xattr_bytes;
	if (t->type == LAYER_LINK) {
		ssize_t n = readlinkat(w->dirfd, t->name, target, sizeof(target));

		if (n <= 0 || n == sizeof(target))
			return err_sys(e, "cannot read link '%s'", t->name);
		t->target = target;
		t->target_len = (uint16_t)n;
	} else if (t->type == LAYER_FILE) {
		t->ref = LAYER_INDEX_NO_OBJECT;
		if (note->object != LAYER_INDEX_NO_OBJECT) {
			t->ref = number_of(w, note->object);
			w->content_bytes += w->notes->objects.ids[note->object].size_bytes;
		}
	}
	note->entry = (uint32_t)w->n_entries;
	return emit(w, t, e);
}

/* A directory's attributes are those that it has; the unpacker lets only some in. */
static int read_xattrs(int fd, struct layer_note *ret, bool *ret_is_opaque, struct err *e)
{
	char *names = NULL, value[65536];
	ssize_t size = flistxattr(fd, NULL, 0);
	int r = 0;

	*ret_is_opaque = false;
	if (size <= 0)
		return size < 0 && errno != ENOTSUP ? err_sys(e, "cannot list attributes") : 0;
	names = malloc((size_t)size + 1);
	if (!names)
		return err_oom(e);
	size = flistxattr(fd, names, (size_t)size);
	for (ssize_t at = 0; at < size && r == 0; at += (ssize_t)strlen(names + at) + 1) {
		const char *name = names + at;
		ssize_t n;

		if (strncmp(name, "user.", 5) != 0 && strcmp(name, "security.capability") != 0)
			continue;
		n = fgetxattr(fd, name, value, sizeof(value));
		if (n < 0)
			r = err_sys(e, "cannot read attribute '%.64s'", name);
		else if (!strcmp(name, "user.overlay.opaque"))
			*ret_is_opaque = true;
		else
			r = layer_note_xattr(ret, name, value, (size_t)n, e);
	}
	free(names);
	return r;
}

/* One that the archive implies has no time of its own; so that the same layer has the same index,
 * it gets that of the epoch, also in the tree. */
static int set_implied(int fd, struct layer_entry *t, struct err *e)
{
	static const struct timespec none[2];

	t->mtime_s = 0;
	t->mtime_ns = 0;
	return futimens(fd, none) < 0 ? err_sys(e, "cannot set the time of a directory") : 0;
}

static int emit_directory(struct writer *w, int fd, const struct stat *st, struct layer_entry *t,
                          struct err *e)
{
	static const struct tree_meta implied = { .mode = 0755, .mtime = { 0, UTIME_OMIT } };
	const struct layer_note *note = layer_note_find(w->notes, st->st_ino);
	struct layer_note own = { 0 };
	bool is_opaque = false;
	int r = read_xattrs(fd, &own, &is_opaque, e);

	bool is_implied = !note || note->type != LAYER_DIR;

	set_meta(t, is_implied ? &implied : &note->meta, st);
	if (r == 0 && (is_implied || note->meta.mtime.tv_nsec == UTIME_OMIT))
		r = set_implied(fd, t, e);
	t->type = LAYER_DIR;
	t->flags = (is_opaque ? LAYER_OPAQUE : 0) | (is_implied ? LAYER_IMPLIED : 0);
	t->xattrs = own.xattrs;
	t->n_xattrs = own.n_xattrs;
	t->xattr_bytes = own.xattr_bytes;
	if (r == 0)
		r = emit(w, t, e);
	free(own.xattrs);
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The current directory's names become a level of the walk. */
static int enter(struct writer *w, struct err *e)
{
	int fd = openat(w->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct level *l;
	struct dirent *de;

	if (!d) {
		cleanup_close(&fd);
		return err_sys(e, "cannot read a directory");
	}
	if (array_grow(&w->levels, w->n_levels, &w->cap_levels, sizeof(*w->levels)) < 0) {
		(void)closedir(d);
		return err_oom(e);
	}
	l = &w->levels[w->n_levels++];
	*l = (struct level){ 0 };
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = strv_add(&l->names, de->d_name);
	(void)closedir(d);
	if (l->names.n > 1) /* so that the same layer has the same index */
		qsort(l->names.v, l->names.n, sizeof(*l->names.v), by_name);
	return r < 0 ? err_oom(e) : 0;
}

static int leave(struct writer *w, struct err *e)
{
	int fd;

	strv_done(&w->levels[--w->n_levels].names);
	if (w->n_levels == 0)
		return 0;
	fd = openat(w->dirfd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot leave a directory");
	(void)close(w->dirfd);
	w->dirfd = fd;
	w->up++;
	return 0;
}

static int visit(struct writer *w, const char *name, struct err *e)
{
	struct layer_entry t = { .name = name, .name_len = (uint16_t)strlen(name) };
	struct layer_note *note;
	struct stat st;
	int fd, r;

	if (fstatat(w->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot stat '%s'", name);
	if (S_ISDIR(st.st_mode)) {
		fd = openat(w->dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "cannot open directory '%s'", name);
		r = emit_directory(w, fd, &st, &t, e);
		(void)close(w->dirfd);
		w->dirfd = fd;
		return r < 0 ? r : enter(w, e);
	}
	if (is_whiteout(&st)) {
		t.type = LAYER_WHITEOUT;
		return emit(w, &t, e);
	}
	note = layer_note_find(w->notes, st.st_ino);
	if (!note || note->type == LAYER_DIR)
		return err_set(e, UCT_INTERNAL, -EINVAL, "nothing was noted of '%s'", name);
	return emit_noted(w, note, &st, &t, e);
}

static int walk(struct writer *w, struct err *e)
{
	struct layer_entry root = { .type = LAYER_DIR, .name = "" };
	struct stat st;
	int r;

	if (fstat(w->dirfd, &st) < 0)
		return err_sys(e, "cannot stat the layer's root");
	r = emit_directory(w, w->dirfd, &st, &root, e);
	if (r == 0)
		r = enter(w, e);
	while (r == 0 && w->n_levels > 0) {
		struct level *l = &w->levels[w->n_levels - 1];

		r = l->next < l->names.n ? visit(w, l->names.v[l->next++], e) : leave(w, e);
	}
	/* Devices: no tree has them, and their names are paths. */
	w->up = 0;
	for (size_t i = 0; i < w->notes->n_devices && r == 0; i++) {
		const struct layer_device *d = &w->notes->devices[i];
		struct layer_entry t = { .type = d->type,
			                 .name = d->path,
			                 .name_len = (uint16_t)strlen(d->path),
			                 .ref = d->dev };

		set_meta(&t, &d->meta, &st);
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

/* By path, the last mention wins; the notes are by inode. */
static int note_directories(struct layer_notes *n, struct tree *t, struct err *e)
{
	const char *path, *base;
	struct tree_meta meta;
	int r = 0;

	for (size_t i = 0; tree_noted(t, i, &path, &meta) && r == 0; i++) {
		_cleanup_close_ int fd = tree_find_parent(t, path, &base, NULL);
		struct stat st;

		if (fd < 0 || fstatat(fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue; /* replaced by something else, as in tree_seal() */
		struct layer_note note = { .ino = st.st_ino, .type = LAYER_DIR, .meta = meta };

		r = layer_note_put(n, &note, e);
	}
	return r;
}

static int writer_init(struct writer *w, struct layer_notes *n, struct err *e)
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
	cleanup_close(&w->dirfd);
	while (w->n_levels > 0)
		strv_done(&w->levels[--w->n_levels].names);
	free(w->levels);
	free(w->numbers);
	free(w->order);
	free(w->buf);
	free(w);
}

int layer_index_write(struct layer_notes *n, struct tree *t, int dirfd, struct err *e)
{
	struct writer *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return err_oom(e);
	*w = (struct writer){ .notes = n, .fd = -EBADF, .dirfd = -EBADF };
	r = writer_init(w, n, e);
	if (r == 0)
		r = note_directories(n, t, e);
	if (r == 0) {
		w->fd = openat(dirfd, LAYER_INDEX_FILE,
		               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		w->dirfd = openat(t->fd[0], ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (w->fd < 0 || w->dirfd < 0 || lseek(w->fd, LAYER_INDEX_HEADER, SEEK_SET) < 0)
			r = err_sys(e, "cannot make the layer's index");
	}
	if (r == 0)
		r = walk(w, e);
	if (r == 0)
		r = write_objects(w, e);
	if (r == 0)
		r = write_header(w, e);
	writer_free(w);
	return r;
}
