/* SPDX-License-Identifier: Apache-2.0 */
#include "container/rootfs.h"

#include "base/strv.h"
#include "container/backend.h"
#include "container/copy-up.h"
#include "container/mount.h"
#include "container/overlay.h"
#include "container/own-tree.h"
#include "container/spec.h"
#include "container/sync.h"
#include "container/user.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

int mount(const char *source, const char *target, const char *fstype, unsigned long flags,
          const void *data); /* sys/mount.h clashes with linux/mount.h in glibc 2.36 */
int umount2(const char *target, int flags);

enum {
	UMOUNT_DETACH = 2,
	PROPAGATE_REC = 16384,
	PROPAGATE_UNBINDABLE = 1 << 17,
	PROPAGATE_PRIVATE = 1 << 18,
	PROPAGATE_SLAVE = 1 << 19,
};

/* What a list of mount options comes to. */
struct options {
	unsigned attrs;            /* MOUNT_ATTR_* */
	unsigned long propagation; /* PROPAGATE_*; 0: as it comes, a slave of the host's */
	bool propagate_below;
	bool is_alone;         /* without what is mounted below the source */
	bool is_ro_alone;      /* read-only, but not what is mounted below the source */
	bool copies_up;        /* it is a volume, or new: filled from the image at the first use */
	bool chowns;           /* all its files are given to the container's user */
	char relabel;          /* 'z', 'Z' or 0 */
	unsigned long insists; /* ST_* that the source must not have */
	const char *subpath;   /* only that part of the source */
	struct overlay_options overlay;
	struct strv config; /* for the file system itself */
};

static const struct {
	const char *name;
	unsigned attr; /* 0: accepted, nothing to do */
} known_options[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME },
	{ "rw", 0 },
	{ "relatime", 0 },
	{ "rbind", 0 },
};

static const struct {
	const char *name;
	unsigned long type;
} propagations[] = {
	{ "private", PROPAGATE_PRIVATE },
	{ "slave", PROPAGATE_SLAVE },
	{ "unbindable", PROPAGATE_UNBINDABLE },
};

/* "private", "rslave" ... */
static bool parse_propagation(const char *s, struct options *o)
{
	bool below = *s == 'r';

	for (size_t i = 0; i < ARRAY_SIZE(propagations); i++)
		if (!strcmp(s + below, propagations[i].name)) {
			o->propagation = propagations[i].type;
			o->propagate_below = below;
			return true;
		}
	return false;
}

/* What the kernel takes back for nobody in a user namespace is asked for in vain. */
static bool take_insistence(const char *text, struct options *o)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} known[] = { { "exec", ST_NOEXEC }, { "suid", ST_NOSUID }, { "dev", 0 } };

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(text, known[i].name)) {
			o->insists |= known[i].flag;
			return true;
		}
	return false;
}

/* Those that are no attribute of a mount. */
static bool take_word(const char *text, struct options *o)
{
	if (!strcmp(text, "bind"))
		o->is_alone = true;
	else if (!strcmp(text, "ro-alone"))
		o->is_ro_alone = true;
	else if (!strcmp(text, "copyup") || !strcmp(text, "tmpcopyup"))
		o->copies_up = true;
	else if (!strcmp(text, "U"))
		o->chowns = true;
	else if (!strcmp(text, "z") || !strcmp(text, "Z"))
		o->relabel = *text;
	else if (!strncmp(text, "subpath=", 8))
		o->subpath = text + 8;
	else
		return take_insistence(text, o) || parse_propagation(text, o) ||
		       overlay_take_option(text, &o->overlay);
	return true;
}

static int parse_options(char *const *list, struct options *ret)
{
	int r = 0;

	for (; *list && r == 0; list++) {
		size_t i = 0;

		while (i < ARRAY_SIZE(known_options) && strcmp(*list, known_options[i].name) != 0)
			i++;
		if (i < ARRAY_SIZE(known_options))
			ret->attrs |= known_options[i].attr;
		else if (!take_word(*list, ret))
			r = strv_add(&ret->config, *list);
	}
	return r;
}

static int clone_failed(const struct spec_mount *m, const struct options *o, int r, struct err *e)
{
	if (r == -ENOENT)
		return err_set(e, UCT_MOUNT_SOURCE, r, "'%s' does not exist", m->source);
	if (r == -EINVAL && o->is_alone)
		return err_hint(e,
		                err_set(e, UCT_VALUE_REFUSED, r,
		                        "'%s' cannot be mounted without what is mounted in it",
		                        m->source),
		                "the kernel lets no user namespace uncover what a mount hides; "
		                "leave bind-nonrecursive out");
	return r;
}

