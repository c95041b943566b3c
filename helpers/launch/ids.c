/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/ids.h"

#include "launch/visit.h"
#include "security/idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int ids_read_own(struct launch *l, struct err *e)
{
	int r;

	if (!l->has_userns)
		return 0;
	r = id_map_read("/proc/self/uid_map", &l->own.uids, e);
	return r < 0 ? r : id_map_read("/proc/self/gid_map", &l->own.gids, e);
}

/* The one id, under the number that the document has for it. */
static int write_single(const struct launch *l, struct err *e)
{
	struct id_maps one = { .uids = { { { 0, l->outer_uid, 1 } }, 1 },
		               .gids = { { { 0, l->outer_gid, 1 } }, 1 } };

	if (l->spec.ids.uids.n) {
		one.uids.extents[0].inside = l->spec.ids.uids.extents[0].inside;
		one.gids.extents[0].inside = l->spec.ids.gids.extents[0].inside;
	}
	return id_map_write_single(l->init_pid, &one, e);
}

static int write_nested(const struct launch *l, bool groups, struct err *e)
{
	const struct id_map *own = groups ? &l->own.gids : &l->own.uids;
	const struct id_map *wanted = groups ? &l->spec.ids.gids : &l->spec.ids.uids;
	struct id_map cut;
	int r;

	if (!wanted->n)
		return id_map_write_nested(l->init_pid, groups, own, e);
	r = id_map_nest(wanted, own, false, &cut);
	if (r < 0)
		return err_set(e, UCT_MAP_CHANGED, r,
		               "the container has ids that are not among yours");
	return id_map_write(l->init_pid, groups, &cut, e);
}

int ids_write(const struct launch *l, struct err *e)
{
	int r;

	if (l->join_fd >= 0)
		return 0;
	if (!l->has_userns)
		return write_single(l, e);
	r = write_nested(l, false, e);
	return r < 0 ? r : write_nested(l, true, e);
}

/* What the container's root is among our ids. */
static int find_root(const struct launch *l, uid_t *ret_uid, gid_t *ret_gid, struct err *e)
{
	if (id_map_out(&l->spec.ids.uids, 0, ret_uid) && id_map_out(&l->spec.ids.gids, 0, ret_gid))
		return 0;
	return err_set(e, UCT_MAP_NO_ROOT, -EINVAL, "uid 0 or gid 0 is not mapped");
}

