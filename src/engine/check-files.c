/* SPDX-License-Identifier: Apache-2.0 */
/* check-files - layers: indexes, objects, blobs, metadata trees */
#include "engine/check.h"

#include "base/array.h"
#include "base/fd.h"
#include "base/sbuf.h"
#include "engine/layering.h"
#include "store/layer-index.h"
#include "store/shared.h"

#include <dirent.h>
#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int add_need(struct checking *c, const struct object_id *id, uint32_t layer, struct err *e)
{
	if (array_grow(&c->needs, c->n_needs, &c->cap_needs, sizeof(*c->needs)) < 0)
		return err_oom(e);
	c->needs[c->n_needs++] = (struct check_need){ *id, layer };
	return 0;
}

static int read_objects(struct checking *c, uint32_t layer, struct err *e)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	_cleanup_free_ char *data = NULL;
	struct object_id id;
	size_t n = 0;
	int r = layer_index_load(c->u->store, c->layers[layer].chain, &data, &n, e);

	if (r == 0)
		r = layer_index_open(data, n, &x, e);
	for (uint32_t i = 0; r == 0 && i < x.n_objects; i++) {
		layer_index_object(&x, i, &id);
		r = add_need(c, &id, layer, e);
	}
	return r;
}

static int bad_index(struct checking *c, uint32_t i, const struct err *why)
{
	const char *chain = c->layers[i].chain;

	if (why->code == -ENOMEM)
		return -ENOMEM;
	if (why->uct == UCT_INDEX_NEWER) {
		json_t *p = check_problem(c, "index", chain, i, why->msg);

		c->bad[i] |= CHECK_LAYER_NEWER;
		return p ? json_object_set_new(p, "State", json_string("kept")) : -ENOMEM;
	}
	c->bad[i] |= why->code == -ENOENT ? CHECK_LAYER_MISSING : CHECK_LAYER_BAD_INDEX;
	return check_problem(c, why->code == -ENOENT ? "layer" : "index", chain, i, why->msg)
	               ? 0
	               : -ENOMEM;
}

static bool has_image(const struct checking *c, const char *chain)
{
	for (size_t i = 0; i < c->n_images; i++)
		for (size_t k = 0; k < c->images[i].n_chains; k++)
			if (!strcmp(c->images[i].chains[k], chain))
				return true;
	return false;
}

/* What a pull that found no room has left is of no image yet, and a leak. */
static bool lacks_parent(const struct checking *c, const struct layer_row *l)
{
	return l->parent[0] && check_layer_number(c, l->parent) < 0 && has_image(c, l->chain);
}

