/* SPDX-License-Identifier: Apache-2.0 */
/* disk - what the store takes: images, containers, and what could be had back */
#include "engine/engine.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "engine/usage.h"
#include "image/reference.h"
#include "store/layers.h"
#include "store/volumes.h"

#include <fcntl.h>
#include <string.h>

struct layer_use {
	char chain[CHAIN_SIZE];
	unsigned n_images, n_active; /* images with it, and those of them that have containers */
	uint64_t bytes;
};

struct survey {
	struct usrct *u;
	struct image_row *images;
	struct container_row *containers;
	size_t n_images, n_containers, n_layers;
	struct layer_use *layers;
	size_t *users; /* by image: how many containers */
	/* Of objects, by image: such as only this one has, and others. */
	uint64_t *unique, *shared;
	uint64_t objects_idle; /* those that no image with a container has */
};

static void survey_done(struct survey *s)
{
	for (size_t i = 0; i < s->n_images; i++)
		image_row_done(&s->images[i]);
	for (size_t i = 0; i < s->n_containers; i++)
		container_row_done(&s->containers[i]);
	free(s->images);
	free(s->containers);
	free(s->layers);
	free(s->users);
	free(s->unique);
	free(s->shared);
}
#define _cleanup_survey_ _cleanup_(survey_done)

/* image_list() leaves layers out. */
static int read_images(struct survey *s, struct err *e)
{
	int r = image_list(s->u->store, &s->images, &s->n_images, e);

	for (size_t i = 0; i < s->n_images && r >= 0; i++) {
		struct image_row full = { 0 };

		r = image_find(s->u->store, s->images[i].id, &full, e);
		if (r == 1) {
			image_row_done(&s->images[i]);
			s->images[i] = full;
		}
	}
	return MIN(r, 0);
}

static struct layer_use *layer_of(struct survey *s, const char *chain)
{
	for (size_t i = 0; i < s->n_layers; i++)
		if (!strcmp(s->layers[i].chain, chain))
			return &s->layers[i];
	return NULL;
}

static int count_layers(struct survey *s, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_images; i++)
		n += s->images[i].n_chains;
	s->layers = calloc(n + 1, sizeof(*s->layers));
	s->users = calloc(s->n_images + 1, sizeof(*s->users));
	if (!s->layers || !s->users)
		return err_oom(e);
	for (size_t i = 0; i < s->n_images; i++) {
		for (size_t k = 0; k < s->n_containers; k++)
			s->users[i] += !strcmp(s->containers[k].image_id, s->images[i].id);
		for (size_t k = 0; k < s->images[i].n_chains; k++) {
			struct layer_use *l = layer_of(s, s->images[i].chains[k]);

			if (!l) {
				l = &s->layers[s->n_layers++];
				memcpy(l->chain, s->images[i].chains[k], CHAIN_SIZE);
			}
			l->n_images++;
			l->n_active += s->users[i] > 0;
		}
	}
	return 0;
}

static int measure_layers(struct survey *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < s->n_layers && r == 0; i++) {
		_cleanup_close_ int dirfd = openat(store_dirfd(s->u->store), "layers",
		                                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct usage use = { 0 };

		if (dirfd >= 0)
			r = usage_of_tree(s->u, dirfd, s->layers[i].chain, &use, e);
		s->layers[i].bytes = use.disk_bytes;
	}
	return r;
}

static bool has_layer(const struct survey *s, const struct image_row *row, const uint32_t *layers,
                      size_t n)
{
	for (size_t k = 0; k < row->n_chains; k++)
		for (size_t i = 0; i < n; i++)
			if (!strcmp(row->chains[k], s->layers[layers[i]].chain))
				return true;
	return false;
}

/* One object: of one image alone, or of several. */
static void count_object(uint64_t disk_bytes, const uint32_t *layers, size_t n, void *arg)
{
	struct survey *s = arg;
	size_t owner = 0, n_owners = 0;
	bool is_active = false;

	for (size_t i = 0; i < s->n_images; i++)
		if (has_layer(s, &s->images[i], layers, n)) {
			owner = i;
			n_owners++;
			is_active |= s->users[i] > 0;
			s->shared[i] += disk_bytes;
		}
	if (n_owners == 1) {
		s->shared[owner] -= disk_bytes;
		s->unique[owner] += disk_bytes;
	}
	s->objects_idle += is_active ? 0 : disk_bytes;
}

