/* SPDX-License-Identifier: Apache-2.0 */
/* create - make a container that others see only when it is complete */
#include "engine/create.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "container/events.h"
#include "container/spec.h"
#include "engine/document.h"
#include "engine/id-file.h"
#include "engine/layering.h"
#include "engine/limits.h"
#include "engine/mount-add.h"
#include "engine/names.h"
#include "engine/packing.h"
#include "engine/secrets.h"
#include "store/blobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int write_json(int dirfd, const char *name, const json_t *doc, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = json_print(doc, true, &text, e);

	return r < 0 ? r : file_make_at(dirfd, name, text, strlen(text), 0600, e);
}

static int make_directories(int dirfd, struct err *e)
{
	static const char *const names[] = { "upper", "work", "root" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (mkdirat(dirfd, names[i], 0755) < 0)
			return err_sys(e, "cannot make the container's directory '%s'", names[i]);
	return 0;
}

/* The overlay's root shows the upper directory's mode: 0755, whatever the umask is. */
static int open_up(int dirfd, struct err *e)
{
	if (fchmodat(dirfd, "upper", 0755, 0) < 0)
		return err_sys(e, "cannot set the mode of the container's root");
	return 0;
}

static int read_config(struct usrct *u, const struct image_row *image, struct image_config *ret,
                       struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	int r = blob_read(u->store, image->id, CONFIG_MAX_BYTES, &text, &n, e);

	return r < 0 ? r : image_config_parse(text, n, ret, e);
}

/* Whether an image is for the platform "os/arch[/variant]" that was asked for. */
static int is_for(struct usrct *u, const struct image_row *image, const char *platform,
                  struct err *e)
{
	_cleanup_image_config_ struct image_config config = { 0 };
	char want[96], have[96];
	int r = platform_parse(platform, want, sizeof(want), e);

	if (r == 0)
		r = read_config(u, image, &config, e);
	if (r < 0)
		return r;
	(void)snprintf(have, sizeof(have), "%s/%s%s%s", config.os, config.architecture,
	               config.variant[0] ? "/" : "", config.variant);
	/* Without a variant any will do. */
	return !strcmp(want, have) ||
	       (!strncmp(want, have, strlen(want)) && have[strlen(want)] == '/');
}

/* 1 it is here, 0 it is not. */
static int find_local(struct usrct *u, const struct usrct_create_options *o, struct image_row *ret,
                      struct err *e)
{
	const char *platform = o->pull_options ? o->pull_options->platform : NULL;
	int r = engine_find_image(u, o->image, ret, e);

	if (r == 1 && platform) {
		r = is_for(u, ret, platform, e);
		if (r <= 0)
			image_row_done(ret);
	}
	return r;
}

static int find_or_pull(struct usrct *u, const struct usrct_create_options *o,
                        struct image_row *ret, struct err *e)
{
	char id[DIGEST_SIZE];
	int found = o->pull == USRCT_PULL_ALWAYS ? 0 : find_local(u, o, ret, e), r;

	if (found < 0 || (found == 1 && o->pull != USRCT_PULL_NEWER))
		return MIN(found, 0);
	if (o->pull == USRCT_PULL_NEVER)
		return err_set(e, UCT_PULL_POLICY, -ENOENT, "image '%s' is not here", o->image);
	r = engine_pull(u, o->image, o->pull_options, id, e);
	if (r < 0) /* newer: what is here will do if nobody has a newer one */
		return found == 1 ? 0 : r;
	image_row_done(ret);
	r = image_find(u->store, id, ret, e);
	return r == 0 ? err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "image '%s' was removed meanwhile",
	                        o->image)
	              : MIN(r, 0);
}

static int write_documents(struct usrct *u, const struct document *d, const struct image_row *image,
                           int dirfd, struct err *e)
{
	_cleanup_json_ json_t *spec = NULL, *plan = NULL;
	_cleanup_strv_ struct strv layers = { 0 };
	int r = engine_layer_paths(u, image, &d->ids, &layers, e);

	if (r == 0)
		r = document_spec(d, &spec, e);
	if (r == 0)
		r = document_plan(d, &layers, &plan, e);
	if (r == 0)
		r = engine_layer_data(u, image, &layers, plan, e);
	if (r == 0)
		r = secrets_keep(json_at(plan, "secrets"), dirfd, e);
	if (r == 0)
		r = write_json(dirfd, SPEC_FILE, spec, e);
	if (r == 0)
		r = write_json(dirfd, PLAN_FILE, plan, e);
	if (r == 0 && d->to_start) {
		d->to_start->spec = json_incref(spec);
		d->to_start->plan = json_incref(plan);
	}
	return r;
}