static int check_layer(struct checking *c, uint32_t i, struct err *e)
{
	const struct layer_row *l = &c->layers[i];
	_cleanup_free_ char *fs = strf("layers/%s/fs", l->chain);
	struct err why = { 0 };
	int r = 0;

	if (!fs)
		return err_oom(e);
	if (!strcmp(l->driver, layer_driver_name(LAYER_OBJECTS))) {
		r = read_objects(c, i, &why);
		if (r < 0 && bad_index(c, i, &why) < 0)
			return err_oom(e);
		if (lacks_parent(c, l) &&
		    !check_problem(c, "layer", l->chain, i, "the layer below it is not there"))
			return err_oom(e);
	} else if (!strcmp(l->driver, layer_driver_name(LAYER_PLAIN))) {
		if (faccessat(store_dirfd(c->u->store), fs, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
		c->bad[i] |= CHECK_LAYER_MISSING;
		if (!check_problem(c, "layer", l->chain, i, "its files are not there"))
			return err_oom(e);
	} else if (!check_problem(c, "layer", l->chain, i, "it is of an unknown driver")) {
		return err_oom(e);
	}
	return 0;
}

static int by_digest(const void *a, const void *b)
{
	const struct check_need *x = a, *y = b;

	return memcmp(x->id.digest, y->id.digest, OBJECT_DIGEST_SIZE);
}

int check_indexes(struct checking *c, struct err *e)
{
	int r = 0;

	check_step(c, "layers");
	for (uint32_t i = 0; i < c->n_layers && r == 0; i++)
		r = check_layer(c, i, e);
	for (size_t i = 0; i < c->n_images && r == 0; i++)
		for (size_t k = 0; k < c->images[i].n_chains && r == 0; k++)
			if (check_layer_number(c, c->images[i].chains[k]) < 0 &&
			    !check_problem(c, "image", c->images[i].id, -1,
			                   "one of its layers is not in the index"))
				r = err_oom(e);
	if (c->n_needs > 1)
		qsort(c->needs, c->n_needs, sizeof(*c->needs), by_digest);
	check_count(c, "Layers", c->n_layers);
	return r;
}

/* --- objects */

const char *check_reason(uint32_t what)
{
	static const char *const reasons[] = {
		[CHECK_MISSING] = "is missing",
		[CHECK_CONTENT] = "has other contents than its digest says",
		[CHECK_SIZE] = "has a wrong size",
		[CHECK_KIND] = "is no regular file",
		[CHECK_OPEN] = "belongs to somebody else, or others may write to it",
		[CHECK_CLASH] = "is labelled with another digest",
		[CHECK_UNREADABLE] = "cannot be read",
		[CHECK_UNSEALED] = "is not under fs-verity",
		[CHECK_DIFFERS] = "differs",
	};

	return what < ARRAY_SIZE(reasons) && reasons[what] ? reasons[what] : "is wrong";
}

void check_record(uint8_t p[LAYER_INDEX_OBJECT], const struct object_id *id)
{
	uint64_t size = htole64(id->size_bytes);
	uint32_t flags = htole32(id->flags);

	memset(p, 0, LAYER_INDEX_OBJECT);
	memcpy(p, id->digest, OBJECT_DIGEST_SIZE);
	memcpy(p + OBJECT_DIGEST_SIZE, &size, sizeof(size));
	memcpy(p + OBJECT_DIGEST_SIZE + 8, &flags, sizeof(flags));
}

struct object_check {
	struct checking *c;
	uint32_t *which; /* the need of each record */
	size_t n;
};

/* All the layers with this object: whichever can be unpacked gives it back. */
static int found_object(const struct check_found *f, void *arg)
{
	struct object_check *oc = arg;
	struct checking *c = oc->c;
	char name[OBJECT_NAME_SIZE];
	size_t first;

	if (f->number >= oc->n)
		return -EPROTO;
	first = oc->which[f->number];
	object_name(c->needs[first].id.digest, name);
	for (size_t i = first; i < c->n_needs && by_digest(&c->needs[i], &c->needs[first]) == 0;
	     i++) {
		if (f->what == CHECK_MISSING &&
		    shared_layer_has(c->u->store, c->layers[c->needs[i].layer].chain,
		                     &c->needs[i].id))
			continue;
		c->bad[c->needs[i].layer] |= CHECK_LAYER_BAD_OBJECTS;
		if (!check_problem(c, "object", name, (ssize_t)c->needs[i].layer,
		                   check_reason(f->what)))
			return -ENOMEM;
	}
	return 0;
}

int check_objects(struct checking *c, struct err *e)
{
	_cleanup_close_ int dirfd =
		openat(store_dirfd(c->u->store), OBJECT_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int list_fd = -EBADF;
	struct object_check oc = { .c = c };
	struct check_done done = { 0 };
	_cleanup_free_ uint8_t *list = calloc(c->n_needs + 1, LAYER_INDEX_OBJECT);
	_cleanup_free_ uint32_t *which = calloc(c->n_needs + 1, sizeof(*which));
	int r = 0;

	check_step(c, "objects");
	if (!list || !which)
		return err_oom(e);
	for (size_t i = 0; i < c->n_needs; i++) {
		if (i > 0 && by_digest(&c->needs[i], &c->needs[i - 1]) == 0)
			continue;
		check_record(list + oc.n * LAYER_INDEX_OBJECT, &c->needs[i].id);
		which[oc.n++] = (uint32_t)i;
	}
	oc.which = which;
	list_fd = fd_sealed_memory("objects", list, oc.n * LAYER_INDEX_OBJECT, e);
	if (list_fd < 0)
		return list_fd;
	for (uint64_t i = 0; dirfd < 0 && i < oc.n && r == 0; i++)
		r = found_object(&(struct check_found){ .what = CHECK_MISSING, .number = i }, &oc);
	if (dirfd >= 0)
		r = check_ask(c->u,
		              &(struct check_request){ .job = CHECK_FILES,
		                                       .flags = c->o->quick ? CHECK_QUICK : 0,
		                                       .dirfd = dirfd,
		                                       .list_fd = list_fd,
		                                       .layers_fd = -EBADF,
		                                       .n = oc.n },
		              found_object, &oc, &done, e);
	check_count(c, "Objects", done.n);
	check_count(c, "ObjectBytes", done.bytes);
	return r < 0 ? err_in(e, r, "cannot look at the objects") : 0;
}

/* --- blobs */

static int add_digest(struct strv *list, const char *digest)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i], digest))
			return 0;
	return strv_add(list, digest);
}

