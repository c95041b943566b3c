/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ids.h"

#include "base/host-user.h"
#include "base/num.h"
#include "container/spec.h"
#include "engine/backends.h"
#include "engine/document.h"
#include "engine/image-file.h"
#include "engine/layering.h"
#include "security/userns-wish.h"
#include "store/ranges.h"

#include <stdio.h>
#include <string.h>
#include <usrct/system.h>

/* What containers with a range of their own get at least, as in podman. */
enum { AUTO_LEAST = 1024, NOBODY = 65534 };

struct choice {
	struct usrct *u;
	struct document *d;
	const struct image_row *image;
	const struct container_stage *stage;
	struct userns_wish wish;
	struct id_maps maps;
};

static uint32_t total_of(const struct id_map *held)
{
	return (uint32_t)id_map_end(held);
}

static int too_long(struct err *e)
{
	return err_set(e, UCT_BAD_MAP, -E2BIG, "the id map has more than %d parts", ID_EXTENTS_MAX);
}

/* One inside id is the user, the others follow in order. */
static int keep(struct id_map *m, const struct id_map *held, uint32_t inside, uint32_t size)
{
	int r = id_map_add(m, inside, 0, 1);

	return r < 0 ? r : id_map_fill(m, size, 0, total_of(held));
}

static int keep_ids(struct choice *c, uint32_t uid, uint32_t gid, struct err *e)
{
	const struct id_maps *held = &c->u->held.maps;
	bool has_size = c->wish.has_size;
	int r = keep(&c->maps.uids, &held->uids, uid,
	             has_size ? c->wish.size : total_of(&held->uids));

	if (r == 0)
		r = keep(&c->maps.gids, &held->gids, gid,
		         has_size ? c->wish.size : total_of(&held->gids));
	if (r == -EINVAL)
		return err_set(e, UCT_BAD_VALUE, r, "there is no user %u:%u", uid, gid);
	return r < 0 ? too_long(e) : 1;
}

/* podman: whoever asks for his own id wants to run as himself, whatever the image says. */
static int keep_asked(struct choice *c, struct err *e)
{
	uint32_t uid = c->wish.has_uid ? c->wish.uid : geteuid();
	uint32_t gid = c->wish.has_gid ? c->wish.gid : getegid();

	if (!c->d->opts->user)
		(void)snprintf(c->d->keep_user, sizeof(c->d->keep_user), "%u:%u", uid, gid);
	return keep_ids(c, uid, gid, e);
}

/* --- the default */

static bool is_root(const char *user)
{
	size_t n = strcspn(user, ":");

	return !n || (n == 1 && *user == '0') || (n == 4 && !strncmp(user, "root", 4));
}

static bool is_root_alone(const char *user)
{
	return is_root(user) && !strchr(user, ':');
}

/* -v SOURCE:TARGET whose source is a path; --mount type=bind. */
static bool binds_host(const struct usrct_create_options *o)
{
	for (const char *const *v = o->volumes; v && *v; v++)
		if (strchr("./~", **v) && strchr(*v, ':'))
			return true;
	for (const char *const *v = o->mounts; v && *v; v++)
		if (strstr(*v, "type=bind"))
			return true;
	return false;
}

/* $USRCT_MOUNT_BACKEND=overlay: nothing else is wanted. */
static bool kernel_only(void)
{
	const char *wanted = secure_getenv("USRCT_MOUNT_BACKEND");

	return wanted && !strcmp(wanted, backend_name(BACKEND_OVERLAY));
}

static void shifts(struct ids *x, enum mount_backend backend)
{
	x->is_shifted = backend != BACKEND_OVERLAY;
	x->is_copied = backend == BACKEND_COPY;
}

/* Who shows the image's files with the owners that the container's ids want: metadata trees made
 * for them; a copy; or fuse-overlayfs, which is told of no map: the kernel shifts between the two
 * ends. */
static int choose_shift(struct choice *c, struct err *e)
{
	enum mount_backend *backend = &c->d->storage.backend;
	bool needs = *backend == BACKEND_OVERLAY && layers_need_shift(c->u, c->image, e) != 0;

	if (needs && !kernel_only() && !c->d->storage.is_in_memory &&
	    engine_backend(c->u, backend_name(BACKEND_FUSE), backend, NULL) == 0)
		needs = false;
	shifts(&c->d->ids, *backend);
	return needs ? -ENOTSUP : 0;
}