/* While the documents are being written, the program that reads them starts. */
static int launch_early(struct usrct *u, const struct document *d, int dirfd, struct err *e)
{
	const struct usrct_limits *l = d->opts->limits;
	const char *parent = l ? l->cgroup_parent : NULL;
	int stop_timeout_s = d->opts->stop_timeout_s < 0 ? 10 : d->opts->stop_timeout_s;
	const struct launch_place place = {
		.no_cgroup = l && l->no_cgroup,
		.cgroup_parent = parent ? parent + strspn(parent, "/") : NULL,
		.stop_timeout_s = (unsigned)MIN(stop_timeout_s, 86400),
		.join_fd = -EBADF,
	};

	return launcher_start(u, d->id, dirfd, &place, &d->to_start->launched, e);
}

static char *joined(const struct strv *args)
{
	struct sbuf b = SBUF_INIT(64 * 1024);
	char *s = NULL;

	for (size_t i = 0; i < args->n; i++)
		sbuf_addf(&b, "%s%s", i ? " " : "", args->v[i]);
	if (sbuf_take(&b, &s) < 0)
		sbuf_done(&b);
	return s;
}

static int remove_named(struct usrct *u, const char *name, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	int r = target_open(u, name, STORE_WRITE, &t, e);

	if (r == -ENOENT) /* somebody was faster */
		return 0;
	return r < 0 ? r : engine_remove(u, &t, /* force= */ true, e);
}

/* What its events tell of it. */
static int write_actor(const struct document *d, const char *name, int dirfd, struct err *e)
{
	_cleanup_strv_ struct strv labels = { 0 };

	if (strv_copy(&labels, d->image->labels.v) < 0 ||
	    strv_copy(&labels, (char *const *)(uintptr_t)d->opts->labels) < 0)
		return err_oom(e);
	return event_actor_write(dirfd, name, d->opts->image, labels.v, e);
}

static int remove_old(struct usrct *u, const char *id, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	int r = target_open(u, id, STORE_WRITE, &t, e);

	if (r == -ENOENT) /* somebody was faster */
		return 0;
	return r < 0 ? r : engine_remove(u, &t, /* force= */ true, e);
}

static int publish(struct usrct *u, const struct document *d, const struct image_row *image,
                   struct container_stage *stage, struct err *e)
{
	_cleanup_free_ char *command = joined(&d->args);
	char made_up[MADE_UP_NAME_SIZE];
	struct container_row row = {
		.name = (char *)(uintptr_t)d->opts->name,
		.image = (char *)(uintptr_t)d->opts->image,
		.command = command,
		.created_ns = clock_realtime_ns(),
		.auto_remove = d->opts->auto_remove,
		.uses = d->mounts->uses,
		.n_uses = d->mounts->n_uses,
	};
	int r = 0;

	memcpy(row.id, d->id, sizeof(row.id));
	memcpy(row.image_id, image->id, sizeof(row.image_id));
	if (!row.name) {
		r = name_make_up(made_up, e);
		row.name = made_up;
	}
	if (r == 0)
		r = write_actor(d, row.name, stage->dirfd, e);
	if (r == 0)
		r = command ? container_publish(u->store, &row, stage, e) : err_oom(e);
	/* The new one is complete, so that the old one may go. */
	if (r == -EEXIST && d->hook && d->hook->replaces) {
		r = remove_old(u, d->hook->replaces, e);
		if (r == 0)
			r = container_publish(u->store, &row, stage, e);
	} else if (r == -EEXIST && d->opts->replace) {
		r = remove_named(u, row.name, e);
		if (r == 0)
			r = container_publish(u->store, &row, stage, e);
	}
	if (r == 0)
		(void)event_container(store_dirfd(u->store), stage->dirfd, d->id, "create", NULL);
	return r;
}

/* Before anybody can see it, so that a kill leaves a stage and nothing else. */
static int copy_layers(struct usrct *u, int dirfd, struct stopwatch *w, struct err *e)
{
	_cleanup_packing_ struct packing p = PACKING_NONE;
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	const struct packing_request q = { .op = PACK_COPY,
		                           .tree = PACK_TREE_UPPER,
		                           .stream_fd = null_fd,
		                           .container_dirfd = dirfd };
	int r = null_fd < 0 ? err_sys(e, "cannot open /dev/null") : packing_start(u, &q, &p, e);

	if (r == 0)
		r = packing_finish(&p, e);
	stopwatch_step(w, "copy");
	return r < 0 ? err_in(e, r, "cannot copy the image's layers") : 0;
}

static int make(struct usrct *u, struct document *d, const struct image_row *image,
                struct container_stage *stage, struct stopwatch *w, struct err *e)
{
	_cleanup_mount_plan_ struct mount_plan mounts = { 0 };
	int r = mount_plan_init(&mounts, u, e);

