/* SPDX-License-Identifier: Apache-2.0 */
/* pack-diff - what a container added (A), changed (C) and deleted (D), as Docker tells it
 *
 * What overlayfs copied up without a change is none. A directory is listed as changed if its own
 * mode or owner is, or if anything below it is listed. In a directory that was made anew in place
 * of an old one, what the old one had and the new one has not is deleted.
 *
 * Directories are remembered until something below them is listed, so that they come out in front
 * of it.
 *
 * Two images are compared in the same words, by what overlayfs would show of the layers of each.
 */
#include "store/pack.h"

#include "base/sbuf.h"
#include "base/strv.h"
#include "store/file-capability.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/fd.h"

enum { FLUSH_AT = 1 << 16 };

struct diff {
	struct pack_upper_job *job; /* NULL: of images */
	int out_fd, proc_fd;
	struct sbuf out;
	char told[PATH_MAX]; /* the directory that was listed last, and so all above it */
	size_t told_len;
};

static int flush(struct diff *d, struct err *e)
{
	int r = d->out.err;

	if (r == 0 && d->out.len)
		r = fd_write_all(d->out_fd, d->out.s, d->out.len);
	sbuf_clear(&d->out);
	return r < 0 ? err_errno(e, r, "cannot write the list of changes") : 0;
}

static void put(struct diff *d, char kind, const char *path, size_t n)
{
	sbuf_addc(&d->out, kind);
	sbuf_addc(&d->out, '/');
	sbuf_add(&d->out, path, n);
	sbuf_addc(&d->out, '\0');
}

/* How much of @path is a directory that was listed already. */
static size_t common(const struct diff *d, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i <= d->told_len; i++) {
		bool ends_told = i == d->told_len, ends_here = path[i] == '/' || path[i] == '\0';

		if (i > 0 && ends_here && (ends_told || d->told[i] == '/'))
			n = i;
		if (ends_told || path[i] == '\0' || path[i] != d->told[i])
			break;
	}
	return n;
}

static void tell_parents(struct diff *d, const char *path)
{
	for (size_t at = common(d, path);;) {
		const char *slash = strchr(path + at + (at > 0), '/');

		if (!slash)
			break;
		at = (size_t)(slash - path);
		put(d, 'C', path, at);
	}
}

static int tell(struct diff *d, char kind, const char *path, bool is_dir, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t n = is_dir ? strlen(path) : slash ? (size_t)(slash - path) : 0;

	tell_parents(d, path);
	put(d, kind, path, strlen(path));
	memcpy(d->told, path, n);
	d->told[n] = '\0';
	d->told_len = n;
	return d->out.len >= FLUSH_AT || d->out.err ? flush(d, e) : 0;
}

/* A copy's may be for another root than the layers'. */
static ssize_t capability(const struct pack_upper_job *job, int fd, char value[64])
{
	ssize_t n = fd < 0 ? -1 : fgetxattr(fd, FILE_CAPABILITY_XATTR, value, 64);

	return job->is_whole ? file_capability_plain(value, n) : n;
}

static bool has_other_capability(const struct pack_upper_job *job, const struct walk_entry *x)
{
	_cleanup_close_ int now_fd = open_again(job->proc_fd, x->fd, O_RDONLY);
	_cleanup_close_ int then_fd = lower_open(x->parent_lower, x->name, job->proc_fd);
	char now[64], then[64];
	ssize_t a = capability(job, now_fd, now), b = capability(job, then_fd, then);

	return a != b || (a > 0 && memcmp(now, then, (size_t)a) != 0);
}

static bool has_other_owner(const struct pack_upper_job *job, const struct stat *now,
                            const struct stat *then)
{
	uint32_t uid = now->st_uid, gid = now->st_gid;

	if (job->is_whole && job->owners.maps && !job->owners.noted) {
		(void)id_map_in(&job->owners.maps->uids, uid, &uid); /* else it was left alone */
		(void)id_map_in(&job->owners.maps->gids, gid, &gid);
	}
	return uid != then->st_uid || gid != then->st_gid;
}

bool pack_differs(const struct pack_upper_job *job, const struct walk_entry *x,
                  const struct stat *then)
{
	const struct stat *now = &x->st;

	if (now->st_mode != then->st_mode || now->st_rdev != then->st_rdev ||
	    has_other_owner(job, now, then))
		return true;
	if (S_ISDIR(now->st_mode)) /* size and time only tell that something happened inside */
		return false;
	if (now->st_size != then->st_size || now->st_mtim.tv_sec != then->st_mtim.tv_sec ||
	    now->st_mtim.tv_nsec != then->st_mtim.tv_nsec)
		return true;
	return S_ISREG(now->st_mode) && has_other_capability(job, x);
}

/* fuse-overlayfs 1.10: "user.fuseoverlayfs.opaque" and, for readers without attributes, files
 * ".wh..wh..opq" and ".wh..opq" in an opaque directory; ".wh.NAME" where it could not make a
 * device. It lets no container make such names itself. */
