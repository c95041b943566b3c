/* SPDX-License-Identifier: Apache-2.0 */
/* check-repair - puts right what was found
 *
 * A layer is unpacked once more from its blob, into a stage with objects of its own, and what comes
 * out replaces what is there by renames: a container that has a file open keeps the one it has. If
 * no good blob is left, the image must be pulled again; a damaged blob goes, so that the pull
 * fetches it. Nothing that a container wrote is ever touched.
 */
#include "engine/check.h"

#include "base/sbuf.h"
#include "container/spec.h"
#include "engine/layering.h"
#include "engine/unpacking.h"
#include "store/blobs.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static void settle(struct checking *c, const char *key, const char *name, const char *state)
{
	json_t *p;
	size_t i;

	json_array_foreach(c->problems, i, p)
	{
		const char *is = json_string_value(json_object_get(p, key));
		const char *now = json_string_value(json_object_get(p, "State"));

		if (is && !strcmp(is, name) && now && !strcmp(now, "found"))
			(void)json_object_set_new(p, "State", json_string(state));
	}
}

static bool is_bad_blob(const struct checking *c, const char *digest)
{
	for (size_t i = 0; i < c->bad_blobs.n; i++)
		if (!strcmp(c->bad_blobs.v[i], digest))
			return true;
	return false;
}

/* The layers below one in some image, lowest first. */
struct below {
	char (*chains)[CHAIN_SIZE];
	size_t n;
	bool is_broken; /* one of them has to be pulled again */
};

/* What the archive has no entries for is as the layers below say (store/unpack-implied.h). Without
 * them the layer has to be pulled again, too: then a pull brings it in its turn. */
static int settle_implied(struct checking *c, struct unpacking *job, const struct below *b,
                          struct err *e)
{
	if (b->is_broken && job->done.n_implied && job->stage.driver == LAYER_PLAIN)
		return err_set(e, UCT_BAD_LAYER, -ENOENT, "a layer below it is not there");
	return unpacking_settle(c->u, job, b->chains, b->n, e);
}

static int unpack_again(struct checking *c, const struct layer_row *l, const struct below *below,
                        int blob_fd, struct err *e)
{
	struct unpacking job = UNPACKING_NONE;
	bool is_objects = !strcmp(l->driver, layer_driver_name(LAYER_OBJECTS));
	_cleanup_free_ char *dir = strf("layers/%s", l->chain);
	bool is_there = dir && faccessat(store_dirfd(c->u->store), dir, F_OK, 0) == 0;
	int r;

	if (!dir)
		return err_oom(e);
	job.has_objects = job.is_apart = is_objects;
	job.parent = l->parent[0] ? l->parent : NULL;
	r = unpacking_start(c->u, &job, blob_fd, e);
	if (r == 0)
		r = unpacking_finish(&job, e);
	if (r == 0 && strcmp(job.done.diff_id, l->diff_id) != 0)
		r = err_set(e, UCT_BAD_DIGEST, -EBADMSG, "the blob unpacks to another layer");
	if (r == 0)
		r = settle_implied(c, &job, below, e);
	if (r == 0 && !is_there && mkdirat(store_dirfd(c->u->store), dir, 0700) < 0)
		r = err_sys(e, "cannot make '%s'", dir);
	if (r == 0 && is_objects)
		r = layer_repair(c->u->store, &job.stage, l->chain, e);
	else if (r == 0)
		r = layer_commit(c->u->store, &job.stage, l->chain, l->diff_id, job.done.size_bytes,
		                 e);
	unpacking_done(&job);
	return r;
}

/* 1 repaired; 0 there is nothing to repair it from. */
static int repair_layer(struct checking *c, const struct layer_row *l, const struct below *below,
                        struct err *e)
{
	_cleanup_strv_ struct strv sources = { 0 };
	int r = layer_sources(c->u->store, l->chain, &sources, e);

	for (size_t i = 0; i < sources.n && r == 0; i++) {
		_cleanup_free_ char *path =
			strf("oci/blobs/sha256/%s", sources.v[i] + strlen("sha256:"));
		_cleanup_close_ int fd = path && !is_bad_blob(c, sources.v[i])
		                                 ? openat(store_dirfd(c->u->store), path,
		                                          O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
		                                 : -EBADF;
		struct err why = { 0 };

		if (fd < 0)
			continue;
		r = unpack_again(c, l, below, fd, &why);
		if (r == 0)
			return 1;
		if (why.uct != UCT_BAD_LAYER && why.uct != UCT_BAD_DIGEST) {
			if (e)
				*e = why;
			return r;
		}
		/* Not looked into by --quick, and damaged. */
		r = strv_add(&c->bad_blobs, sources.v[i]) < 0 ? err_oom(e) : 0;
	}
	return r;
}

static void add_pull(struct checking *c, const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach(c->pull, i, v) if (!strcmp(json_string_value(v), name)) return;
	(void)json_array_append_new(c->pull, json_string(name));
}

/* Whoever has to be pulled again, for the names that stand at the problems. */
static void list_pulls(struct checking *c)
{
	const json_t *p, *v;
	size_t i, k;

	json_array_foreach(c->problems, i, p)
	{
		const char *state = json_string_value(json_object_get(p, "State"));

		if (state && !strcmp(state, "pull"))
			json_array_foreach(json_object_get(p, "Images"), k, v)
				add_pull(c, json_string_value(v));
	}
}

enum repair { REPAIR_NOT_SEEN, REPAIR_DONE, REPAIR_BROKEN };

static int repair_one(struct checking *c, size_t i, const struct below *below, uint8_t *seen,
                      struct err *e)
{
	int r;

