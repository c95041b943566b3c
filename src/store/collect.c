/* SPDX-License-Identifier: Apache-2.0 */
#include "store/collect.h"

#include "base/array.h"
#include "base/file.h"
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

enum { INDEX_MAX = 64 << 20 };

void collected_done(struct collected *c)
{
	cleanup_free(&c->names);
	*c = (struct collected){ 0 };
}

static int collected_add(struct collected *c, const char *name, struct err *e)
{
	if (array_grow(&c->names, c->n, &c->cap, sizeof(*c->names)) < 0)
		return err_oom(e);
	memcpy(c->names[c->n++], name, STORE_NAME_MAX);
	return 0;
}

int collect_rows(struct store *s, struct err *e)
{
	int r;

	if (pin_is_held(s)) {
		collect_mark(s);
		return 0;
	}
	(void)unlinkat(s->dirfd, COLLECT_MARK, 0); /* usually there is none */
	r = db_run(s, e,
	           "DELETE FROM layers WHERE NOT EXISTS "
	           "(SELECT 1 FROM image_layers WHERE image_layers.chain = layers.chain)",
	           "");
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

static int move_layer(struct store *s, const char *chain, struct collected *c, struct err *e)
{
	char from[16 + CHAIN_SIZE], name[STORE_NAME_MAX];
	int r;

	(void)snprintf(from, sizeof(from), "layers/%.64s", chain);
	r = trash_move(s->dirfd, from, name, e);
	return r < 0 ? r : collected_add(c, name, e);
}

static int collect_layers(struct store *s, struct collected *c, struct err *e)
{
	_cleanup_dir_ DIR *d = open_dir(s, "layers", e);
	struct dirent *de;
	int r = 0;

	if (!d)
		return -EIO;
	while (r >= 0 && (de = readdir(d))) {
		if (!is_hex(de->d_name, 64))
			continue;
		r = is_known(s, "SELECT 1 FROM layers WHERE chain = ?", de->d_name, e);
		if (r == 0)
			r = move_layer(s, de->d_name, c, e);
	}
	return r < 0 ? r : 0;
}

static int collect_blobs(struct store *s, struct err *e)
{
	_cleanup_free_ char *index = NULL;
	_cleanup_dir_ DIR *d = NULL;
	char digest[DIGEST_SIZE];
	struct dirent *de;
	int r = 0;

	if (faccessat(s->dirfd, "oci/blobs/sha256", F_OK, 0) < 0)
		return 0; /* nothing was ever pulled */
	d = open_dir(s, "oci/blobs/sha256", e);
	if (!d)
		return -EIO;
	/* It names what the database does not know (layout-twin.c), and was written just now. */
	(void)file_read_at(s->dirfd, "oci/index.json", INDEX_MAX, &index, NULL, NULL);
	while (r >= 0 && (de = readdir(d))) {
		if (!is_hex(de->d_name, 64) || (index && strstr(index, de->d_name)))
			continue;
		(void)snprintf(digest, sizeof(digest), "sha256:%.64s", de->d_name);
		r = is_known(s, "SELECT 1 FROM image_blobs WHERE digest = ?", digest, e);
		if (r == 0 && unlinkat(dirfd(d), de->d_name, 0) < 0 && errno != ENOENT)
			r = err_sys(e, "cannot remove blob '%s'", digest);
	}
	return r < 0 ? r : 0;
}

int collect_files(struct store *s, struct collected *c, struct err *e)
{
	int r = collect_layers(s, c, e);

	if (r == 0)
		r = objects_collect(s, e);
	return r < 0 ? r : collect_blobs(s, e);
}

void collect_trees(struct store *s, const struct collected *c, store_remove_fn remove_tree,
                   void *arg)
{
	_cleanup_close_ int fd = openat(s->dirfd, "trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < c->n && fd >= 0; i++) {
		if (remove_tree)
			(void)remove_tree(fd, c->names[i], arg, NULL); /* see collect.h */
		else
			(void)tree_remove_at(fd, c->names[i], NULL);
	}
}

/* A power cut may keep a rename and lose the row that went with it, or the reverse. */
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
		if (r == 0 && renameat(dirfd(d), de->d_name, s->dirfd, to) < 0)
			r = err_sys(e, "cannot move '%s' to the trash", de->d_name);
	}
	return r < 0 ? r : 0;
}
