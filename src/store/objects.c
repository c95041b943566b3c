/* SPDX-License-Identifier: Apache-2.0 */
#include "store/objects.h"

#include "base/array.h"
#include "store/hex.h"
#include "store/layer-index.h"
#include "store/layers.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* That a layer needs an object; by name first, so that a name alone is a key. */
struct need {
	char name[OBJECT_NAME_SIZE];
	uint32_t layer;
};

struct needed {
	struct need *list;
	size_t n, cap;
	uint32_t layer; /* whose needs are being read */
};

static void needed_done(struct needed *x)
{
	cleanup_free(&x->list);
}

static void cleanup_dir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}
#define _cleanup_dir_ _cleanup_(cleanup_dir)

/* NULL where there is none; errno tells. */
static DIR *open_dir(int dirfd, const char *name, int flags)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (!d)
		cleanup_close(&fd);
	return d;
}

static int read_at(int fd, void *buf, size_t n, uint64_t offset, struct err *e)
{
	for (size_t at = 0; at < n;) {
		ssize_t r = RETRY_EINTR(pread(fd, (char *)buf + at, n - at, (off_t)(offset + at)));

		if (r <= 0)
			return r < 0 ? err_sys(e, "cannot read a layer's index")
			             : err_set(e, UCT_INDEX_DAMAGED, -EUCLEAN,
			                       "a layer's index is too short");
		at += (size_t)r;
	}
	return 0;
}

static int add_names(struct needed *x, const uint8_t *objects, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		if (array_grow(&x->list, x->n, &x->cap, sizeof(*x->list)) < 0)
			return err_oom(e);
		object_name(objects + i * LAYER_INDEX_OBJECT, x->list[x->n].name);
		x->list[x->n++].layer = x->layer;
	}
	return 0;
}