	if (r < 0)
		return r;
	mounts.opts = d->opts;
	mounts.ids = &d->ids;
	mounts.container_dir = d->container_dir;
	d->mounts = &mounts;
	r = make_directories(stage->dirfd, e);
	if (r == 0)
		r = open_up(stage->dirfd, e);
	if (r == 0)
		r = ids_choose(u, d, image, stage, e);
	if (r == 0)
		r = write_documents(u, d, image, stage->dirfd, e);
	if (r == 0 && d->storage.backend == BACKEND_COPY)
		r = copy_layers(u, stage->dirfd, w, e);
	if (r == 0 && d->hook)
		r = d->hook->fill(u, stage->dirfd, d->hook->arg, e);
	if (r == 0 && d->to_start)
		r = launched_read_documents(&d->to_start->launched, e);
	stopwatch_step(w, "write documents");
	if (r == 0)
		r = publish(u, d, image, stage, e);
	stopwatch_step(w, "index");
	for (size_t i = 0; i < mounts.n_uses && r == 0; i++)
		if (mounts.uses[i].volume) {
			u->made_volumes = true;
			engine_volume_event(u, "create", mounts.uses[i].name, NULL);
		}
	d->mounts = NULL;
	return r;
}

static int check_options(const struct usrct_create_options *o, struct err *e)
{
	int r = 0;

	if (!o->image || !*o->image)
		return err_set(e, UCT_USAGE, -EINVAL, "no image was named");
	if (o->name)
		r = name_check(o->name, e);
	else if (o->replace)
		r = err_set(e, UCT_USAGE, -EINVAL, "--replace needs --name");
	if (r == 0 && o->hostname && strlen(o->hostname) > 64)
		r = err_set(e, UCT_BAD_VALUE, -EINVAL, "host name '%s' is longer than 64 bytes",
		            o->hostname);
	if (r == 0)
		r = limits_check_place(o->limits, e);
	return r;
}

static int prepare(struct usrct *u, struct document *d, struct image_row *image,
                   struct image_config *config, struct stopwatch *w, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	/* What is started at once is swept while it starts: see engine_create_to_start(). */
	int r = d->to_start ? 0 : engine_sweep_beside_create(u, e);

	stopwatch_step(w, "sweep");
	/* What cannot be honoured here is said before anything is fetched or made. */
	if (r == 0)
		r = network_choose(o->network, &d->network, e);
	if (r == 0)
		r = storage_choose(u, o->storage_opts, o->auto_remove, &d->storage, e);
	if (r == 0)
		r = document_isolation(d, e);
	if (r == 0)
		r = o->is_rootfs ? rootfs_image(u, o->image, image, e)
		                 : find_or_pull(u, o, image, e);
	if (r == 0)
		r = read_config(u, image, config, e);
	stopwatch_step(w, "find image");
	return r;
}

/* --rmi, and the image of a --rootfs: it goes with the container. */
static int wish_removal(struct usrct *u, const struct document *d, const struct image_row *image,
                        struct err *e)
{
	int r;

	if (!d->opts->remove_image && !d->opts->is_rootfs)
		return 0;
	r = image_wish_removal(u, d->id, d->opts->is_rootfs ? image->id : d->opts->image, e);
	if (r < 0)
		(void)container_discard(u->store, d->id, NULL);
	return r;
}

/* Finds out what it is made of, and makes it. */
static int fill(struct usrct *u, struct document *d, struct container_stage *stage,
                struct stopwatch *w, struct err *e)
{
	_cleanup_free_ char *dir = NULL, *pidfile = NULL;
	struct image_row image = { 0 };
	struct image_config config = { 0 };
	int r = prepare(u, d, &image, &config, w, e);

	if (r == 0 && d->opts->pidfile)
		r = absolute_path(d->opts->pidfile, &pidfile, e);
	if (r == 0) {
		d->image = &config;
		d->image_id = image.id;
		dir = strf("%s/containers/%s", store_path(u->store), d->id);
		d->container_dir = dir;
		d->pidfile = pidfile;
		r = dir ? document_args(d, e) : err_oom(e);
	}
	if (r == 0)
		r = make(u, d, &image, stage, w, e);
	if (r == 0)
		r = wish_removal(u, d, &image, e);
	strv_done(&d->args);
	image_config_done(&config);
	image_row_done(&image);
	return r;
}

/* On a full disk the sweep may make room for it. */
static int open_stage(struct usrct *u, struct container_stage *ret, struct err *e)
{
	int r = container_stage(u->store, ret, e);

	if (r != -ENOSPC && r != -EDQUOT)
		return r;
	r = engine_sweep(u, e);
	return r < 0 ? r : container_stage(u->store, ret, e);
}

