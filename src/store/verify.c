/* SPDX-License-Identifier: Apache-2.0 */
#include "store/verify.h"

#include "base/array.h"
#include "base/file.h"
#include "store/blobs.h"
#include "store/db.h"
#include "store/hex.h"
#include "store/layer-index.h"
#include "store/layout.h"
#include "store/shared.h"
#include "store/trash.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static void cleanup_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}
#define _cleanup_dir_ _cleanup_(cleanup_dir)

static int read_row(sqlite3_stmt *st, struct layer_row *ret, struct err *e)
{
	int r = db_copy(st, 0, ret->chain, sizeof(ret->chain), e);

	if (r == 0)
		r = db_copy(st, 1, ret->parent, sizeof(ret->parent), e);
	if (r == 0)
		r = db_copy(st, 2, ret->diff_id, sizeof(ret->diff_id), e);
	if (r == 0)
		r = db_copy(st, 3, ret->driver, sizeof(ret->driver), e);
	ret->size_bytes = (uint64_t)sqlite3_column_int64(st, 4);
	return r;
}

int layer_rows(struct store *s, struct layer_row **ret, size_t *ret_n, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	struct layer_row *rows = NULL;
	size_t n = 0, cap = 0;
	int r = db_open(s, e);

	if (r > 0)
		r = db_query(
			s, &st, e,
			s->version < 2
				? "SELECT chain, '', diff_id, 'plain', size_bytes FROM layers"
				: "SELECT chain, parent, diff_id, driver, size_bytes FROM layers",
			"");
	while (r == 0 && st && (r = db_step(s, st, e)) > 0)
		r = array_grow(&rows, n, &cap, sizeof(*rows)) < 0 ? err_oom(e)
		                                                  : read_row(st, &rows[n++], e);
	if (r < 0) {
		free(rows);
		return r;
	}
	*ret = rows;
	*ret_n = n;
	return 0;
}

int layer_sources(struct store *s, const char *chain, struct strv *ret, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = db_open(s, e);

	/* Behind manifest and configuration, as image_put() was given them. */
	if (r > 0)
		r = db_query(s, &st, e,
		             "SELECT DISTINCT b.digest FROM image_layers l JOIN image_blobs b"
		             " ON b.image_id = l.image_id AND b.pos = l.pos + 2 WHERE l.chain = ?",
		             "s", chain);
	while (r == 0 && st && (r = db_step(s, st, e)) > 0)
		r = strv_add(ret, db_text(st, 0)) < 0 ? err_oom(e) : 0;
	return MIN(r, 0);
}

int layer_has_source(struct store *s, const char *chain, const char *digest, struct err *e)
{
	return blob_exists(s, digest) ? 1 : shared_layer_dirs(s, chain, NULL, e) > 0;
}

int layer_index_load(struct store *s, const char *chain, char **ret_data, size_t *ret_n,
                     struct err *e)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	_cleanup_free_ char *data = NULL;
	char path[32 + CHAIN_SIZE];
	struct layer_entry entry;
	size_t n = 0;
	int r;

	(void)snprintf(path, sizeof(path), "layers/%.64s/" LAYER_INDEX_FILE, chain);
	r = file_read_at(s->dirfd, path, LAYER_INDEX_BYTES_MAX, &data, &n, e);
	if (r == 0)
		r = layer_index_open(data, n, &x, e);
	while (r == 0 && (r = layer_index_next(&x, &entry, e)) > 0)
		r = 0;
	if (r < 0)
		return r;
	*ret_data = TAKE_PTR(data);
	*ret_n = n;
	return 0;
}

/* The objects may lie on another file system than the stage (engine/home.h): copied there under a
 * name that a collection removes, then renamed. */