	if (seen[i] != REPAIR_NOT_SEEN)
		return 0;
	seen[i] = c->bad[i] ? REPAIR_BROKEN : REPAIR_DONE;
	if (!c->bad[i] || c->bad[i] & CHECK_LAYER_NEWER)
		return 0;
	check_step(c, c->layers[i].chain);
	r = engine_hold(c->u, e);
	if (r == 0)
		r = repair_layer(c, &c->layers[i], below, e);
	if (r >= 0)
		settle(c, "Layer", c->layers[i].chain, r > 0 ? "repaired" : "pull");
	if (r > 0)
		seen[i] = REPAIR_DONE;
	return MIN(r, 0);
}

/* The lowest first, since those above may need them. */
static int repair_image(struct checking *c, const struct image_row *image, uint8_t *seen,
                        struct err *e)
{
	struct below below = { .chains = image->chains };
	int r = 0;

	for (; below.n < image->n_chains && r == 0; below.n++) {
		ssize_t i = check_layer_number(c, image->chains[below.n]);

		if (i >= 0)
			r = repair_one(c, (size_t)i, &below, seen, e);
		below.is_broken = below.is_broken || i < 0 || seen[i] == REPAIR_BROKEN;
	}
	return r;
}

static int repair_layers(struct checking *c, struct err *e)
{
	_cleanup_free_ uint8_t *seen = calloc(c->n_layers + 1, sizeof(*seen));
	const struct below nothing = { 0 };
	int r = seen ? 0 : err_oom(e);

	for (size_t i = 0; i < c->n_images && r == 0; i++)
		r = repair_image(c, &c->images[i], seen, e);
	for (size_t i = 0; i < c->n_layers && r == 0; i++)
		r = repair_one(c, i, &nothing, seen, e);
	return r;
}

/* Whether a container that lives is mounted upon a path. */
static int is_in_use(struct checking *c, const char *path, struct err *e)
{
	struct container_row *rows = NULL;
	size_t n = 0;
	int found = 0, r = container_list(c->u->store, &rows, &n, e);

	for (size_t i = 0; i < n; i++) {
		_cleanup_close_ int dirfd = container_open_dir(c->u->store, rows[i].id, NULL);
		_cleanup_json_ json_t *plan = NULL;
		_cleanup_free_ char *text = NULL;

		if (dirfd >= 0 && flock(dirfd, LOCK_EX | LOCK_NB) < 0 &&
		    json_read_at(dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, NULL) == 0 &&
		    json_print(plan, false, &text, NULL) == 0 && strstr(text, path))
			found = 1;
		container_row_done(&rows[i]);
	}
	free(rows);
	return r < 0 ? r : found;
}

/* The next start makes it again; so does this, to be sure that it can. */
static int repair_tree(struct checking *c, const char *path, struct err *e)
{
	_cleanup_strv_ struct strv list = { 0 };
	int r = is_in_use(c, path, e);

	if (r > 0)
		settle(c, "Name", path, "kept");
	if (r != 0)
		return MIN(r, 0);
	r = layer_tree_discard(c->u->store, path, e);
	if (r == 0 && strstr(path, engine_map(c->u))) {
		if (strv_addf(&list, "%s/fs", path) < 0)
			return err_oom(e);
		r = engine_layers_make(c->u, NULL, list.v, e);
	}
	if (r == 0)
		settle(c, "Name", path, "repaired");
	return r;
}

static int repair_blobs(struct checking *c, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < c->bad_blobs.n && r == 0; i++)
		r = blob_discard(c->u->store, c->bad_blobs.v[i], e);
	return r;
}

static void settle_blobs(struct checking *c)
{
	json_t *p;
	size_t i;

	json_array_foreach(c->problems, i, p)
	{
		const char *kind = json_string_value(json_object_get(p, "Kind"));
		const char *state = json_string_value(json_object_get(p, "State"));

		if (kind && (!strcmp(kind, "blob") || !strcmp(kind, "image")) && state &&
		    !strcmp(state, "found"))
			(void)json_object_set_new(p, "State", json_string("pull"));
	}
}

int check_repair(struct checking *c, struct err *e)
{
	int r = repair_layers(c, e);

	for (size_t k = 0; k < c->bad_trees.n && r == 0; k++)
		r = repair_tree(c, c->bad_trees.v[k], e);
	if (r == 0)
		r = repair_blobs(c, e);
	settle_blobs(c);
	list_pulls(c);
	return r;
}

int check_clean(struct checking *c, struct err *e)
{
	json_t *leak;
	size_t i;
	int r;

	/* Closing ends our pin, without which nothing would be collected. */
	store_close(c->u->store);
	c->u->store = NULL;
	r = engine_sweep(c->u, e);
	if (r == 0)
		r = layer_collect(c->u->store, engine_remove_tree, c->u, e);
	json_array_foreach(c->leaks, i, leak)
	{
		const char *path = json_string_value(json_object_get(leak, "Path"));

		if (faccessat(store_dirfd(c->u->store), path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			(void)json_object_set_new(leak, "State", json_string("removed"));
	}
	return r;
}
