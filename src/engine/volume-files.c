/* SPDX-License-Identifier: Apache-2.0 */
/* volume-files - what is in volumes: out, in, once more, away; and which directories there are */
#include "engine/volumes.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "engine/packing.h"
#include "store/sweep-proto.h"

#include <fcntl.h>
#include <string.h>
#include <usrct/volume.h>

/* --- remove */

int usrct_volume_remove(struct usrct *u, const char *name, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = volume_remove(u->store, name, &e);
	if (r == 0) {
		engine_volume_event(u, "destroy", name, NULL);
		r = engine_sweep(u, &e); /* deletes its files now, while the user waits for that */
	}
	return ENGINE_RETURN(r, out, &e);
}

/* --- export, import */

/* The directory that holds a volume's files; one in memory, or elsewhere, has none here. */
static int open_data(struct usrct *u, const char *name, struct err *e)
{
	_cleanup_volume_options_ struct volume_options o = { 0 };
	_cleanup_close_ int dirfd = -EBADF;
	struct volume_row row = { 0 };
	int r = engine_volume_find(u, name, &row, e), fd = -EBADF;

	if (r == 0)
		r = volume_options_read(&row, &o, e);
	volume_row_done(&row);
	if (r == 0 && o.backing == VOLUME_MEMORY)
		r = err_set(e, UCT_VOLUME_OPTION, -EOPNOTSUPP,
		            "volume '%s' has no files: each container has it in its own memory",
		            name);
	if (r == 0)
		r = dirfd = volume_open_dir(u->store, name, e);
	if (r < 0)
		return r;
	fd = o.backing == VOLUME_ELSEWHERE
	             ? open(o.device, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
	             : openat(dirfd, VOLUME_DATA, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "cannot open the files of volume '%s'", name) : fd;
}

static void requested(int data_fd, enum pack_op op, int stream_fd, struct packing_request *ret)
{
	*ret = (struct packing_request){
		.op = op,
		.tree = PACK_TREE_VOLUME,
		.flags = PACK_KEEP_OWNER,
		.path = "/.",
		.stream_fd = stream_fd,
		.container_dirfd = data_fd,
	};
}

static int export(struct usrct *u, const char *name, int fd, struct err *e)
{
	_cleanup_packing_ struct packing p = PACKING_NONE;
	_cleanup_close_ int data_fd = open_data(u, name, e);
	struct packing_request q;
	int r;

	if (data_fd < 0)
		return data_fd;
	requested(data_fd, PACK_EXPORT, fd, &q);
	r = packing_start(u, &q, &p, e);
	return r < 0 ? r : packing_finish(&p, e);
}

int usrct_volume_export(struct usrct *u, const char *name, int fd, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = export(u, name, fd, &e);

	return ENGINE_RETURN(r, out, &e);
}

static int import(struct usrct *u, const char *name, int fd, struct err *e)
{
	_cleanup_packing_ struct packing p = PACKING_NONE;
	_cleanup_close_ int data_fd = open_data(u, name, e), dirfd = -EBADF;
	struct packing_request q;
	int r;

	if (data_fd < 0)
		return data_fd;
	requested(data_fd, PACK_WRITE, fd, &q);
	r = packing_start(u, &q, &p, e);
	if (r == 0)
		r = packing_info(&p, e);
	if (r == 0)
		r = packing_go(&p, ".", false, e);
	if (r == 0)
		r = packing_finish(&p, e);
	if (r < 0)
		return r;
	/* Now it has contents; no image's shall be added. */
	dirfd = volume_open_dir(u->store, name, NULL);
	if (dirfd >= 0)
		(void)unlinkat(dirfd, VOLUME_FRESH, 0);
	return 0;
}

int usrct_volume_import(struct usrct *u, const char *name, int fd, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = import(u, name, fd, &e);
	return ENGINE_RETURN(r, out, &e);
}

/* --- snapshot */

static int add_labels(struct volume_row *row, const char *of_source, struct err *e)
{
	_cleanup_json_ json_t *all = volume_json(of_source), *own = volume_json(row->labels);
	char *text = NULL;
	int r;

	if (!all || !own || json_object_update(all, own) < 0)
		return err_oom(e);
	r = json_print(all, false, &text, e);
	if (r < 0)
		return r;
	free(row->labels);
	row->labels = text;
	return 0;
}

static int copy_into(struct usrct *u, const struct volume_row *row, int from_fd, struct err *e)
{
	struct sweep_start m = { .type = SWEEP_COPY };
	char staged[STORE_NAME_MAX] = "";
	_cleanup_close_ int to_fd = volume_stage(u->store, row, staged, e);
	_cleanup_free_ char *fresh = NULL;
	struct sweep_done done;
	const int fds[] = { to_fd, from_fd };
	int r;

	if (to_fd < 0)
		return to_fd;
	r = engine_ask_sweeper_with(u, &m, fds, 2, &done, e);
	if (r == 0) {
		fresh = strf("%s/" VOLUME_FRESH, staged);
		if (fresh)
			(void)unlinkat(store_dirfd(u->store), fresh, 0);
		r = volume_publish(u->store, row, staged, e);
	}
	if (r < 0) {
		(void)engine_remove_tree(store_dirfd(u->store), staged, u, NULL);
		volume_forget(u->store, row->name);
	} else {
		engine_volume_event(u, "create", row->name, NULL);
	}
	return r;
}

static int snapshot(struct usrct *u, const char *name, const struct usrct_volume_options *o,
                    struct volume_row *row, struct err *e)
{
	const struct volume_wish w = { o->name, o->driver, NULL, o->labels };
	_cleanup_close_ int from_fd = -EBADF;
	struct volume_row source = { 0 };
	int r = engine_sweep(u, e);

	if (r == 0)
		r = engine_volume_find(u, name, &source, e);
	if (r == 0)
		r = volume_row_make(&w, row, e);
	if (r == 0)
		r = add_labels(row, source.labels, e);
	volume_row_done(&source);
	if (r == 0)
		r = from_fd = open_data(u, name, e);
	return r < 0 ? r : copy_into(u, row, from_fd, e);
}

int usrct_volume_snapshot(struct usrct *u, const char *name,
                          const struct usrct_volume_options *opts, char **ret_name,
                          struct usrct_err *out)
{
	struct usrct_volume_options o = { 0 };
	struct volume_row row = { 0 };
	struct err e = { 0 };
	int r;

	if (opts)
		memcpy(&o, opts, MIN(opts->size, sizeof(o)));
	r = snapshot(u, name, &o, &row, &e);
	if (r == 0 && ret_name)
		*ret_name = TAKE_PTR(row.name);
	volume_row_done(&row);
	return ENGINE_RETURN(r, out, &e);
}

/* --- reload */

static const char *object_text(const json_t *j, const char *key, char **ret, struct err *e)
{
	const json_t *v = json_object_get(j, key);
	_cleanup_json_ json_t *none = json_object();

	return json_print(json_is_object(v) ? v : none, false, ret, e) < 0 ? NULL : *ret;
}

/* What the directory says of itself. A file that is lost or damaged makes a plain volume. */
int volume_row_of_directory(struct usrct *u, const char *name, struct volume_row *row,
                            struct err *e)
{
	_cleanup_close_ int dirfd = volume_open_dir(u->store, name, e);
	_cleanup_json_ json_t *j = NULL;
	struct stat st;

	if (dirfd < 0)
		return dirfd;
	if (fstatat(dirfd, VOLUME_DATA, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	(void)json_read_at(dirfd, VOLUME_META, VOLUME_META_MAX, &j, NULL);
	row->created_ns = (uint64_t)json_integer_value(json_object_get(j, "createdNs"));
	if (!row->created_ns)
		row->created_ns = (uint64_t)st.st_ctime * 1000000000;
	row->is_anonymous = json_is_true(json_object_get(j, "anonymous"));
	row->name = strdup(name);
	row->driver = strdup("local");
	if (!row->name || !row->driver || !object_text(j, "options", &row->options, e) ||
	    !object_text(j, "labels", &row->labels, e))
		return err_oom(e);
	return 1;
}

static int reload(struct usrct *u, void (*each)(const char *, bool, void *), void *arg,
                  struct err *e)
{
	_cleanup_strv_ struct strv lost = { 0 }, found = { 0 };
	int r = engine_sweep(u, e);

	if (r == 0)
		r = volume_lost(u->store, /* forget= */ true, &lost, e);
	if (r == 0)
		r = volume_unknown(u->store, &found, e);
	for (size_t i = 0; i < lost.n && r == 0 && each; i++)
		each(lost.v[i], false, arg);
	for (size_t i = 0; i < found.n && r == 0; i++) {
		struct volume_row row = { 0 };

		r = volume_row_of_directory(u, found.v[i], &row, e);
		if (r == 1) {
			r = volume_adopt(u->store, &row, e);
			if (r == 0 && each)
				each(found.v[i], true, arg);
		}
		volume_row_done(&row);
	}
	return r;
}

int usrct_volume_reload(struct usrct *u, void (*each)(const char *name, bool is_added, void *arg),
                        void *arg, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = reload(u, each, arg, &e);

	return ENGINE_RETURN(r, out, &e);
}
