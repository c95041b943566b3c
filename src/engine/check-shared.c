/* SPDX-License-Identifier: Apache-2.0 */
/* check-shared - directories of shared layers: those that are configured, and those that layers
 * rely on
 *
 * They are somebody else's, root's as a rule, so nothing is repaired: what is wrong is told, with
 * the images of ours that have it.
 */
#include "engine/check.h"

#include "base/array.h"
#include "base/fd.h"
#include "base/sbuf.h"
#include "engine/sharing.h"
#include "store/hex.h"
#include "store/shared.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

struct shared_object {
	uint8_t record[LAYER_INDEX_OBJECT]; /* begins with the digest */
	ssize_t layer;                      /* of ours that has it, or -1 */
};

struct shared_check {
	struct checking *c;
	const char *dir;
	struct shared_object *objects;
	size_t n, cap;
};

/* The images of a layer of ours, if it is one: it may be in the directory alone. */
static int complain(struct checking *c, const char *name, ssize_t layer, const char *why)
{
	json_t *p = check_problem(c, "shared", name, layer, why);

	return p ? json_object_set_new(p, "State", json_string("kept")) : -ENOMEM;
}

static int add_objects(struct shared_check *s, const char *data, size_t n, ssize_t layer,
                       struct err *e)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	struct object_id id;
	int r = layer_index_open(data, n, &x, e);

	for (uint32_t i = 0; r == 0 && i < x.n_objects; i++) {
		layer_index_object(&x, i, &id);
		if (array_grow(&s->objects, s->n, &s->cap, sizeof(*s->objects)) < 0)
			return err_oom(e);
		check_record(s->objects[s->n].record, &id);
		s->objects[s->n++].layer = layer;
	}
	return r;
}

static int read_layer(struct shared_check *s, int dirfd, const char *chain, struct err *e)
{
	ssize_t layer = check_layer_number(s->c, chain);
	_cleanup_free_ char *data = NULL, *name = NULL;
	struct err why = { 0 };
	size_t n = 0;
	int r = shared_index(dirfd, chain, &data, &n, &why);

	if (r == 1)
		return add_objects(s, data, n, layer, e);
	if (r == -ENOMEM)
		return err_oom(e);
	name = strf("%s/layers/%s", s->dir, chain);
	return name && complain(s->c, name, layer, r < 0 ? why.msg : "it has no index") == 0
	               ? 0
	               : err_oom(e);
}

static int read_layers(struct shared_check *s, int dirfd, struct err *e)
{
	int fd = openat(dirfd, "layers", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		r = err_sys(e, "cannot read '%s/layers'", s->dir);
		cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (de = readdir(d)))
		if (is_hex(de->d_name, CHAIN_SIZE - 1))
			r = read_layer(s, dirfd, de->d_name, e);
	(void)closedir(d);
	return r;
}

static int found_object(const struct check_found *f, void *arg)
{
	struct shared_check *s = arg;
	char object[OBJECT_NAME_SIZE];
	_cleanup_free_ char *name = NULL;

	if (f->number >= s->n)
		return -EPROTO;
	object_name(s->objects[f->number].record, object);
	name = strf("%s/" OBJECT_DIR "/%s", s->dir, object);
	return name ? complain(s->c, name, s->objects[f->number].layer, check_reason(f->what))
	            : -ENOMEM;
}

/* Those of layers of ours first among equals. */
static int by_digest(const void *a, const void *b)
{
	const struct shared_object *x = a, *y = b;
	int r = memcmp(x->record, y->record, OBJECT_DIGEST_SIZE);

	return r ? r : (x->layer < y->layer) - (x->layer > y->layer);
}

