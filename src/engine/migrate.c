/* SPDX-License-Identifier: Apache-2.0 */
/* migrate - layers from one driver to the other, in place
 *
 * A layer is unpacked again from its blob, beside what it is; then its row says the new driver. So
 * a kill between any two steps leaves a store in which each layer is whole, and the next migration
 * goes on. Objects layers must not lie upon plain ones (store/layers.h): towards objects the lowest
 * come first, towards plain the highest.
 *
 * Containers name what they are mounted upon. The documents of those that do not run are written
 * anew; what they wrote stays where it is, since overlayfs knows nothing of the layers' inodes in
 * it. A running one keeps the old form of its layers, which is removed by the first collection
 * after its end and the next migration.
 */
#include "engine/engine.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "container/spec.h"
#include "engine/document-edit.h"
#include "engine/document.h"
#include "engine/ids.h"
#include "engine/layering.h"
#include "engine/unpacking.h"
#include "store/pins.h"
#include "store/verify.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

/* One layer of some image, with the position that it has in each. */
struct step {
	const char *chain, *parent, *image;
	size_t depth;
	struct layer_row row;
	bool is_blocked;
};

struct migration {
	struct usrct *u;
	const struct usrct_migrate_options *o;
	enum layer_driver to;
	struct image_row *images;
	struct step *steps;
	size_t n_images, n_steps, n_converted, n_containers;
	json_t *skipped, *running, *kept;
};

static void say(const struct migration *m, const char *fmt, const char *what, size_t i, size_t n)
{
	struct usrct_migrate_progress p = { fmt, what, i, n };

	if (m->o->progress)
		m->o->progress(&p, m->o->arg);
}

static int read_images(struct migration *m, struct err *e)
{
	int r = image_list(m->u->store, &m->images, &m->n_images, e);

	for (size_t i = 0; i < m->n_images && r >= 0; i++) {
		struct image_row full = { 0 };

		r = image_find(m->u->store, m->images[i].id, &full, e);
		if (r == 1) {
			image_row_done(&m->images[i]);
			m->images[i] = full;
		}
	}
	return MIN(r, 0);
}

static struct step *find_step(const struct migration *m, const char *chain)
{
	for (size_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].chain && !strcmp(m->steps[i].chain, chain))
			return &m->steps[i];
	return NULL;
}

static const char *name_of(const struct image_row *row)
{
	return row->names && row->names[0] ? row->names[0] : row->id;
}

static int by_depth(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	return x->depth < y->depth ? -1 : x->depth > y->depth;
}

static int list_steps(struct migration *m, struct err *e)
{
	_cleanup_free_ struct layer_row *rows = NULL;
	size_t n_rows = 0, n = 0;
	int r = layer_rows(m->u->store, &rows, &n_rows, e);

	for (size_t i = 0; i < m->n_images; i++)
		n += m->images[i].n_chains;
	m->steps = calloc(n + 1, sizeof(*m->steps));
	if (!m->steps)
		return r < 0 ? r : err_oom(e);
	for (size_t i = 0; i < m->n_images && r == 0; i++)
		for (size_t k = 0; k < m->images[i].n_chains; k++) {
			const char *chain = m->images[i].chains[k];
			struct step *s = &m->steps[m->n_steps];

			if (find_step(m, chain))
				continue;
			*s = (struct step){ .chain = chain,
				            .parent = k ? m->images[i].chains[k - 1] : NULL,
				            .image = name_of(&m->images[i]),
				            .depth = k };
			for (size_t x = 0; x < n_rows; x++)
				if (!strcmp(rows[x].chain, chain))
					s->row = rows[x];
			m->n_steps++;
		}
	if (r == 0 && m->n_steps > 1)
		qsort(m->steps, m->n_steps, sizeof(*m->steps), by_depth);
	return r;
}

static int skip(struct migration *m, struct step *s, const char *why, struct err *e)
{
	s->is_blocked = true;
	return json_array_append_new(m->skipped, json_pack("{s:s, s:s, s:s}", "Layer", s->chain,
	                                                   "Image", s->image, "Reason", why)) < 0
	               ? err_oom(e)
	               : 0;
}

/* Whether the order forbids it, because another one could not be converted. */
static bool is_held_back(const struct migration *m, const struct step *s)
{
	const struct step *below = s->parent ? find_step(m, s->parent) : NULL;

	if (m->to == LAYER_OBJECTS)
		return below && below->is_blocked;
	for (size_t i = 0; i < m->n_steps; i++)
		if (m->steps[i].parent && !strcmp(m->steps[i].parent, s->chain) &&
		    m->steps[i].is_blocked)
			return true;
	return false;
}