/* What one layer needs; a layer of the plain driver has no index. */
static int read_index(int layers_fd, const char *chain, struct needed *x, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ uint8_t *objects = NULL;
	uint8_t header[LAYER_INDEX_HEADER];
	char path[80 + sizeof(LAYER_INDEX_FILE)];
	struct layer_index index = { 0 };
	struct stat st;
	int r;

	(void)snprintf(path, sizeof(path), "%.64s/" LAYER_INDEX_FILE, chain);
	fd = openat(layers_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open the index of layer '%s'", chain);
	r = read_at(fd, header, sizeof(header), 0, e);
	if (r == 0)
		r = layer_index_header(header, sizeof(header), (uint64_t)st.st_size, &index, e);
	if (r < 0)
		return r;
	objects = malloc(index.n_objects * LAYER_INDEX_OBJECT + 1);
	if (!objects)
		return err_oom(e);
	r = read_at(fd, objects, index.n_objects * LAYER_INDEX_OBJECT, index.objects_at, e);
	if (r == 0)
		r = layer_index_check_objects(header, objects, index.n_objects * LAYER_INDEX_OBJECT,
		                              e);
	return r < 0 ? r : add_names(x, objects, index.n_objects, e);
}

static int by_name(const void *a, const void *b)
{
	return memcmp(a, b, OBJECT_NAME_SIZE);
}

static void sort(struct needed *x)
{
	if (x->n > 1)
		qsort(x->list, x->n, sizeof(*x->list), by_name);
}

/* An index that ought to be there and is not is as bad as a damaged one. */
static int read_known(struct store *s, int layers_fd, const char *chain, struct needed *x,
                      struct err *e)
{
	char path[80 + sizeof(LAYER_INDEX_FILE)];
	int r;

	(void)snprintf(path, sizeof(path), "%.64s/" LAYER_INDEX_FILE, chain);
	if (faccessat(layers_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return read_index(layers_fd, chain, x, e);
	r = collect_knows_objects(s, chain, e);
	return r > 0 ? err_set(e, UCT_INDEX_DAMAGED, -ENOENT, "layer '%s' has no index", chain) : r;
}

static int read_indexes(struct store *s, struct needed *x, struct err *e)
{
	_cleanup_dir_ DIR *d = open_dir(s->dirfd, "layers", O_NOFOLLOW);
	struct dirent *de;
	int r = 0;

	if (!d)
		return err_sys(e, "cannot read directory '%s/layers'", s->path);
	while (r >= 0 && (de = readdir(d))) {
		if (!is_hex(de->d_name, 64))
			continue;
		r = collect_knows_layer(s, de->d_name, e);
		if (r > 0)
			r = read_known(s, dirfd(d), de->d_name, x, e);
	}
	sort(x);
	return MIN(r, 0);
}

static int tell(struct collector *k, int objects_fd, const char *name, struct err *e)
{
	char path[sizeof(OBJECT_DIR) + OBJECT_NAME_SIZE];
	struct stat st;

	if (fstatat(objects_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "cannot look at object '%s'", name);
	(void)snprintf(path, sizeof(path), OBJECT_DIR "/%.23s", name);
	return k->found(GARBAGE_OBJECT, path, (uint64_t)st.st_blocks * 512, k->arg, e);
}

static int remove_object(struct collector *k, int objects_fd, const char *name, struct err *e)
{
	if (k->found)
		return tell(k, objects_fd, name, e);
	if (unlinkat(objects_fd, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "cannot remove object '%s'", name);
	return 0;
}

static int sweep_directory(struct collector *k, int objects_fd, const char *name,
                           const struct needed *x, struct err *e)
{
	_cleanup_dir_ DIR *d = open_dir(objects_fd, name, O_NOFOLLOW);
	char object[OBJECT_NAME_SIZE] = "";
	struct dirent *de;
	size_t n_kept = 0;
	int r = 0;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, "cannot read objects '%s'", name);
	while (r == 0 && (de = readdir(d))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		n_kept++;
		/* What is not named like an object is somebody else's. */
		if (strlen(de->d_name) != OBJECT_NAME_SIZE - 4)
			continue;
		(void)snprintf(object, sizeof(object), "%.2s/%.20s", name, de->d_name);
		if (x->n && bsearch(object, x->list, x->n, sizeof(*x->list), by_name))
			continue;
		r = remove_object(k, objects_fd, object, e);
		n_kept--;
	}
	if (r < 0 || n_kept > 0)
		return r;
	if (k->found)
		return tell(k, objects_fd, name, e);
	(void)unlinkat(objects_fd, name, AT_REMOVEDIR);
	return 0;
}

int objects_collect(struct collector *k, struct err *e)
{
	_cleanup_dir_ DIR *d = open_dir(k->s->dirfd, OBJECT_DIR, 0);
	_cleanup_(needed_done) struct needed x = { 0 };
	struct err why = { 0 };
	struct dirent *de;
	int r;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(e, "cannot read directory '%s'", OBJECT_DIR);
	r = read_indexes(k->s, &x, &why);
	if (r < 0 && (why.uct == UCT_INDEX_DAMAGED || why.uct == UCT_INDEX_NEWER))
		return 0; /* nothing is lost; whoever uses that layer is told */
	if (r < 0) {
		if (e)
			*e = why;
		return r;
	}
	while (r == 0 && (de = readdir(d)))
		if (is_hex(de->d_name, 2))
			r = sweep_directory(k, dirfd(d), de->d_name, &x, e);
	return r;
}

/* The layers of the objects that are the same as the first. */
static size_t take_group(const struct need *first, size_t n, uint32_t *layers)
{
	size_t k = 0;

	while (k < n && by_name(first, first + k) == 0) {
		layers[k] = first[k].layer;
		k++;
	}
	return k;
}

int layer_objects_each(struct store *s, char *const *chains, object_use_fn use, void *arg,
                       struct err *e)
{
	_cleanup_close_ int layers_fd =
		openat(s->dirfd, "layers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int objects_fd =
		openat(s->dirfd, OBJECT_DIR, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(needed_done) struct needed x = { 0 };
	_cleanup_free_ uint32_t *layers = NULL;
	int r = 0;

	if (layers_fd < 0 || objects_fd < 0)
		return 0; /* nothing was ever stored so */
	for (; chains[x.layer] && r == 0; x.layer++)
		r = read_index(layers_fd, chains[x.layer], &x, e);
	layers = calloc(x.layer + 1, sizeof(*layers));
	if (r == 0 && !layers)
		r = err_oom(e);
	if (r < 0)
		return r;
	sort(&x);
	for (size_t i = 0, n; i < x.n; i += n) {
		struct stat st;

		n = take_group(&x.list[i], x.n - i, layers);
		if (fstatat(objects_fd, x.list[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			use((uint64_t)st.st_blocks * 512, layers, n, arg);
	}
	return 0;
}
