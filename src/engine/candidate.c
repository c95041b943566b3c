/* SPDX-License-Identifier: Apache-2.0 */
/* candidate - a container that is looked at for a list, and the filters of such lists */
#include "engine/candidate.h"

#include "base/json.h"
#include "base/num.h"
#include "base/sbuf.h"
#include "container/spec.h"
#include "engine/policy.h"
#include "image/reference.h"

#include <string.h>

void candidate_done(struct candidate *c)
{
	cleanup_close(&c->dirfd);
	json_decref(c->spec);
	json_decref(c->plan);
	*c = (struct candidate)CANDIDATE_NONE;
}

int candidate_read_state(struct candidate *c, struct err *e)
{
	int r;

	if (c->dirfd >= 0)
		return 1;
	c->dirfd = container_open_dir(c->u->store, c->row->id, e);
	if (c->dirfd < 0)
		return c->dirfd == -ENOENT ? 0 : c->dirfd;
	r = state_read(c->dirfd, &c->state, e);
	return r < 0 ? r : 1;
}

int candidate_read_documents(struct candidate *c, struct err *e)
{
	int r = candidate_read_state(c, e);

	if (r <= 0 || c->plan)
		return r;
	r = json_read_at(c->dirfd, SPEC_FILE, SPEC_MAX_BYTES, &c->spec, e);
	if (r == 0)
		r = json_read_at(c->dirfd, PLAN_FILE, SPEC_MAX_BYTES, &c->plan, e);
	/* Removed between two reads. */
	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

enum usrct_state candidate_public_state(const struct candidate *c)
{
	static const enum usrct_state map[] = { USRCT_CREATED, USRCT_RUNNING, USRCT_EXITED,
		                                USRCT_RESTARTING, USRCT_LOST };

	if (c->state.status == STATE_RUNNING && engine_is_paused(&c->state))
		return USRCT_PAUSED;
	return map[c->state.status];
}

const char *candidate_health(const struct candidate *c)
{
	return health_name(c->state.health);
}

json_t *candidate_labels(const struct candidate *c)
{
	json_t *notes = json_object_get(c->spec, "annotations"), *v, *out = json_object();
	const char *key;

	json_object_foreach(notes, key, v) if (strncmp(key, "io.usr-ct.", 10) != 0)(void)
		json_object_set(out, key, v);
	return out;
}

static bool has_option(const json_t *mount, const char *name)
{
	json_t *options = json_object_get(mount, "options"), *o;
	size_t i;

	json_array_foreach(options, i, o) if (json_is_string(o) &&
	                                      !strcmp(json_string_value(o), name)) return true;
	return false;
}

/* /etc/resolv.conf and its like come from the container's own directory, /sys from the host. */
static bool is_ours(const struct candidate *c, const char *source)
{
	const char *own = strstr(source, "/containers/");

	return !strcmp(source, "/sys") ||
	       (own && !strncmp(own + strlen("/containers/"), c->row->id, CONTAINER_ID_SIZE - 1));
}

static const char *propagation(const json_t *mount)
{
	static const char *const kinds[] = { "rshared", "shared", "rslave", "slave", "private" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (has_option(mount, kinds[i]))
			return kinds[i];
	return "rprivate";
}

static const json_t *described(const struct candidate *c, const char *target)
{
	const json_t *list = json_object_get(c->plan, "mounts"), *m;
	size_t i;

	json_array_foreach(list, i, m)
	{
		const char *at = json_string_value(json_object_get(m, "destination"));

		if (at && target && !strcmp(at, target))
			return m;
	}
	return NULL;
}

static const char *text_or_empty(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

/* One that was there when the container was made; under the names of the words it was asked with.
 */
static json_t *described_mount(const json_t *m, const json_t *mount)
{
	const char *kind = text_or_empty(m, "type"), *mode = text_or_empty(m, "mode");
	const char *name = json_string_value(json_object_get(m, "name"));
	bool ro = has_option(mount, "ro") || has_option(mount, "ro-alone");
	bool is_bind = !strcmp(text_or_empty(mount, "type"), "bind");

	return json_pack("{s:s, s:s*, s:s, s:O, s:s*, s:s, s:b, s:s}", "Type", kind, "Name", name,
	                 "Source", text_or_empty(m, "source"), "Destination",
	                 json_object_get(mount, "destination"), "Driver", name ? "local" : NULL,
	                 "Mode",
	                 *mode         ? mode
	                 : !name && ro ? "ro"
	                 : name        ? "z"
	                               : "",
	                 "RW", !ro, "Propagation", is_bind && !name ? propagation(mount) : "");
}

json_t *candidate_mounts(const struct candidate *c)
{
	json_t *list = json_object_get(c->spec, "mounts"), *m, *out = json_array();
	size_t i;

	json_array_foreach(list, i, m)
	{
		const char *source = json_string_value(json_object_get(m, "source"));
		const char *type = json_string_value(json_object_get(m, "type"));
		const json_t *d = described(c, text_or_empty(m, "destination"));
		bool ro = has_option(m, "ro");

		/* At the place of one of ours only the second is the user's. */
		if (d && (!type || strcmp(type, "bind") != 0 || !is_ours(c, source))) {
			(void)json_array_append_new(out, described_mount(d, m));
			continue;
		}
		if (!type || strcmp(type, "bind") != 0 || !source || is_ours(c, source))
			continue;
		(void)json_array_append_new(out, json_pack("{s:s, s:s, s:O, s:s, s:b, s:s}", "Type",
		                                           "bind", "Source", source, "Destination",
		                                           json_object_get(m, "destination"),
		                                           "Mode", ro ? "ro" : "", "RW", !ro,
		                                           "Propagation", propagation(m)));
	}
	return out;
}

const char *candidate_network(const struct candidate *c)
{
	const char *name = json_string_value(json_object_get(c->plan, "network"));

	return name ? name : "";
}

const char *candidate_restart_policy(const struct candidate *c)
{
	return policy_restart_name(c->plan);
}

/* --- filters */

static int fits_id(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return filter_regex_fits(f, ((struct candidate *)thing)->row->id);
}

/* Docker's names begin with a slash, and ^/web$ is what scripts look for. */
static int fits_name(const struct filter *f, void *thing, struct err *e)
{
	const struct candidate *c = thing;
	_cleanup_free_ char *slashed = strf("/%s", c->row->name);

	if (!slashed)
		return err_oom(e);
	return filter_regex_fits(f, c->row->name) || filter_regex_fits(f, slashed);
}

static int fits_command(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return filter_regex_fits(f, ((struct candidate *)thing)->row->command);
}

/* The time at which the container was made that before= or since= names. */
static int prepare_sibling(struct filter *f, void *arg, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	int r = target_open(arg, f->value, STORE_READ, &t, e);

	f->number = t.row.created_ns;
	return r;
}

static int fits_before(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return ((struct candidate *)thing)->row->created_ns < f->number;
}

static int fits_since(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return ((struct candidate *)thing)->row->created_ns > f->number;
}

/* An image that is not here has no containers: its name may still stand in a row. */
static int prepare_ancestor(struct filter *f, void *arg, struct err *e)
{
	struct image_row row = { 0 };
	struct err why;
	int r = engine_find_image(arg, f->value, &row, &why);

	if (r < 0 && why.uct != UCT_BAD_REFERENCE) {
		if (e)
			*e = why;
		return r;
	}
	if (r == 1) {
		f->text = strdup(row.id);
		r = f->text ? 0 : err_oom(e);
		image_row_done(&row);
	}
	return MIN(r, 0);
}

/* Whether the image's layers begin with all of the ancestor's. */
static int descends(struct usrct *u, const char *image_id, const char *ancestor_id, struct err *e)
{
	struct image_row image = { 0 }, ancestor = { 0 };
	bool is = false;
	int r = image_find(u->store, image_id, &image, e);

	if (r == 1)
		r = image_find(u->store, ancestor_id, &ancestor, e);
	if (r == 1 && ancestor.n_chains > 0 && image.n_chains >= ancestor.n_chains)
		/* A chain's name says all that lies below it. */
		is = !strcmp(image.chains[ancestor.n_chains - 1],
		             ancestor.chains[ancestor.n_chains - 1]);
	image_row_done(&image);
	image_row_done(&ancestor);
	return r < 0 ? r : is;
}

static int fits_ancestor(const struct filter *f, void *thing, struct err *e)
{
	const struct candidate *c = thing;

	if (f->text)
		return !strcmp(c->row->image_id, f->text)
		               ? 1
		               : descends(c->u, c->row->image_id, f->text, e);
	return !strcmp(c->row->image, f->value);
}

static const struct {
	const char *word;
	enum usrct_state state;
	bool exists;
} states[] = {
	{ "created", USRCT_CREATED, true },     { "configured", USRCT_CREATED, true },
	{ "initialized", USRCT_CREATED, true }, { "running", USRCT_RUNNING, true },
	{ "paused", USRCT_PAUSED, true },       { "restarting", USRCT_RESTARTING, true },
	{ "exited", USRCT_EXITED, true },       { "stopped", USRCT_EXITED, true },
	{ "lost", USRCT_LOST, true },           { "removing", USRCT_EXITED, false },
	{ "stopping", USRCT_EXITED, false },    { "dead", USRCT_EXITED, false },
};

static int prepare_status(struct filter *f, void *arg, struct err *e)
{
	(void)arg;
	for (f->number = 0; f->number < ARRAY_SIZE(states); f->number++)
		if (!strcmp(states[f->number].word, f->value))
			return 0;
	return filter_bad_value(
		f, "created, running, paused, restarting, exited, lost, removing or dead", e);
}

static int fits_status(const struct filter *f, void *thing, struct err *e)
{
	enum usrct_state is = candidate_public_state(thing), asked = states[f->number].state;

	(void)e;
	/* What has lost its monitor does run. */
	return states[f->number].exists &&
	       (is == asked || (is == USRCT_LOST && asked == USRCT_RUNNING));
}

static int prepare_exited(struct filter *f, void *arg, struct err *e)
{
	(void)arg;
	if (parse_u64(f->value, &f->number) < 0 || f->number > 255)
		return filter_bad_value(f, "an exit status from 0 to 255", e);
	return 0;
}

static int fits_exited(const struct filter *f, void *thing, struct err *e)
{
	const struct state *s = &((struct candidate *)thing)->state;

	(void)e;
	return s->status == STATE_EXITED && s->exit_code == (int)f->number;
}

static int fits_label(const struct filter *f, void *thing, struct err *e)
{
	_cleanup_json_ json_t *labels = candidate_labels(thing);

	return labels ? filter_label_fits(f->value, labels) : err_oom(e);
}

static int lacks_label(const struct filter *f, void *thing, struct err *e)
{
	int r = fits_label(f, thing, e);

	return r < 0 ? r : !r;
}

static int fits_volume(const struct filter *f, void *thing, struct err *e)
{
	_cleanup_json_ json_t *mounts = candidate_mounts(thing);
	json_t *m;
	size_t i;

	if (!mounts)
		return err_oom(e);
	json_array_foreach(mounts, i, m)
	{
		static const char *const keys[] = { "Source", "Destination", "Name" };

		for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
			const char *v = json_string_value(json_object_get(m, keys[k]));

			if (v && !strcmp(v, f->value))
				return 1;
		}
	}
	return 0;
}

/* "private" means any private uplink; Docker's default is called bridge or default. */
static int fits_network(const struct filter *f, void *thing, struct err *e)
{
	const char *name = candidate_network(thing);
	bool is_private = !strcmp(f->value, "private") || !strcmp(f->value, "bridge") ||
	                  !strcmp(f->value, "default");

	(void)e;
	if (is_private)
		return strcmp(name, "none") != 0 && strcmp(name, "host") != 0;
	return !strcmp(name, f->value);
}

static int prepare_health(struct filter *f, void *arg, struct err *e)
{
	static const char *const words[] = { "none", "starting", "healthy", "unhealthy" };

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], f->value))
			return 0;
	return filter_bad_value(f, "none, starting, healthy or unhealthy", e);
}