static int unpack(struct migration *m, struct step *s, int blob_fd, struct err *e)
{
	struct unpacking job = UNPACKING_NONE;
	int r;

	job.has_objects = m->to == LAYER_OBJECTS;
	job.parent = s->parent;
	r = unpacking_start(m->u, &job, blob_fd, e);
	if (r == 0)
		r = unpacking_finish(&job, e);
	if (r == 0 && strcmp(job.done.diff_id, s->row.diff_id) != 0)
		r = err_set(e, UCT_BAD_DIGEST, -EBADMSG, "the blob unpacks to another layer");
	if (r == 0 && s->parent) {
		char below[1][CHAIN_SIZE] = { { 0 } };

		(void)snprintf(below[0], sizeof(below[0]), "%s", s->parent);
		r = unpacking_settle(m->u, &job, below, 1, e);
	}
	if (r == 0)
		r = layer_convert(m->u->store, &job.stage, s->chain, e);
	unpacking_done(&job);
	return r;
}

static int open_blob(struct migration *m, const struct step *s, struct err *e)
{
	_cleanup_strv_ struct strv sources = { 0 };
	int fd = -ENOENT, r = layer_sources(m->u->store, s->chain, &sources, e);

	for (size_t i = 0; i < sources.n && r == 0 && fd < 0; i++) {
		_cleanup_free_ char *path =
			strf("oci/blobs/sha256/%s", sources.v[i] + strlen("sha256:"));

		fd = path ? openat(store_dirfd(m->u->store), path,
		                   O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
		          : -ENOMEM;
	}
	return r < 0 ? r : fd < 0 ? -ENOENT : fd;
}

static int convert(struct migration *m, struct step *s, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	struct err why = { 0 };
	int r;

	if (!s->row.driver[0] || !strcmp(s->row.driver, layer_driver_name(m->to)))
		return 0;
	if (is_held_back(m, s))
		return skip(m, s, "a layer that must be converted first could not be", e);
	fd = open_blob(m, s, &why);
	if (fd == -ENOENT)
		return skip(m, s, "its blob is not here: pull the image again", e);
	r = fd < 0 ? fd : unpack(m, s, fd, &why);
	if (r == 0) {
		m->n_converted++;
		return 0;
	}
	if (why.uct == UCT_BAD_LAYER || why.uct == UCT_BAD_DIGEST)
		return skip(m, s, why.msg, e);
	if (e)
		*e = why;
	return err_in(e, r, "cannot convert layer '%.12s' of '%s'", s->chain, s->image);
}

static int convert_all(struct migration *m, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < m->n_steps && r == 0; i++) {
		struct step *s = &m->steps[m->to == LAYER_OBJECTS ? i : m->n_steps - 1 - i];

		say(m, "layer", s->chain, i + 1, m->n_steps);
		r = convert(m, s, e);
	}
	return r;
}

/* Not left to the first start. */
static int make_trees(struct migration *m, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < m->n_images && r == 0; i++) {
		_cleanup_strv_ struct strv paths = { 0 };

		say(m, "image", name_of(&m->images[i]), i + 1, m->n_images);
		r = engine_layer_paths(m->u, &m->images[i], NULL, &paths, e);
		if (r == 0)
			r = engine_layers_make(m->u, NULL, paths.v, e);
	}
	return r;
}

/* --- containers */

/* Only trees can be made for any id map, and only the kernel's overlay can mount them. */
static bool can_move(const struct migration *m, const struct ids *ids, const json_t *plan)
{
	const char *backend = json_string_value(json_object_get(plan, "backend"));

	if (m->to == LAYER_PLAIN)
		return !ids->is_mapped;
	return !ids->is_shifted && (!backend || !strcmp(backend, "overlay"));
}

/* 1: it cannot use the new form. */
static int rewrite(struct migration *m, const struct image_row *image, int dirfd, struct err *e)
{
	_cleanup_json_ json_t *plan = NULL, *layers = NULL;
	_cleanup_strv_ struct strv paths = { 0 };
	struct ids ids;
	int r = json_read_at(dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);

	if (r == 0)
		r = ids_of_container(m->u, dirfd, &ids, e);
	if (r == 0 && !can_move(m, &ids, plan))
		return 1;
	if (r == 0)
		r = engine_layer_paths(m->u, image, &ids, &paths, e);
	if (r < 0)
		return r;
	layers = document_strings(paths.v);
	if (!layers)
		return err_oom(e);
	if (json_equal(layers, json_object_get(plan, "layers")))
		return 0;
	r = json_object_set(plan, "layers", layers);
	if (r == 0)
		r = engine_layer_data(m->u, image, &paths, plan, e);
	if (r == 0)
		r = document_write(dirfd, PLAN_FILE, plan, e);
	m->n_containers += r == 0;
	return r;
}

