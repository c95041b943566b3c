/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/layering.h"

#include "base/sbuf.h"
#include "engine/backends.h"
#include "engine/unpacking.h"

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
	return fsetxattr(fd, "user.usrct.try", "", 0, 0) == 0 &&
	       fremovexattr(fd, "user.usrct.try") == 0;
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

int engine_layer_paths(struct usrct *u, const struct image_row *image, struct strv *ret,
                       struct err *e)
{
	int r = layer_paths(u->store, image, NULL, ret, e);

	if (r == LAYER_OBJECTS) { /* whose map is known to the holder */
		r = engine_hold(u, e);
		if (r == 0)
			r = layer_paths(u->store, image, engine_map(u), ret, e);
	}
	return MIN(r, 0);
}

/* A tree of another id map than ours is made by whoever knows how to enter that. */
static int check_map(const struct usrct *u, const char *path, struct err *e)
{
	_cleanup_free_ char *ours = strf("/meta-%s/", engine_map(u));

	if (!ours)
		return err_oom(e);
	return strstr(path, ours) ? 0
	                          : err_hint(e,
	                                     err_set(e, UCT_STORE_DAMAGED, -ENOENT,
	                                             "'%s' is of another id map", path),
	                                     "make the container anew: its ids changed");
}

static int make_tree(struct usrct *u, const char *path, struct err *e)
{
	struct unpacking job = UNPACKING_NONE;
	int r = check_map(u, path, e);

	if (r == 0)
		r = unpacking_start_tree(u, &job, path, e);
	if (r == 0)
		r = unpacking_finish(&job, e);
	if (r == 0)
		r = layer_tree_commit(u->store, &job.stage, path, e);
	unpacking_done(&job);
	return r < 0 ? err_in(e, r, "cannot make '%s'", path) : 0;
}

int engine_layers_make(struct usrct *u, char *const *paths, struct err *e)
{
	int r = 0;

	for (; paths && *paths && r == 0; paths++) {
		if (!layer_path_is_tree(*paths))
			continue; /* the launcher says it if it is missing */
		r = layer_path_ready(u->store, *paths, e);
		r = r == 0 ? make_tree(u, *paths, e) : MIN(r, 0);
	}
	return r;
}
