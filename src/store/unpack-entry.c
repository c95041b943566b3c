/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unpack-entry.h"

#include "store/owner-note.h"
#include "store/unpack-draft.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#define WH_AUFS ".wh..wh."

static bool starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

static int read_meta(const struct unpack_job *job, struct archive_entry *ae, const char *path,
                     struct tree_meta *ret, struct err *e)
{
	int64_t uid = job->owned_by_root ? 0 : archive_entry_uid(ae);
	int64_t gid = job->owned_by_root ? 0 : archive_entry_gid(ae);
	uint32_t to_uid, to_gid;

	/* The largest 32-bit number means "leave it" to chown(2). */
	if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX)
		return BAD_LAYER(e, "entry '%.*s' has an impossible owner", NAME_SHOWN, path);
	to_uid = (uint32_t)uid;
	to_gid = (uint32_t)gid;
	if (job->maps && !job->single_id &&
	    (!id_map_out(&job->maps->uids, (uint32_t)uid, &to_uid) ||
	     !id_map_out(&job->maps->gids, (uint32_t)gid, &to_gid)))
		return err_set(e, UCT_OWNER_OUTSIDE_MAP, -EINVAL,
		               "owner %u:%u of '%.*s' is outside the container's id map", to_uid,
		               to_gid, NAME_SHOWN, path);
	*ret = (struct tree_meta){
		.mode = archive_entry_mode(ae) & (job->drops_setid ? 01777 : 07777),
		.uid = to_uid,
		.gid = to_gid,
		.mtime = { 0, UTIME_OMIT },
	};
	if (archive_entry_mtime_is_set(ae)) {
		ret->mtime.tv_sec = archive_entry_mtime(ae);
		ret->mtime.tv_nsec = archive_entry_mtime_nsec(ae);
		if (ret->mtime.tv_nsec < 0 || ret->mtime.tv_nsec > 999999999)
			ret->mtime.tv_nsec = 0;
	}
	return 0;
}

bool entry_xattr_is_kept(const char *name)
{
	if (!strcmp(name, "security.capability"))
		return true;
	return starts(name, "user.") && !starts(name, "user.overlay.") &&
	       !starts(name, "user.usrct.") && name[5] != '\0';
}

static bool has_xattrs(struct archive_entry *ae)
{
	return archive_entry_xattr_count(ae) > 0;
}

int entry_set_xattrs(const struct unpacker *u, struct archive_entry *ae, int fd, const char *path,
                     struct err *e)
{
	const char *name;
	const void *value;
	size_t size;

	(void)archive_entry_xattr_reset(ae); /* the count, known already */
	while (archive_entry_xattr_next(ae, &name, &value, &size) == ARCHIVE_OK) {
		if (!name || !entry_xattr_is_kept(name))
			continue;
		if (fsetxattr(fd, name, value, size, 0) == 0)
			continue;
		/* A file capability needs a user namespace with more than one id to mean
		 * anything; without one it cannot be set, and nothing would obey it. */
		if (u->job->single_id && !starts(name, "user."))
			continue;
		/* A tmpfs or a foreign file system: it keeps none, and the file is good without. */
		if (!u->is_layer && (errno == EOPNOTSUPP || errno == EPERM))
			continue;
		if (errno == EINVAL || errno == ERANGE || errno == E2BIG)
			return BAD_LAYER(e, "attribute '%.64s' of '%.*s' is not valid", name,
			                 NAME_SHOWN, path);
		return err_sys(e, "cannot set attribute '%.64s' of '%s'", name, path);
	}
	return 0;
}

/* What is to be created, apart from owner, mode and time. */
struct node {
	mode_t type;        /* S_IFREG, S_IFLNK, S_IFIFO; 0: another name for a file */
	mode_t mode;        /* to begin with */
	const char *target; /* of a link; for another name, its last component */
	int target_fd;      /* and where that lies */
};

