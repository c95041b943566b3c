/* SPDX-License-Identifier: Apache-2.0 */
/* What an owner or an attribute comes to depends on the kernel and the id map, so each is tried on
 * a file without a name: a layer that no tree could be made of is refused while it is unpacked.
 */
#include "store/unpack-draft.h"

#include "base/fd.h"

#include <archive.h>
#include <archive_entry.h>
#include <assert.h>
#include <fcntl.h>
#include <string.h>

#define TRIED "tried"

static int open_nameless(const struct unpacker *u, struct err *e)
{
	int fd = openat(u->job->dirfd, TRIED, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	                0600);

	if (fd < 0 || unlinkat(u->job->dirfd, TRIED, 0) < 0)
		return err_sys(e, "cannot create a file in the stage");
	return fd;
}

static int try_owner(struct unpacker *u, const struct tree_meta *meta, const char *path,
                     struct err *e)
{
	if (u->job->single_id || (!meta->uid && !meta->gid) ||
	    (meta->uid == u->good_uid && meta->gid == u->good_gid))
		return 0;
	if (u->try_fd < 0) {
		int fd = open_nameless(u, e);

		if (fd < 0)
			return fd;
		u->try_fd = fd;
	}
	if (fchown(u->try_fd, meta->uid, meta->gid) < 0)
		return tree_chown_error(meta, path, e);
	u->good_uid = meta->uid;
	u->good_gid = meta->gid;
	return 0;
}

/* All of an entry's, together, since file systems have limits. */
static int take_xattrs(const struct unpacker *u, struct archive_entry *ae, struct draft_node *n,
                       const char *path, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	const char *name;
	const void *value;
	size_t size;
	int r = 0;

	if (archive_entry_xattr_count(ae) == 0)
		return 0;
	fd = open_nameless(u, e);
	if (fd < 0)
		return fd;
	r = entry_set_xattrs(u, ae, fd, path, e);
	(void)archive_entry_xattr_reset(ae); /* the count, known already */
	while (r == 0 && archive_entry_xattr_next(ae, &name, &value, &size) == ARCHIVE_OK)
		if (name && entry_xattr_is_kept(name))
			r = draft_xattr(&n->xattrs, name, value, size, e);
	return r;
}

static int make_directory(struct unpacker *u, struct archive_entry *ae, const char *path,
                          const struct tree_meta *meta, struct err *e)
{
	struct draft_node *dir, *n = NULL;
	const char *base;
	int r = draft_parent(&u->draft, path, &dir, &base, e);

	if (r == 0)
		r = draft_mkdir(&u->draft, dir, base, &n, e);
	if (r == 0)
		r = take_xattrs(u, ae, n, path, e);
	if (r == 0)
		r = try_owner(u, meta, path, e);
	if (r < 0)
		return r;
	assert(n);
	n->flags &= (uint8_t)~LAYER_IMPLIED;
	n->meta = *meta; /* the last mention wins */
	return 0;
}

static int make_hard_link(struct unpacker *u, const char *target, const char *path, struct err *e)
{
	struct draft_node *dir, *from, *n;
	char clean[PATH_MAX];
	const char *base;
	int r = entry_clean_name(u, target, clean, e);

	if (r == 0)
		r = entry_check_link(u, path, clean, e);
	if (r < 0)
		return r;
	from = draft_find_parent(&u->draft, clean, &base);
	n = from && *base ? draft_find(from, base) : NULL;
	if (!n || n->type == LAYER_DIR || n->type == LAYER_WHITEOUT)
		return BAD_LAYER(e,
		                 "hard link '%.*s' leads to '%.*s', which is no file of the layer",
		                 NAME_SHOWN / 2, path, NAME_SHOWN / 2, target);
	n->n_names++; /* so that it stays while the way there is made */
	r = draft_parent(&u->draft, path, &dir, &base, e);
	n->n_names--;
	if (r < 0 || draft_find(dir, base) == n)
		return r;
	return draft_put(&u->draft, dir, base, n, e);
}

