/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs - --rootfs: a container from a directory or a tar archive, without an image
 *
 * Both become an image without a name, which goes with the container (image-wish.c). So the
 * container has a copy: neither does it change what it was made from, nor the reverse, and
 * everything that needs an image (start, commit, recreate) works. Files of the user's belong to
 * root inside.
 */
#include "engine/copy.h"

#include "base/sbuf.h"
#include "store/images.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* By way of a file: packing and importing are two helpers that do not wait for each other. */
static int pack_dir(struct usrct *u, const char *path, int *ret_fd, struct err *e)
{
	struct usrct_copied copied = { 0 };
	_cleanup_free_ char *whole = NULL, *contents = strf("%s/.", path);
	_cleanup_close_ int fd =
		openat(store_dirfd(u->store), "tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct copy_end from = { .stream_fd = -EBADF,
		                 .container_dirfd = -EBADF,
		                 .flags = PACK_AS_ROOT },
			to = { .stream_fd = fd, .container_dirfd = -EBADF };
	int r;

	if (fd < 0)
		return err_sys(e, "cannot make a temporary file");
	r = contents ? copy_host_path(NULL, contents, &whole, e) : err_oom(e);
	from.path = whole;
	if (r == 0)
		r = engine_copy(u, &from, &to, &copied, e);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_sys(e, "cannot read a temporary file");
	if (r == 0)
		*ret_fd = TAKE_FD(fd);
	return r;
}

int rootfs_image(struct usrct *u, const char *path, struct image_row *ret, struct err *e)
{
	static const struct usrct_import_options opts = { .size = sizeof(opts),
		                                          .message = "--rootfs" };
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char id[DIGEST_SIZE];
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open root file system '%s'", path);
	if (S_ISDIR(st.st_mode)) {
		cleanup_close(&fd);
		fd = -EBADF;
		r = pack_dir(u, path, &fd, e);
	}
	if (r == 0)
		r = engine_import(u, fd, &opts, id, e);
	if (r < 0)
		return err_in(e, r, "cannot use root file system '%s'", path);
	r = image_find(u->store, id, ret, e);
	return r == 0 ? err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "the image of '%s' was removed",
	                        path)
	              : MIN(r, 0);
}
