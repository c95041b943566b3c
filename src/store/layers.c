/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layers.h"

#include "base/fd.h"
#include "base/file.h"
#include "store/collect.h"
#include "store/hex.h"
#include "store/layer-index.h"
#include "store/pins.h"
#include "store/trash.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { LAYER_PATH_SIZE = 32 + CHAIN_SIZE + LAYER_MAP_SIZE, LAYERS_MAX = 1024 };

static const char *const driver_names[] = { [LAYER_PLAIN] = "plain", [LAYER_OBJECTS] = "objects" };

const char *layer_driver_name(enum layer_driver driver)
{
	return driver_names[driver];
}

static int check_chain(const char *chain, struct err *e)
{
	return is_hex(chain, 64)
	               ? 0
	               : err_set(e, UCT_INTERNAL, -EINVAL, "'%s' is not a chain id", chain);
}

/* What is there in a layer's directory if the layer is: "fs" or its index. */
static void proof_path(char path[LAYER_PATH_SIZE], const char *chain, enum layer_driver driver)
{
	(void)snprintf(path, LAYER_PATH_SIZE, "layers/%.64s/%s", chain,
	               driver == LAYER_OBJECTS ? LAYER_INDEX_FILE : "fs");
}

/* The row of a layer that is here, driver and size: 1; 0: there is none, or somebody deleted the
 * directory by hand, and it is pulled again. */