static int choose_default(struct choice *c, struct err *e)
{
	const char *text = document_user(c->d);
	struct err unused;
	struct user user;
	int r;

	if (is_root_alone(text) || (!c->u->is_single_id && !binds_host(c->d->opts)))
		return 0;
	r = image_user(c->u, c->image, text, &user, e);
	if (r < 0)
		return e->uct == UCT_USER_UNKNOWN ? 0 : r; /* the start tells it */
	/* Nobody asked for it, so where it cannot be had things stay as they are. */
	if ((user.uid == 0 && user.gid == 0) ||
	    (!c->u->is_single_id && choose_shift(c, &unused) < 0))
		return 0;
	return keep_ids(c, user.uid, user.gid, e);
}

/* --- auto */

/* Ids for the owners of all files in the image, and for the user. */
static int auto_size(struct choice *c, uint32_t *ret, struct err *e)
{
	const char *text = document_user(c->d);
	struct user user = { 0 };
	uint32_t owner = 0, group;
	int r = layer_owner_max(c->u->store, c->image, &owner, e);

	if (r == 0 && !is_root(text))
		r = image_user(c->u, c->image, text, &user, e);
	if (r < 0)
		return e->uct == UCT_USER_UNKNOWN ? 0 : r;
	owner = MAX(owner, user.uid);
	owner = MAX(owner, user.gid);
	for (size_t i = 0; i < user.n_groups; i++)
		owner = MAX(owner, user.groups[i]);
	for (const char *const *g = c->d->opts->groups; g && *g; g++)
		if (parse_u32(*g, &group) == 0)
			owner = MAX(owner, group);
	*ret = MAX((uint32_t)AUTO_LEAST, owner + 1);
	return 0;
}

static int choose_auto(struct choice *c, struct err *e)
{
	const struct id_maps *held = &c->u->held.maps;
	uint32_t bounds[2] = { 1, MIN(total_of(&held->uids), total_of(&held->gids)) };
	uint32_t size = c->wish.size, first = 0;
	int r = c->wish.has_size ? 0 : auto_size(c, &size, e);

	if (r == 0)
		r = range_take(c->u->store, c->d->id, c->stage, bounds, size, &first, e);
	if (r < 0)
		return r;
	c->maps = c->wish.forced;
	if (id_map_fill(&c->maps.uids, size, first, size) < 0 ||
	    id_map_fill(&c->maps.gids, size, first, size) < 0)
		return too_long(e);
	return 1;
}

/* --- the other modes */

static int check_joined(struct document *d, int container_dirfd, struct err *e)
{
	_cleanup_json_ json_t *spec = NULL, *plan = NULL;
	int r = json_read_at(container_dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);

	if (r == 0)
		r = json_read_at(container_dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);
	return r < 0 ? r : document_check_joined(d, spec, plan, e);
}

/* Whose namespace is joined, its user namespace is, too: there are the rights over it. */
static int wish_joined(struct choice *c, struct err *e)
{
	const struct usrct_create_options *o = c->d->opts;
	const char *joins = c->d->own.joins;
	bool same = c->wish.mode == USERNS_CONTAINER && joins && !strcmp(c->wish.container, joins);

	if (!joins || same)
		return 0;
	if (c->wish.mode != USERNS_DEFAULT || (o->uidmaps && *o->uidmaps) ||
	    (o->gidmaps && *o->gidmaps) || o->subuidname || o->subgidname)
		return err_hint(e,
		                err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		                        "the namespaces of container '%s' come with its ids",
		                        joins),
		                "leave out --userns and the maps");
	c->wish.mode = USERNS_CONTAINER;
	c->wish.container = joins;
	return 0;
}

/* What another container has. */
static int choose_joined(struct choice *c, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	struct ids ids = { 0 };
	int r = target_open(c->u, c->wish.container, STORE_WRITE, &t, e);

	if (r == 0)
		r = ids_of_container(c->u, t.dirfd, &ids, e);
	if (r == 0 && c->d->own.joined)
		r = check_joined(c->d, t.dirfd, e);
	if (r < 0)
		return r;
	memcpy(c->d->userns_of, t.row.id, sizeof(c->d->userns_of));
	c->maps = ids.maps;
	return ids.is_mapped;
}

