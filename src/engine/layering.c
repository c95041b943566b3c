/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/layering.h"

#include "base/sbuf.h"
#include "engine/backends.h"
#include "engine/ids.h"
#include "engine/unpacking.h"
#include "store/shared.h"

#include <string.h>
#include <sys/xattr.h>

const char *engine_map(const struct usrct *u)
{
	return u->is_single_id ? ID_MAP_LABEL_SINGLE : u->held.map;
}

/* Metadata trees need them; NFS before 5.9 and some FUSE file systems have none. */
static bool store_has_xattrs(struct usrct *u)
{
	int fd = store_dirfd(u->store);

	if (fd < 0) /* not made yet; like most */
		return true;
	if (fsetxattr(fd, "user.usrct.try", "", 0, 0) < 0)
		/* No room, or nothing may be written at all: that says nothing of attributes. What
		 * is tried next says what is wrong; the plain driver would have it no better. */
		return errno == ENOSPC || errno == EDQUOT || errno == EROFS || errno == EACCES;
	/* Somebody else who tries at the same time may have removed it. */
	return fremovexattr(fd, "user.usrct.try") == 0 || errno == ENODATA;
}

int engine_driver_works(struct usrct *u, enum layer_driver driver, struct err *e)
{
	enum kernel_layers kernel = KERNEL_DATA_ONLY;
	int r = driver == LAYER_OBJECTS ? engine_kernel_layers(u, &kernel, e) : 0;

	if (r < 0)
		return r;
	return kernel == KERNEL_DATA_ONLY && (driver == LAYER_PLAIN || store_has_xattrs(u))
	               ? 0
	               : err_set(e, UCT_NO_OBJECTS, -ENOTSUP,
	                         "the objects driver was asked for, and does not work here");
}

static int choose(struct usrct *u, struct err *e)
{
	const char *wanted = secure_getenv("USRCT_STORAGE_DRIVER");
	enum kernel_layers kernel;
	bool can;
	int r;

	if (!wanted || !*wanted)
		wanted = "auto";
	if (!strcmp(wanted, layer_driver_name(LAYER_PLAIN)))
		return LAYER_PLAIN;
	if (strcmp(wanted, "auto") != 0 && strcmp(wanted, layer_driver_name(LAYER_OBJECTS)) != 0)
		return err_set(e, UCT_BAD_DRIVER, -EINVAL, "there is no storage driver '%.64s'",
		               wanted);
	r = engine_kernel_layers(u, &kernel, e);
	if (r < 0)
		return r;
	can = kernel == KERNEL_DATA_ONLY && store_has_xattrs(u);
	if (!can && strcmp(wanted, "auto") != 0)
		return err_set(e, UCT_NO_OBJECTS, -ENOTSUP,
		               "the objects driver was asked for, and does not work here");
	return can ? LAYER_OBJECTS : LAYER_PLAIN;
}

int engine_layer_driver(struct usrct *u, struct err *e)
{
	int r;

	if (u->has_chosen_driver)
		return (int)u->driver;
	r = engine_store(u, STORE_READ, e);
	if (r == 0)
		r = choose(u, e);
	if (r >= 0) {
		u->driver = (enum layer_driver)r;
		u->has_chosen_driver = true;
	}
	return r;
}

/* Of the metadata trees of a container with these ids. */
static const char *label_of(const struct usrct *u, const struct ids *ids)
{
	return ids && ids->is_mapped && !ids->is_shifted ? ids->label : engine_map(u);
}

int engine_layer_paths(struct usrct *u, const struct image_row *image, const struct ids *ids,
                       struct strv *ret, struct err *e)
{
	int r = layer_paths(u->store, image, NULL, ret, e);

	if (r == LAYER_OBJECTS) { /* whose map is known to the holder */
		r = engine_hold(u, e);
		if (r == 0)
			r = layer_paths(u->store, image, label_of(u, ids), ret, e);
	}
	return MIN(r, 0);
}

int engine_layer_data(struct usrct *u, const struct image_row *image, const struct strv *paths,
                      json_t *plan, struct err *e)
{
	_cleanup_strv_ struct strv dirs = { 0 };
	json_t *data;
	int r = 0;

	if (paths->n == 0 || !layer_path_is_tree(paths->v[0])) {
		(void)json_object_del(plan, "data"); /* it may have none */
		return 0;
	}
	data = json_pack("[s]", OBJECT_DIR);
	r = data ? shared_image_dirs(u->store, image, &dirs, e) : err_oom(e);
	for (size_t i = 0; i < dirs.n && r == 0; i++) {
		_cleanup_free_ char *path = strf("%s/" OBJECT_DIR, dirs.v[i]);
		_cleanup_close_ int fd = shared_open(dirs.v[i], false, e);

		if (fd < 0)
			r = fd;
		else if (!path || json_array_append_new(data, json_string(path)) < 0)
			r = err_oom(e);
	}
	if (r == 0 && json_object_set(plan, "data", data) < 0)
		r = err_oom(e);
	json_decref(data);
	return r;
}

int layers_need_shift(struct usrct *u, const struct image_row *image, struct err *e)
{
	_cleanup_strv_ struct strv paths = { 0 };
	int r = engine_layer_paths(u, image, NULL, &paths, e);

	for (size_t i = 0; i < paths.n && r == 0; i++)
		if (!layer_path_is_tree(paths.v[i]))
			r = err_set(e, UCT_CANNOT_SHIFT, -ENOTSUP,
			            "layer '%.19s' of the image is of the plain driver",
			            paths.v[i] + strlen("layers/"));
	return r;
}

/* A tree of another id map than the container's is of no use to it. */
static int check_map(const struct usrct *u, const struct ids *ids, const char *path, struct err *e)
{
	_cleanup_free_ char *ours = strf("/meta-%s/", label_of(u, ids));

	if (!ours)
		return err_oom(e);
	return strstr(path, ours)
	               ? 0
	               : err_set(e, UCT_MAP_CHANGED, -ESTALE, "'%s' is of another id map", path);
}

static int make_tree(struct usrct *u, const struct ids *ids, const char *path, struct err *e)
{
	struct unpacking job = UNPACKING_NONE;
	_cleanup_strv_ struct strv chains = { 0 };
	int r = layer_tree_chains(u->store, path, &chains, e);

	if (r == 0)
		r = unpacking_start_tree(
			u, &job, ids && ids->is_mapped && !ids->is_shifted ? &ids->maps : NULL, e);
	for (size_t i = 0; i < chains.n && r == 0; i++)
		r = unpacking_feed_tree(u, &job, chains.v[i], e);
	if (r == 0)
		r = unpacking_finish(&job, e);
	if (r == 0)
		r = layer_tree_commit(u->store, &job.stage, path, e);
	unpacking_done(&job);
	return r < 0 ? err_in(e, r, "cannot make '%s'", path) : 0;
}

int engine_layers_make(struct usrct *u, const struct ids *ids, char *const *paths, struct err *e)
{
	int r = 0;

	for (; paths && *paths && r == 0; paths++) {
		if (!layer_path_is_tree(*paths))
			continue; /* the launcher says it if it is missing */
		r = check_map(u, ids, *paths, e);
		if (r == 0)
			r = layer_path_ready(u->store, *paths, e);
		else
			break;
		r = r == 0 ? make_tree(u, ids, *paths, e) : MIN(r, 0);
	}
	return r;
}
