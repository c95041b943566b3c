/* SPDX-License-Identifier: Apache-2.0 */
#include "store/meta-tree.h"

#include "base/array.h"
#include "base/file.h"
#include "store/file-capability.h"
#include "store/layer-index.h"
#include "store/meta-opaque.h"
#include "store/meta-place.h"

#include "store/owner-note.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

static const uid_t OUTSIDE = (uid_t)-1;
static const mode_t OUTSIDE_MODE = (mode_t)-1; /* no file has it */

/* A directory that is being filled: what it becomes when it is left. */
struct level {
	struct layer_entry entry;
	size_t path_len;
	/* Of an implied one that a lower layer has: it stays as it was. */
	bool keeps;
	struct stat was;
	int parent_fd; /* of one that was reached by a link; else -EBADF, and ".." leads there */
	bool gives_group, parent_gives_group;
};

/* A file that has other names. */
struct named {
	uint32_t entry;
	char *path;
};

struct builder {
	struct layer_index index;
	int root_fd, fd;  /* the current directory */
	bool gives_group; /* has the set-group-id bit: what is made in it has its group */
	struct meta_tree_owners owners;
	bool is_first;   /* nothing is below this layer */
	bool is_cleared; /* meta_opaque_clear() was here */
	struct level *levels;
	size_t n_levels, cap_levels;
	struct named *named; /* by entry, since they come in that order */
	size_t n_named, cap_named;
	uint32_t entry; /* number of the current one */
	char path[PATH_MAX + NAME_MAX + 2];
	size_t path_len;
	char name[PATH_MAX], target[PATH_MAX]; /* of the current entry, terminated */
};

int meta_set_content(int fd, uint64_t size_bytes, const char *object, struct err *e)
{
	char redirect[OBJECT_NAME_SIZE + 1];
	int n = snprintf(redirect, sizeof(redirect), "/%s", object);

	if (ftruncate(fd, (off_t)size_bytes) < 0)
		return err_sys(e, "cannot set the size of a file");
	if (fsetxattr(fd, "user.overlay.metacopy", "", 0, 0) < 0 ||
	    fsetxattr(fd, "user.overlay.redirect", redirect, (size_t)n, 0) < 0)
		return err_sys(e, "cannot point a file at its object");
	return 0;
}

static int owner_error(const struct builder *b, const struct layer_entry *t, struct err *e)
{
	if (errno != EINVAL && errno != EOVERFLOW)
		return err_sys(e, "cannot set the owner of '%s'", b->path);
	if (b->owners.maps)
		return err_set(e, UCT_OWNER_OUTSIDE_MAP, -EINVAL,
		               "owner %u:%u of '%.200s' is outside the container's id map", t->uid,
		               t->gid, b->path);
	return err_hint(e,
	                err_set(e, UCT_BAD_LAYER, -EBADMSG,
	                        "owner %u:%u of '%.200s' is outside the id map", t->uid, t->gid,
	                        b->path),
	                "have more subordinate ids: usermod --add-subuids, --add-subgids");
}

static void times_of(const struct layer_entry *t, struct timespec ret[2])
{
	ret[0] = (struct timespec){ 0, UTIME_OMIT };
	ret[1] = (struct timespec){ (time_t)t->mtime_s, (long)t->mtime_ns };
}

/* As the tree is to have them; false: nobody can be given anything. */
static bool owner_of(const struct builder *b, const struct layer_entry *t, uid_t *ret_uid,
                     gid_t *ret_gid)
{
	const struct id_maps *maps = b->owners.maps;

	*ret_uid = t->uid;
	*ret_gid = t->gid;
	if (b->owners.single_id)
		return false;
	/* (uid_t)-1 would mean "as it is". */
	if (maps && (!id_map_out(&maps->uids, t->uid, ret_uid) ||
	             !id_map_out(&maps->gids, t->gid, ret_gid)))
		*ret_uid = OUTSIDE;
	return true;
}

/* @is_ours: just made, so that it belongs to root unless the directory has another group to give.
 */
static int give(const struct builder *b, int fd, bool is_ours, const struct layer_entry *t,
                struct err *e)
{
	uid_t uid;
	gid_t gid;

	if (!owner_of(b, t, &uid, &gid))
		return owner_note(fd, t->uid, t->gid, b->path, e);
	if (is_ours && !b->gives_group && !uid && !gid)
		return 0;
	if (uid == OUTSIDE)
		errno = EINVAL;
	return uid == OUTSIDE || fchown(fd, uid, gid) < 0 ? owner_error(b, t, e) : 0;
}