/* No link in a volume leads out of it, whoever planted it. */
static int open_subpath(int dirfd, const char *subpath, struct err *e)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC,
		                .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, dirfd, subpath, &how, sizeof(how));

	return fd < 0 ? err_set(e, UCT_MOUNT_SUBPATH, -errno, "cannot use subpath '%s': %s",
	                        subpath,
	                        errno == EXDEV ? "it leads out of the volume" : strerror(errno))
	              : fd;
}

static int clone_part(const struct spec_mount *m, const struct options *o, struct err *e)
{
	_cleanup_close_ int dirfd = open(m->source, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;

	if (dirfd < 0)
		return err_set(e, UCT_MOUNT_SOURCE, -errno, "cannot use '%s': %s", m->source,
		               strerror(errno));
	fd = open_subpath(dirfd, o->subpath, e);
	return fd < 0 ? fd : mount_clone(fd, "", e);
}

static int check_insistence(int fd, const struct spec_mount *m, const struct options *o,
                            struct err *e)
{
	struct statvfs st;

	if (!o->insists || fstatvfs(fd, &st) < 0 || !(st.f_flag & o->insists))
		return 0;
	return err_set(e, UCT_MOUNT_LOCKED, -EPERM, "'%s' is mounted %s on this machine", m->source,
	               st.f_flag & o->insists & ST_NOEXEC ? "noexec" : "nosuid");
}

/* Attributes and propagation of a detached mount. */
static int limit(int fd, const struct spec_mount *m, const struct options *o, struct err *e)
{
	struct mount_attr alone = { .attr_set = MOUNT_ATTR_RDONLY };
	int r = check_insistence(fd, m, o, e);

	if (r == 0 && o->attrs)
		r = mount_restrict(fd, o->attrs, e);
	if (r == 0 && o->is_ro_alone &&
	    syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &alone, sizeof(alone)) < 0)
		r = err_sys(e, "cannot make a mount read-only");
	if (r == 0 && o->propagation)
		r = mount_propagate(fd, o->propagation, o->propagate_below, e);
	return r < 0 ? err_in(e, r, "cannot mount '%s'", m->target) : 0;
}

static int clone_source(const struct spec_mount *m, const struct options *o, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (!m->source)
		return err_set(e, UCT_BAD_CONFIG, -EINVAL, "mount '%s' has no source", m->target);
	if (o->config.n)
		return err_set(e, UCT_BAD_CONFIG, -EINVAL, "mount '%s': option '%s' is not known",
		               m->target, o->config.v[0]);
	fd = o->subpath    ? clone_part(m, o, e)
	     : o->is_alone ? mount_clone_alone(AT_FDCWD, m->source, e)
	                   : mount_clone(AT_FDCWD, m->source, e);
	return fd >= 0 ? TAKE_FD(fd) : o->subpath ? fd : clone_failed(m, o, fd, e);
}

int rootfs_clone_source(const struct spec_mount *m, struct err *e)
{
	struct options o = { 0 };
	_cleanup_close_ int fd = -EBADF;
	int r = parse_options(m->options, &o) < 0 ? err_oom(e) : clone_source(m, &o, e);

	fd = r;
	if (r >= 0)
		r = limit(fd, m, &o, e);
	strv_done(&o.config);
	return r < 0 ? r : TAKE_FD(fd);
}

int rootfs_fill_source(int root_fd, const struct spec_mount *m, uid_t uid, gid_t gid, struct err *e)
{
	struct options o = { 0 };
	int r = parse_options(m->options, &o) < 0 ? err_oom(e) : 0;

	if (r == 0 && o.copies_up && m->source && uid != UINT32_MAX)
		r = copy_up_give(m->source, uid, gid, e);
	if (r == 0 && o.copies_up && m->source && root_fd >= 0)
		r = copy_up(root_fd, m->target, m->source, e);
	strv_done(&o.config);
	return r;
}

