/* SPDX-License-Identifier: Apache-2.0 */
#include "store/shared.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "store/hex.h"
#include "store/layer-index.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { LIST_MAX = 64 << 10, VERSION_MAX = 64 };

static int check_safe(int dirfd, const char *name, const char *path, struct err *e)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | (*name ? 0 : AT_EMPTY_PATH)) < 0)
		return err_sys(e, "cannot look at '%s/%s'", path, name);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(e, UCT_SHARED_UNSAFE, -EPERM,
		               "'%s/%s' belongs to user %u, who could change what we run", path,
		               name, st.st_uid);
	if (S_ISLNK(st.st_mode) || st.st_mode & 0022)
		return err_set(e, UCT_SHARED_UNSAFE, -EPERM,
		               "'%s/%s' can be written by others (mode %03o)", path, name,
		               st.st_mode & 0777);
	return 0;
}

static int check_object_dirs(int dirfd, const char *path, struct err *e)
{
	int fd = openat(dirfd, OBJECT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		r = err_sys(e, "cannot read '%s/" OBJECT_DIR "'", path);
		cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (de = readdir(d)))
		if (is_hex(de->d_name, 2))
			r = check_safe(fd, de->d_name, path, e);
	(void)closedir(d);
	return r;
}

int shared_open(const char *path, bool deep, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *version = NULL;
	int r;

	if (path[0] != '/')
		return err_set(e, UCT_SHARED_GONE, -EINVAL,
		               "shared directory '%s' is not an absolute path", path);
	if (fd < 0 || file_read_at(fd, SHARED_MARK, VERSION_MAX, &version, NULL, NULL) < 0)
		return err_set(e, UCT_SHARED_GONE, -ENOENT, "there are no shared layers in '%s'",
		               path);
	r = check_safe(fd, "", path, e);
	if (r == 0)
		r = check_safe(fd, SHARED_MARK, path, e);
	if (r == 0)
		r = check_safe(fd, OBJECT_DIR, path, e);
	if (r == 0)
		r = check_safe(fd, "layers", path, e);
	if (r == 0 && deep)
		r = check_object_dirs(fd, path, e);
	if (r == 0 && strcmp(version, SHARED_VERSION) != 0)
		r = err_set(e, UCT_SHARED_NEWER, -EPROTONOSUPPORT,
		            "'%s' was made by a newer usr-ct: its version is %.20s", path, version);
	return r < 0 ? r : TAKE_FD(fd);
}

static bool has(const struct strv *list, const char *path)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i], path))
			return true;
	return false;
}

int shared_layer_dirs(struct store *s, const char *chain, struct strv *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	char path[32 + CHAIN_SIZE], *line, *rest;
	int n = 0, r;

	(void)snprintf(path, sizeof(path), "layers/%.64s/" LAYER_SHARED_FILE, chain);
	if (faccessat(store_dirfd(s), path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* as nearly all */
	r = file_read_at(store_dirfd(s), path, LIST_MAX, &text, NULL, e);
	if (r < 0)
		return r;
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (line[0] != '/')
			continue;
		n++;
		if (ret && !has(ret, line) && strv_add(ret, line) < 0)
			return err_oom(e);
	}
	return n;
}

int shared_layer_has(struct store *s, const char *chain, const struct object_id *id)
{
	_cleanup_strv_ struct strv dirs = { 0 };
	char name[OBJECT_NAME_SIZE];
	struct stat st;
	int found = 0;

	object_name(id->digest, name);
	if (shared_layer_dirs(s, chain, &dirs, NULL) <= 0)
		return 0;
	for (size_t i = 0; i < dirs.n && !found; i++) {
		_cleanup_free_ char *path = strf("%s/" OBJECT_DIR "/%s", dirs.v[i], name);

		found = path && lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		        (uint64_t)st.st_size == id->size_bytes;
	}
	return found;
}

int shared_image_dirs(struct store *s, const struct image_row *image, struct strv *ret,
                      struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < image->n_chains && r >= 0; i++)
		r = shared_layer_dirs(s, image->chains[i], ret, e);
	return MIN(r, 0);
}

int shared_index(int shared_dirfd, const char *chain, char **ret_data, size_t *ret_n, struct err *e)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	_cleanup_free_ char *data = NULL;
	char path[32 + CHAIN_SIZE];
	struct layer_entry entry;
	size_t n = 0;
	int r;

	(void)snprintf(path, sizeof(path), "layers/%.64s/" LAYER_INDEX_FILE, chain);
	r = file_read_at(shared_dirfd, path, LAYER_INDEX_BYTES_MAX, &data, &n, e);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = layer_index_open(data, n, &x, e);
	while (r == 0 && (r = layer_index_next(&x, &entry, e)) > 0)
		r = 0;
	if (r < 0)
		return r;
	*ret_data = TAKE_PTR(data);
	*ret_n = n;
	return 1;
}

int shared_note(const struct layer_stage *l, char *const *dirs, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(LIST_MAX);

	for (; *dirs; dirs++)
		sbuf_addf(&b, "%s\n", *dirs);
	if (b.err)
		return err_oom(e);
	return file_write_at(l->dirfd, LAYER_SHARED_FILE, b.s ? b.s : "", b.len, 0600, false, e);
}