static int give_special(const struct builder *b, const struct layer_entry *t, struct err *e)
{
	uid_t uid;
	gid_t gid;

	if (!owner_of(b, t, &uid, &gid) || (!uid && !gid && !b->gives_group))
		return 0;
	if (uid == OUTSIDE)
		errno = EINVAL;
	return uid == OUTSIDE || fchownat(b->fd, b->name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0
	               ? owner_error(b, t, e)
	               : 0;
}

/* For the container's root, not ours. */
static int set_capability(const struct builder *b, int fd, const struct layer_xattr *a)
{
	uint8_t v3[FILE_CAPABILITY_V3];
	uint32_t root;

	if (!b->owners.maps || !id_map_out(&b->owners.maps->uids, 0, &root) ||
	    file_capability_for(a->value, (ssize_t)a->value_len, root, v3) < 0)
		return fsetxattr(fd, FILE_CAPABILITY_XATTR, a->value, a->value_len, 0);
	return fsetxattr(fd, FILE_CAPABILITY_XATTR, v3, sizeof(v3), 0);
}

/* In this order: chown drops set-uid bits and capabilities. @mode: what it has been made with. */
static int apply(const struct builder *b, int fd, mode_t mode, const struct layer_entry *t,
                 struct err *e)
{
	struct layer_entry left = *t;
	struct layer_xattr a;
	struct timespec times[2];
	char name[256];
	int r;

	r = give(b, fd, t->type == LAYER_FILE, t, e);
	while (r == 0 && layer_xattr_next(&left, &a) == 1) {
		memcpy(name, a.name, a.name_len); /* layer_index_next() has seen to it */
		name[a.name_len] = '\0';
		/* Without ids to map nothing could be set, and nothing would obey it. */
		if (b->owners.single_id && strncmp(name, "user.", 5) != 0)
			continue;
		if (!strcmp(name, "security.capability") && b->owners.maps) {
			if (set_capability(b, fd, &a) < 0)
				return err_sys(e, "cannot set the capabilities of '%s'", b->path);
			continue;
		}
		if (fsetxattr(fd, name, a.value, a.value_len, 0) < 0)
			return err_sys(e, "cannot set attribute '%.64s' of '%s'", name, b->path);
	}
	if (r < 0)
		return r;
	if (t->mode != mode && fchmod(fd, t->mode) < 0)
		return err_sys(e, "cannot set the mode of '%s'", b->path);
	times_of(t, times);
	return futimens(fd, times) < 0 ? err_sys(e, "cannot set the time of '%s'", b->path) : 0;
}

static int remember(struct builder *b, const struct layer_entry *t, struct err *e)
{
	char *copy;

	if (!(t->flags & LAYER_NAMED_AGAIN))
		return 0;
	copy = strdup(b->path);
	if (!copy || array_grow(&b->named, b->n_named, &b->cap_named, sizeof(*b->named)) < 0) {
		free(copy);
		return err_oom(e);
	}
	b->named[b->n_named++] = (struct named){ b->entry, copy };
	return 0;
}

static int by_entry(const void *key, const void *element)
{
	uint32_t k = *(const uint32_t *)key, x = ((const struct named *)element)->entry;

	return k < x ? -1 : k > x;
}

/* Makes way: what a lower layer has under the current name is hidden. */
static int hide(const struct builder *b, struct err *e)
{
	return b->is_first ? 0 : tree_remove_at(b->fd, b->name, e);
}

/* The same where nothing was expected: 1 if there was something to hide. */
static int hide_found(const struct builder *b, struct err *e)
{
	int r;

	if (errno != EEXIST || b->is_first)
		return err_sys(e, "cannot create '%s'", b->path);
	r = tree_remove_at(b->fd, b->name, e);
	return r < 0 ? r : 1;
}

static int create_file(const struct builder *b, mode_t mode, struct err *e)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(b->fd, b->name, flags, mode), r;

	if (fd >= 0)
		return fd;
	r = hide_found(b, e);
	if (r < 0)
		return r;
	fd = openat(b->fd, b->name, flags, mode);
	return fd < 0 ? err_sys(e, "cannot create '%s'", b->path) : fd;
}