static int copy_across(struct store *s, int from_dirfd, const char *name, const char *path,
                       struct err *e)
{
	_cleanup_close_ int from = openat(from_dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_close_ int to = -EBADF;
	char temporary[sizeof(OBJECT_DIR) + OBJECT_NAME_SIZE + 32];
	uint8_t digest[OBJECT_DIGEST_SIZE];
	struct stat st;
	ssize_t n = 1;

	(void)snprintf(temporary, sizeof(temporary), "%s.%d", path, (int)getpid());
	(void)unlinkat(s->dirfd, temporary, 0); /* of a process that had our number, and died */
	to = openat(s->dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	            0400);
	if (from < 0 || to < 0 || fstat(from, &st) < 0)
		return err_sys(e, "cannot copy '%s'", path);
	while (st.st_size > 0 && n > 0) {
		n = RETRY_EINTR(sendfile(to, from, NULL, (size_t)st.st_size));
		st.st_size -= MAX(n, 0);
	}
	if (st.st_size > 0 || fsync(to) < 0 || renameat(s->dirfd, temporary, s->dirfd, path) < 0) {
		int r = err_sys(e, "cannot copy '%s'", path);

		(void)unlinkat(s->dirfd, temporary, 0);
		return r;
	}
	/* Where there are no attributes, the name must do. */
	if (fgetxattr(from, OBJECT_XATTR, digest, sizeof(digest)) == sizeof(digest))
		(void)fsetxattr(to, OBJECT_XATTR, digest, sizeof(digest), 0);
	return 0;
}

static int replace_object(struct store *s, int from_dirfd, const char *name, const char *path,
                          struct err *e)
{
	if (renameat(from_dirfd, name, s->dirfd, path) == 0)
		return 0;
	return errno == EXDEV ? copy_across(s, from_dirfd, name, path, e)
	                      : err_sys(e, "cannot replace '%s'", path);
}

static int replace_directory(struct store *s, int from_fd, const char *dir, struct err *e)
{
	int fd = openat(from_fd, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char path[sizeof(OBJECT_DIR) + OBJECT_NAME_SIZE + 8];
	struct dirent *de;
	int r = 0;

	if (!d)
		return err_sys(e, "cannot read new objects '%s'", dir);
	(void)snprintf(path, sizeof(path), OBJECT_DIR "/%.2s", dir);
	if (mkdirat(s->dirfd, path, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "cannot make '%s'", path);
	while ((de = readdir(d))) {
		(void)snprintf(path, sizeof(path), OBJECT_DIR "/%.2s/%.20s", dir, de->d_name);
		if (de->d_name[0] != '.')
			r = replace_object(s, fd, de->d_name, path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int layer_repair(struct store *s, struct layer_stage *l, const char *chain, struct err *e)
{
	int fd = openat(l->dirfd, OBJECT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	char path[32 + CHAIN_SIZE];
	struct dirent *de;
	int r = 0;

	if (!d)
		return err_sys(e, "cannot read the new objects");
	while (r == 0 && (de = readdir(d)))
		if (is_hex(de->d_name, 2))
			r = replace_directory(s, fd, de->d_name, e);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "layers/%.64s/" LAYER_INDEX_FILE, chain);
	if (renameat(l->dirfd, LAYER_INDEX_FILE, s->dirfd, path) < 0)
		return err_sys(e, "cannot replace the index of layer '%.12s'", chain);
	return 0;
}

/* Whatever lies there is complete, since it came by one rename, or is replaced. */
static int place_plain(struct store *s, const struct layer_stage *l, const char *chain,
                       struct err *e)
{
	char to[32 + CHAIN_SIZE];
	int r;

	(void)snprintf(to, sizeof(to), "layers/%.64s/fs", chain);
	r = layer_root_move(l->dirfd, "fs", s->dirfd, to, e);
	return r == -EEXIST ? 0 : r;
}

static int place_objects(struct store *s, const struct layer_stage *l, const char *chain,
                         struct err *e)
{
	char to[32 + CHAIN_SIZE + LAYER_MAP_SIZE], label[8 + LAYER_MAP_SIZE];
	int r = layer_stage_label(l, e);

	if (r < 0)
		return r;
	(void)snprintf(to, sizeof(to), "layers/%.64s/" LAYER_INDEX_FILE, chain);
	if (renameat(l->dirfd, LAYER_INDEX_FILE, s->dirfd, to) < 0)
		return err_sys(e, "cannot place the index of layer '%.12s'", chain);
	/* A tree is no more than a beginning; an older one may be in use. */
	(void)snprintf(label, sizeof(label), "meta-%s", l->map);
	(void)snprintf(to, sizeof(to), "layers/%.64s/%s", chain, label);
	r = faccessat(l->dirfd, label, F_OK, 0) < 0
	            ? 0
	            : file_rename_new(l->dirfd, label, s->dirfd, to);
	return r < 0 && r != -EEXIST ? err_errno(e, r, "cannot place '%s'", to) : 0;
}

int layer_convert(struct store *s, struct layer_stage *l, const char *chain, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	int r = db_begin(s, &w, e);

	if (r == 0)
		r = l->driver == LAYER_OBJECTS ? place_objects(s, l, chain, e)
		                               : place_plain(s, l, chain, e);
	/* Whoever sees the row finds what it says, also after a power cut. */
	if (r == 0 && syncfs(s->dirfd) < 0)
		r = err_sys(e, "cannot sync the store");
	if (r == 0)
		r = db_run(s, e, "UPDATE layers SET driver = ?, parent = ? WHERE chain = ?", "sss",
		           layer_driver_name(l->driver), l->parent, chain);
	return r < 0 ? r : db_commit(&w, e);
}

int blob_discard(struct store *s, const char *digest, struct err *e)
{
	char path[32 + DIGEST_SIZE];

	(void)snprintf(path, sizeof(path), "oci/blobs/sha256/%.64s", digest + strlen("sha256:"));
	return trash_move(s->dirfd, path, NULL, e);
}

/* --- the tables */

struct rule {
	const char *what, *find, *mend;
};

static const struct rule rules[] = {
	{ "an image that does not exist has the name",
	  "SELECT name FROM image_names WHERE image_id NOT IN (SELECT id FROM images)",
	  "DELETE FROM image_names WHERE image_id NOT IN (SELECT id FROM images)" },
	{ "there are layers of an image that does not exist,",
	  "SELECT DISTINCT image_id FROM image_layers WHERE image_id NOT IN (SELECT id FROM "
	  "images)",
	  "DELETE FROM image_layers WHERE image_id NOT IN (SELECT id FROM images)" },
	{ "there are blobs of an image that does not exist,",
	  "SELECT DISTINCT image_id FROM image_blobs WHERE image_id NOT IN (SELECT id FROM images)",
	  "DELETE FROM image_blobs WHERE image_id NOT IN (SELECT id FROM images)" },
};

static int apply_rule(struct store *s, const struct rule *rule, bool repair, verify_fn found,
                      void *arg, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char what[512];
	int n = 0, r = db_query(s, &st, e, rule->find, "");

	while (r == 0 && (r = db_step(s, st, e)) > 0) {
		(void)snprintf(what, sizeof(what), "%s '%.200s'", rule->what, db_text(st, 0));
		n++;
		r = found(what, repair, arg, e);
	}
	return r == 0 && n > 0 && repair ? db_run(s, e, rule->mend, "") : r;
}

static int check_pages(struct store *s, verify_fn found, void *arg, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = db_query(s, &st, e, "PRAGMA integrity_check(20)", "");

	while (r == 0 && (r = db_step(s, st, e)) > 0)
		r = strcmp(db_text(st, 0), "ok") != 0 ? found(db_text(st, 0), false, arg, e) : 0;
	return r;
}

int store_verify(struct store *s, bool repair, verify_fn found, void *arg, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	int r = db_open(s, e);

	if (r <= 0)
		return r;
	r = check_pages(s, found, arg, e);
	if (r == 0 && repair)
		r = db_begin(s, &w, e);
	for (size_t i = 0; i < ARRAY_SIZE(rules) && r == 0; i++)
		r = apply_rule(s, &rules[i], repair, found, arg, e);
	if (r == 0 && repair)
		r = db_commit(&w, e);
	return r == 0 && repair ? layout_write(s, e) : r;
}
