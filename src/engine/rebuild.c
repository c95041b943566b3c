/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/rebuild.h"

#include "base/clock.h"
#include "base/sbuf.h"
#include "container/events.h"
#include "container/spec.h"
#include "engine/names.h"
#include "engine/volumes.h"
#include "store/hex.h"
#include "store/pins.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* --- volumes and containers */

/* Calls @take for each entry of a directory of the store. */
static int each_entry(struct rebuilding *w, const char *dir,
                      int (*take)(struct rebuilding *w, const char *name, struct err *e),
                      struct err *e)
{
	int fd = openat(store_dirfd(w->u->store), dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	if (!d) {
		cleanup_close(&fd);
		return 0;
	}
	while (r == 0 && (de = readdir(d)))
		if (de->d_name[0] != '.')
			r = take(w, de->d_name, e);
	(void)closedir(d);
	return r;
}

static int put_volume(struct rebuilding *w, const char *name, struct err *e)
{
	struct volume_row row = { 0 };
	int r = volume_name_is_valid(name) ? volume_row_of_directory(w->u, name, &row, e) : 0;

	if (r == 1) {
		w->n_volumes++;
		r = rebuild_volume(w->b, &row, e);
	}
	volume_row_done(&row);
	return r;
}

int rebuild_put_volumes(struct rebuilding *w, struct err *e)
{
	return each_entry(w, VOLUME_DIR, put_volume, e);
}

struct found_container {
	struct container_row row;
	struct container_use *uses;
	size_t n_uses, cap_uses;
	json_t *plan, *spec, *actor;
	char *command;
	char made_up[MADE_UP_NAME_SIZE];
};

static void found_container_done(struct found_container *f)
{
	json_decref(f->plan);
	json_decref(f->spec);
	json_decref(f->actor);
	free(f->command);
	free(f->uses);
}

static int add_use(struct found_container *f, enum container_use_kind kind, const char *name,
                   struct err *e)
{
	if (array_grow(&f->uses, f->n_uses, &f->cap_uses, sizeof(*f->uses)) < 0)
		return err_oom(e);
	f->uses[f->n_uses++] = (struct container_use){ kind, name, NULL };
	return 0;
}

static bool has_volume(struct rebuilding *w, const char *name)
{
	_cleanup_free_ char *path =
		volume_name_is_valid(name) ? strf(VOLUME_DIR "/%s", name) : NULL;

	return path && faccessat(store_dirfd(w->u->store), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A volume that is gone was lost together with the index, and is missed at the next start. */
static int find_uses(struct rebuilding *w, struct found_container *f, struct err *e)
{
	const json_t *v;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(f->plan, "mounts"), i, v)
	{
		const char *name = json_string_value(json_object_get(v, "name"));

		if (r == 0 && name && has_volume(w, name))
			r = add_use(f, USE_VOLUME, name, e);
	}
	json_array_foreach(json_object_get(f->plan, "imageMounts"), i, v)
	{
		const struct found_image *image = rebuild_image_of(w, v);

		if (r == 0 && image && image->is_whole)
			r = add_use(f, USE_IMAGE, image->row.id, e);
	}
	f->row.uses = f->uses;
	f->row.n_uses = f->n_uses;
	return r;
}

static void find_image(struct rebuilding *w, struct found_container *f)
{
	const char *id = json_string_value(json_object_get(f->plan, "imageId"));
	const struct found_image *image;

	if (id && is_digest(id)) {
		memcpy(f->row.image_id, id, DIGEST_SIZE);
		return;
	}
	image = rebuild_image_of(w, json_object_get(f->plan, "layers"));
	if (image)
		memcpy(f->row.image_id, image->row.id, DIGEST_SIZE);
}

static int join_command(struct found_container *f, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(64 << 10);
	const json_t *v;
	size_t i;

	json_array_foreach(json_at(f->spec, "process.args"), i, v) sbuf_addf(
		&b, "%s%s", i ? " " : "", json_string_value(v) ? json_string_value(v) : "");
	sbuf_adds(&b, "");
	return sbuf_take(&b, &f->command) < 0 ? err_oom(e) : 0;
}

/* Its directory is as old as it is; where nobody remembers that, its document. */
static uint64_t born_ns(int dirfd)
{
	struct statx x;
	struct stat st;

	if (statx(dirfd, "", AT_EMPTY_PATH, STATX_BTIME, &x) == 0 && x.stx_mask & STATX_BTIME)
		return (uint64_t)x.stx_btime.tv_sec * 1000000000 + x.stx_btime.tv_nsec;
	if (fstatat(dirfd, SPEC_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec;
	return clock_realtime_ns();
}

static const char *actor_of(const struct found_container *f, const char *key)
{
	return json_string_value(json_object_get(f->actor, key));
}

static int put_named(struct rebuilding *w, struct found_container *f, struct err *e)
{
	const char *name = actor_of(f, "name");
	struct err why = { 0 };
	int r = -EEXIST;

	if (name && name_check(name, NULL) == 0) {
		f->row.name = (char *)(uintptr_t)name;
		r = rebuild_container(w->b, &f->row, &why);
	}
	for (int tries = 0; r == -EEXIST && tries < 16; tries++) {
		r = name_make_up(f->made_up, &why);
		f->row.name = f->made_up;
		if (r == 0)
			r = rebuild_container(w->b, &f->row, &why);
	}
	if (r < 0 && e)
		*e = why;
	return r;
}

/* One whose documents are lost stays a directory without a row, which check tells of. */
static int put_container(struct rebuilding *w, const char *id, struct err *e)
{
	struct found_container f = { 0 };
	_cleanup_close_ int dirfd = is_hex(id, CONTAINER_ID_SIZE - 1)
	                                    ? container_open_dir(w->u->store, id, NULL)
	                                    : -EBADF;
	int r;

	if (dirfd < 0 || json_read_at(dirfd, PLAN_FILE, SPEC_MAX_BYTES, &f.plan, NULL) < 0 ||
	    json_read_at(dirfd, SPEC_FILE, SPEC_MAX_BYTES, &f.spec, NULL) < 0) {
		found_container_done(&f);
		return 0;
	}
	(void)json_read_at(dirfd, EVENT_ACTOR_FILE, EVENT_ACTOR_MAX, &f.actor, NULL);
	memcpy(f.row.id, id, CONTAINER_ID_SIZE);
	f.row.image = (char *)(uintptr_t)actor_of(&f, "image");
	f.row.created_ns = born_ns(dirfd);
	f.row.auto_remove = json_is_true(json_object_get(f.plan, "autoRemove"));
	find_image(w, &f);
	r = join_command(&f, e);
	f.row.command = f.command;
	if (r == 0)
		r = find_uses(w, &f, e);
	if (r == 0)
		r = put_named(w, &f, e);
	w->n_containers += r == 0;
	found_container_done(&f);
	return r;
}

int rebuild_put_containers(struct rebuilding *w, struct err *e)
{
	return each_entry(w, "containers", put_container, e);
}

/* --- the whole */

/* Images whose layers are not all there: from their blobs. */
static int unpack_missing(struct rebuilding *w, struct err *e)
{
	char id[DIGEST_SIZE];
	int r = 0;

	for (size_t k = 0; k < w->n_images && r == 0; k++) {
		const struct found_image *i = &w->images[k];
		const char *first = i->names.n ? i->names.v[0] : NULL;
		struct err why = { 0 };
		json_t *p;

		if (!i->is_listed || i->is_whole)
			continue;
		check_step(w->c, first ? first : i->row.id);
		r = engine_pull_stored(w->u, i->manifest, first, id, &why);
		for (size_t n = 1; n < i->names.n && r == 0; n++)
			r = MIN(image_tag(w->u->store, id, i->names.v[n], &why), 0);
		if (r == 0)
			continue;
		p = check_problem(w->c, "image", i->row.id, -1, why.msg);
		r = p && json_object_set_new(p, "State", json_string("pull")) == 0 ? 0 : err_oom(e);
		for (size_t n = 0; n < i->names.n && r == 0; n++)
			(void)json_array_append_new(json_object_get(p, "Images"),
			                            json_string(i->names.v[n]));
	}
	return r;
}

static int note(struct rebuilding *w, struct err *e)
{
	_cleanup_free_ char *text =
		strf("index.db was made anew from what lies on disk: %zu images, %zu containers, "
	             "%zu volumes; what was damaged is %s/" REBUILD_OLD,
	             w->n_whole, w->n_containers, w->n_volumes, w->u->data_dir);

	return text && json_array_append_new(w->c->notes, json_string(text)) == 0 ? 0 : err_oom(e);
}

static int fill(struct rebuilding *w, struct err *e)
{
	int r = rebuild_find_images(w, e);

	if (r == 0)
		r = rebuild_put_images(w, e);
	if (r == 0)
		r = rebuild_put_volumes(w, e);
	if (r == 0)
		r = rebuild_put_containers(w, e);
	return r < 0 ? r : rebuild_finish(w->b, e);
}

int check_rebuild(struct checking *c, bool force, struct err *e)
{
	struct rebuilding w = { .c = c, .u = c->u };
	int r;

	check_step(c, "index.db, to make it anew");
	store_let_go(c->u->store);
	r = rebuild_begin(store_path(c->u->store), force, &w.b, e);
	if (r > 0) {
		r = fill(&w, e);
		rebuild_free(w.b);
		if (r == 0)
			r = note(&w, e);
		if (r == 0)
			r = unpack_missing(&w, e);
		/* Pulling may have let go of our pin. */
		if (r == 0)
			r = engine_store(c->u, STORE_WRITE, e);
		if (r == 0)
			r = pin_take(c->u->store, e);
	}
	for (size_t i = 0; i < w.n_images; i++) {
		image_row_done(&w.images[i].row);
		strv_done(&w.images[i].names);
	}
	free(w.images);
	return r;
}