const char *pack_fuse_mark(const struct pack_upper_job *job, const char *name)
{
	if (!job->is_fuse || strncmp(name, ".wh.", 4) != 0)
		return NULL;
	return !strcmp(name, ".wh..wh..opq") || !strcmp(name, ".wh..opq") ? "" : name + 4;
}

bool pack_is_opaque(const struct pack_upper_job *job, int dir_fd)
{
	char value[2];

	return job->is_whole || is_opaque(dir_fd) ||
	       (job->is_fuse &&
	        fgetxattr(dir_fd, "user.fuseoverlayfs.opaque", value, sizeof(value)) == 1 &&
	        value[0] == 'y') ||
	       (job->is_fuse && faccessat(dir_fd, ".wh..wh..opq", F_OK, AT_SYMLINK_NOFOLLOW) == 0);
}

/* 1: something of this name was there before the removal; a path that was not is no news. */
static int tell_removed(struct diff *d, const struct walk_entry *x, const char *name, struct err *e)
{
	char path[PATH_MAX + NAME_MAX];
	struct stat then;
	int r = 0;

	if (*name && x->parent_lower)
		r = lower_find(x->parent_lower, name, &then, NULL, e);
	if (r <= 0)
		return r;
	(void)snprintf(path, sizeof(path), "%.*s%s", (int)(strlen(x->path) - strlen(x->name)),
	               x->path, name);
	return tell(d, 'D', path, false, e);
}

static int visit(void *arg, const struct walk_entry *x, struct err *e)
{
	struct diff *d = arg;
	bool is_dir = S_ISDIR(x->st.st_mode), existed = false;
	struct stat then;
	int r = 0;

	if (!x->path[0])
		return 1;
	if (pack_fuse_mark(d->job, x->name))
		return tell_removed(d, x, pack_fuse_mark(d->job, x->name), e);
	if (x->parent_lower) {
		r = lower_find(x->parent_lower, x->name, &then, is_dir ? x->lower : NULL, e);
		if (r < 0)
			return r;
		existed = r > 0;
	}
	if (S_ISCHR(x->st.st_mode) && x->st.st_rdev == 0)
		return existed ? tell(d, 'D', x->path, false, e) : 0;
	if (pack_is_hidden(d->job, x))
		return 0;
	r = 0;
	if (!existed)
		r = tell(d, 'A', x->path, is_dir, e);
	else if (pack_differs(d->job, x, &then))
		r = tell(d, 'C', x->path, is_dir, e);
	return r < 0 ? r : 1;
}