static int look_up(struct store *s, const char *chain, enum layer_driver *ret,
                   uint64_t *ret_size_bytes, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char path[LAYER_PATH_SIZE];
	/* A reader may meet a store that no writer has upgraded yet. */
	int r = db_query(s, &st, e,
	                 s->version < 2 ? "SELECT size_bytes, 'plain' FROM layers WHERE chain = ?"
	                                : "SELECT size_bytes, driver FROM layers WHERE chain = ?",
	                 "s", chain);

	if (r == 0)
		r = db_step(s, st, e);
	if (r <= 0)
		return r;
	if (!strcmp(db_text(st, 1), driver_names[LAYER_OBJECTS]))
		*ret = LAYER_OBJECTS;
	else if (!strcmp(db_text(st, 1), driver_names[LAYER_PLAIN]))
		*ret = LAYER_PLAIN;
	else
		return err_set(e, UCT_STORE_NEWER, -EPROTONOSUPPORT,
		               "layer '%s' is of the driver '%.32s', which this program lacks",
		               chain, db_text(st, 1));
	proof_path(path, chain, *ret);
	if (ret_size_bytes)
		*ret_size_bytes = (uint64_t)sqlite3_column_int64(st, 0);
	return faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int layer_find(struct store *s, const char *chain, uint64_t *ret_size_bytes, struct err *e)
{
	enum layer_driver driver;
	int r = check_chain(chain, e);

	if (r == 0)
		r = pin_take(s, e);
	if (r < 0)
		return r;
	r = db_open(s, e);
	return r <= 0 ? r : look_up(s, chain, &driver, ret_size_bytes, e);
}

int layer_driver_of(struct store *s, const char *chain, enum layer_driver *ret, struct err *e)
{
	int r = check_chain(chain, e);

	if (r == 0)
		r = db_open(s, e);
	return r <= 0 ? r : look_up(s, chain, ret, NULL, e);
}

int layer_stage(struct store *s, struct layer_stage *ret, struct err *e)
{
	int r = pin_take(s, e);

	*ret = (struct layer_stage){ .dirfd = -EBADF, .store_dirfd = s->dirfd };
	if (r < 0)
		return r;
	r = store_tmp_dir(s, "layer", ret->name, e);
	if (r < 0)
		return r;
	ret->dirfd = r;
	return 0;
}

int layer_stage_objects(struct layer_stage *l, const char *parent, const char *map, struct err *e)
{
	int fd = parent ? check_chain(parent, e) : 0;

	if (fd < 0)
		return fd;
	(void)snprintf(l->parent, sizeof(l->parent), "%s", parent ? parent : "");

	if (strlen(map) >= sizeof(l->map) || strchr(map, '/'))
		return err_set(e, UCT_INTERNAL, -EINVAL, "'%s' is no label of an id map", map);
	(void)snprintf(l->map, sizeof(l->map), "%s", map);
	l->driver = LAYER_OBJECTS;
	if (mkdirat(l->store_dirfd, OBJECT_DIR, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "cannot create directory '%s'", OBJECT_DIR);
	/* A link where they lie elsewhere (engine/home.h). */
	fd = openat(l->store_dirfd, OBJECT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot open directory '%s'", OBJECT_DIR) : fd;
}

int layer_root_move(int from_dirfd, const char *from, int to_dirfd, const char *to, struct err *e)
{
	struct stat st;
	int r = file_rename_new(from_dirfd, from, to_dirfd, to);

	if (r == -EACCES && fstatat(from_dirfd, from, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode) && fchmodat(from_dirfd, from, st.st_mode | S_IWUSR, 0) == 0) {
		r = file_rename_new(from_dirfd, from, to_dirfd, to);
		if (fchmodat(r == 0 ? to_dirfd : from_dirfd, r == 0 ? to : from, st.st_mode & 07777,
		             0) < 0)
			return err_sys(e, "cannot set the mode of '%s' again", to);
	}
	return r < 0 ? err_errno(e, r, "cannot move '%s' to '%s'", from, to) : 0;
}

/* The unpacker knows nothing of labels. */
int layer_stage_label(const struct layer_stage *l, struct err *e)
{
	char dir[LAYER_PATH_SIZE], to[LAYER_PATH_SIZE + 4];

	if (l->driver != LAYER_OBJECTS || faccessat(l->dirfd, "fs", F_OK, 0) < 0)
		return 0;
	(void)snprintf(dir, sizeof(dir), "meta-%s", l->map);
	(void)snprintf(to, sizeof(to), "%s/fs", dir);
	if (mkdirat(l->dirfd, dir, 0700) < 0)
		return err_sys(e, "cannot label a metadata tree");
	return layer_root_move(l->dirfd, "fs", l->dirfd, to, e);
}

/* Puts the staged directory in place. What lies there without a row is the remains of a killed
 * process or of a power cut: exchanged for ours, and the stage then names that. */
static int place(struct store *s, struct layer_stage *l, const char *chain, struct err *e)
{
	char to[LAYER_PATH_SIZE];
	int r;

	(void)snprintf(to, sizeof(to), "layers/%.64s", chain);
	r = file_rename_new(s->dirfd, l->name, s->dirfd, to);
	if (r != -EEXIST)
		return r < 0 ? err_errno(e, r, "cannot rename layer '%s' into place", chain) : 0;
	if (renameat2(s->dirfd, l->name, s->dirfd, to, RENAME_EXCHANGE) < 0) {
		/* Not on every file system, see file_rename_new(). Nothing names it: put it away.
		 */
		r = trash_move(s->dirfd, to, NULL, e);
		if (r == 0)
			r = file_rename_new(s->dirfd, l->name, s->dirfd, to);
		return r < 0 ? err_errno(e, r, "cannot exchange layer '%s'", chain) : 0;
	}
	(void)trash_move(s->dirfd, l->name, NULL, NULL); /* or the sweep after our death */
	return 0;
}

int layer_commit(struct store *s, struct layer_stage *l, const char *chain, const char *diff_id,
                 uint64_t size_bytes, struct err *e)
{
	_cleanup_write_ struct db_write w = { 0 };
	enum layer_driver driver;
	int r = check_chain(chain, e);

	if (r == 0)
		r = pin_take(s, e);
	if (r == 0)
		r = db_begin(s, &w, e);
	if (r == 0)
		r = look_up(s, chain, &driver, NULL, e);
	if (r != 0) /* 1: another process was faster; layer_stage_done() throws ours away */
		return MIN(r, 0);
	r = db_run(s, e,
	           "INSERT INTO layers (chain, diff_id, size_bytes, driver, parent)"
	           " VALUES (?, ?, ?, ?, ?) "
	           "ON CONFLICT (chain) DO UPDATE SET size_bytes = excluded.size_bytes,"
	           " driver = excluded.driver, parent = excluded.parent",
	           "ssiss", chain, diff_id, (int64_t)size_bytes, driver_names[l->driver],
	           l->parent);
	if (r == 0)
		r = layer_stage_label(l, e);
	if (r < 0)
		return r;
	/* Renamed before the commit: a directory without a row is garbage, but a row without a
	 * directory would be a layer that images rely on. */
	r = place(s, l, chain, e);
	if (r < 0)
		return r;
	l->name[0] = '\0';
	return db_commit(&w, e);
}

void layer_stage_done(struct layer_stage *l)
{
	if (l->name[0]) /* or the sweep after our death */
		(void)trash_move(l->store_dirfd, l->name, NULL, NULL);
	cleanup_close(&l->dirfd);
	l->dirfd = -EBADF;
	l->name[0] = '\0';
}

/* The unpacker marks the root of a layer that hides everything below it. overlayfs ignores the mark
 * there (it looks at opaque marks only while looking up a name), so it is honoured here. */
static int plain_hides_all(struct store *s, const char *path, struct err *e)
{
	_cleanup_close_ int fd =
		openat(s->dirfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char magic[64], value[2];

	if (fd < 0)
		return err_sys(e, "cannot open '%s/%s'", s->path, path);
	(void)snprintf(magic, sizeof(magic), "/proc/self/fd/%d", fd);
	return getxattr(magic, "user.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y';
}

static bool ends_plain(const struct strv *list)
{
	return list->n > 0 && !layer_path_is_tree(list->v[list->n - 1]);
}

/* Adds the path of one layer; what it stands for as well, or hides, goes. Returns its driver. */
static int add_path(struct store *s, const char *chain, const char *map, struct strv *list,
                    struct err *e)
{
	enum layer_driver driver;
	char proof[LAYER_PATH_SIZE];
	int r = check_chain(chain, e);

	if (r == 0)
		r = look_up(s, chain, &driver, NULL, e);
	if (r == 0 || (r > 0 && driver == LAYER_OBJECTS && ends_plain(list)))
		return err_hint(e,
		                err_set(e, UCT_STORE_DAMAGED, -ENOENT,
		                        r == 0 ? "layer '%s' is missing"
		                               : "layer '%s' lies upon one of another driver",
		                        chain),
		                "remove the image and pull it again");
	if (r < 0)
		return r;
	proof_path(proof, chain, driver);
	r = driver == LAYER_OBJECTS ? 1 : plain_hides_all(s, proof, e);
	if (r < 0)
		return r;
	if (r > 0)
		strv_done(list);
	r = driver == LAYER_OBJECTS ? strv_addf(list, "layers/%s/meta-%s/fs", chain, map ? map : "")
	                            : strv_add(list, proof);
	return r < 0 ? err_oom(e) : (int)driver;
}

int layer_paths(struct store *s, const struct image_row *image, const char *map, struct strv *ret,
                struct err *e)
{
	_cleanup_strv_ struct strv list = { 0 };
	int r = db_open(s, e), driver = LAYER_PLAIN;

	if (r == 0)
		r = err_set(e, UCT_STORE_DAMAGED, -ENOENT, "there is no store");
	for (size_t i = 0; i < image->n_chains && r >= 0; i++) {
		r = add_path(s, image->chains[i], map, &list, e);
		if (r < 0)
			return err_in(e, r, "cannot use image '%.19s'", image->id);
	}
	if (list.n && layer_path_is_tree(list.v[0]))
		driver = LAYER_OBJECTS;
	if (r < 0 || (driver == LAYER_OBJECTS && !map))
		return r < 0 ? r : driver;
	*ret = list;
	list = (struct strv){ 0 };
	return driver;
}

bool layer_path_is_tree(const char *path)
{
	return !strncmp(path, "layers/", 7) && strstr(path, "/meta-") != NULL;
}

int layer_path_ready(struct store *s, const char *path, struct err *e)
{
	if (faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (errno != ENOENT)
		return err_sys(e, "cannot look for '%s/%s'", s->path, path);
	return layer_path_is_tree(path) ? 0
	                                : err_set(e, UCT_STORE_DAMAGED, -ENOENT,
	                                          "'%s/%s' is missing", s->path, path);
}

/* "layers/CHAIN/meta-MAP/fs" without its end. */
static int tree_dir(const char *path, char ret[LAYER_PATH_SIZE], struct err *e)
{
	size_t n = strlen(path);

	if (!layer_path_is_tree(path) || n >= LAYER_PATH_SIZE || strcmp(path + n - 3, "/fs") != 0)
		return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "'%s' is no metadata tree", path);
	(void)snprintf(ret, LAYER_PATH_SIZE, "%.*s", (int)(n - 3), path);
	return 0;
}

/* The layers from @chain down to the lowest, in this order. */
static int read_stack(struct store *s, const char *chain, struct strv *ret, struct err *e)
{
	char next[CHAIN_SIZE];
	int r = 0;

	(void)snprintf(next, sizeof(next), "%s", chain);
	while (next[0]) {
		_cleanup_stmt_ sqlite3_stmt *st = NULL;

		r = check_chain(next, e);
		if (r == 0 && (ret->n == LAYERS_MAX || strv_add(ret, next) < 0))
			r = err_oom(e);
		if (r == 0)
			r = db_query(s, &st, e,
			             "SELECT parent FROM layers WHERE chain = ? AND driver = ?",
			             "ss", next, driver_names[LAYER_OBJECTS]);
		if (r == 0)
			r = db_step(s, st, e);
		if (r == 0)
			return err_set(e, UCT_STORE_DAMAGED, -ENOENT, "layer '%s' is missing",
			               next);
		if (r > 0)
			r = db_copy(st, 0, next, sizeof(next), e);
		if (r < 0)
			return r;
	}
	return 0;
}

int layer_tree_chains(struct store *s, const char *path, struct strv *ret, struct err *e)
{
	_cleanup_strv_ struct strv stack = { 0 };
	char dir[LAYER_PATH_SIZE], chain[CHAIN_SIZE];
	int r = tree_dir(path, dir, e);

	if (r == 0)
		r = db_open(s, e);
	if (r < 0)
		return r;
	(void)snprintf(chain, sizeof(chain), "%.64s", path + strlen("layers/"));
	r = read_stack(s, chain, &stack, e);
	for (size_t i = stack.n; i > 0 && r == 0; i--)
		if (strv_add(ret, stack.v[i - 1]) < 0)
			r = err_oom(e);
	return r;
}

int layer_index_fd(struct store *s, const char *chain, struct err *e)
{
	char path[LAYER_PATH_SIZE];
	int fd = check_chain(chain, e);

	if (fd < 0)
		return fd;
	proof_path(path, chain, LAYER_OBJECTS);
	fd = openat(s->dirfd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot open '%s/%s'", s->path, path) : fd;
}

/* Many inodes are about to be made in a directory below this one, and no data. ext4 looks for room
 * for it where few are, as for a user's home (chattr(1), T), instead of beside its parent. Without
 * a journal it would look there, for each file, at every inode that was deleted within the last
 * minute (recently_deleted() in fs/ext4/ialloc.c): after a removal that is 100 microseconds a file
 * instead of 8. Other file systems know no such flag. */
static void spread(int dirfd)
{
	int flags;

	if (ioctl(dirfd, FS_IOC_GETFLAGS, &flags) < 0 || flags & FS_TOPDIR_FL)
		return;
	flags |= FS_TOPDIR_FL;
	(void)ioctl(dirfd, FS_IOC_SETFLAGS, &flags); /* it works without, but slower */
}

int layer_tree_stage(struct store *s, struct layer_stage *ret, struct err *e)
{
	int r;

	*ret = (struct layer_stage){ .dirfd = -EBADF, .store_dirfd = s->dirfd };
	r = store_tmp_dir(s, "tree", ret->name, e);
	if (r < 0)
		return r;
	ret->dirfd = r;
	spread(r);
	return 0;
}

int layer_tree_commit(struct store *s, struct layer_stage *l, const char *path, struct err *e)
{
	char to[LAYER_PATH_SIZE];
	int r = tree_dir(path, to, e);

	if (r < 0)
		return r;
	r = file_rename_new(s->dirfd, l->name, s->dirfd, to);
	if (r == 0)
		l->name[0] = '\0';
	else if (r != -EEXIST)
		return err_errno(e, r, "cannot rename a metadata tree to '%s/%s'", s->path, to);
	return 0;
}

int layer_tree_discard(struct store *s, const char *dir, struct err *e)
{
	return trash_move(s->dirfd, dir, NULL, e);
}

int layer_collect(struct store *s, store_remove_fn remove_tree, void *arg, struct err *e)
{
	_cleanup_collector_ struct collector k = { .s = s };
	_cleanup_write_ struct db_write w = { 0 };
	int r, go;

	r = db_begin(s, &w, e);
	if (r < 0)
		return r;
	r = collect_containers(s, e);
	if (r < 0)
		return r;
	go = collect_rows(s, e);
	if (go < 0)
		return go;
	r = db_commit(&w, e);
	if (r == 0 && go)
		r = collect_files(&k, e);
	db_end(&w);
	collect_trees(&k, remove_tree, arg);
	return r;
}