/* @d has what the caller knows: options, hook, where to start it. */
static int create(struct usrct *u, struct document d, struct stopwatch *w,
                  char ret_id[CONTAINER_ID_SIZE], struct err *e)
{
	struct container_stage stage = { .dirfd = -EBADF };
	int r = engine_store(u, STORE_WRITE, e);

	d.id = ret_id;
	if (r == 0)
		r = container_new_id(ret_id, e);
	if (r == 0)
		r = open_stage(u, &stage, e);
	if (r < 0)
		return r;
	/* Whose user namespace is joined is found out later. */
	if (d.to_start && !(d.opts->userns && *d.opts->userns))
		r = launch_early(u, &d, stage.dirfd, e);
	stopwatch_step(w, "start launcher");
	if (r == 0)
		r = fill(u, &d, &stage, w, e);
	if (r < 0 && stage.name[0])
		(void)engine_remove_tree(store_dirfd(u->store), stage.name, u, NULL);
	if (r == 0 && d.to_start)
		d.to_start->dirfd = TAKE_FD(stage.dirfd);
	container_stage_done(&stage);
	return r;
}

struct usrct_create_options engine_options(const struct usrct_create_options *o)
{
	struct usrct_create_options mine = { 0 };

	/* A caller that was compiled with an older header gives a shorter one. */
	if (o)
		memcpy(&mine, o, MIN(o->size, sizeof(mine)));
	mine.auto_remove = mine.auto_remove || mine.remove_image;
	if (mine.name)
		mine.name += mine.name[0] == '/'; /* as for rename */
	return mine;
}

int engine_create(struct usrct *u, const struct usrct_create_options *opts, struct stopwatch *w,
                  char ret_id[CONTAINER_ID_SIZE], struct err *e)
{
	return engine_create_hooked(u, opts, NULL, w, ret_id, e);
}

static int create_as(struct usrct *u, struct document d, struct stopwatch *w,
                     char ret_id[CONTAINER_ID_SIZE], struct err *e)
{
	struct usrct_create_options o = engine_options(d.opts);
	struct id_file cidfile = ID_FILE_NONE;
	int r = check_options(&o, e);

	d.opts = &o;

	if (r == 0 && o.cidfile)
		r = id_file_claim(&cidfile, o.cidfile, e);
	if (r == 0)
		r = create(u, d, w, ret_id, e);
	if (r == 0)
		r = id_file_write(&cidfile, ret_id, e);
	id_file_done(&cidfile);
	return r;
}

int engine_create_hooked(struct usrct *u, const struct usrct_create_options *opts,
                         const struct create_hook *hook, struct stopwatch *w,
                         char ret_id[CONTAINER_ID_SIZE], struct err *e)
{
	return create_as(u, (struct document){ .opts = opts, .hook = hook }, w, ret_id, e);
}

/* A launcher that lives takes its directory away itself; one that was killed could not. */
static void give_up(struct usrct *u, struct created *c)
{
	char id[CONTAINER_ID_SIZE];

	(void)snprintf(id, sizeof(id), "%s", c->id);
	created_done(c);
	if (u->runtime_dirfd >= 0 && id[0])
		(void)unlinkat(u->runtime_dirfd, id, AT_REMOVEDIR);
}

int engine_create_to_start(struct usrct *u, const struct usrct_create_options *opts,
                           struct stopwatch *w, struct created *ret, struct err *e)
{
	const struct document d = { .opts = opts, .to_start = ret };
	int r;

	engine_hold_soon(u);
	r = create_as(u, d, w, ret->id, e);
	if (r < 0)
		give_up(u, ret);
	if (r != -EEXIST && r != -ENOSPC && r != -EDQUOT)
		return r;
	/* Its name, or the disk, may be taken by what somebody dead left behind. */
	if (engine_sweep(u, NULL) < 0)
		return r;
	r = create_as(u, d, w, ret->id, e);
	if (r < 0)
		give_up(u, ret);
	return r;
}

void created_done(struct created *c)
{
	launched_done(&c->launched);
	cleanup_close(&c->dirfd);
	json_decref(c->spec);
	json_decref(c->plan);
	*c = (struct created)CREATED_NONE;
}

int usrct_container_create(struct usrct *u, const struct usrct_create_options *opts, char **ret_id,
                           struct usrct_err *out)
{
	char id[CONTAINER_ID_SIZE];
	struct err e = { 0 };
	struct stopwatch w;
	int r;

	stopwatch_init(&w, NULL);
	r = engine_create(u, opts, &w, id, &e);
	if (r == 0 && ret_id) {
		*ret_id = strdup(id);
		r = *ret_id ? 0 : err_oom(&e);
	}
	return ENGINE_RETURN(r, out, &e);
}
