/* SPDX-License-Identifier: Apache-2.0 */
#include "store/collect.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "store/hex.h"
#include "store/layers.h"
#include "store/objects.h"
#include "store/pins.h"
#include "store/trash.h"
#include "store/volume-uses.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { INDEX_MAX = 64 << 20 };

void collector_done(struct collector *k)
{
	strv_done(&k->moved);
}

const char *garbage_name(enum garbage_kind kind)
{
	static const char *const names[] = {
		[GARBAGE_LAYER] = "layer",   [GARBAGE_TREE] = "tree", [GARBAGE_FORM] = "old form",
		[GARBAGE_OBJECT] = "object", [GARBAGE_BLOB] = "blob",
	};

	return names[kind];
}

static int delete_rows(struct store *s, struct err *e)
{
	return db_run(s, e,
	              "DELETE FROM layers WHERE NOT EXISTS "
	              "(SELECT 1 FROM image_layers WHERE image_layers.chain = layers.chain)",
	              "");
}

int collect_rows(struct store *s, struct err *e)
{
	int r;

	if (pin_is_held(s)) {
		collect_mark(s);
		return 0;
	}
	(void)unlinkat(s->dirfd, COLLECT_MARK, 0); /* usually there is none */
	r = delete_rows(s, e);
	return r < 0 ? r : 1;
}

static DIR *open_dir(struct store *s, const char *name, struct err *e)
{
	int fd = openat(s->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d) {
		(void)err_sys(e, "cannot read directory '%s/%s'", s->path, name);
		cleanup_close(&fd);
	}
	return d;
}

static void cleanup_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}
#define _cleanup_dir_ _cleanup_(cleanup_dir)

/* Whether a query with one text parameter finds a row; 1 or 0. */
static int is_known(struct store *s, const char *sql, const char *value, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	int r = db_query(s, &st, e, sql, "s", value);

	return r < 0 ? r : db_step(s, st, e);
}

int collect_knows_layer(struct store *s, const char *chain, struct err *e)
{
	return is_known(s, "SELECT 1 FROM layers WHERE chain = ?", chain, e);
}

int collect_knows_objects(struct store *s, const char *chain, struct err *e)
{
	return is_known(s, "SELECT 1 FROM layers WHERE chain = ? AND driver = 'objects'", chain, e);
}

int collect_directory(struct collector *k, enum garbage_kind kind, const char *path, struct err *e)
{
	char name[STORE_NAME_MAX] = "", *here;
	int r;

	if (k->found)
		return k->found(kind, path, 0, k->arg, e);
	r = trash_move(k->s->dirfd, path, name, e);
	if (r == 0)
		return name[0] && strv_addf(&k->moved, "trash/%s", name) < 0 ? err_oom(e) : 0;
	if (r != -EACCES && r != -EPERM)
		return r;
	/* A directory that we may not write to cannot change its parent, rename(2); within it, it
	 * can get a name that says what it is. */
	here = strf("%.*s/" GONE_NAME, (int)(strrchr(path, '/') - path), path);
	r = here ? strv_take(&k->moved, here) : -ENOMEM;
	if (r == 0 && strcmp(path, here) != 0 &&
	    renameat(k->s->dirfd, path, k->s->dirfd, here) < 0 && errno != ENOTEMPTY &&
	    errno != EEXIST)
		return err_sys(e, "cannot move '%s' away", path);
	return r < 0 ? err_oom(e) : 0;
}

static int collect_layers(struct collector *k, struct err *e)
{
	_cleanup_dir_ DIR *d = open_dir(k->s, "layers", e);
	char path[16 + CHAIN_SIZE];
	struct dirent *de;
	int r = 0;

	if (!d)
		return -EIO;
	while (r >= 0 && (de = readdir(d))) {
		if (!is_hex(de->d_name, 64))
			continue;
		r = collect_knows_layer(k->s, de->d_name, e);
		(void)snprintf(path, sizeof(path), "layers/%.64s", de->d_name);
		if (r == 0)
			r = collect_directory(k, GARBAGE_LAYER, path, e);
	}
	return r < 0 ? r : 0;
}

