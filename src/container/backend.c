/* SPDX-License-Identifier: Apache-2.0 */
#include "container/backend.h"

#include "container/backends.h"
#include "container/mount.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LAYERS_AT_ONCE = 490, FOLD_LAYERS = 480 };

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

static int open_all(int base_dirfd, char *const *paths, int flags, struct layer_fds *ret,
                    struct err *e)
{
	size_t n = 0;

	while (paths && paths[n])
		n++;
	ret->fds = calloc(n + 2, sizeof(*ret->fds)); /* room for one more on top */
	if (!ret->fds)
		return err_oom(e);
	for (; ret->n < n; ret->n++) {
		int fd =
			openat(base_dirfd, paths[ret->n], O_PATH | O_DIRECTORY | O_CLOEXEC | flags);

		if (fd < 0)
			return err_set(e, UCT_STORE_DAMAGED, -errno, "cannot open layer '%s': %s",
			               paths[ret->n], strerror(errno));
		ret->fds[ret->n] = fd;
	}
	return 0;
}

int layer_fds_open(int base_dirfd, char *const *paths, struct layer_fds *ret, struct err *e)
{
	return open_all(base_dirfd, paths, O_NOFOLLOW, ret, e);
}

int data_fds_open(int base_dirfd, char *const *paths, struct layer_fds *ret, struct err *e)
{
	return open_all(base_dirfd, paths, 0, ret, e);
}

/* The kernel takes 500 layers at once (OVL_MAX_STACK), and one overlay upon another: the lowest
 * become one. Only these: what is removed by a layer has to meet what it removes. */
static int fold_lowest(const struct backend_root *b, struct layer_fds *lower,
                       struct layer_fds *data, struct err *e)
{
	const struct mount_overlay o = {
		.lower_fds = lower->fds,
		.n_lower = FOLD_LAYERS,
		.data_fds = data->fds,
		.n_data = data->n,
		.upper_fd = -EBADF,
		.work_fd = -EBADF,
	};
	int fd = mount_overlay(&o, b->container_dirfd, "root", e);

	if (fd < 0)
		return fd;
	for (size_t i = 0; i < FOLD_LAYERS; i++)
		(void)close(lower->fds[i]);
	lower->fds[0] = fd;
	lower->n -= FOLD_LAYERS - 1;
	memmove(lower->fds + 1, lower->fds + FOLD_LAYERS, (lower->n - 1) * sizeof(*lower->fds));
	while (data->n > 0)
		(void)close(data->fds[--data->n]);
	return 0;
}

/* A tmpfs that the overlay then covers; it lives as long as that. */
static int open_memory(const struct backend_root *b, int *ret_upper_fd, int *ret_work_fd,
                       struct err *e)
{
	const char *const config[] = { "mode=755", b->memory, NULL };
	_cleanup_close_ int fd = -EBADF, target_fd = -EBADF;
	struct stat st;
	int r;

	fd = mount_new("tmpfs", *b->memory ? config : (const char *const[]){ "mode=755", NULL }, 0,
	               e);
	target_fd =
		openat(b->container_dirfd, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fd;
	if (target_fd < 0)
		return err_sys(e, "cannot open the container's directories");
	r = mount_attach(fd, target_fd, "tmpfs", e);
	if (r < 0)
		return r;
	/* Whose the root is was settled on the disk: ids may be shifted. */
	if (fstatat(b->container_dirfd, "upper", &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    mkdirat(fd, "upper", 0755) < 0 || mkdirat(fd, "work", 0755) < 0 ||
	    fchmodat(fd, "upper", 0755, 0) < 0 ||
	    fchownat(fd, "upper", st.st_uid, st.st_gid, 0) < 0)
		return err_sys(e, "cannot make the container's directories");
	*ret_upper_fd = openat(fd, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	*ret_work_fd = openat(fd, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

static int open_disk(const struct backend_root *b, int *ret_upper_fd, int *ret_work_fd)
{
	*ret_upper_fd = openat(b->container_dirfd, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!b->is_looked_at)
		*ret_work_fd = openat(b->container_dirfd, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return 0;
}

int backend_mount_overlay(const struct backend_root *b, struct err *e)
{
	_cleanup_close_ int upper_fd = -EBADF, work_fd = -EBADF;
	_cleanup_layer_fds_ struct layer_fds lower = { 0 }, data = { 0 };
	int r = layer_fds_open(b->base_dirfd, b->layers, &lower, e);

	if (r == 0)
		r = data_fds_open(b->base_dirfd, b->data, &data, e);
	if (r == 0 && lower.n > LAYERS_AT_ONCE)
		r = fold_lowest(b, &lower, &data, e);
	if (r == 0)
		r = b->memory && !b->is_looked_at ? open_memory(b, &upper_fd, &work_fd, e)
		                                  : open_disk(b, &upper_fd, &work_fd);
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
