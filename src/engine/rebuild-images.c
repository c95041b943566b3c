/* SPDX-License-Identifier: Apache-2.0 */
/* rebuild-images - images and layers out of oci/ and layers/ */
#include "engine/rebuild.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "engine/usage.h"
#include "image/config.h"
#include "store/blobs.h"
#include "store/hex.h"
#include "store/layer-index.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { LIST_MAX_BYTES = 64 << 20 };

#define DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

/* A layer's blob is not read to its end for this. */
static bool may_be_manifest(int blobs_fd, const char *name, struct stat *st)
{
	_cleanup_close_ int fd = -EBADF;
	char first = '\0';

	if (!is_hex(name, 64) || fstatat(blobs_fd, name, st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st->st_mode) || st->st_size > MANIFEST_MAX_BYTES)
		return false;
	fd = openat(blobs_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && pread(fd, &first, 1, 0) == 1 && first == '{';
}

/* As a pull fills it in. 1; 0: something it needs is lost or damaged. */
static int fill_row(struct rebuilding *w, const struct manifest *m, struct found_image *i,
                    struct err *e)
{
	_cleanup_image_config_ struct image_config config = { 0 };
	_cleanup_free_ char *text = NULL;
	struct image_row *row = &i->row;
	size_t n = 0;

	if (blob_read(w->u->store, m->config.digest, CONFIG_MAX_BYTES, &text, &n, NULL) < 0 ||
	    image_config_parse(text, n, &config, NULL) < 0 ||
	    image_check_layers(m, &config, NULL) < 0)
		return 0;
	row->n_chains = m->n_layers;
	row->n_blobs = m->n_layers + 2;
	row->chains = calloc(row->n_chains + 1, sizeof(*row->chains));
	row->blobs = calloc(row->n_blobs, sizeof(*row->blobs));
	if (!row->chains || !row->blobs)
		return err_oom(e);
	memcpy(row->id, m->config.digest, DIGEST_SIZE);
	memcpy(row->manifest, i->manifest, DIGEST_SIZE);
	memcpy(row->blobs[0], i->manifest, DIGEST_SIZE);
	memcpy(row->blobs[1], m->config.digest, DIGEST_SIZE);
	for (size_t k = 0; k < m->n_layers; k++)
		memcpy(row->blobs[2 + k], m->layers[k].digest, DIGEST_SIZE);
	rebuild_chains((const char(*)[DIGEST_SIZE])config.diff_ids, m->n_layers, row->chains);
	row->created_ns = config.created_ns;
	return 1;
}

static void found_done(struct found_image *i)
{
	image_row_done(&i->row);
	strv_done(&i->names);
}

static int take_manifest(struct rebuilding *w, const char *hex, const struct stat *st,
                         struct err *e)
{
	_cleanup_manifest_ struct manifest m = { 0 };
	struct found_image i = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r;

	(void)snprintf(i.manifest, sizeof(i.manifest), "sha256:%.64s", hex);
	if (blob_read(w->u->store, i.manifest, MANIFEST_MAX_BYTES, &text, &n, NULL) < 0 ||
	    manifest_parse(text, n, &m, NULL) < 0)
		return 0;
	i.is_docker = memmem(text, n, DOCKER_MANIFEST, strlen(DOCKER_MANIFEST)) != NULL;
	i.row.pulled_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;
	r = fill_row(w, &m, &i, e);
	if (r == 1) {
		r = array_grow(&w->images, w->n_images, &w->cap_images, sizeof(*w->images)) < 0
		            ? err_oom(e)
		            : 0;
		if (r == 0) {
			w->images[w->n_images++] = i;
			return 0;
		}
	}
	found_done(&i);
	return r;
}

static int read_blobs(struct rebuilding *w, struct err *e)
{
	int fd = openat(store_dirfd(w->u->store), "oci/blobs/sha256",
	                O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	struct stat st;
	int r = 0;

	if (!d) {
		cleanup_close(&fd);
		return 0;
	}
	while (r == 0 && (de = readdir(d)))
		if (may_be_manifest(fd, de->d_name, &st))
			r = take_manifest(w, de->d_name, &st, e);
	(void)closedir(d);
	return r;
}

/* --- names */

static struct found_image *by_manifest(struct rebuilding *w, const char *digest)
{
	for (size_t i = 0; i < w->n_images; i++)
		if (!strcmp(w->images[i].manifest, digest))
			return &w->images[i];
	return NULL;
}

/* What a twin was made of, else itself. */
static struct found_image *original(struct rebuilding *w, struct found_image *twin)
{
	for (size_t i = 0; i < w->n_images; i++) {
		struct found_image *o = &w->images[i];

		if (o->is_docker && !strcmp(o->row.id, twin->row.id) &&
		    o->row.n_blobs == twin->row.n_blobs &&
		    !memcmp(o->row.blobs + 1, twin->row.blobs + 1,
		            (o->row.n_blobs - 1) * sizeof(*o->row.blobs)))
			return o;
	}
	return twin;
}

/* Its names stay known, so that the user reads what to pull. */
static int lost_image(struct rebuilding *w, const char *digest, const char *name)
{
	json_t *p = check_problem(w->c, "image", digest, -1,
	                          "its manifest or configuration is missing or damaged");

	if (!p || json_object_set_new(p, "State", json_string("pull")) < 0)
		return -ENOMEM;
	return name ? json_array_append_new(json_object_get(p, "Images"), json_string(name)) : 0;
}

static int take_listed(struct rebuilding *w, const json_t *entry, struct err *e)
{
	const char *digest = json_string_value(json_object_get(entry, "digest"));
	const char *name = json_string_value(json_object_get(json_object_get(entry, "annotations"),
	                                                     "org.opencontainers.image.ref.name"));
	struct found_image *i;

	if (!digest || !is_digest(digest))
		return 0;
	i = by_manifest(w, digest);
	if (!i)
		return lost_image(w, digest, name) < 0 ? err_oom(e) : 0;
	i = original(w, i);
	i->is_listed = true;
	return name && strv_add(&i->names, name) < 0 ? err_oom(e) : 0;
}

static int read_names(struct rebuilding *w, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	const json_t *list, *v;
	size_t i;
	int r = json_read_at(store_dirfd(w->u->store), "oci/index.json", LIST_MAX_BYTES, &j, NULL);

	list = json_object_get(j, "manifests");
	w->has_list = r == 0 && json_is_array(list);
	if (w->has_list) {
		r = 0;
		json_array_foreach(list, i, v) if (r == 0) r = take_listed(w, v, e);
		return r;
	}
	/* Each image id once; of two manifests of it that of Docker's kind is no twin. */
	for (size_t k = 0; k < w->n_images; k++) {
		struct found_image *one = original(w, &w->images[k]);
		bool has_other = false;

		for (size_t n = 0; n < w->n_images; n++)
			has_other = has_other || (w->images[n].is_listed &&
			                          !strcmp(w->images[n].row.id, one->row.id));
		one->is_listed = one->is_listed || !has_other;
	}
	return 0;
}

int rebuild_find_images(struct rebuilding *w, struct err *e)
{
	int r = read_blobs(w, e);

	return r < 0 ? r : read_names(w, e);
}

/* --- layers */

static bool has(struct rebuilding *w, const char *chain, const char *what)
{
	_cleanup_free_ char *path = strf("layers/%s/%s", chain, what);

	return path && faccessat(store_dirfd(w->u->store), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static uint64_t content_bytes(struct rebuilding *w, const char *chain)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	_cleanup_free_ char *data = NULL;
	size_t n = 0;

	return layer_index_load(w->u->store, chain, &data, &n, NULL) == 0 &&
	                       layer_index_open(data, n, &x, NULL) == 0
	               ? x.content_bytes
	               : 0;
}

/* 1 it is there; 0 it must be unpacked again. @below: the driver of the layer below. */
static int find_layer(struct rebuilding *w, const struct found_image *i, size_t k,
                      enum layer_driver *below, struct layer_row *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ char *path = NULL;
	struct usage use = { 0 };
	int r;

	memcpy(ret->chain, i->row.chains[k], CHAIN_SIZE);
	/* A layer may have both forms after a migration; those with objects are all at the bottom.
	 */
	if (*below == LAYER_OBJECTS && has(w, ret->chain, LAYER_INDEX_FILE)) {
		if (k > 0)
			memcpy(ret->parent, i->row.chains[k - 1], CHAIN_SIZE);
		ret->size_bytes = content_bytes(w, ret->chain);
	} else if (has(w, ret->chain, "fs")) {
		*below = LAYER_PLAIN;
		path = strf("layers/%s", ret->chain);
		fd = path ? openat(store_dirfd(w->u->store), path,
		                   O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		          : -EBADF;
		r = fd < 0 ? err_sys(e, "cannot open a layer")
		           : usage_of_tree(w->u, fd, "fs", &use, e);
		if (r < 0)
			return r;
		ret->size_bytes = use.file_bytes;
	} else {
		return 0;
	}
	(void)snprintf(ret->driver, sizeof(ret->driver), "%s", layer_driver_name(*below));
	return 1;
}

static int read_diff_ids(struct rebuilding *w, const struct found_image *i,
                         struct image_config *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = blob_read(w->u->store, i->row.id, CONFIG_MAX_BYTES, &text, &n, e);

	return r < 0 ? r : image_config_parse(text, n, ret, e);
}

/* Up to the first that is lost: with it, what lies above is unpacked again. */
static int put_layers(struct rebuilding *w, struct found_image *i, struct err *e)
{
	_cleanup_image_config_ struct image_config config = { 0 };
	enum layer_driver below = LAYER_OBJECTS;
	int r = read_diff_ids(w, i, &config, e);

	i->is_whole = true;
	for (size_t k = 0; k < i->row.n_chains && r >= 0 && i->is_whole; k++) {
		struct layer_row l = { 0 };

		r = find_layer(w, i, k, &below, &l, e);
		i->is_whole = r == 1;
		if (r != 1)
			continue;
		memcpy(l.diff_id, config.diff_ids[k], DIGEST_SIZE);
		i->row.size_bytes += l.size_bytes;
		r = rebuild_layer(w->b, &l, e);
	}
	return MIN(r, 0);
}

int rebuild_put_images(struct rebuilding *w, struct err *e)
{
	int r = 0;

	for (size_t k = 0; k < w->n_images && r == 0; k++) {
		struct found_image *i = &w->images[k];

		if (!i->is_listed)
			continue;
		r = put_layers(w, i, e);
		if (r < 0 || !i->is_whole)
			continue;
		i->row.names = i->names.v;
		r = rebuild_image(w->b, &i->row, e);
		i->row.names = NULL;
		w->n_whole++;
	}
	return r;
}

const struct found_image *rebuild_image_of(const struct rebuilding *w, const json_t *paths)
{
	const char *top = json_string_value(json_array_get(paths, json_array_size(paths) - 1));

	for (size_t k = 0; k < w->n_images && top; k++) {
		const struct image_row *row = &w->images[k].row;

		if (w->images[k].is_listed && row->n_chains && !strncmp(top, "layers/", 7) &&
		    !strncmp(top + 7, row->chains[row->n_chains - 1], CHAIN_SIZE - 1))
			return &w->images[k];
	}
	return NULL;
}