/* Of a file, a link or a FIFO; @ret is in its place. */
static int make_node(struct unpacker *u, enum layer_entry_type type, const char *path,
                     const struct tree_meta *meta, struct draft_node **ret, struct err *e)
{
	struct draft_node *dir, *n;
	const char *base;
	int r = draft_parent(&u->draft, path, &dir, &base, e);

	if (r < 0)
		return r;
	n = draft_node_new(type, meta);
	r = n ? draft_put(&u->draft, dir, base, n, e) : err_oom(e);
	if (r < 0)
		draft_node_free(n);
	else
		*ret = n;
	return r;
}

static int make_link(struct unpacker *u, struct archive_entry *ae, const char *path,
                     const struct tree_meta *meta, struct err *e)
{
	struct draft_node *n;
	int r = make_node(u, LAYER_LINK, path, meta, &n, e);

	if (r < 0)
		return r;
	n->target = strdup(archive_entry_symlink(ae));
	return n->target ? try_owner(u, meta, path, e) : err_oom(e);
}

static int make_file(struct unpacker *u, struct archive_entry *ae, const char *path,
                     const struct tree_meta *meta, struct err *e)
{
	int64_t size = archive_entry_size(ae);
	char name[OBJECT_NAME_SIZE];
	struct object_id id;
	struct draft_node *n;
	int r = make_node(u, LAYER_FILE, path, meta, &n, e);

	if (r == 0)
		r = try_owner(u, meta, path, e);
	if (r == 0)
		r = take_xattrs(u, ae, n, path, e);
	if (r == 0)
		r = object_begin(u->objects, (uint64_t)size, e);
	if (r == 0)
		r = entry_write_data(u, -EBADF, size, path, e);
	if (r < 0 || size == 0)
		return r;
	r = object_finish(u->objects, &id, name, e);
	return r < 0 ? r : layer_notes_object(&u->notes, &id, &n->object, e);
}

static int note_device(struct unpacker *u, struct archive_entry *ae, const char *path,
                       const struct tree_meta *meta, struct err *e)
{
	bool is_block = archive_entry_filetype(ae) == S_IFBLK;

	u->result->n_skipped++;
	return layer_notes_device(&u->notes, path, meta, is_block ? LAYER_BLOCK : LAYER_CHAR,
	                          (uint32_t)archive_entry_rdevmajor(ae) << 20 |
	                                  ((uint32_t)archive_entry_rdevminor(ae) & 0xfffff),
	                          e);
}

int draft_make_entry(struct unpacker *u, struct archive_entry *ae, const char *path,
                     const struct tree_meta *meta, struct err *e)
{
	const char *target = archive_entry_hardlink(ae);
	struct draft_node *n;
	int r;

	if (target)
		return make_hard_link(u, target, path, e);
	switch (archive_entry_filetype(ae)) {
	case S_IFREG:
		return make_file(u, ae, path, meta, e);
	case S_IFDIR:
		return make_directory(u, ae, path, meta, e);
	case S_IFLNK:
		return make_link(u, ae, path, meta, e);
	case S_IFIFO:
		r = make_node(u, LAYER_FIFO, path, meta, &n, e);
		return r < 0 ? r : try_owner(u, meta, path, e);
	default:
		return note_device(u, ae, path, meta, e);
	}
}

int draft_make_whiteout(struct unpacker *u, const char *path, struct err *e)
{
	static const struct tree_meta none;
	struct draft_node *dir, *n;
	const char *base;
	int r;

	/* As in unpack-entry.c. */
	if (draft_is_below_file(&u->draft, path))
		return 0;
	r = draft_parent(&u->draft, path, &dir, &base, e);
	if (r < 0)
		return r;
	if (!strcmp(base, WH_OPAQUE)) {
		dir->flags |= LAYER_OPAQUE;
		return 0;
	}
	n = draft_find(dir, base + strlen(WH));
	if (n) { /* made in this layer, so only what is below goes, and whatever that was */
		if (n->type == LAYER_DIR)
			n->flags = LAYER_OPAQUE;
		return 0;
	}
	n = draft_node_new(LAYER_WHITEOUT, &none);
	r = n ? draft_put(&u->draft, dir, base + strlen(WH), n, e) : err_oom(e);
	if (r < 0)
		draft_node_free(n);
	return r;
}
