/* SPDX-License-Identifier: Apache-2.0 */
#include "container/copy-up.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "base/tree-copy.h"
#include "container/mount.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define DATA  "_data"
#define FRESH "fresh"
#define COPY  "copy"
#define READY "ready"

static int open_dir(int dirfd, const char *name, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "cannot open '%s'", name) : fd;
}

/* The volume's directory, locked; -ENOENT: nothing is to be copied. */
static int open_volume(const char *data_path, struct err *e)
{
	const char *slash = strrchr(data_path, '/');
	_cleanup_free_ char *path = slash ? strndup(data_path, (size_t)(slash - data_path)) : NULL;
	_cleanup_close_ int fd = -EBADF;

	if (!path)
		return err_oom(e);
	fd = open_dir(AT_FDCWD, path, e);
	if (fd < 0)
		return fd;
	if (faccessat(fd, FRESH, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -ENOENT;
	if (RETRY_EINTR(flock(fd, LOCK_EX)) < 0)
		return err_sys(e, "cannot lock '%s'", path);
	/* Whoever had it may have done all of it. */
	return faccessat(fd, FRESH, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? -ENOENT : TAKE_FD(fd);
}

/* The place in the image; -ENOENT: it has none, or no directory there. */
static int open_place(int root_fd, const char *target)
{
	_cleanup_close_ int path_fd = mount_lookup(root_fd, target);
	struct stat st;
	int fd;

	if (path_fd < 0 || fstat(path_fd, &st) < 0 || !S_ISDIR(st.st_mode))
		return -ENOENT;
	fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -ENOENT : fd;
}

/* Calls for each entry; stops at the first that does not return 0. */
static int each_entry(int dirfd, int (*each)(const int *fds, const char *name), const int *fds)
{
	int own = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = own < 0 ? NULL : fdopendir(own);
	struct dirent *de;

	if (!d) {
		r = -errno;
		cleanup_close(&own);
		return r;
	}
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = each(fds, de->d_name);
	(void)closedir(d);
	return r;
}

static int is_an_entry(const int *fds, const char *name)
{
	(void)fds;
	(void)name;
	return 1;
}

static int move_entry(const int *fds, const char *name)
{
	return renameat(fds[0], name, fds[1], name) < 0 ? -errno : 0;
}

/* From ready on: what is in it goes over, then its owner and mode. */
static int finish(int volume_fd, int data_fd, struct err *e)
{
	_cleanup_close_ int ready_fd = open_dir(volume_fd, READY, e);
	const int fds[2] = { ready_fd, data_fd };
	int r;

	if (ready_fd < 0)
		return ready_fd;
	r = each_entry(ready_fd, move_entry, fds);
	if (r < 0)
		return err_errno(e, r, "cannot move what was copied");
	r = tree_copy_attributes(ready_fd, data_fd, /* is_lenient= */ true, e);
	if (r == 0 && unlinkat(volume_fd, FRESH, 0) < 0)
		r = err_sys(e, "cannot end the copy");
	if (r == 0)
		(void)unlinkat(volume_fd, READY,
		               AT_REMOVEDIR); /* empty; without FRESH it is nothing */
	return r;
}

static int copy(int volume_fd, int place_fd, struct err *e)
{
	_cleanup_close_ int copy_fd = -EBADF;
	int r = tree_remove_at(volume_fd, COPY, e);

	if (r < 0)
		return r;
	if (mkdirat(volume_fd, COPY, 0700) < 0)
		return err_sys(e, "cannot make a directory for the copy");
	copy_fd = open_dir(volume_fd, COPY, e);
	if (copy_fd < 0)
		return copy_fd;
	r = tree_copy(place_fd, copy_fd, /* is_lenient= */ true, NULL, e);
	if (r == 0 && renameat(volume_fd, COPY, volume_fd, READY) < 0)
		r = err_sys(e, "cannot rename the copy");
	if (r < 0)
		(void)tree_remove_at(volume_fd, COPY, NULL); /* or the next start */
	return r;
}

static int fill(int volume_fd, int root_fd, const char *target, struct err *e)
{
	_cleanup_close_ int data_fd = open_dir(volume_fd, DATA, e), place_fd = -EBADF;
	int r;

	if (data_fd < 0)
		return data_fd;
	if (faccessat(volume_fd, READY, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return finish(volume_fd, data_fd, e);
	r = each_entry(data_fd, is_an_entry, NULL);
	if (r < 0)
		return err_errno(e, r, "cannot read the volume");
	if (r > 0) { /* somebody was here by another way: cp, import, nocopy */
		(void)unlinkat(volume_fd, FRESH, 0);
		return 0;
	}
	place_fd = open_place(root_fd, target);
	if (place_fd < 0)
		return 0;
	r = each_entry(place_fd, is_an_entry, NULL);
	if (r < 0)
		return err_errno(e, r, "cannot read the image's '%s'", target);
	if (r == 0)
		return tree_copy_attributes(place_fd, data_fd, /* is_lenient= */ true, e);
	r = copy(volume_fd, place_fd, e);
	return r < 0 ? r : finish(volume_fd, data_fd, e);
}

int copy_up(int root_fd, const char *target, const char *data_path, struct err *e)
{
	_cleanup_close_ int volume_fd = open_volume(data_path, e);
	mode_t mask;
	int r;

	if (volume_fd == -ENOENT)
		return 0;
	if (volume_fd < 0)
		return volume_fd;
	mask = umask(0);
	r = fill(volume_fd, root_fd, target, e);
	(void)umask(mask);
	if (r < 0)
		r = err_recode(e, r, UCT_COPY_UP_FAILED);
	return r < 0 ? err_in(e, r, "cannot fill the volume for '%s'", target) : 0;
}

int copy_up_give(const char *data_path, uid_t uid, gid_t gid, struct err *e)
{
	_cleanup_close_ int volume_fd = open_volume(data_path, e), data_fd = -EBADF;

	if (volume_fd < 0)
		return volume_fd == -ENOENT ? 0 : volume_fd;
	data_fd = open_dir(volume_fd, DATA, e);
	if (data_fd < 0)
		return data_fd;
	if (each_entry(data_fd, is_an_entry, NULL) != 0)
		return 0;
	return fchown(data_fd, uid, gid) < 0 ? err_sys(e, "cannot give the volume away") : 0;
}

int copy_up_to(int root_fd, const char *target, int to_fd, struct err *e)
{
	_cleanup_close_ int place_fd = open_place(root_fd, target), fd = -EBADF;
	mode_t mask;
	int r;

	if (place_fd < 0)
		return 0;
	fd = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "cannot open what is mounted at '%s'", target);
	mask = umask(0);
	r = tree_copy(place_fd, fd, /* is_lenient= */ true, NULL, e);
	(void)umask(mask);
	return r < 0 ? err_recode(e, r, UCT_COPY_UP_FAILED) : 0;
}