static int move_container(struct migration *m, const struct container_row *row, struct err *e)
{
	_cleanup_close_ int dirfd = container_open_dir(m->u->store, row->id, NULL);
	struct image_row image = { 0 };
	struct state state = { 0 };
	int r;

	if (dirfd < 0 || !row->image_id[0])
		return 0;
	/* As a start does: whoever runs has it. */
	r = flock(dirfd, LOCK_EX | LOCK_NB) < 0 ? 0 : state_read(dirfd, &state, NULL) == 0;
	if (r == 0 || state_is_active(&state))
		return json_array_append_new(m->running, json_string(row->name)) < 0 ? err_oom(e)
		                                                                     : 0;
	r = image_find(m->u->store, row->image_id, &image, e);
	if (r == 1)
		r = rewrite(m, &image, dirfd, e);
	image_row_done(&image);
	if (r == 1)
		r = json_array_append_new(m->kept, json_string(row->name)) < 0 ? err_oom(e) : 0;
	return r < 0 ? err_in(e, r, "cannot move container '%s'", row->name) : 0;
}

static int move_containers(struct migration *m, struct err *e)
{
	struct container_row *rows = NULL;
	size_t n = 0;
	int r = container_list(m->u->store, &rows, &n, e);

	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = move_container(m, &rows[i], e);
		container_row_done(&rows[i]);
	}
	free(rows);
	return r;
}

static int migrate(struct migration *m, struct err *e)
{
	int r = engine_sweep(m->u, e);

	if (r == 0)
		r = engine_hold(m->u, e);
	if (r == 0)
		r = engine_driver_works(m->u, m->to, e);
	if (r == 0)
		r = pin_take(m->u->store, e);
	if (r == 0)
		r = read_images(m, e);
	if (r == 0)
		r = list_steps(m, e);
	if (r == 0)
		r = convert_all(m, e);
	if (r == 0 && m->to == LAYER_OBJECTS)
		r = make_trees(m, e);
	if (r == 0)
		r = move_containers(m, e);
	/* Without our pin the old forms go, but for those in use. */
	store_close(m->u->store);
	m->u->store = NULL;
	if (r == 0)
		r = engine_sweep(m->u, e);
	return r < 0 ? r : layer_collect(m->u->store, engine_remove_tree, m->u, e);
}

static int answer(const struct migration *m, char **ret, struct err *e)
{
	_cleanup_json_ json_t *j = json_pack(
		"{s:s, s:I, s:I, s:O, s:O, s:O}", "To", layer_driver_name(m->to), "Converted",
		(json_int_t)m->n_converted, "Containers", (json_int_t)m->n_containers, "Skipped",
		m->skipped, "Running", m->running, "Kept", m->kept);

	return j ? json_print(j, true, ret, e) : err_oom(e);
}

static int choose(struct migration *m, struct err *e)
{
	int r = 0;

	if (m->o->to && !strcmp(m->o->to, layer_driver_name(LAYER_PLAIN)))
		m->to = LAYER_PLAIN;
	else if (m->o->to && !strcmp(m->o->to, layer_driver_name(LAYER_OBJECTS)))
		m->to = LAYER_OBJECTS;
	else if (m->o->to)
		return err_set(e, UCT_BAD_DRIVER, -EINVAL, "there is no storage driver '%.64s'",
		               m->o->to);
	else {
		r = engine_layer_driver(m->u, e);
		m->to = r == LAYER_OBJECTS ? LAYER_OBJECTS : LAYER_PLAIN;
	}
	return MIN(r, 0);
}

int usrct_system_migrate(struct usrct *u, const struct usrct_migrate_options *opts, char **ret_json,
                         struct usrct_err *out)
{
	struct usrct_migrate_options o = { .size = sizeof(o) };
	struct migration m = { .u = u,
		               .o = &o,
		               .skipped = json_array(),
		               .running = json_array(),
		               .kept = json_array() };
	struct err e = { 0 };
	int r;

	if (opts)
		memcpy(&o, opts, MIN(opts->size, sizeof(o)));
	r = m.skipped && m.running && m.kept ? choose(&m, &e) : err_oom(&e);
	if (r == 0)
		r = migrate(&m, &e);
	if (r == 0)
		r = answer(&m, ret_json, &e);
	for (size_t i = 0; i < m.n_images; i++)
		image_row_done(&m.images[i]);
	free(m.images);
	free(m.steps);
	json_decref(m.skipped);
	json_decref(m.running);
	json_decref(m.kept);
	return ENGINE_RETURN(r, out, &e);
}