static int fits_health(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return !strcmp(candidate_health(thing), f->value);
}

static int fits_restart_policy(const struct filter *f, void *thing, struct err *e)
{
	const char *policy = candidate_restart_policy(thing);
	size_t n = strcspn(policy, ":");

	(void)e;
	return strlen(f->value) == n && !strncmp(policy, f->value, n);
}

/* What a reboot ended is started again, but for what the user had ended before. */
static int fits_boot(const struct filter *f, void *thing, struct err *e)
{
	const struct candidate *c = thing;
	const char *policy = candidate_restart_policy(c);
	bool starts = !strcmp(policy, "always");

	(void)e;
	if (!strcmp(policy, "unless-stopped"))
		starts = !c->state.is_stopped_by_user && c->state.status != STATE_CREATED;
	return starts == (f->number != 0);
}

/* "80", "80/tcp", "80-90/udp". Nothing can be published yet, so nothing fits. */
static int prepare_port(struct filter *f, void *arg, struct err *e)
{
	size_t n = strspn(f->value, "0123456789-");
	const char *protocol = f->value + n;

	(void)arg;
	if (n == 0 || (*protocol && strcmp(protocol, "/tcp") != 0 &&
	               strcmp(protocol, "/udp") != 0 && strcmp(protocol, "/sctp") != 0))
		return filter_bad_value(f, "PORT[-PORT][/tcp|udp|sctp]", e);
	return 0;
}