static int collect_blob(struct collector *k, int blobs_fd, const char *name, struct err *e)
{
	char path[32 + DIGEST_SIZE];
	struct stat st;

	if (k->found && fstatat(blobs_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		(void)snprintf(path, sizeof(path), "oci/blobs/sha256/%.64s", name);
		return k->found(GARBAGE_BLOB, path, (uint64_t)st.st_blocks * 512, k->arg, e);
	}
	if (!k->found && unlinkat(blobs_fd, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "cannot remove blob '%s'", name);
	return 0;
}

/* Whether an image that shall be taken for removed has it: oci/index.json still names that. */
static bool is_forgotten(const struct collector *k, const char *digest)
{
	return k->found &&
	       is_known(k->s, "SELECT 1 FROM temp.forgotten WHERE digest = ?", digest, NULL) > 0;
}

static int collect_blobs(struct collector *k, struct err *e)
{
	_cleanup_free_ char *index = NULL;
	_cleanup_dir_ DIR *d = NULL;
	char digest[DIGEST_SIZE];
	struct dirent *de;
	int r = 0;

	if (faccessat(k->s->dirfd, "oci/blobs/sha256", F_OK, 0) < 0)
		return 0; /* nothing was ever pulled */
	d = open_dir(k->s, "oci/blobs/sha256", e);
	if (!d)
		return -EIO;
	/* It names what the database does not know (layout-twin.c), and was written just now. */
	(void)file_read_at(k->s->dirfd, "oci/index.json", INDEX_MAX, &index, NULL, NULL);
	while (r >= 0 && (de = readdir(d))) {
		if (!is_hex(de->d_name, 64))
			continue;
		(void)snprintf(digest, sizeof(digest), "sha256:%.64s", de->d_name);
		if (index && strstr(index, de->d_name) && !is_forgotten(k, digest))
			continue;
		r = is_known(k->s, "SELECT 1 FROM image_blobs WHERE digest = ?", digest, e);
		if (r == 0)
			r = collect_blob(k, dirfd(d), de->d_name, e);
	}
	return r < 0 ? r : 0;
}

int collect_files(struct collector *k, struct err *e)
{
	int r = collect_layers(k, e);

	if (r == 0)
		r = forms_collect(k, e);
	if (r == 0)
		r = objects_collect(k, e);
	return r < 0 ? r : collect_blobs(k, e);
}

void collect_trees(const struct collector *k, store_remove_fn remove_tree, void *arg)
{
	for (size_t i = 0; i < k->moved.n; i++) {
		if (remove_tree)
			(void)remove_tree(k->s->dirfd, k->moved.v[i], arg,
			                  NULL); /* see collect.h */
		else
			(void)tree_remove_at(k->s->dirfd, k->moved.v[i], NULL);
	}
}

static int forget(struct store *s, const struct garbage_query *q, struct err *e)
{
	int r = db_run(s, e, "CREATE TEMP TABLE IF NOT EXISTS forgotten (digest TEXT)", "");

	for (char *const *id = q ? q->images : NULL; id && *id && r == 0; id++) {
		r = db_run(s, e,
		           "INSERT INTO temp.forgotten SELECT digest FROM image_blobs"
		           " WHERE image_id = ?",
		           "s", *id);
		if (r == 0)
			r = db_run(s, e, "DELETE FROM image_layers WHERE image_id = ?", "s", *id);
		if (r == 0)
			r = db_run(s, e, "DELETE FROM image_blobs WHERE image_id = ?", "s", *id);
	}
	return r < 0 ? r : delete_rows(s, e);
}

int garbage_find(struct store *s, const struct garbage_query *q, garbage_fn found, void *arg,
                 struct err *e)
{
	struct collector k = {
		.s = s, .found = found, .arg = arg, .without = q ? q->containers : NULL
	};
	_cleanup_write_ struct db_write w = { 0 };
	int r = db_begin(s, &w, e);

	if (r < 0 || pin_is_held_by_others(s))
		return r;
	r = forget(s, q, e);
	if (r == 0)
		r = collect_files(&k, e);
	return r < 0 ? r : 1; /* db_end() rolls back */
}

/* Whether the container wrote anything; what cannot be read may be something. */
static bool has_files_in(int containers_fd, const char *id, const char *where)
{
	_cleanup_free_ char *path = strf("%s/%s", id, where);
	int fd = path ? openat(containers_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	_cleanup_dir_ DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d)
		return !path || errno != ENOENT;
	while ((de = readdir(d)))
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			return true;
	return false;
}

/* A copy has all of the image, and what was written among it. */
static bool has_files(int containers_fd, const char *id)
{
	return has_files_in(containers_fd, id, "upper") ||
	       has_files_in(containers_fd, id, "copy");
}

/* A power cut may keep a rename and lose the row that went with it, or the reverse. What a
 * container wrote is its owner's: `system check` tells of it. */
int collect_containers(struct store *s, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	_cleanup_dir_ DIR *d = open_dir(s, "containers", e);
	struct dirent *de;
	char to[16 + NAME_MAX];
	int r;

	if (!d)
		return -EIO;
	r = db_query(s, &st, e, "SELECT id FROM containers", "");
	while (r >= 0 && (r = db_step(s, st, e)) > 0)
		if (faccessat(dirfd(d), db_text(st, 0), F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
		    errno == ENOENT) {
			r = uses_release(s, db_text(st, 0), NULL, e);
			if (r < 0)
				break;
			r = db_run(s, e, "DELETE FROM containers WHERE id = ?", "s",
			           db_text(st, 0));
		}
	while (r >= 0 && (de = readdir(d))) {
		if (!is_hex(de->d_name, 64))
			continue;
		r = is_known(s, "SELECT 1 FROM containers WHERE id = ?", de->d_name, e);
		(void)snprintf(to, sizeof(to), "trash/%s", de->d_name);
		if (r == 0 && !has_files(dirfd(d), de->d_name) &&
		    renameat(dirfd(d), de->d_name, s->dirfd, to) < 0)
			r = err_sys(e, "cannot move '%s' to the trash", de->d_name);
	}
	return r < 0 ? r : 0;
}
