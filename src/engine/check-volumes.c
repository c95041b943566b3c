/* SPDX-License-Identifier: Apache-2.0 */
/* check-volumes - rows without directories, directories without rows, and what cannot be read
 *
 * What is in a volume has no digest anywhere, so nothing in it is ever changed. Files may belong to
 * ids of the user's namespace; they are looked at as root of that.
 */
#include "engine/check.h"
#include "engine/usage.h"
#include "engine/volumes.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static int complain(struct checking *c, const char *name, const char *why, const char *state)
{
	json_t *p = check_problem(c, "volume", name, -1, why);

	return p ? json_object_set_new(p, "State", json_string(state)) : -ENOMEM;
}

static const char *done(const struct checking *c)
{
	return c->o->repair ? "repaired" : "found";
}

static int check_lost(struct checking *c, struct err *e)
{
	_cleanup_strv_ struct strv lost = { 0 };
	int r = volume_lost(c->u->store, c->o->repair, &lost, e);

	for (size_t i = 0; i < lost.n && r == 0; i++)
		if (complain(c, lost.v[i], "it is in the index, and its directory is gone",
		             done(c)) < 0)
			r = err_oom(e);
	return r;
}

/* Of a directory with or without a row. */
static const char *look_at_directory(struct checking *c, const char *name, int *ret_fd)
{
	struct stat st;
	int fd = volume_open_dir(c->u->store, name, NULL);

	*ret_fd = fd;
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? "it is no directory"
		                                          : "its directory cannot be read";
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid())
		return "its directory belongs to somebody else";
	if (fstatat(fd, VOLUME_DATA, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return "what was in it is gone: there is no " VOLUME_DATA;
	return S_ISDIR(st.st_mode) ? NULL : VOLUME_DATA " is no directory";
}

static int adopt(struct checking *c, const char *name, struct err *e)
{
	struct volume_row row = { 0 };
	int r = volume_row_of_directory(c->u, name, &row, e);

	if (r == 1)
		r = volume_adopt(c->u->store, &row, e);
	volume_row_done(&row);
	return r;
}

static int check_unknown(struct checking *c, const char *name, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	const char *why = look_at_directory(c, name, &fd);
	int r = 0;

	if (why)
		return complain(c, name, why, "kept") < 0 ? err_oom(e) : 0;
	if (c->o->repair)
		r = adopt(c, name, e);
	return r == 0 && complain(c, name, "its directory is there, and the index does not know it",
	                          done(c)) < 0
	               ? err_oom(e)
	               : r;
}

/* The row once more, for who loses the index. */
static int check_meta(struct checking *c, const struct volume_row *row, int fd, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	int r = json_read_at(fd, VOLUME_META, VOLUME_META_MAX, &j, NULL);

	if (r == 0 && json_is_object(j))
		return 0;
	r = c->o->repair ? volume_write_meta(c->u->store, row, e) : 0;
	return r == 0 && complain(c, row->name, VOLUME_META " is missing or damaged", done(c)) < 0
	               ? err_oom(e)
	               : r;
}

static int check_contents(struct checking *c, const char *name, int fd)
{
	struct usage use = { 0 };
	struct err why = { 0 };
	int r = c->o->quick ? 0 : usage_of_tree(c->u, fd, VOLUME_DATA, &use, &why);

	check_count(c, "VolumeBytes", use.disk_bytes);
	if (r < 0)
		return complain(c, name, why.msg, "kept");
	return use.n_unreadable ? complain(c, name, "directories in it cannot be read", "kept") : 0;
}

static int check_one(struct checking *c, const struct volume_row *row, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	const char *why = look_at_directory(c, row->name, &fd);
	int r;

	check_count(c, "Volumes", 1);
	if (why)
		return complain(c, row->name, why, "kept") < 0 ? err_oom(e) : 0;
	r = check_meta(c, row, fd, e);
	if (r == 0 && check_contents(c, row->name, fd) < 0)
		r = err_oom(e);
	return r;
}

/* What lies in volumes/ and can be none. */
static int check_strangers(struct checking *c, struct err *e)
{
	int fd = openat(store_dirfd(c->u->store), VOLUME_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!d) {
		cleanup_close(&fd);
		return 0;
	}
	while (r == 0 && (de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		    !volume_name_is_valid(de->d_name) &&
		    complain(c, de->d_name, "that is no name of a volume", "kept") < 0)
			r = err_oom(e);
	(void)closedir(d);
	return r;
}

int check_volumes(struct checking *c, struct err *e)
{
	_cleanup_strv_ struct strv unknown = { 0 };
	struct volume_row *rows = NULL;
	size_t n = 0;
	int r;

	check_step(c, "volumes");
	check_count(c, "Volumes", 0);
	r = check_lost(c, e);
	if (r == 0)
		r = volume_list(c->u->store, &rows, &n, e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = check_one(c, &rows[i], e);
	if (r == 0 && faccessat(store_dirfd(c->u->store), VOLUME_DIR, F_OK, 0) == 0)
		r = volume_unknown(c->u->store, &unknown, e);
	for (size_t i = 0; i < unknown.n && r == 0; i++)
		r = check_unknown(c, unknown.v[i], e);
	if (r == 0)
		r = check_strangers(c, e);
	volume_list_free(rows, n);
	return r;
}