/* In an opaque directory: what the lower one had. */
static int enter(void *arg, const char *path, int dir_fd, const struct lower *lower, struct err *e)
{
	_cleanup_strv_ struct strv names = { 0 };
	struct diff *d = arg;
	struct stat st;
	int r;

	if (!lower->n || !pack_is_opaque(d->job, dir_fd))
		return 0;
	r = lower_names(lower, d->job->proc_fd, &names, e);
	for (size_t i = 0; i < names.n && r == 0; i++) {
		char child[PATH_MAX + NAME_MAX + 2];

		if (fstatat(dir_fd, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (snprintf(child, sizeof(child), "%s%s%s", path, *path ? "/" : "", names.v[i]) <
		    PATH_MAX)
			r = tell(d, 'D', child, false, e);
	}
	return r;
}

bool pack_is_hidden(const struct pack_upper_job *job, const struct walk_entry *x)
{
	char *const *h = job->hidden;
	struct stat st;

	if (x->parent_lower && lower_find(x->parent_lower, x->name, &st, NULL, NULL) > 0)
		return false;
	while (h && *h && strcmp(*h + 1, x->path) != 0)
		h++;
	if (!h || !*h)
		return false;
	if (S_ISREG(x->st.st_mode))
		return x->st.st_size == 0;
	if (S_ISDIR(x->st.st_mode)) {
		_cleanup_close_ int fd = open_again(job->proc_fd, x->fd, O_RDONLY | O_DIRECTORY);
		_cleanup_strv_ struct strv names = { 0 };
		bool is_empty = fd >= 0 && read_names(fd, &names, NULL) == 0;

		for (size_t i = 0; i < names.n; i++)
			is_empty = is_empty && pack_fuse_mark(job, names.v[i]);
		return is_empty;
	}
	return false;
}

int pack_diff(struct pack_upper_job *job, struct err *e)
{
	static const struct walk_ops ops = { .visit = visit, .enter = enter };
	struct diff d = { .job = job, .out_fd = job->out_fd, .out = SBUF_INIT(1 << 24) };
	int r = walk_tree(job->upper_fd, job->proc_fd, &job->lower, &ops, &d, e);

	if (r == 0)
		r = flush(&d, e);
	sbuf_done(&d.out);
	return r;
}

/* --- images */

/* What a metadata tree says where the content is: files of two images that were built to have the
 * same times differ in nothing else. Sizes of -1: there is none. */
struct content {
	char where[PATH_MAX], cap[64];
	ssize_t n_where, n_cap;
};

static void content_of(const struct lower *l, const char *name, int proc_fd, struct content *ret)
{
	_cleanup_close_ int fd = lower_open(l, name, proc_fd);

	ret->n_where = ret->n_cap = -1;
	if (fd < 0)
		return;
	ret->n_where = fgetxattr(fd, "user.overlay.redirect", ret->where, sizeof(ret->where));
	ret->n_cap = fgetxattr(fd, FILE_CAPABILITY_XATTR, ret->cap, sizeof(ret->cap));
}

struct pair {
	const struct lower *then, *now;
	struct stat then_st, now_st;
	const char *name;
};

static bool pair_differs(const struct diff *d, const struct pair *p)
{
	const struct stat *a = &p->then_st, *b = &p->now_st;
	struct content then, now;

	if (a->st_ino == b->st_ino && a->st_dev == b->st_dev)
		return false;
	if (a->st_mode != b->st_mode || a->st_rdev != b->st_rdev || a->st_uid != b->st_uid ||
	    a->st_gid != b->st_gid)
		return true;
	if (S_ISDIR(b->st_mode))
		return false;
	if (a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	    a->st_mtim.tv_nsec != b->st_mtim.tv_nsec)
		return true;
	if (!S_ISREG(b->st_mode))
		return false;
	content_of(p->then, p->name, d->proc_fd, &then);
	content_of(p->now, p->name, d->proc_fd, &now);
	if (then.n_cap != now.n_cap ||
	    (now.n_cap > 0 && memcmp(then.cap, now.cap, (size_t)now.n_cap) != 0))
		return true;
	return then.n_where > 0 && now.n_where > 0 &&
	       (then.n_where != now.n_where ||
	        memcmp(then.where, now.where, (size_t)now.n_where) != 0);
}

static int compare_dirs(struct diff *d, const char *path, const struct lower *then,
                        const struct lower *now, struct err *e);

/* A name that is there now. */
static int compare_name(struct diff *d, const char *path, struct pair *p, struct err *e)
{
	struct lower then = { 0 }, now = { 0 };
	const struct lower nothing = { 0 };
	bool existed = false, is_dir, was_dir = false;
	int r = lower_find(p->now, p->name, &p->now_st, &now, e);

	if (r > 0 && p->then->n) {
		int k = lower_find(p->then, p->name, &p->then_st, &then, e);

		existed = k > 0;
		was_dir = existed && S_ISDIR(p->then_st.st_mode);
		r = k < 0 ? k : r;
	}
	is_dir = r > 0 && S_ISDIR(p->now_st.st_mode);
	if (r > 0 && !existed)
		r = tell(d, 'A', path, is_dir, e);
	else if (r > 0 && pair_differs(d, p))
		r = tell(d, 'C', path, is_dir, e);
	if (r >= 0 && is_dir)
		r = compare_dirs(d, path, was_dir ? &then : &nothing, &now, e);
	lower_done(&then);
	lower_done(&now);
	return MIN(r, 0);
}

static int compare_dirs(struct diff *d, const char *path, const struct lower *then,
                        const struct lower *now, struct err *e)
{
	_cleanup_strv_ struct strv old = { 0 }, all = { 0 };
	int r = lower_names(now, d->proc_fd, &all, e);

	if (r == 0 && then->n)
		r = lower_names(then, d->proc_fd, &old, e);
	for (size_t i = 0, k = 0; r == 0 && (i < all.n || k < old.n);) {
		int order = i == all.n ? 1 : k == old.n ? -1 : strcmp(all.v[i], old.v[k]);
		const char *name = order > 0 ? old.v[k] : all.v[i];
		struct pair p = { .then = then, .now = now, .name = name };
		_cleanup_free_ char *child = strf("%s%s%s", path, *path ? "/" : "", name);

		if (!child)
			r = err_oom(e);
		else if (strlen(child) >= PATH_MAX)
			r = err_set(e, UCT_STORE_DAMAGED, -ENAMETOOLONG, "a layer is too deep");
		else
			r = order > 0 ? tell(d, 'D', child, false, e)
			              : compare_name(d, child, &p, e);
		i += order <= 0;
		k += order >= 0;
	}
	return r;
}

int pack_compare(const struct pack_compare_job *job, struct err *e)
{
	struct diff d = { .out_fd = job->out_fd,
		          .proc_fd = job->proc_fd,
		          .out = SBUF_INIT(1 << 24) };
	int r = compare_dirs(&d, "", &job->then, &job->now, e);

	if (r == 0)
		r = flush(&d, e);
	sbuf_done(&d.out);
	return r;
}