static int all_but_user(struct id_map *m, const struct id_map *held)
{
	return id_map_add(m, 0, 1, total_of(held) - 1);
}

static int choose_nomap(struct choice *c, struct err *e)
{
	const struct id_maps *held = &c->u->held.maps;

	if (all_but_user(&c->maps.uids, &held->uids) < 0 ||
	    all_but_user(&c->maps.gids, &held->gids) < 0)
		return err_set(e, UCT_NO_SUBIDS, -ENOENT,
		               "you have no ids but your own, and nomap leaves that one out");
	return 1;
}

/* newuidmap(1) maps nobody else's ranges, so only one's own name is possible; then the user himself
 * is not among them, as with podman. */
static int choose_named(struct choice *c, struct err *e)
{
	const char *names[] = { c->d->opts->subuidname, c->d->opts->subgidname };
	struct host_user own;
	bool has_name = host_user_own(&own);
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", (unsigned)geteuid());
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i] && strcmp(names[i], number) != 0 &&
		    (!has_name || strcmp(names[i], own.name) != 0))
			return err_hint(e,
			                err_set(e, UCT_VALUE_REFUSED, -EPERM,
			                        "--%s '%.100s': the ranges of somebody else cannot "
			                        "be mapped",
			                        i ? "subgidname" : "subuidname", names[i]),
			                "leave it out, or name yourself");
	return choose_nomap(c, e);
}

static int check_flags(const struct choice *c, struct err *e)
{
	const struct usrct_create_options *o = c->d->opts;
	bool has_mode = o->userns && *o->userns, has_name = o->subuidname || o->subgidname;
	bool has_lists = (o->uidmaps && *o->uidmaps) || (o->gidmaps && *o->gidmaps);

	if (has_mode + has_lists + has_name < 2)
		return 0;
	return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
	               "--userns, --uidmap and --gidmap, --subuidname and --subgidname: each is a "
	               "map of its own");
}

/* 1: there is a map; 0: as the holder has it. */
static int choose(struct choice *c, struct err *e)
{
	const struct usrct_create_options *o = c->d->opts;
	int r;

	if (o->subuidname || o->subgidname)
		return choose_named(c, e);
	if ((o->uidmaps && *o->uidmaps) || (o->gidmaps && *o->gidmaps)) {
		r = id_wishes_build(o->uidmaps, o->gidmaps, &c->u->held.maps, &c->maps, e);
		return r < 0 ? r : 1;
	}
	switch (c->wish.mode) {
	case USERNS_DEFAULT:
		return choose_default(c, e);
	case USERNS_HOST_ROOT:
		return 0;
	case USERNS_KEEP_ID:
		return keep_asked(c, e);
	case USERNS_AUTO:
		return c->u->is_single_id
		               ? err_set(e, UCT_NO_SUBIDS, -ENOENT, "auto needs subordinate ids")
		               : choose_auto(c, e);
	case USERNS_NOMAP:
		return choose_nomap(c, e);
	case USERNS_CONTAINER:
		return choose_joined(c, e);
	}
	return 0;
}

static int label(struct usrct *u, struct ids *x, struct err *e)
{
	struct id_map uids, gids;
	int r = id_map_nest(&x->maps.uids, &u->held.maps.uids, true, &uids);

	if (r == 0)
		r = id_map_nest(&x->maps.gids, &u->held.maps.gids, true, &gids);
	if (r == -E2BIG)
		return too_long(e);
	if (r < 0)
		return err_set(e, UCT_MAP_CHANGED, r,
		               "the container has ids that are not among yours");
	if (u->is_single_id)
		(void)snprintf(x->label, sizeof(x->label), "%s", ID_MAP_LABEL_SINGLE);
	else
		id_map_label(&uids, &gids, x->label);
	return 0;
}