int ids_give_root(const struct launch *l, struct err *e)
{
	static const char *const names[] = { "upper", "hosts", "hostname", "resolv.conf" };
	struct stat st;
	uid_t uid;
	gid_t gid;
	/* fuse-overlayfs keeps files with the ids that they have by default. The others are mounted
	 * as they are. */
	bool keeps = l->plan.backend == BACKEND_FUSE;
	int r;

	if (!ids_are_mapped(l))
		return 0;
	/* It is mounted by init, who has a descriptor of this directory, and perhaps none of the
	 * ids that may search it. Nobody else gets as far as here. */
	if (keeps && fchmod(LAUNCH_CONTAINER, 0711) < 0)
		return err_sys(e, "cannot open the container's directory to its root");
	r = find_root(l, &uid, &gid, e);
	if (r < 0)
		return r;
	for (size_t i = keeps ? 1 : 0; i < ARRAY_SIZE(names); i++) {
		if (fstatat(LAUNCH_CONTAINER, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    (st.st_uid == uid && st.st_gid == gid))
			continue; /* not every container has each of the files */
		if (fchownat(LAUNCH_CONTAINER, names[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
			return err_sys(e, "cannot give '%s' to the container's root", names[i]);
	}
	return 0;
}

/* --- mounting from outside */

struct outside {
	const struct launch *l;
	const struct backend_root *src;
	struct ids_mounts mounts;
};

static void close_mounts(struct ids_mounts *m)
{
	cleanup_close(&m->container_fd);
	cleanup_close(&m->root_fd);
	for (size_t i = 0; i < m->n; i++)
		cleanup_close(&m->source_fds[i]);
	free(m->source_fds);
	*m = (struct ids_mounts){ .container_fd = -EBADF, .root_fd = -EBADF };
}

static int alloc_mounts(const struct spec *spec, struct ids_mounts *ret, struct err *e)
{
	*ret = (struct ids_mounts){ .container_fd = -EBADF,
		                    .root_fd = -EBADF,
		                    .source_fds = calloc(spec->n_mounts + 1, sizeof(int)) };
	if (!ret->source_fds)
		return err_oom(e);
	for (; ret->n < spec->n_mounts; ret->n++)
		ret->source_fds[ret->n] = -EBADF;
	return 0;
}

static bool is_made_outside(const struct spec_mount *m)
{
	return !strcmp(m->type, "bind") || !strcmp(m->type, "overlay");
}

/* Whether we, 0 in the user's own namespace, are somebody in the container. */
static bool knows_us(const struct spec *spec)
{
	uint32_t id;

	return !spec->ids.uids.n || id_map_in(&spec->ids.uids, 0, &id);
}

/* In a visit: the descriptors stay open with the launcher. */
static int mount_outside(void *arg, struct err *e)
{
	struct outside *o = arg;
	_cleanup_close_ int base_fd = -EBADF;
	struct backend_root src = *o->src;
	const struct spec *spec = &o->l->spec;
	uid_t uid = UINT32_MAX;
	gid_t gid = UINT32_MAX;
	int r = knows_us(spec) ? 0 : find_root(o->l, &uid, &gid, e);

	if (r < 0)
		return r;

	if (setns(o->l->mntns_fd, CLONE_NEWNS) < 0)
		return err_sys(e, "cannot enter the container's mount namespace");
	base_fd = rootfs_reopen(src.base_dirfd, e);
	if (base_fd < 0)
		return base_fd;
	o->mounts.container_fd = rootfs_reopen(src.container_dirfd, e);
	if (o->mounts.container_fd < 0)
		return o->mounts.container_fd;
	src.base_dirfd = base_fd;
	src.container_dirfd = o->mounts.container_fd;
	if (src.backend != BACKEND_FUSE) {
		o->mounts.root_fd = backend_mount(&src, e);
		if (o->mounts.root_fd < 0)
			return o->mounts.root_fd;
	}
	for (size_t i = 0; i < spec->n_mounts; i++) {
		if (!is_made_outside(&spec->mounts[i]))
			continue;
		r = rootfs_fill_source(o->mounts.root_fd, &spec->mounts[i], uid, gid, e);
		if (r == 0)
			r = rootfs_make_source(o->mounts.root_fd, spec, &spec->mounts[i],
			                       &o->mounts.source_fds[i], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int send_fd(const struct launch *l, int fd, struct err *e)
{
	struct sync_msg m = { .step = SYNC_MOUNT };

	return fd < 0 ? 0 : sync_send(l->init_sync_fd, &m, fd, e);
}

int ids_send_mounts(struct launch *l, const struct backend_root *src, struct err *e)
{
	struct outside o = { .l = l, .src = src };
	int r = alloc_mounts(&l->spec, &o.mounts, e);

	if (r == 0)
		r = visit(mount_outside, &o, 0, e);
	if (r == 0)
		r = send_fd(l, o.mounts.container_fd, e);
	if (r == 0)
		r = send_fd(l, o.mounts.root_fd, e);
	for (size_t i = 0; i < o.mounts.n && r == 0; i++)
		r = send_fd(l, o.mounts.source_fds[i], e);
	close_mounts(&o.mounts);
	return r;
}

int ids_receive_mounts(const struct init_context *c, struct ids_mounts *ret, struct err *e)
{
	const struct spec *spec = c->spec;
	struct sync_msg m;
	int r = alloc_mounts(spec, ret, e);

	if (r == 0)
		r = sync_expect(c->sync_fd, SYNC_MOUNT, "launcher", &m, &ret->container_fd, e);
	if (r == 0 && c->root.backend != BACKEND_FUSE)
		r = sync_expect(c->sync_fd, SYNC_MOUNT, "launcher", &m, &ret->root_fd, e);
	for (size_t i = 0; i < spec->n_mounts && r == 0; i++)
		if (is_made_outside(&spec->mounts[i]))
			r = sync_expect(c->sync_fd, SYNC_MOUNT, "launcher", &m, &ret->source_fds[i],
			                e);
	return r;
}