static int measure_objects(struct survey *s, struct err *e)
{
	_cleanup_strv_ struct strv chains = { 0 };

	s->unique = calloc(s->n_images + 1, sizeof(*s->unique));
	s->shared = calloc(s->n_images + 1, sizeof(*s->shared));
	if (!s->unique || !s->shared)
		return err_oom(e);
	for (size_t i = 0; i < s->n_layers; i++)
		if (strv_add(&chains, s->layers[i].chain) < 0)
			return err_oom(e);
	return chains.n ? layer_objects_each(s->u->store, chains.v, count_object, s, e) : 0;
}

static json_t *names_of(const struct image_row *row)
{
	json_t *list = json_array();
	char familiar[600];

	for (char *const *n = row->names; n && *n; n++) {
		reference_familiar(*n, familiar, sizeof(familiar));
		(void)json_array_append_new(list, json_string(familiar));
	}
	return list;
}

static int add_images(struct survey *s, json_t *out, struct err *e)
{
	json_t *list = json_array();
	uint64_t reclaimable = s->objects_idle;

	for (size_t i = 0; i < s->n_images; i++) {
		const struct image_row *row = &s->images[i];
		uint64_t shared = s->shared[i], unique = s->unique[i];

		for (size_t k = 0; k < row->n_chains; k++) {
			const struct layer_use *l = layer_of(s, row->chains[k]);

			*(l->n_images > 1 ? &shared : &unique) += l->bytes;
		}
		(void)json_array_append_new(
			list, json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I}", "Id", row->id,
		                        "RepoTags", names_of(row), "Created",
		                        (json_int_t)(row->created_ns / 1000000000), "Size",
		                        (json_int_t)shared + (json_int_t)unique, "SharedSize",
		                        (json_int_t)shared, "UniqueSize", (json_int_t)unique,
		                        "Containers", (json_int_t)s->users[i]));
	}
	for (size_t i = 0; i < s->n_layers; i++)
		reclaimable += s->layers[i].n_active ? 0 : s->layers[i].bytes;
	(void)json_object_set_new(out, "ImagesReclaimable", json_integer((json_int_t)reclaimable));
	return json_object_set_new(out, "Images", list) < 0 ? err_oom(e) : 0;
}

static int add_container(struct survey *s, const struct container_row *row, json_t *list,
                         uint64_t *total, uint64_t *reclaimable, struct err *e)
{
	_cleanup_close_ int parent =
		openat(store_dirfd(s->u->store), "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int dirfd = container_open_dir(s->u->store, row->id, e);
	struct usage all = { 0 };
	uint64_t rw_bytes = 0, root_bytes = 0;
	struct state state;
	bool is_active;
	int r;

	if (dirfd < 0 || parent < 0)
		return dirfd == -ENOENT || parent < 0 ? 0 : dirfd;
	r = state_read(dirfd, &state, e);
	if (r == 0)
		r = usage_of_container(s->u, dirfd, row, &rw_bytes, &root_bytes, e);
	if (r == 0)
		r = usage_of_tree(s->u, parent, row->id, &all, e);
	if (r < 0)
		return r;
	is_active = state_is_active(&state);
	*total += all.disk_bytes;
	*reclaimable += is_active ? 0 : all.disk_bytes;
	(void)json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:I, s:I}", "Id", row->id,
	                        "Names", row->name, "Image", row->image, "Command", row->command,
	                        "Created", (json_int_t)(row->created_ns / 1000000000), "State",
	                        state_name(state.status), "Active", is_active, "SizeRw",
	                        (json_int_t)rw_bytes, "DiskSize", (json_int_t)all.disk_bytes));
	return 0;
}

static int add_containers(struct survey *s, json_t *out, struct err *e)
{
	uint64_t total = 0, reclaimable = 0;
	json_t *list = json_array();
	int r = 0;

	for (size_t i = 0; i < s->n_containers && r == 0; i++)
		r = add_container(s, &s->containers[i], list, &total, &reclaimable, e);
	(void)json_object_set_new(out, "Containers", list);
	(void)json_object_set_new(out, "ContainersDisk", json_integer((json_int_t)total));
	(void)json_object_set_new(out, "ContainersReclaimable",
	                          json_integer((json_int_t)reclaimable));
	return r;
}

