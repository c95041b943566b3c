/* SPDX-License-Identifier: Apache-2.0 */
#include "container/overlay.h"

#include "base/tree-copy.h"
#include "container/mount.h"

#include <fcntl.h>
#include <string.h>

enum { LOWER_MAX = 512 };

int overlay_take_option(const char *text, struct overlay_options *ret)
{
	const struct {
		const char *key;
		const char **at;
	} keys[] = { { "lowerdir=", &ret->lowerdir },
		     { "upperdir=", &ret->upperdir },
		     { "workdir=", &ret->workdir },
		     { "mountpoint=", &ret->mountpoint } };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!strncmp(text, keys[i].key, strlen(keys[i].key))) {
			*keys[i].at = text + strlen(keys[i].key);
			return 1;
		}
	return 0;
}

int overlay_split(const char *text, struct strv *ret_lower, struct strv *ret_data)
{
	_cleanup_free_ char *buf = malloc(strlen(text) + 1);
	struct strv *to = ret_lower;
	size_t n = 0;

	if (!buf)
		return -ENOMEM;
	for (const char *s = text;; s++) {
		if (*s == '\\' && s[1]) {
			buf[n++] = *++s;
			continue;
		}
		if (*s && *s != ':') {
			buf[n++] = *s;
			continue;
		}
		buf[n] = '\0';
		if (buf[0] != '/' || ret_lower->n + ret_data->n == LOWER_MAX)
			return -EINVAL;
		if (strv_add(to, buf) < 0)
			return -ENOMEM;
		n = 0;
		if (!*s)
			return 0;
		if (s[1] == ':') {
			to = ret_data;
			s++;
		}
	}
}

struct dirs {
	int fds[LOWER_MAX];
	size_t n;
};

static void dirs_done(struct dirs *d)
{
	for (size_t i = 0; i < d->n; i++)
		(void)close(d->fds[i]);
}

static int open_dir(const char *path, struct err *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? err_set(e, UCT_MOUNT_SOURCE, -errno, "cannot use '%s': %s", path,
	                        strerror(errno))
	              : fd;
}

/* The last first: mount_overlay() wants the lowest first. */
static int open_all(const struct strv *paths, struct dirs *ret, struct err *e)
{
	for (size_t i = paths->n; i > 0; i--) {
		int fd = open_dir(paths->v[i - 1], e);

		if (fd < 0)
			return fd;
		ret->fds[ret->n++] = fd;
	}
	return 0;
}

/* The root of an overlay looks as its upper directory does: one that was just made shall look as
 * what it covers. */
static int dress_up(const struct overlay_options *o, const char *lower, struct err *e)
{
	size_t n = (size_t)(strrchr(o->mountpoint, '/') - o->mountpoint);
	_cleanup_close_ int from = -EBADF, to = -EBADF;

	if (strncmp(o->upperdir, o->mountpoint, n) != 0 || strcmp(o->upperdir + n, "/upper") != 0)
		return 0; /* the user's own */
	from = open(lower, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to = open(o->upperdir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || to < 0)
		return err_hint(e,
		                err_set(e, UCT_MOUNT_SOURCE, -errno, "cannot use '%s': %s",
		                        from < 0 ? lower : o->upperdir, strerror(errno)),
		                "under an id map that leaves you out (--userns auto) a container "
		                "may not open what is yours");
	return tree_copy_attributes(from, to, /* is_lenient= */ true, e);
}

static int mount_dirs(const struct overlay_options *o, const struct dirs *lower,
                      const struct dirs *data, struct err *e)
{
	_cleanup_close_ int upper_fd = open_dir(o->upperdir, e), work_fd = -EBADF;
	_cleanup_close_ int parent_fd = -EBADF;
	const char *slash = strrchr(o->mountpoint, '/');
	_cleanup_free_ char *parent = strndup(o->mountpoint, (size_t)(slash - o->mountpoint));
	struct mount_overlay m = { .lower_fds = lower->fds,
		                   .n_lower = lower->n,
		                   .data_fds = data->fds,
		                   .n_data = data->n };

	if (!parent)
		return err_oom(e);
	work_fd = upper_fd < 0 ? upper_fd : open_dir(o->workdir, e);
	parent_fd = work_fd < 0 ? work_fd : open_dir(parent, e);
	if (parent_fd < 0)
		return parent_fd;
	m.upper_fd = upper_fd;
	m.work_fd = work_fd;
	return mount_overlay(&m, parent_fd, slash + 1, e);
}

int overlay_mount(const struct overlay_options *o, const char *target, struct err *e)
{
	_cleanup_(dirs_done) struct dirs lower = { 0 }, data = { 0 };
	_cleanup_strv_ struct strv lower_paths = { 0 }, data_paths = { 0 };
	int r;

	if (!o->lowerdir || !o->upperdir || !o->workdir || !o->mountpoint ||
	    o->mountpoint[0] != '/' || overlay_split(o->lowerdir, &lower_paths, &data_paths) < 0 ||
	    !lower_paths.n)
		return err_set(e, UCT_BAD_CONFIG, -EINVAL,
		               "mount '%s': an overlay has lowerdir, upperdir, workdir and "
		               "mountpoint",
		               target);
	r = open_all(&lower_paths, &lower, e);
	if (r == 0)
		r = open_all(&data_paths, &data, e);
	if (r == 0)
		r = dress_up(o, lower_paths.v[0], e);
	if (r == 0)
		r = mount_dirs(o, &lower, &data, e);
	return r < 0 ? err_in(e, r, "cannot mount '%s'", target) : r;
}
