/* SPDX-License-Identifier: Apache-2.0 */
#include "container/backend.h"

#include "container/backends.h"
#include "container/mount.h"

#include <fcntl.h>
#include <string.h>

static const struct {
	const char *name;
	int (*mount)(const struct backend_root *b, struct err *e);
} backends[BACKEND_COUNT] = {
	[BACKEND_OVERLAY] = { "overlay", backend_mount_overlay },
	[BACKEND_FUSE] = { "fuse-overlayfs", backend_mount_fuse },
	[BACKEND_COPY] = { "copy", backend_mount_copy },
};

const char *backend_name(enum mount_backend b)
{
	return backends[b].name;
}

int backend_parse(const char *name, enum mount_backend *ret)
{
	for (size_t i = 0; i < BACKEND_COUNT; i++)
		if (!strcmp(name, backends[i].name)) {
			*ret = (enum mount_backend)i;
			return 0;
		}
	return -EINVAL;
}

int backend_mount(const struct backend_root *b, struct err *e)
{
	return backends[b->backend].mount(b, e);
}

void layer_fds_done(struct layer_fds *l)
{
	for (size_t i = 0; i < l->n; i++)
		(void)close(l->fds[i]);
	free(l->fds);
}

int layer_fds_open(int base_dirfd, char *const *paths, struct layer_fds *ret, struct err *e)
{
	size_t n = 0;

	while (paths && paths[n])
		n++;
	ret->fds = calloc(n + 2, sizeof(*ret->fds)); /* room for one more on top */
	if (!ret->fds)
		return err_oom(e);
	for (; ret->n < n; ret->n++) {
		int fd = openat(base_dirfd, paths[ret->n],
		                O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (fd < 0)
			return err_set(e, UCT_STORE_DAMAGED, -errno, "cannot open layer '%s': %s",
			               paths[ret->n], strerror(errno));
		ret->fds[ret->n] = fd;
	}
	return 0;
}

int backend_mount_overlay(const struct backend_root *b, struct err *e)
{
	_cleanup_close_ int upper_fd = -EBADF, work_fd = -EBADF;
	_cleanup_layer_fds_ struct layer_fds lower = { 0 }, data = { 0 };
	int r = layer_fds_open(b->base_dirfd, b->layers, &lower, e);

	if (r == 0)
		r = layer_fds_open(b->base_dirfd, b->data, &data, e);
	upper_fd = openat(b->container_dirfd, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!b->is_looked_at)
		work_fd = openat(b->container_dirfd, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && (upper_fd < 0 || (work_fd < 0 && !b->is_looked_at)))
		r = err_sys(e, "cannot open the container's directories");
	if (r < 0)
		return r;
	/* One that is only looked at has it as its topmost layer: nothing about it changes. */
	if (b->is_looked_at)
		lower.fds[lower.n++] = TAKE_FD(upper_fd);
	struct mount_overlay o = {
		.lower_fds = lower.fds,
		.n_lower = lower.n,
		.data_fds = data.fds,
		.n_data = data.n,
		.upper_fd = upper_fd,
		.work_fd = work_fd,
		.is_volatile = b->is_volatile,
	};

	r = mount_overlay(&o, b->container_dirfd, "root", e);
	return r < 0 && data.n ? err_recode(e, r, UCT_NO_OBJECTS) : r;
}