/* What no container has could be had back. */
static int add_volume(struct usrct *u, const struct volume_row *row, json_t *list, uint64_t *total,
                      uint64_t *reclaimable, struct err *e)
{
	_cleanup_close_ int dirfd = volume_open_dir(u->store, row->name, e);
	_cleanup_strv_ struct strv users = { 0 };
	struct usage use = { 0 };
	int r;

	if (dirfd < 0)
		return dirfd == -ENOENT ? 0 : dirfd;
	r = usage_of_tree(u, dirfd, VOLUME_DATA, &use, e);
	if (r == 0)
		r = volume_users(u->store, row->name, &users, e);
	if (r < 0)
		return r;
	*total += use.disk_bytes;
	*reclaimable += users.n ? 0 : use.disk_bytes;
	return json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I}", "Name", row->name,
	                                             "Links", (json_int_t)users.n, "Size",
	                                             (json_int_t)use.file_bytes, "DiskSize",
	                                             (json_int_t)use.disk_bytes)) < 0
	               ? err_oom(e)
	               : 0;
}

static int add_volumes(struct usrct *u, json_t *out, struct err *e)
{
	uint64_t total = 0, reclaimable = 0;
	struct volume_row *rows = NULL;
	json_t *list = json_array();
	size_t n = 0;
	int r = volume_list(u->store, &rows, &n, e);

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_volume(u, &rows[i], list, &total, &reclaimable, e);
	volume_list_free(rows, n);
	(void)json_object_set_new(out, "Volumes", list);
	(void)json_object_set_new(out, "VolumesDisk", json_integer((json_int_t)total));
	(void)json_object_set_new(out, "VolumesReclaimable", json_integer((json_int_t)reclaimable));
	return r;
}

static int measure_store(struct usrct *u, uint64_t *ret_bytes, struct err *e)
{
	_cleanup_close_ int parent = -EBADF;
	const char *slash = strrchr(u->data_dir, '/');
	_cleanup_free_ char *above = slash && slash != u->data_dir
	                                     ? strndup(u->data_dir, (size_t)(slash - u->data_dir))
	                                     : NULL;
	struct usage all;
	int r;

	*ret_bytes = 0;
	if (!above)
		return err_oom(e);
	parent = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot open '%s'", above);
	r = usage_of_tree(u, parent, slash + 1, &all, e);
	*ret_bytes = all.disk_bytes;
	return r;
}

/* Layers, and the blobs that they came from. */
static int add_totals(struct survey *s, json_t *out, struct err *e)
{
	int fd = store_dirfd(s->u->store), r;
	struct usage layers = { 0 }, blobs = { 0 }, objects = { 0 };
	uint64_t all = 0;

	r = usage_of_tree(s->u, fd, "layers", &layers, e);
	if (r == 0)
		r = usage_of_tree(s->u, fd, "oci", &blobs, e);
	if (r == 0)
		r = usage_of_tree(s->u, fd, OBJECT_DIR, &objects, e);
	if (r == 0)
		r = measure_store(s->u, &all, e);
	if (r < 0)
		return r;
	layers.disk_bytes += objects.disk_bytes;
	(void)json_object_set_new(out, "LayersSize", json_integer((json_int_t)layers.disk_bytes));
	(void)json_object_set_new(
		out, "ImagesDisk",
		json_integer((json_int_t)layers.disk_bytes + (json_int_t)blobs.disk_bytes));
	(void)json_object_set_new(out, "Total", json_integer((json_int_t)all));
	return 0;
}

static int disk_usage(struct usrct *u, char **ret, struct err *e)
{
	_cleanup_survey_ struct survey s = { .u = u };
	_cleanup_json_ json_t *out = json_pack("{s:[]}", "BuildCache");
	int r = engine_store(u, STORE_READ, e);

	if (!out)
		return err_oom(e);
	if (r == 0)
		r = read_images(&s, e);
	if (r == 0)
		r = container_list(u->store, &s.containers, &s.n_containers, e);
	if (r == 0)
		r = count_layers(&s, e);
	if (r == 0)
		r = measure_layers(&s, e);
	if (r == 0)
		r = measure_objects(&s, e);
	if (r == 0)
		r = add_totals(&s, out, e);
	if (r == 0)
		r = add_images(&s, out, e);
	if (r == 0)
		r = add_containers(&s, out, e);
	if (r == 0)
		r = add_volumes(u, out, e);
	return r < 0 ? r : json_print(out, true, ret, e);
}

int usrct_disk_usage(struct usrct *u, char **ret_json, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = disk_usage(u, ret_json, &e);

	return ENGINE_RETURN(r, out, &e);
}

int usrct_disk_total(struct usrct *u, uint64_t *ret_bytes, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = measure_store(u, ret_bytes, &e);

	return ENGINE_RETURN(r, out, &e);
}

int usrct_prepare(struct usrct *u, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = engine_runtime_dir(u, &e);
	return ENGINE_RETURN(r, out, &e);
}