/* Who the program will be, as far as files are concerned. */
static int find_owner(int root_fd, const struct spec *spec, struct own_tree *ret, struct err *e)
{
	struct user user;
	char numbers[32];
	int r;

	(void)snprintf(numbers, sizeof(numbers), "%u:%u", (unsigned)spec->uid, (unsigned)spec->gid);
	r = user_resolve(root_fd, spec->user ? spec->user : numbers, &user, e);
	if (r < 0)
		return r;
	ret->chowns = true;
	ret->uid = user.uid;
	ret->gid = user.gid;
	return 0;
}

/* What U, z and Z ask for; before anything is read-only. @maps: to our own ids, if they are others
 * than the container's. */
static int give_away(int root_fd, const struct spec *spec, const struct id_maps *maps,
                     const struct options *o, int fd, struct err *e)
{
	struct own_tree own = { 0 };
	struct stat st = { 0 };
	int r = o->chowns ? find_owner(root_fd, spec, &own, e) : 0;

	if (r == 0 && o->chowns && maps &&
	    (!id_map_out(&maps->uids, own.uid, &own.uid) ||
	     !id_map_out(&maps->gids, own.gid, &own.gid)))
		return err_set(e, UCT_CHOWN_REFUSED, -EINVAL,
		               "the container's user is not in its id map");
	if (o->relabel && fstat(root_fd, &st) == 0)
		own_label(o->relabel, (uint64_t)st.st_ino * 2654435761U, own.label);
	return r < 0 ? r : own_tree(fd, &own, e);
}

/* An overlay of the document, as a detached mount. */
static int make_overlay(const struct spec_mount *m, const struct options *o, struct err *e)
{
	_cleanup_close_ int made_fd = overlay_mount(&o->overlay, m->target, e), part_fd = -EBADF;

	if (made_fd < 0 || !o->subpath)
		return made_fd < 0 ? made_fd : mount_clone(made_fd, "", e);
	part_fd = open_subpath(made_fd, o->subpath, e);
	return part_fd < 0 ? part_fd : mount_clone(part_fd, "", e);
}

static bool is_overlay(const struct spec_mount *m)
{
	return !strcmp(m->type, "overlay");
}

int rootfs_make_source(int root_fd, const struct spec *spec, const struct spec_mount *m, int *ret,
                       struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct options o = { 0 };
	int r = 0;

	*ret = -EBADF;
	if (!is_overlay(m) && strcmp(m->type, "bind") != 0)
		return 0;
	if (parse_options(m->options, &o) < 0)
		r = err_oom(e);
	else
		r = fd = is_overlay(m) ? make_overlay(m, &o, e) : clone_source(m, &o, e);
	if (r >= 0 && root_fd >= 0)
		r = give_away(root_fd, spec, spec->ids.uids.n ? &spec->ids : NULL, &o, fd, e);
	if (r >= 0)
		r = limit(fd, m, &o, e);
	strv_done(&o.config);
	*ret = r < 0 ? -EBADF : TAKE_FD(fd);
	return MIN(r, 0);
}

/* What was made for the @i-th mount by somebody who may do more than we: its attributes are set,
 * and, if they had seen the image, its volume is filled and its owners are. */
static int made_for(const struct rootfs_made *made, size_t i)
{
	return made ? made->source_fds[i] : -EBADF;
}

static bool is_given(const struct rootfs_made *made)
{
	return made && made->root_fd >= 0;
}

struct building {
	int root_fd;
	const struct spec *spec;
	const struct rootfs_made *made;
};

static int bind_mount(const struct building *b, size_t i, const struct options *o, struct err *e)
{
	const struct spec_mount *m = &b->spec->mounts[i];
	int root_fd = b->root_fd, made_fd = made_for(b->made, i);
	_cleanup_close_ int fd = made_fd, target_fd = -EBADF;
	struct stat st;
	int r = o->copies_up && m->source ? copy_up(root_fd, m->target, m->source, e) : 0;

	if (made_fd >= 0 && r == -EACCES)
		r = 0;
	if (r == 0 && made_fd < 0)
		r = fd = clone_source(m, o, e);
	if (r >= 0)
		r = is_given(b->made) ? 0 : give_away(root_fd, b->spec, NULL, o, fd, e);
	if (r == 0 && made_fd < 0)
		r = limit(fd, m, o, e);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot stat '%s'", m->source);
	target_fd = mount_target(root_fd, m->target, S_ISDIR(st.st_mode) ? MOUNT_TARGET_DIR : 0, e);
	return target_fd < 0 ? target_fd : mount_attach(fd, target_fd, m->target, e);
}

