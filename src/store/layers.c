/* SPDX-License-Identifier: Apache-2.0 */
#include "store/layers.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "store/collect.h"
#include "store/hex.h"
#include "store/pins.h"
#include "store/trash.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

enum { LAYER_PATH_SIZE = 16 + CHAIN_SIZE };

static int layer_path(char path[LAYER_PATH_SIZE], const char *chain, struct err *e)
{
	if (!is_hex(chain, 64))
		return err_set(e, UCT_INTERNAL, -EINVAL, "'%s' is not a chain id", chain);
	(void)snprintf(path, LAYER_PATH_SIZE, "layers/%s/fs", chain);
	return 0;
}

int layer_find(struct store *s, const char *chain, uint64_t *ret_size_bytes, struct err *e)
{
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char path[LAYER_PATH_SIZE];
	int r;

	r = layer_path(path, chain, e);
	if (r < 0)
		return r;
	r = pin_take(s, e);
	if (r < 0)
		return r;
	r = db_open(s, e);
	if (r <= 0)
		return r;
	r = db_query(s, &st, e, "SELECT size_bytes FROM layers WHERE chain = ?", "s", chain);
	if (r == 0)
		r = db_step(s, st, e);
	if (r <= 0)
		return r;
	if (faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return 0; /* somebody deleted it by hand: it is pulled again */
	if (ret_size_bytes)
		*ret_size_bytes = (uint64_t)sqlite3_column_int64(st, 0);
	return 1;
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
	_cleanup_stmt_ sqlite3_stmt *st = NULL;
	char path[LAYER_PATH_SIZE];
	int r;

	r = layer_path(path, chain, e);
	if (r < 0)
		return r;
	r = pin_take(s, e);
	if (r < 0)
		return r;
	r = db_begin(s, &w, e);
	if (r == 0)
		r = db_query(s, &st, e, "SELECT 1 FROM layers WHERE chain = ?", "s", chain);
	if (r == 0)
		r = db_step(s, st, e);
	if (r < 0)
		return r;
	if (r == 1 && faccessat(s->dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0; /* another process was faster; layer_stage_done() throws ours away */
	r = db_run(s, e,
	           "INSERT INTO layers (chain, diff_id, size_bytes) VALUES (?, ?, ?) "
	           "ON CONFLICT (chain) DO UPDATE SET size_bytes = excluded.size_bytes",
	           "ssi", chain, diff_id, (int64_t)size_bytes);
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
static bool hides_all_below(int fd)
{
	char path[64], value[2];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return getxattr(path, "user.overlay.opaque", value, sizeof(value)) == 1 && value[0] == 'y';
}

int layer_open_all(struct store *s, const struct image_row *image, int **ret_fds, size_t *ret_n,
                   struct err *e)
{
	_cleanup_free_ int *fds = NULL;
	char path[LAYER_PATH_SIZE];
	size_t n = 0;
	int r = 0;

	fds = calloc(image->n_chains + 1, sizeof(*fds));
	if (!fds)
		return err_oom(e);
	for (size_t i = 0; i < image->n_chains && r == 0; i++) {
		r = layer_path(path, image->chains[i], e);
		if (r < 0)
			break;
		fds[n] = openat(s->dirfd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fds[n] < 0 && errno == ENOENT)
			r = err_hint(e,
			             err_set(e, UCT_STORE_DAMAGED, -ENOENT,
			                     "layer '%s' of image '%s' is missing",
			                     image->chains[i], image->id),
			             "remove the image and pull it again");
		else if (fds[n] < 0)
			r = err_sys(e, "cannot open '%s/%s'", s->path, path);
		else
			n++;
		if (r == 0 && hides_all_below(fds[n - 1])) {
			for (size_t k = 0; k + 1 < n; k++)
				(void)close(fds[k]);
			fds[0] = fds[n - 1];
			n = 1;
		}
	}
	if (r < 0) {
		while (n > 0)
			(void)close(fds[--n]);
		return r;
	}
	*ret_fds = TAKE_PTR(fds);
	*ret_n = n;
	return 0;
}

int layer_paths(struct store *s, const struct image_row *image, struct strv *ret, struct err *e)
{
	_cleanup_free_ int *fds = NULL;
	size_t n, skipped;
	int r = layer_open_all(s, image, &fds, &n, e);

	if (r < 0)
		return r;
	skipped = image->n_chains - n;
	for (size_t i = 0; i < n; i++) {
		char path[LAYER_PATH_SIZE];

		(void)close(fds[i]);
		if (r == 0)
			r = layer_path(path, image->chains[skipped + i], e);
		if (r == 0)
			r = strv_add(ret, path) < 0 ? err_oom(e) : 0;
	}
	return r;
}

int layer_collect(struct store *s, store_remove_fn remove_tree, void *arg, struct err *e)
{
	_cleanup_collected_ struct collected c = { 0 };
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
		r = collect_files(s, &c, e);
	db_end(&w);
	collect_trees(s, &c, remove_tree, arg);
	return r;
}