static int try_create(const struct node *n, int parent_fd, const char *base)
{
	switch (n->type) {
	case S_IFREG:
		return openat(parent_fd, base, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		              n->mode);
	case S_IFLNK:
		return symlinkat(n->target, parent_fd, base);
	case S_IFIFO:
		return mknodat(parent_fd, base, S_IFIFO | n->mode, 0);
	case 0:
		return linkat(n->target_fd, n->target, parent_fd, base, 0);
	default:
		errno = EINVAL;
		return -1;
	}
}

static bool is_same_file(const struct node *n, int parent_fd, const char *base)
{
	struct stat a, b;

	return n->type == 0 && fstatat(parent_fd, base, &a, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstatat(n->target_fd, n->target, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Creates a node in place of whatever has its name. Returns a descriptor for a regular file, else
 * 0; the parent is valid until the next lookup. */
static int create(struct unpacker *u, const char *path, const struct node *n, int *ret_parent_fd,
                  const char **ret_base, struct err *e)
{
	for (int round = 0;; round++) {
		int r, parent_fd = tree_parent(&u->tree, path, ret_base, e);

		if (parent_fd < 0)
			return parent_fd;
		*ret_parent_fd = parent_fd;
		r = try_create(n, parent_fd, *ret_base);
		if (r >= 0)
			return r;
		if (errno != EEXIST || round > 0)
			return err_sys(e, "cannot create '%s'", path);
		if (is_same_file(n, parent_fd, *ret_base))
			return 0;
		r = tree_clear(&u->tree, parent_fd, *ret_base, e);
		if (r < 0)
			return r;
	}
}

static int write_all_at(int fd, const char *p, size_t n, int64_t offset)
{
	while (n > 0) {
		ssize_t w = RETRY_EINTR(pwrite(fd, p, n, offset));

		if (w < 0)
			return -errno;
		p += w;
		n -= (size_t)w;
		offset += w;
	}
	return 0;
}

/* Where a file's data go. */
static int write_block(const struct unpacker *u, int fd, const void *p, size_t n, int64_t offset,
                       const char *path, struct err *e)
{
	int r;

	if (u->objects) {
		r = n ? object_add(u->objects, p, n, (uint64_t)offset, e) : 0;
		return r < 0 ? err_in(e, r, "cannot write '%s'", path) : 0;
	}
	r = write_all_at(fd, p, n, offset);
	return r < 0 ? err_errno(e, r, "cannot write '%s'", path) : 0;
}

/* Holes of sparse files stay holes: only what is there is written, then the size is set. */
int entry_write_data(struct unpacker *u, int fd, int64_t size, const char *path, struct err *e)
{
	la_int64_t offset = 0;
	int64_t end = 0;
	const void *p;
	size_t n;
	int rc, r;

	while ((rc = archive_read_data_block(u->archive, &p, &n, &offset)) == ARCHIVE_OK) {
		if (offset < 0 || offset > size || (int64_t)n > size - offset)
			return BAD_LAYER(e, "the data of '%.*s' is larger than its size",
			                 NAME_SHOWN, path);
		r = write_block(u, fd, p, n, offset, path, e);
		if (r < 0)
			return r;
		end = MAX(end, offset + (int64_t)n);
		u->result->size_bytes += n;
	}
	/* umoci's insert leaves out the padding and the end mark after the last file. All bytes of
	 * the file are here, and the digest of the whole says whether more should have followed. */
	u->ends_in_padding = rc != ARCHIVE_EOF && size > 0 && end == size;
	if (rc != ARCHIVE_EOF && !u->ends_in_padding)
		return BAD_LAYER(e, "cannot read the data of '%.*s': %s", NAME_SHOWN, path,
		                 archive_error_string(u->archive));
	if (end < size && !u->objects && ftruncate(fd, size) < 0)
		return err_sys(e, "cannot set the size of '%s'", path);
	return 0;
}

/* What is not opened gets its owner. */
static int give_name(struct unpacker *u, int parent_fd, const char *base,
                     const struct tree_meta *meta, const char *path, struct err *e)
{
	if (u->job->single_id || (!meta->uid && !meta->gid))
		return 0;
	return fchownat(parent_fd, base, meta->uid, meta->gid, AT_SYMLINK_NOFOLLOW) < 0
	               ? tree_chown_error(meta, path, e)
	               : 0;
}

/* All but the name. This order: chown drops set-uid bits and capabilities, writing drops both. */
static int fill_file(struct unpacker *u, struct archive_entry *ae, int fd, mode_t made_with,
                     const char *path, const struct tree_meta *meta, struct err *e)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, meta->mtime };
	bool owned = !u->job->single_id && (meta->uid || meta->gid);
	int64_t size = archive_entry_size(ae);
	int r = entry_write_data(u, fd, size, path, e);

	if (r < 0)
		return r;
	if (owned && fchown(fd, meta->uid, meta->gid) < 0)
		return tree_chown_error(meta, path, e);
	if (u->job->single_id && u->is_layer) {
		r = owner_note(fd, meta->uid, meta->gid, path, e);
		if (r < 0)
			return r;
	}
	if (has_xattrs(ae))
		r = entry_set_xattrs(u, ae, fd, path, e);
	if (r < 0)
		return r;
	if (meta->mode != made_with && fchmod(fd, meta->mode) < 0)
		return err_sys(e, "cannot set the mode of '%s'", path);
	if (futimens(fd, times) < 0)
		return err_sys(e, "cannot set the time of '%s'", path);
	return 0;
}

static int make_file(struct unpacker *u, struct archive_entry *ae, const char *path,
                     const struct tree_meta *meta, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	/* Attributes of a file that is not writable could not be set without capabilities. */
	struct node n = { .type = S_IFREG,
		          .mode = has_xattrs(ae) || u->job->single_id ? 0600 : meta->mode & 0777 };
	const char *base;
	int parent_fd;

	fd = create(u, path, &n, &parent_fd, &base, e);
	return fd < 0 ? fd : fill_file(u, ae, fd, n.mode, path, meta, e);
}

static int make_special(struct unpacker *u, struct archive_entry *ae, mode_t type, const char *path,
                        const struct tree_meta *meta, struct err *e)
{
	struct timespec times[2] = { { 0, UTIME_OMIT }, meta->mtime };
	struct node n = { .type = type, .mode = meta->mode & 0777 };
	const char *base;
	int parent_fd, r;

	if (n.type == S_IFLNK)
		n.target = archive_entry_symlink(ae);
	r = create(u, path, &n, &parent_fd, &base, e);
	if (r < 0)
		return r;
	r = give_name(u, parent_fd, base, meta, path, e);
	if (r < 0)
		return r;
	if (n.type == S_IFIFO && (meta->mode & 07000) &&
	    fchmodat(parent_fd, base, meta->mode, 0) < 0)
		return err_sys(e, "cannot set the mode of '%s'", path);
	if (utimensat(parent_fd, base, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot set the time of '%s'", path);
	return 0;
}

static int make_directory(struct unpacker *u, struct archive_entry *ae, const char *path,
                          const struct tree_meta *meta, struct err *e)
{
	const char *base;
	int parent_fd, r;

	parent_fd = tree_parent(&u->tree, path, &base, e);
	r = parent_fd < 0 ? parent_fd : tree_mkdir(&u->tree, parent_fd, base, path, e);
	if (r == 0 && has_xattrs(ae)) {
		_cleanup_close_ int fd = -EBADF;

		parent_fd = tree_parent(&u->tree, path, &base, e);
		if (parent_fd < 0)
			return parent_fd;
		fd = openat(parent_fd, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "cannot open directory '%s'", path);
		r = entry_set_xattrs(u, ae, fd, path, e);
	}
	return r < 0 ? r : tree_note(&u->tree, path, meta, e);
}

int entry_clean_name(const struct unpacker *u, const char *name, char ret[PATH_MAX], struct err *e)
{
	const char *into = u->is_layer ? "" : u->job->into;
	char clean[PATH_MAX];
	int r = tree_clean(name, clean, e);

	if (r == 0 &&
	    snprintf(ret, PATH_MAX, "%s%s%s", into, *into && *clean ? "/" : "", clean) >= PATH_MAX)
		return BAD_LAYER(e, "the name of entry '%.*s...' is too long", NAME_SHOWN, name);
	return r;
}

/* GNU tar takes it for nothing to do; umoci and podman remove the file first, and then fail. */
int entry_check_link(const struct unpacker *u, const char *path, const char *target, struct err *e)
{
	return u->is_layer && !strcmp(path, target)
	               ? BAD_LAYER(e, "hard link '%.*s' leads to itself", NAME_SHOWN, path)
	               : 0;
}

static int make_hard_link(struct unpacker *u, const char *target, const char *path, struct err *e)
{
	_cleanup_close_ int target_fd = -EBADF;
	char clean[PATH_MAX];
	const char *base;
	struct node n;
	struct stat st;
	int parent_fd, r;

	r = entry_clean_name(u, target, clean, e);
	if (r == 0)
		r = entry_check_link(u, path, clean, e);
	if (r < 0)
		return r;
	target_fd = tree_find_parent(&u->tree, clean, &base, NULL);
	if (!*base || target_fd < 0 || fstatat(target_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode) || is_whiteout(&st))
		return BAD_LAYER(e,
		                 "hard link '%.*s' leads to '%.*s', which is no file of the layer",
		                 NAME_SHOWN / 2, path, NAME_SHOWN / 2, target);
	n = (struct node){ .target = base, .target_fd = target_fd };
	r = create(u, path, &n, &parent_fd, &base, e);
	return r < 0 ? r : 0;
}

/* The name of a whiteout is that of what it hides, behind ".wh.". */
static int make_whiteout(struct unpacker *u, const char *path, struct err *e)
{
	char hidden[PATH_MAX];
	const char *base;
	struct stat st;
	int parent_fd, r;

	/* Where a directory became a file, umoci also lists what was in the directory as removed.
	 * The file hides all of that already. */
	if (tree_is_below_file(&u->tree, path))
		return 0;
	parent_fd = tree_parent(&u->tree, path, &base, e);
	if (parent_fd < 0)
		return parent_fd;
	if (!strcmp(base, WH_OPAQUE))
		return tree_set_opaque(parent_fd, ".", path, e);
	base += strlen(WH);
	if (mknodat(parent_fd, base, S_IFCHR, makedev(0, 0)) == 0)
		return 0;
	if (errno != EEXIST || fstatat(parent_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot make the whiteout '%s'", path);
	if (!S_ISDIR(st.st_mode))
		return 0;
	/* Made in this layer, so only what is below goes, and whatever that was. */
	(void)snprintf(hidden, sizeof(hidden), "%.*s%s", (int)(base - strlen(WH) - path), path,
	               base);
	r = tree_set_opaque(parent_fd, base, path, e);
	return r < 0 ? r : tree_note_anew(&u->tree, hidden, e);
}

/* 1: not an ordinary name, and dealt with; 0: ordinary. */
static int take_whiteout(struct unpacker *u, const char *path, struct err *e)
{
	for (const char *p = path; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (!starts(p, WH))
			continue;
		if (starts(p, WH_AUFS) && strcmp(p, WH_OPAQUE) != 0)
			return 1;
		if (strchr(p, '/'))
			return BAD_LAYER(e, "'%.*s' lies below a whiteout", NAME_SHOWN, path);
		if (!strcmp(p, WH) || !strcmp(p, WH ".") || !strcmp(p, WH ".."))
			return BAD_LAYER(e, "'%.*s' is a whiteout of nothing", NAME_SHOWN, path);
		int r = u->objects ? draft_make_whiteout(u, path, e) : make_whiteout(u, path, e);

		return r < 0 ? r : 1;
	}
	return 0;
}

static int check_replacement(struct unpacker *u, struct archive_entry *ae, const char *path,
                             struct err *e)
{
	bool is_dir = !archive_entry_hardlink(ae) && archive_entry_filetype(ae) == S_IFDIR;
	const char *base;
	struct stat st;
	int parent_fd = tree_parent(&u->tree, path, &base, e);

	if (parent_fd < 0)
		return parent_fd;
	if (fstatat(parent_fd, base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot look at '/%s'", path);
	if (S_ISDIR(st.st_mode) == is_dir)
		return 0;
	return err_set(e, UCT_COPY_CONFLICT, is_dir ? -ENOTDIR : -EISDIR,
	               is_dir ? "cannot replace '/%s', which is no directory, by a directory"
	                      : "cannot replace directory '/%s' by something else",
	               path);
}

/* What must be so whatever is made of the entry. */
static int check_type(const struct unpacker *u, struct archive_entry *ae, const char *path,
                      struct err *e)
{
	int64_t size = archive_entry_size(ae);
	char name[NAME_SHOWN + sizeof("entry ''")];
	const char *target;

	switch (archive_entry_filetype(ae)) {
	case S_IFREG:
		(void)snprintf(name, sizeof(name), "entry '%.*s'", NAME_SHOWN, path);
		return size < 0 || (uint64_t)size > u->job->max_bytes
		               ? unpack_too_large(e, u->job->max_bytes, name)
		               : 0;
	case S_IFLNK:
		target = archive_entry_symlink(ae);
		return !target || !target[0] || strlen(target) >= PATH_MAX
		               ? BAD_LAYER(e, "link '%.*s' has no valid target", NAME_SHOWN, path)
		               : 0;
	case S_IFDIR:
	case S_IFIFO:
	case S_IFCHR:
	case S_IFBLK:
		return 0;
	default:
		return BAD_LAYER(e, "entry '%.*s' is of an unknown type", NAME_SHOWN, path);
	}
}

int unpack_entry(struct unpacker *u, struct archive_entry *ae, struct err *e)
{
	const char *name = archive_entry_pathname(ae), *target = archive_entry_hardlink(ae);
	char path[PATH_MAX];
	struct tree_meta meta;
	mode_t type;
	int r;

	if (!name)
		return BAD_LAYER(e, "an entry has a name that is not valid UTF-8");
	r = entry_clean_name(u, name, path, e);
	if (r == 0)
		r = read_meta(u->job, ae, path, &meta, e);
	if (r == 0 && u->is_layer)
		r = take_whiteout(u, path, e);
	if (r != 0)
		return r < 0 ? r : 0;
	/* The root: 0755, so that everybody in the container can enter it; or as it was. */
	if (!strcmp(path, u->is_layer ? "" : u->job->into))
		return archive_entry_filetype(ae) == S_IFDIR
		               ? 0
		               : BAD_LAYER(e, "the archive's root is not a directory");
	if (!u->is_layer)
		r = check_replacement(u, ae, path, e);
	if (r < 0)
		return r;
	type = archive_entry_filetype(ae);
	r = target ? 0 : check_type(u, ae, path, e);
	if (r < 0)
		return r;
	if (u->objects)
		return draft_make_entry(u, ae, path, &meta, e);
	if (target)
		return make_hard_link(u, target, path, e);
	switch (type) {
	case S_IFREG:
		return make_file(u, ae, path, &meta, e);
	case S_IFDIR:
		return make_directory(u, ae, path, &meta, e);
	case S_IFLNK:
	case S_IFIFO:
		return make_special(u, ae, type, path, &meta, e);
	default: /* a device */
		u->result->n_skipped++;
		return 0;
	}
}
