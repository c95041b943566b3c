/* SPDX-License-Identifier: Apache-2.0 */
/* image-wish - --rmi: an image that goes after its container
 *
 * The monitor, which sees the container end, cannot change the index. So the wish lies in the file
 * rmi/ID of the data directory, with the image's name, and whoever sweeps grants it once the
 * container is gone: an attached client, or the program that the monitor becomes (launch/tidy.c).
 */
#include "engine/engine.h"

#include "base/file.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <string.h>

enum { NAME_MAX_BYTES = 1024 };

int image_wish_removal(struct usrct *u, const char *id, const char *image, struct err *e)
{
	_cleanup_close_ int dirfd = dir_open_at(store_dirfd(u->store), "rmi", 0700, e);

	return dirfd < 0 ? dirfd : file_write_at(dirfd, id, image, strlen(image), 0600, false, e);
}

static bool is_gone(struct usrct *u, const char *id)
{
	_cleanup_close_ int fd = container_open_dir(u->store, id, NULL);

	return fd == -ENOENT;
}

static void grant(struct usrct *u, int dirfd, const char *id)
{
	_cleanup_free_ char *image = NULL;

	if (!is_gone(u, id) || file_read_at(dirfd, id, NAME_MAX_BYTES, &image, NULL, NULL) < 0)
		return;
	/* First the wish: of two sweepers one grants it, and removing sweeps again. */
	if (unlinkat(dirfd, id, 0) == 0)
		(void)engine_remove_image(u, image, false, NULL); /* others use it: it stays */
}

void image_grant_wishes(struct usrct *u)
{
	int fd = openat(store_dirfd(u->store), "rmi",
	                O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	while (d && (de = readdir(d)))
		if (strlen(de->d_name) == CONTAINER_ID_SIZE - 1)
			grant(u, fd, de->d_name);
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
}
