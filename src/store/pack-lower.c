/* SPDX-License-Identifier: Apache-2.0 */
/* pack-lower - what overlayfs would show of the layers below, one directory at a time
 *
 * Whiteouts and opaque marks are those of unprivileged mounts ("userxattr"): character device 0:0
 * and user.overlay.opaque. A list of directories shrinks on the way down, so that a lookup costs
 * one fstatat(2) for each layer that has the directory at all.
 */
#include "store/pack.h"

#include "base/strv.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

void lower_done(struct lower *l)
{
	for (size_t i = 0; i < l->n; i++)
		(void)close(l->fds[i]);
	cleanup_free(&l->fds);
	*l = (struct lower){ 0 };
}

bool is_opaque(int dir_fd)
{
	char value[2];

	return fgetxattr(dir_fd, "user.overlay.opaque", value, sizeof(value)) == 1 &&
	       value[0] == 'y';
}

static bool is_removed(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

/* The directory of one layer; whether what is below it counts no more. */
static int add_child(struct lower *child, int parent_fd, const char *name, bool *ret_ends,
                     struct err *e)
{
	_cleanup_close_ int fd =
		openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "cannot open directory '%s' of a layer", name);
	*ret_ends = is_opaque(fd);
	child->fds[child->n++] = TAKE_FD(fd);
	return 0;
}

int lower_find(const struct lower *l, const char *name, struct stat *ret, struct lower *ret_child,
               struct err *e)
{
	bool found = false, ends = false;
	struct stat st;
	int r = 0;

	if (ret_child) {
		*ret_child = (struct lower){ .fds = calloc(l->n + 1, sizeof(int)) };
		if (!ret_child->fds)
			return err_oom(e);
	}
	for (size_t i = 0; i < l->n && !ends && r == 0; i++) {
		if (fstatat(l->fds[i], name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno != ENOENT && errno != ENOTDIR)
				r = err_sys(e, "cannot look at '%s' in a layer", name);
			continue;
		}
		if (is_removed(&st) || (found && !S_ISDIR(st.st_mode)))
			break;
		if (!found)
			*ret = st;
		found = true;
		ends = !S_ISDIR(st.st_mode) || !ret_child;
		if (!ends)
			r = add_child(ret_child, l->fds[i], name, &ends, e);
	}
	if (r < 0 && ret_child)
		lower_done(ret_child);
	return r < 0 ? r : found;
}

int lower_open(const struct lower *l, const char *name, int proc_fd)
{
	for (size_t i = 0; i < l->n; i++) {
		_cleanup_close_ int fd = openat(l->fds[i], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		if (fd >= 0)
			return open_again(proc_fd, fd, O_RDONLY);
	}
	return -ENOENT;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int read_names(int dir_fd, struct strv *ret, struct err *e)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		r = err_sys(e, "cannot read a directory");
		cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (errno = 0, de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = strv_add(ret, de->d_name) < 0 ? err_oom(e) : 0;
	if (r == 0 && errno)
		r = err_sys(e, "cannot read a directory");
	(void)closedir(d);
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return r;
}

int lower_names(const struct lower *l, int proc_fd, struct strv *ret, struct err *e)
{
	_cleanup_strv_ struct strv all = { 0 };
	struct stat st;
	int r = 0;

	(void)proc_fd;
	for (size_t i = 0; i < l->n && r == 0; i++)
		r = read_names(l->fds[i], &all, e);
	for (size_t i = 0; i < all.n && r == 0; i++) {
		if (i > 0 && !strcmp(all.v[i], all.v[i - 1]))
			continue;
		r = lower_find(l, all.v[i], &st, NULL, e);
		if (r > 0)
			r = strv_add(ret, all.v[i]) < 0 ? err_oom(e) : 0;
	}
	return r;
}
