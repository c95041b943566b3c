/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/layering.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "engine/ids.h"
#include "engine/unpacking.h"
#include "security/probe-proto.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

enum { ANSWER_MAX = 256 };
#define DRIVER_FILE "storage-driver"

const char *engine_map(const struct usrct *u)
{
	return u->is_single_id ? ID_MAP_LABEL_SINGLE : u->held.map;
}

/* What the kernel says, by trying: a process of its own makes namespaces and mounts for that. */
static int ask_probe(bool *ret, struct err *e)
{
	_cleanup_libexec_ struct libexec probe = LIBEXEC_NONE;
	struct probe_result x;
	int r = libexec_start("probe", &probe, e);

	*ret = false;
	while (r == 0 && sock_recv(probe.sock_fd, &x, sizeof(x), NULL, 0) == sizeof(x))
		if (x.id == PROBE_DATA_ONLY)
			*ret = x.error == 0;
	return r;
}

/* The answer of an earlier process of this session and kernel: 1, and @ret. The runtime directory
 * dies at reboot; a container image of it must not outlive a kexec, hence the release. */
static int recall(struct usrct *u, const char *release, bool *ret)
{
	_cleanup_free_ char *text = NULL, *yes = strf("%s objects\n", release),
			    *no = strf("%s plain\n", release);

	if (!yes || !no ||
	    file_read_at(u->runtime_dirfd, DRIVER_FILE, ANSWER_MAX, &text, NULL, NULL) < 0)
		return 0;
	*ret = !strcmp(text, yes);
	return *ret || !strcmp(text, no);
}

static int kernel_can(struct usrct *u, bool *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct utsname host;
	int r = engine_runtime_dir(u, e);

	(void)uname(&host); /* fails only for a bad pointer */
	if (r < 0 || recall(u, host.release, ret))
		return r;
	r = ask_probe(ret, e);
	text = strf("%s %s\n", host.release, *ret ? "objects" : "plain");
	/* If it cannot be kept, it is asked again. */
	if (r == 0 && text)
		(void)file_write_at(u->runtime_dirfd, DRIVER_FILE, text, strlen(text), 0600, false,
		                    NULL);
	return r;
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
	bool can = false;
	int r;

	if (!wanted || !*wanted)
		wanted = "auto";
	if (!strcmp(wanted, layer_driver_name(LAYER_PLAIN)))
		return LAYER_PLAIN;
	if (strcmp(wanted, "auto") != 0 && strcmp(wanted, layer_driver_name(LAYER_OBJECTS)) != 0)
		return err_set(e, UCT_BAD_DRIVER, -EINVAL, "there is no storage driver '%.64s'",
		               wanted);
	r = kernel_can(u, &can, e);
	if (r < 0)
		return r;
	can = can && store_has_xattrs(u);
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
	return ids && ids->is_mapped ? ids->label : engine_map(u);
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
	int r = unpacking_start_tree(u, &job, path, ids && ids->is_mapped ? &ids->maps : NULL, e);

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