/* A layer that came out of a shared directory has none, and misses none. */
static bool is_from_elsewhere(struct checking *c, const struct image_row *row, size_t blob)
{
	return blob >= 2 && row->n_blobs == row->n_chains + 2 &&
	       shared_layer_dirs(c->u->store, row->chains[blob - 2], NULL, NULL) > 0;
}

static int list_blobs(struct checking *c, struct strv *ret, struct err *e)
{
	for (size_t i = 0; i < c->n_images; i++)
		for (size_t k = 0; k < c->images[i].n_blobs; k++)
			if (!is_from_elsewhere(c, &c->images[i], k) &&
			    add_digest(ret, c->images[i].blobs[k]) < 0)
				return err_oom(e);
	return 0;
}

struct blob_check {
	struct checking *c;
	struct strv digests;
};

static int found_blob(const struct check_found *f, void *arg)
{
	struct blob_check *bc = arg;
	struct checking *c = bc->c;
	json_t *p, *names;

	if (f->number >= bc->digests.n)
		return -EPROTO;
	if (f->what != CHECK_MISSING && strv_add(&c->bad_blobs, bc->digests.v[f->number]) < 0)
		return -ENOMEM;
	p = check_problem(c, "blob", bc->digests.v[f->number], -1, check_reason(f->what));
	names = p ? json_object_get(p, "Images") : NULL;
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < c->n_images; i++)
		for (size_t k = 0; k < c->images[i].n_blobs; k++)
			if (!strcmp(c->images[i].blobs[k], bc->digests.v[f->number]))
				(void)json_array_append_new(
					names,
					json_string(c->images[i].names && c->images[i].names[0]
				                            ? c->images[i].names[0]
				                            : c->images[i].id));
	return 0;
}

static void put_digest(uint8_t *p, const char *digest)
{
	static const char hex[] = "0123456789abcdef";
	const char *s = digest + strlen("sha256:");

	for (int i = 0; i < OBJECT_DIGEST_SIZE && s[2 * i] && s[2 * i + 1]; i++)
		p[i] = (uint8_t)((strchr(hex, s[2 * i]) - hex) << 4 |
		                 (strchr(hex, s[2 * i + 1]) - hex));
}

