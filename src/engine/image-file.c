/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/image-file.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "engine/layering.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { ETC_FILE_MAX = 1 << 20 };

/* Where a metadata tree says that a file's contents are; false: it is the file itself. */
static bool redirect_of(int fd, char ret[OBJECT_NAME_SIZE + 1])
{
	ssize_t n = fgetxattr(fd, "user.overlay.redirect", ret, OBJECT_NAME_SIZE);

	ret[MAX(n, (ssize_t)0)] = '\0';
	return n > 1 && ret[0] == '/';
}

static int read_one(struct usrct *u, int etc_fd, const char *name, char **ret, struct err *e)
{
	_cleanup_close_ int fd =
		openat(etc_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char object[OBJECT_NAME_SIZE + 1];
	_cleanup_free_ char *path = NULL;
	int r;

	if (fd < 0)
		return 0; /* somebody's own, or a link: as in a container (container/user.c) */
	if (!redirect_of(fd, object))
		r = file_read_at(etc_fd, name, ETC_FILE_MAX, ret, NULL, e);
	else if (!(path = strf(OBJECT_DIR "%s", object)))
		return err_oom(e);
	else
		r = file_read_at(store_dirfd(u->store), path, ETC_FILE_MAX, ret, NULL, e);
	return r < 0 ? r : 1;
}

/* In one layer: 1 found, 0 go on below, -ENOENT: it is hidden. */
static int look(struct usrct *u, const char *layer, const char *name, char **ret, struct err *e)
{
	_cleanup_free_ char *etc = strf("%s/etc", layer);
	_cleanup_close_ int fd = -EBADF;
	struct stat st;
	char value[2];
	bool ends;

	if (!etc)
		return err_oom(e);
	fd = openat(store_dirfd(u->store), etc, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -ENOENT;
	ends = fgetxattr(fd, "user.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y';
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return ends ? -ENOENT : 0;
	return S_ISREG(st.st_mode) ? read_one(u, fd, name, ret, e) : -ENOENT;
}

int image_read_etc(struct usrct *u, char *const *paths, const char *name, char **ret, struct err *e)
{
	size_t n = 0;
	int r = 0;

	while (paths && paths[n])
		n++;
	while (n > 0 && r == 0)
		r = look(u, paths[--n], name, ret, e);
	return r == -ENOENT ? 0 : r;
}

int image_user(struct usrct *u, const struct image_row *image, const char *text, struct user *ret,
               struct err *e)
{
	_cleanup_free_ char *passwd = NULL, *group = NULL;
	_cleanup_strv_ struct strv paths = { 0 };
	int r = engine_layer_paths(u, image, NULL, &paths, e);

	if (r == 0)
		r = engine_layers_make(u, NULL, paths.v, e);
	if (r == 0)
		r = image_read_etc(u, paths.v, "passwd", &passwd, e);
	if (r >= 0)
		r = image_read_etc(u, paths.v, "group", &group, e);
	return r < 0 ? r : user_resolve_text(passwd, group, text, ret, e);
}