/* Each once, as a list for the helper. */
static int list_objects(struct shared_check *s, struct err *e)
{
	_cleanup_free_ uint8_t *list = calloc(s->n + 1, LAYER_INDEX_OBJECT);
	size_t n = 0;

	if (!list)
		return err_oom(e);
	if (s->n > 1)
		qsort(s->objects, s->n, sizeof(*s->objects), by_digest);
	for (size_t i = 0; i < s->n; i++) {
		if (n > 0 &&
		    !memcmp(s->objects[n - 1].record, s->objects[i].record, OBJECT_DIGEST_SIZE))
			continue;
		s->objects[n] = s->objects[i];
		memcpy(list + n++ * LAYER_INDEX_OBJECT, s->objects[i].record, LAYER_INDEX_OBJECT);
	}
	s->n = n;
	return fd_sealed_memory("objects", list, n * LAYER_INDEX_OBJECT, e);
}

static int hash_objects(struct shared_check *s, int dirfd, struct err *e)
{
	_cleanup_close_ int list_fd = list_objects(s, e);
	_cleanup_close_ int objects_fd =
		openat(dirfd, OBJECT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct check_done done = { 0 };
	int r;

	if (list_fd < 0)
		return list_fd;
	if (objects_fd < 0)
		return err_sys(e, "cannot open '%s/" OBJECT_DIR "'", s->dir);
	r = check_ask(s->c->u,
	              &(struct check_request){ .job = CHECK_FILES,
	                                       .flags = CHECK_FOREIGN |
	                                                (s->c->o->quick ? CHECK_QUICK : 0),
	                                       .dirfd = objects_fd,
	                                       .list_fd = list_fd,
	                                       .layers_fd = -EBADF,
	                                       .n = s->n },
	              found_object, s, &done, e);
	check_count(s->c, "SharedObjects", done.n);
	check_count(s->c, "SharedBytes", done.bytes);
	return r < 0 ? err_in(e, r, "cannot look at '%s'", s->dir) : 0;
}

/* A layer of ours that relies on the directory; -1. */
static ssize_t relier(struct checking *c, const char *dir)
{
	for (size_t i = 0; i < c->n_layers; i++) {
		_cleanup_strv_ struct strv dirs = { 0 };

		(void)shared_layer_dirs(c->u->store, c->layers[i].chain, &dirs, NULL);
		for (size_t k = 0; k < dirs.n; k++)
			if (!strcmp(dirs.v[k], dir))
				return (ssize_t)i;
	}
	return -1;
}

static int check_directory(struct checking *c, const char *dir, struct err *e)
{
	struct shared_check s = { .c = c, .dir = dir };
	struct err why = { 0 };
	_cleanup_close_ int fd = shared_open(dir, /* deep= */ true, &why);
	int r = 0;

	if (fd < 0)
		return complain(c, dir, relier(c, dir), why.msg) < 0 ? err_oom(e) : 0;
	r = read_layers(&s, fd, e);
	if (r == 0)
		r = hash_objects(&s, fd, e);
	free(s.objects);
	return r;
}

static int add(struct strv *list, const char *dir)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->v[i], dir))
			return 0;
	return strv_add(list, dir);
}

int check_shared(struct checking *c, struct err *e)
{
	_cleanup_sharing_ struct sharing config = { 0 };
	_cleanup_strv_ struct strv dirs = { 0 };
	struct err why = { 0 };
	int r = sharing_config(&config, &why);

	check_step(c, "shared layers");
	if (r == -ENOMEM)
		return err_oom(e);
	r = r < 0 ? complain(c, "shared-dirs", -1, why.msg) : 0;
	for (size_t i = 0; i < config.n && r == 0; i++)
		r = add(&dirs, config.dirs[i].path);
	for (size_t i = 0; i < c->n_layers && r == 0; i++)
		r = MIN(shared_layer_dirs(c->u->store, c->layers[i].chain, &dirs, NULL), 0);
	if (r < 0)
		return err_oom(e);
	for (size_t i = 0; i < dirs.n && r == 0; i++)
		r = check_directory(c, dirs.v[i], e);
	return r;
}