static int make_file(struct builder *b, const struct layer_entry *t, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char object[OBJECT_NAME_SIZE];
	struct object_id id;
	/* Without capabilities, attributes can be set only of what may be written (xattr(7)). */
	mode_t mode = b->owners.single_id ? 0600 : t->mode & 0777;
	int r = 0;

	fd = create_file(b, mode, e);
	if (fd < 0)
		return fd;
	if (t->ref != LAYER_INDEX_NO_OBJECT) {
		layer_index_object(&b->index, t->ref, &id);
		object_name(id.digest, object);
		r = meta_set_content(fd, id.size_bytes, object, e);
	}
	return r < 0 ? r : apply(b, fd, mode, t, e);
}

static int try_special(const struct builder *b, const struct layer_entry *t)
{
	return t->type == LAYER_LINK ? symlinkat(b->target, b->fd, b->name)
	                             : mknodat(b->fd, b->name, S_IFIFO | 0600, 0);
}

static int make_special(struct builder *b, const struct layer_entry *t, struct err *e)
{
	struct timespec times[2];
	int r;

	times_of(t, times);
	if (try_special(b, t) < 0) {
		r = hide_found(b, e);
		if (r < 0)
			return r;
		if (try_special(b, t) < 0)
			return err_sys(e, "cannot create '%s'", b->path);
	}
	r = give_special(b, t, e);
	if (r < 0)
		return r;
	if (t->type == LAYER_FIFO && fchmodat(b->fd, b->name, t->mode, 0) < 0)
		return err_sys(e, "cannot set the mode of '%s'", b->path);
	if (utimensat(b->fd, b->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot set the time of '%s'", b->path);
	return 0;
}

static int make_same(const struct builder *b, const struct layer_entry *t, struct err *e)
{
	const struct named *x =
		b->n_named ? bsearch(&t->ref, b->named, b->n_named, sizeof(*b->named), by_entry)
			   : NULL;
	int r;

	if (!x)
		return err_set(e, UCT_INDEX_DAMAGED, -EUCLEAN,
		               "'%.200s' is a hard link to what is no file of the layer", b->path);
	if (linkat(b->root_fd, x->path, b->fd, b->name, 0) == 0)
		return 0;
	r = hide_found(b, e);
	if (r < 0)
		return r;
	if (linkat(b->root_fd, x->path, b->fd, b->name, 0) < 0)
		return err_sys(e, "cannot link '%s'", b->path);
	return 0;
}

/* A directory of a lower layer shows the attributes of the topmost that mentions it. */
static int drop_xattrs(int fd, struct err *e)
{
	_cleanup_free_ char *names = NULL;
	ssize_t size = flistxattr(fd, NULL, 0);

	if (size <= 0)
		return 0; /* none, or none are possible */
	names = malloc((size_t)size + 1);
	if (!names)
		return err_oom(e);
	size = flistxattr(fd, names, (size_t)size);
	for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1)
		if ((!strncmp(names + at, "user.", 5) ||
		     !strcmp(names + at, "security.capability")) &&
		    fremovexattr(fd, names + at) < 0)
			return err_sys(e, "cannot remove an attribute");
	return 0;
}

/* "lib" of a layer whose lower one has lib -> usr/lib, if no entry says that it is a directory now:
 * files in it belong to usr/lib, as they would for whoever unpacks one layer after the other. */
static int follow_link(struct builder *b, const struct layer_entry *t, struct level *ret)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		                .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	struct stat st;
	int fd;

	if (!(t->flags & LAYER_IMPLIED) || b->n_levels == 0 ||
	    fstatat(b->fd, b->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISLNK(st.st_mode))
		return -ENOENT;
	fd = (int)syscall(SYS_openat2, b->root_fd, b->path, &how, sizeof(how));
	if (fd < 0)
		return -ENOENT; /* it leads nowhere: a directory takes its place */
	if (fstat(fd, &ret->was) < 0) {
		(void)close(fd);
		return -errno;
	}
	ret->gives_group = ret->was.st_mode & S_ISGID;
	ret->keeps = true;
	ret->parent_fd = b->fd;
	b->fd = -EBADF;
	return fd;
}

/* The directory of this name, made or taken from the layers below: 1 or 0. @ret_was: what it was.
 */
static int make_or_take(const struct builder *b, const char *name, struct stat *ret_was,
                        struct err *e)
{
	if (b->n_levels > 0 && mkdirat(b->fd, name, 0700) == 0)
		return 1;
	if (b->n_levels > 0 && errno != EEXIST)
		return err_sys(e, "cannot create directory '%s'", b->path);
	if (fstatat(b->fd, name, ret_was, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "cannot stat '%s'", b->path);
	if (!S_ISDIR(ret_was->st_mode)) {
		if (unlinkat(b->fd, name, 0) < 0 || mkdirat(b->fd, name, 0700) < 0)
			return err_sys(e, "cannot create directory '%s'", b->path);
		return 1;
	}
	if (b->owners.single_id && fchmodat(b->fd, name, 0700, 0) < 0)
		return err_sys(e, "cannot make '%s' writable", b->path);
	return b->is_first;
}

static int open_directory(struct builder *b, const struct layer_entry *t, struct level *ret,
                          struct err *e)
{
	const char *name = b->n_levels ? b->name : ".";
	struct stat st = { 0 };
	int fd, r = make_or_take(b, name, &st, e);
	bool is_new = r > 0;

	if (r < 0)
		return r;
	fd = openat(b->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open directory '%s'", b->path);
	ret->keeps = !is_new && t->flags & LAYER_IMPLIED;
	r = is_new || ret->keeps ? 0 : drop_xattrs(fd, e);
	if (ret->keeps)
		ret->was = st; /* as it was before it was made writable */
	ret->gives_group = is_new ? b->gives_group : st.st_mode & S_ISGID;
	if (r == 0 && !is_new && t->flags & LAYER_OPAQUE && !b->is_cleared)
		r = meta_clear_directory(fd, e);
	if (r < 0)
		(void)close(fd);
	return r < 0 ? r : fd;
}

static int enter(struct builder *b, const struct layer_entry *t, struct err *e)
{
	struct level l = { .entry = *t, .path_len = b->path_len, .parent_fd = -EBADF };
	int fd;

	if (array_grow(&b->levels, b->n_levels, &b->cap_levels, sizeof(*b->levels)) < 0)
		return err_oom(e);
	fd = follow_link(b, t, &l);
	if (fd < 0)
		fd = open_directory(b, t, &l, e);
	if (fd < 0)
		return fd;
	cleanup_close(&b->fd);
	b->fd = fd;
	l.parent_gives_group = b->gives_group;
	b->gives_group = l.gives_group;
	b->levels[b->n_levels++] = l;
	return 0;
}

static int restore(const struct builder *b, int fd, const struct stat *was, struct err *e)
{
	const struct timespec times[2] = { { 0, UTIME_OMIT }, was->st_mtim };

	if (fchmod(fd, was->st_mode & 07777) < 0 || futimens(fd, times) < 0)
		return err_sys(e, "cannot leave directory '%s' as it was", b->path);
	return 0;
}

/* Modes and times come last, since every creation inside changes the time and needs the mode. */
static int leave(struct builder *b, struct err *e)
{
	_cleanup_close_ int done_fd = -EBADF;
	struct level l = b->levels[--b->n_levels];

	b->path_len = l.path_len;
	b->path[l.path_len] = '\0';
	b->gives_group = l.parent_gives_group;
	done_fd = b->fd;
	b->fd = l.parent_fd;
	if (b->n_levels > 0 && b->fd < 0) { /* while it may be searched */
		b->fd = openat(done_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (b->fd < 0)
			return err_sys(e, "cannot leave directory '%s'", b->path);
	}
	return l.keeps ? restore(b, done_fd, &l.was, e)
	               : apply(b, done_fd, OUTSIDE_MODE, &l.entry, e);
}

/* The entry's name behind the directory's path; layer_index_next() bounds both. */
static void set_path(struct builder *b, const struct layer_entry *t)
{
	size_t n = b->n_levels ? b->levels[b->n_levels - 1].path_len : 0;

	if (n > 0)
		b->path[n++] = '/';
	memcpy(b->path + n, t->name, t->name_len);
	b->path_len = n + t->name_len;
	b->path[b->path_len] = '\0';
	memcpy(b->name, t->name, t->name_len);
	b->name[t->name_len] = '\0';
	memcpy(b->target, t->target, t->target_len);
	b->target[t->target_len] = '\0';
}

static int make_entry(struct builder *b, const struct layer_entry *t, struct err *e)
{
	int r = 0;

	for (uint16_t i = 0; i < t->up && r == 0; i++)
		r = leave(b, e);
	if (r < 0)
		return r;
	if (t->type != LAYER_CHAR && t->type != LAYER_BLOCK)
		set_path(b, t);
	switch (t->type) {
	case LAYER_CHAR:
	case LAYER_BLOCK: /* no container of a user could open it */
		return 0;
	case LAYER_DIR:
		return enter(b, t, e);
	case LAYER_SAME:
		return make_same(b, t, e);
	case LAYER_WHITEOUT:
		return hide(b, e);
	case LAYER_FILE:
		r = make_file(b, t, e);
		break;
	case LAYER_LINK:
	case LAYER_FIFO:
		r = make_special(b, t, e);
		break;
	}
	return r < 0 ? r : remember(b, t, e);
}

static int build(struct builder *b, struct err *e)
{
	struct layer_entry t;
	int r;

	while ((r = layer_index_next(&b->index, &t, e)) == 1) {
		b->entry = (uint32_t)(b->index.entry - 1);
		r = make_entry(b, &t, e);
		if (r < 0)
			return r;
	}
	while (r == 0 && b->n_levels > 0)
		r = leave(b, e);
	return r;
}

static int open_root(struct builder *b, int dirfd, struct err *e)
{
	int r = meta_place_root(dirfd, e);

	b->is_first = r == 0;
	if (r < 0 && r != -EEXIST)
		return r;
	b->root_fd = openat(dirfd, "fs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	b->fd = b->root_fd < 0 ? -EBADF : fcntl(b->root_fd, F_DUPFD_CLOEXEC, 3);
	/* A home with the set-group-id bit would give its group to everything. */
	if (b->fd >= 0 && b->is_first && fchmod(b->fd, 0755) < 0)
		return err_sys(e, "cannot set the mode of the tree's root");
	return b->fd < 0 ? err_sys(e, "cannot open the tree's root") : 0;
}

int meta_tree_add_mount_points(int dirfd, const struct meta_tree_owners *owners, struct err *e)
{
	static const char *const names[] = { "hosts", "hostname", "resolv.conf" };
	_cleanup_close_ int etc_fd =
		openat(dirfd, "fs/etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct timespec times[2];
	uid_t uid = 0;
	gid_t gid = 0;
	struct stat st;

	if (etc_fd < 0) /* a link, or nothing: each start makes what it needs */
		return 0;
	if (fstat(etc_fd, &st) < 0)
		return err_sys(e, "cannot stat /etc of the tree");
	if (owners->maps && (!id_map_out(&owners->maps->uids, 0, &uid) ||
	                     !id_map_out(&owners->maps->gids, 0, &gid)))
		return 0;
	times[0] = (struct timespec){ 0, UTIME_OMIT };
	times[1] = st.st_mtim;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_close_ int fd =
			openat(etc_fd, names[i],
		               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

		/* EACCES: a read-only /etc, and a single id. */
		if (fd < 0 && errno != EEXIST && errno != EACCES)
			return err_sys(e, "cannot create /etc/%s", names[i]);
		if (fd >= 0 && owners->maps && !owners->single_id && fchown(fd, uid, gid) < 0)
			return err_sys(e, "cannot set the owner of /etc/%s", names[i]);
		if (fd >= 0 && (fchmod(fd, 0644) < 0 || futimens(fd, times) < 0))
			return err_sys(e, "cannot set the mode of /etc/%s", names[i]);
	}
	return futimens(etc_fd, times) < 0 ? err_sys(e, "cannot set the time of /etc") : 0;
}

int meta_tree_add(const void *index, size_t n, int dirfd, const struct meta_tree_owners *owners,
                  struct err *e)
{
	struct builder *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return err_oom(e);
	b->root_fd = b->fd = -EBADF;
	b->owners = *owners;
	r = layer_index_open(index, n, &b->index, e);
	if (r == 0)
		r = open_root(b, dirfd, e);
	if (r == 0 && !b->is_first)
		r = meta_opaque_clear(&b->index, b->root_fd, e);
	b->is_cleared = r > 0;
	if (r >= 0)
		r = build(b, e);
	layer_index_done(&b->index);
	cleanup_close(&b->root_fd);
	cleanup_close(&b->fd);
	while (b->n_named > 0)
		free(b->named[--b->n_named].path);
	free(b->named);
	free(b->levels);
	free(b);
	return r;
}
