/* SPDX-License-Identifier: Apache-2.0 */
/* usage - how much space things take */
#include "engine/usage.h"

#include "store/sweep-proto.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int usage_of_tree(struct usrct *u, int dirfd, const char *name, struct usage *ret, struct err *e)
{
	struct sweep_start m = { .type = SWEEP_MEASURE };
	struct sweep_done done = { 0 };
	struct stat st;
	int r;

	*ret = (struct usage){ 0 };
	if (strlen(name) >= sizeof(m.name))
		return err_errno(e, -ENAMETOOLONG, "cannot measure '%s'", name);
	memcpy(m.name, name, strlen(name) + 1);
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot look at '%s'", name);
	r = engine_ask_sweeper(u, &m, dirfd, /* in_namespace= */ false, &done, e);
	/* Directories of other ids: the namespace's root can read them. */
	if (r == 0 && done.n_unreadable > 0)
		r = engine_ask_sweeper(u, &m, dirfd, /* in_namespace= */ true, &done, e);
	if (r < 0)
		return r;
	ret->file_bytes = done.file_bytes;
	ret->disk_bytes = done.disk_bytes;
	ret->n_unreadable = done.n_unreadable;
	return 0;
}

int usage_of_container(struct usrct *u, int dirfd, const struct container_row *row,
                       uint64_t *ret_rw_bytes, uint64_t *ret_root_bytes, struct err *e)
{
	struct image_row image = { 0 };
	struct usage upper, copy;
	int r = usage_of_tree(u, dirfd, "upper", &upper, e);

	if (r == 0)
		r = usage_of_tree(u, dirfd, "copy", &copy, e);
	if (r == 0)
		r = image_find(u->store, row->image_id, &image, e);
	if (r < 0)
		return r;
	/* A copy has the image's files, too. */
	*ret_rw_bytes = upper.file_bytes + copy.file_bytes - MIN(copy.file_bytes, image.size_bytes);
	*ret_root_bytes = *ret_rw_bytes + image.size_bytes;
	image_row_done(&image);
	return 0;
}