static int overlay_entry(const struct building *b, size_t i, const struct options *o, struct err *e)
{
	const struct spec_mount *m = &b->spec->mounts[i];
	int made_fd = made_for(b->made, i);
	_cleanup_close_ int fd = made_fd < 0 ? make_overlay(m, o, e) : made_fd;
	_cleanup_close_ int target_fd = -EBADF;
	struct stat st;
	int r = MIN(fd, 0);

	if (r == 0 && !is_given(b->made))
		r = give_away(b->root_fd, b->spec, NULL, o, fd, e);
	if (r == 0 && made_fd < 0)
		r = limit(fd, m, o, e);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "cannot look at what is for '%s'", m->target);
	target_fd =
		mount_target(b->root_fd, m->target, S_ISDIR(st.st_mode) ? MOUNT_TARGET_DIR : 0, e);
	return target_fd < 0 ? target_fd : mount_attach(fd, target_fd, m->target, e);
}

/* A cgroup2 file system of the container's own; where the kernel refuses that (a hybrid host, a
 * cgroup namespace of another owner) a read-only view of the host's, as other runtimes give. */
static int cgroup_mount(const struct options *o, struct err *e)
{
	int fd = mount_new("cgroup2", NULL, o->attrs, NULL), r;

	if (fd >= 0)
		return fd;
	fd = mount_clone(AT_FDCWD, "/sys/fs/cgroup", e);
	if (fd < 0)
		return fd;
	r = mount_restrict(fd, o->attrs | MOUNT_ATTR_RDONLY, e);
	if (r < 0)
		cleanup_close(&fd);
	return r < 0 ? r : fd;
}

/* A new file system of the container's own, with what the image has there, given to its user. */
static int fill_new(int fd, int root_fd, const struct spec *spec, const struct spec_mount *m,
                    const struct options *o, struct err *e)
{
	int r = o->copies_up ? copy_up_to(root_fd, m->target, fd, e) : 0;

	if (r == 0)
		r = give_away(root_fd, spec, NULL, o, fd, e);
	return r < 0 ? r : mount_restrict(fd, o->attrs, e);
}

static int new_mount(int root_fd, const struct spec *spec, const struct spec_mount *m,
                     const struct options *o, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, target_fd = -EBADF;
	bool is_plain = !strcmp(m->type, "tmpfs") && strcmp(m->target, "/dev") != 0;
	bool is_filled = is_plain && (o->copies_up || o->chowns);
	unsigned attrs = is_filled ? o->attrs & ~(unsigned)MOUNT_ATTR_RDONLY : o->attrs;
	int r;

	if (!strcmp(m->type, "cgroup") || !strcmp(m->type, "cgroup2"))
		fd = cgroup_mount(o, e);
	else
		fd = mount_new(m->type, (const char *const *)o->config.v, attrs, e);
	/* What the kernel shows read-only outside may be mounted inside in no other way. */
	if (fd == -EPERM && !strcmp(m->type, "sysfs") && !(o->attrs & MOUNT_ATTR_RDONLY))
		fd = mount_new(m->type, (const char *const *)o->config.v,
		               o->attrs | MOUNT_ATTR_RDONLY, e);
	r = MIN(fd, 0);
	if (r == 0 && is_filled)
		r = fill_new(fd, root_fd, spec, m, o, e);
	if (r < 0)
		return err_in(e, r, "cannot mount '%s'", m->target);
	target_fd = mount_target(root_fd, m->target,
	                         MOUNT_TARGET_DIR | (is_plain ? 0 : MOUNT_TARGET_NO_LINKS), e);
	return target_fd < 0 ? target_fd : mount_attach(fd, target_fd, m->target, e);
}