static int check_root(const struct choice *c, struct err *e)
{
	uint32_t id;

	/* With one id there is no choice; what sets it up can do without then. */
	if (c->u->is_single_id ||
	    (id_map_out(&c->maps.uids, 0, &id) && id_map_out(&c->maps.gids, 0, &id)))
		return 0;
	return err_set(e, UCT_MAP_NO_ROOT, -EINVAL, "uid 0 or gid 0 is not mapped");
}

int ids_choose(struct usrct *u, struct document *d, const struct image_row *image,
               const struct container_stage *stage, struct err *e)
{
	struct choice c = { .u = u, .d = d, .image = image, .stage = stage };
	int r = userns_wish_parse(d->opts->userns, &c.wish, e);

	if (r == 0)
		r = check_flags(&c, e);
	if (r == 0)
		r = wish_joined(&c, e);
	if (r == 0)
		r = engine_hold(u, e);
	if (r == 0)
		r = choose(&c, e);
	if (r > 0)
		r = check_root(&c, e) < 0 ? e->code : 1;
	if (r <= 0)
		return r;
	d->ids.is_mapped = true;
	d->ids.maps = c.maps;
	r = label(u, &d->ids, e);
	return r < 0 || u->is_single_id ? r : choose_shift(&c, e);
}

int ids_choose_bare(struct usrct *u, const struct usrct_unshare_options *o, struct ids *ret,
                    struct err *e)
{
	struct usrct_create_options create = { .userns = o->userns,
		                               .uidmaps = o->uidmaps,
		                               .gidmaps = o->gidmaps };
	struct document d = { .opts = &create };
	struct choice c = { .u = u, .d = &d };
	int r = userns_wish_parse(o->userns, &c.wish, e);

	if (r == 0 && c.wish.mode == USERNS_AUTO)
		r = err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP,
		            "--userns auto: a range belongs to a container, and there is none");
	if (c.wish.mode == USERNS_DEFAULT)
		c.wish.mode = USERNS_HOST_ROOT;
	if (r == 0)
		r = check_flags(&c, e);
	if (r == 0)
		r = engine_hold(u, e);
	if (r == 0)
		r = choose(&c, e);
	if (r > 0)
		r = check_root(&c, e) < 0 ? e->code : 1;
	if (r < 0)
		return r;
	*ret = (struct ids){ .is_mapped = r == 1, .maps = c.maps };
	return 0;
}

int ids_of_documents(struct usrct *u, const json_t *spec, const json_t *plan, struct ids *ret,
                     struct err *e)
{
	const json_t *uids = json_at(spec, "linux.uidMappings");
	int r;

	*ret = (struct ids){ .is_mapped = false };
	if (!json_array_size(uids))
		return 0;
	r = spec_id_map(uids, &ret->maps.uids, e);
	if (r == 0)
		r = spec_id_map(json_at(spec, "linux.gidMappings"), &ret->maps.gids, e);
	if (r == 0)
		r = engine_hold(u, e);
	ret->is_mapped = true;
	shifts(ret, backend_of_plan(plan));
	return r < 0 ? r : label(u, ret, e);
}

int ids_of_container(struct usrct *u, int container_dirfd, struct ids *ret, struct err *e)
{
	_cleanup_json_ json_t *spec = NULL, *plan = NULL;
	int r = json_read_at(container_dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);

	if (r == 0)
		r = json_read_at(container_dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);
	return r < 0 ? r : ids_of_documents(u, spec, plan, ret, e);
}

json_t *ids_list(const struct id_map *m)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < m->n; i++)
		(void)json_array_append_new(list,
		                            json_pack("{s:I, s:I, s:I}", "containerID",
		                                      (json_int_t)m->extents[i].inside, "hostID",
		                                      (json_int_t)m->extents[i].outside, "size",
		                                      (json_int_t)m->extents[i].count));
	return list;
}

json_t *ids_texts(const struct id_map *m, const struct id_map *held)
{
	json_t *list = json_array();
	struct id_map out = *m;

	if (held && id_map_nest(m, held, true, &out) < 0)
		out = *m;
	for (size_t i = 0; list && i < out.n; i++)
		(void)json_array_append_new(list, json_sprintf("%u:%u:%u", out.extents[i].inside,
		                                               out.extents[i].outside,
		                                               out.extents[i].count));
	return list;
}