int check_blobs(struct checking *c, struct err *e)
{
	_cleanup_close_ int dirfd = openat(store_dirfd(c->u->store), "oci/blobs/sha256",
	                                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int list_fd = -EBADF;
	_cleanup_free_ uint8_t *list = NULL;
	struct blob_check bc = { .c = c };
	struct check_done done = { 0 };
	int r = list_blobs(c, &bc.digests, e);

	check_step(c, "blobs");
	list = calloc(bc.digests.n + 1, LAYER_INDEX_OBJECT);
	if (r == 0 && !list)
		r = err_oom(e);
	for (size_t i = 0; i < bc.digests.n && r == 0; i++)
		put_digest(list + i * LAYER_INDEX_OBJECT, bc.digests.v[i]);
	if (r == 0)
		r = list_fd = fd_sealed_memory("blobs", list, bc.digests.n * LAYER_INDEX_OBJECT, e);
	for (uint64_t i = 0; dirfd < 0 && i < bc.digests.n && r >= 0; i++)
		r = found_blob(&(struct check_found){ .what = CHECK_MISSING, .number = i }, &bc);
	if (r >= 0 && dirfd >= 0)
		r = check_ask(c->u,
		              &(struct check_request){ .job = CHECK_BLOBS,
		                                       .flags = c->o->quick ? CHECK_QUICK : 0,
		                                       .dirfd = dirfd,
		                                       .list_fd = list_fd,
		                                       .layers_fd = -EBADF,
		                                       .n = bc.digests.n },
		              found_blob, &bc, &done, e);
	strv_done(&bc.digests);
	check_count(c, "Blobs", done.n);
	check_count(c, "BlobBytes", done.bytes);
	return r < 0 ? err_in(e, r, "cannot look at the blobs") : 0;
}

/* --- metadata trees */

struct tree_check {
	struct checking *c;
	const char *path;
	ssize_t layer;
};

static int found_tree(const struct check_found *f, void *arg)
{
	struct tree_check *t = arg;

	return strv_add(&t->c->bad_trees, t->path) == 0 &&
	                       check_problem(t->c, "tree", t->path, t->layer, f->where)
	               ? 0
	               : -ENOMEM;
}

/* The chain ids of a layer and all below it, lowest first. 1; 0: one is missing or damaged. */
static int write_stack(const struct checking *c, ssize_t layer, int *ret_fd, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1024 * CHAIN_SIZE);
	uint32_t stack[1024];
	size_t n = 0;

	for (ssize_t i = layer; i >= 0;) {
		if (n == ARRAY_SIZE(stack) || c->bad[i] & ~CHECK_LAYER_BAD_OBJECTS)
			return 0;
		stack[n++] = (uint32_t)i;
		if (!c->layers[i].parent[0])
			break;
		i = check_layer_number(c, c->layers[i].parent);
		if (i < 0)
			return 0;
	}
	while (n > 0)
		sbuf_adds(&b, c->layers[stack[--n]].chain);
	*ret_fd = b.err ? err_oom(e) : fd_sealed_memory("layers", b.s ? b.s : "", b.len, e);
	return *ret_fd < 0 ? *ret_fd : 1;
}

static int check_tree(struct checking *c, ssize_t layer, const char *name, int layers_fd,
                      struct err *e)
{
	_cleanup_free_ char *path = strf("layers/%s/%s", c->layers[layer].chain, name);
	_cleanup_close_ int dirfd = -EBADF, list_fd = -EBADF;
	struct tree_check t = { c, path, layer };
	struct check_done done = { 0 };
	int r = path ? write_stack(c, layer, &list_fd, e) : err_oom(e);

	if (r <= 0)
		return r;
	r = engine_hold(c->u, e);
	dirfd = openat(store_dirfd(c->u->store), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r < 0 || dirfd < 0)
		return r < 0 || errno == ENOENT ? r : err_sys(e, "cannot open '%s'", path);
	r = check_ask(c->u,
	              &(struct check_request){
			      .job = CHECK_TREE,
			      .flags = strcmp(name + 5, engine_map(c->u)) ? CHECK_ANY_OWNER : 0,
			      .dirfd = dirfd,
			      .list_fd = list_fd,
			      .layers_fd = layers_fd,
			      .in_namespace = true },
	              found_tree, &t, &done, e);
	check_count(c, "Trees", 1);
	check_count(c, "TreeFiles", done.n);
	return r < 0 ? err_in(e, r, "cannot look at '%s'", path) : 0;
}

static int check_trees_of(struct checking *c, ssize_t layer, int layers_fd, struct err *e)
{
	int fd = openat(layers_fd, c->layers[layer].chain, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!d) {
		cleanup_close(&fd);
		return 0; /* the layer is missing, which is known by now */
	}
	while (r == 0 && (de = readdir(d)))
		if (!strncmp(de->d_name, "meta-", 5))
			r = check_tree(c, layer, de->d_name, layers_fd, e);
	(void)closedir(d);
	return r;
}

int check_trees(struct checking *c, struct err *e)
{
	_cleanup_close_ int layers_fd =
		openat(store_dirfd(c->u->store), "layers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	check_step(c, "metadata trees");
	for (size_t i = 0; i < c->n_layers && r == 0 && layers_fd >= 0; i++)
		if (!strcmp(c->layers[i].driver, layer_driver_name(LAYER_OBJECTS)))
			r = check_trees_of(c, (ssize_t)i, layers_fd, e);
	return r;
}