static int never(const struct filter *f, void *thing, struct err *e)
{
	(void)f;
	(void)thing;
	(void)e;
	return 0;
}

/* Swarm's tasks do not exist: is-task=false is everything. */
static int fits_is_task(const struct filter *f, void *thing, struct err *e)
{
	(void)thing;
	(void)e;
	return f->number == 0;
}

const struct filter_key container_filter_keys[] = {
	{ "id", filter_prepare_regex, fits_id, false, STAGE_ROW },
	{ "name", filter_prepare_regex, fits_name, false, STAGE_ROW },
	{ "command", filter_prepare_regex, fits_command, false, STAGE_ROW },
	{ "before", prepare_sibling, fits_before, true, STAGE_ROW },
	{ "since", prepare_sibling, fits_since, true, STAGE_ROW },
	{ "until", filter_prepare_time, fits_before, true, STAGE_ROW },
	{ "is-task", filter_prepare_bool, fits_is_task, true, STAGE_ROW },
	{ "publish", prepare_port, never, false, STAGE_ROW },
	{ "ancestor", prepare_ancestor, fits_ancestor, false, STAGE_STATE },
	{ "status", prepare_status, fits_status, false, STAGE_STATE },
	{ "exited", prepare_exited, fits_exited, false, STAGE_STATE },
	{ "label", NULL, fits_label, true, STAGE_DOCUMENT },
	{ "label!", NULL, lacks_label, true, STAGE_DOCUMENT },
	{ "volume", NULL, fits_volume, false, STAGE_DOCUMENT },
	{ "network", NULL, fits_network, false, STAGE_DOCUMENT },
	{ "health", prepare_health, fits_health, false, STAGE_STATE },
	{ "restart-policy", NULL, fits_restart_policy, false, STAGE_DOCUMENT },
	{ "should-start-on-boot", filter_prepare_bool, fits_boot, true, STAGE_DOCUMENT },
	{ NULL, NULL, NULL, false, 0 },
};