static int spec_mounts(const struct building *b, struct err *e)
{
	for (size_t i = 0; i < b->spec->n_mounts; i++) {
		const struct spec_mount *m = &b->spec->mounts[i];
		struct options o = { 0 };
		int r = parse_options(m->options, &o);

		if (r < 0)
			r = err_oom(e);
		else if (!strcmp(m->type, "bind"))
			r = bind_mount(b, i, &o, e);
		else if (is_overlay(m))
			r = overlay_entry(b, i, &o, e);
		else
			r = new_mount(b->root_fd, b->spec, m, &o, e);
		strv_done(&o.config);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Whether /dev is one that was made here; another has its nodes already. */
static bool has_own_dev(const struct spec *spec)
{
	for (size_t i = spec->n_mounts; i > 0; i--)
		if (!strcmp(spec->mounts[i - 1].target, "/dev"))
			return strcmp(spec->mounts[i - 1].type, "bind") != 0;
	return true;
}

/* Covers a file with /dev/null and a directory with an empty read-only tmpfs. */
static int mask_paths(int root_fd, char *const *paths, struct err *e)
{
	static const char *const empty[] = { "size=0k", "mode=755", NULL };
	int r = 0;

	for (; paths && *paths && r == 0; paths++) {
		_cleanup_close_ int target_fd = mount_lookup(root_fd, *paths), fd = -EBADF;
		struct stat st;

		if (target_fd < 0 || fstat(target_fd, &st) < 0)
			continue; /* this kernel does not have it */
		fd = S_ISDIR(st.st_mode) ? mount_new("tmpfs", empty, MOUNT_ATTR_RDONLY, e)
		                         : mount_clone(AT_FDCWD, "/dev/null", e);
		r = fd < 0 ? fd : mount_attach(fd, target_fd, *paths, e);
		if (r < 0)
			r = err_in(e, r, "cannot mask '%s'", *paths);
	}
	return r;
}

static int protect_paths(int root_fd, char *const *paths, struct err *e)
{
	int r = 0;

	for (; paths && *paths && r == 0; paths++) {
		_cleanup_close_ int target_fd = mount_lookup(root_fd, *paths), fd = -EBADF;

		if (target_fd < 0)
			continue;
		fd = mount_clone(target_fd, "", e);
		r = fd < 0 ? fd : mount_restrict(fd, MOUNT_ATTR_RDONLY, e);
		if (r == 0)
			r = mount_attach(fd, target_fd, *paths, e);
		if (r < 0)
			r = err_in(e, r, "cannot protect '%s'", *paths);
	}
	return r;
}

int rootfs_build(const struct backend_root *src, const struct rootfs_made *made,
                 const struct spec *spec, struct sync_times *times, struct err *e)
{
	_cleanup_close_ int root_fd = -EBADF;
	int r;

	/* Nothing that we mount reaches the host; what the host mounts later may still arrive
	 * until the old root is gone. */
	if (mount(NULL, "/", NULL, PROPAGATE_REC | PROPAGATE_SLAVE, NULL) < 0)
		return err_sys(e, "cannot detach from the host's mounts");
	root_fd = made && made->root_fd >= 0 ? made->root_fd : backend_mount(src, e);
	if (root_fd < 0)
		return root_fd;
	sync_time(times, "overlay");
	r = spec_mounts(&(struct building){ root_fd, spec, made }, e);
	sync_time(times, "mounts");
	if (r == 0 && has_own_dev(spec))
		r = rootfs_devices(root_fd, e);
	sync_time(times, "devices");
	if (r == 0)
		r = mask_paths(root_fd, spec->masked_paths, e);
	if (r == 0)
		r = protect_paths(root_fd, spec->readonly_paths, e);
	sync_time(times, "masks");
	return r < 0 ? r : TAKE_FD(root_fd);
}

int rootfs_reopen(int dirfd, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char link[32], path[PATH_MAX];
	struct stat then, now;
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", dirfd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return err_sys(e, "cannot find the store");
	path[n] = '\0';
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	if (fstat(dirfd, &then) < 0 || fstat(fd, &now) < 0 || then.st_dev != now.st_dev ||
	    then.st_ino != now.st_ino)
		return err_set(e, UCT_ROOTFS_UNUSABLE, -ESTALE, "'%s' was moved or covered", path);
	return TAKE_FD(fd);
}

int rootfs_enter(int root_fd, struct err *e)
{
	if (fchdir(root_fd) < 0)
		return err_sys(e, "cannot enter the container's root");
	/* The old root is put on top of the new one, and taken away again (pivot_root(2)). */
	if (syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(e, "cannot pivot to the container's root");
	if (umount2(".", UMOUNT_DETACH) < 0)
		return err_sys(e, "cannot let go of the host's root");
	if (chdir("/") < 0)
		return err_sys(e, "cannot enter the container's root");
	return 0;
}

int rootfs_protect(int root_fd, struct err *e)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY };

	if (syscall(SYS_mount_setattr, root_fd, "", AT_EMPTY_PATH, &a, sizeof(a)) < 0)
		return err_sys(e, "cannot make the root read-only");
	return 0;
}
