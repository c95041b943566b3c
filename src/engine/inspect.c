/* SPDX-License-Identifier: Apache-2.0 */
/* inspect - everything known of a container or image, under Docker's field names */
#include "engine/engine.h"
#include "engine/host-config.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "container/log.h"
#include "container/spec.h"
#include "engine/limits.h"
#include "engine/policy.h"
#include "image/config.h"
#include "store/blobs.h"

#include <string.h>

static json_t *time_of(uint64_t ns)
{
	char text[RFC3339_SIZE] = "0001-01-01T00:00:00Z"; /* what Docker shows for "never" */

	if (ns)
		clock_rfc3339(ns, text);
	return json_string(text);
}

static json_t *state_of(const struct state *s)
{
	bool runs = state_is_running(s);
	bool is_paused = engine_is_paused(s);

	/* Docker knows no "lost"; a script that waits for "running" is right to see it. */
	return json_pack("{s:s, s:b, s:b, s:i, s:i, s:s, s:o, s:o, s:b, s:b, s:b}", "Status",
	                 is_paused                 ? "paused"
	                 : s->status == STATE_LOST ? "running"
	                                           : state_name(s->status),
	                 "Running", state_is_active(s), "Paused", is_paused, "Pid",
	                 runs ? (int)s->init.pid : 0, "ExitCode", MAX(s->exit_code, 0), "Error",
	                 s->error, "StartedAt", time_of(s->started_ns), "FinishedAt",
	                 time_of(s->finished_ns), "MonitorLost", s->status == STATE_LOST,
	                 "Restarting", s->status == STATE_RESTARTING, "OOMKilled",
	                 s->is_oom_killed);
}

static json_t *mounts_of(const json_t *spec)
{
	json_t *list = json_object_get(spec, "mounts"), *m, *out = json_array();
	size_t i;

	json_array_foreach(list, i, m)
	{
		const char *type = json_string_value(json_object_get(m, "type"));
		json_t *options = json_object_get(m, "options"), *o;
		bool ro = false;
		size_t k;

		json_array_foreach(options, k, o) ro =
			ro || !strcmp(json_string_value(o) ? json_string_value(o) : "", "ro");
		if (type && !strcmp(type, "bind"))
			(void)json_array_append_new(
				out, json_pack("{s:s, s:O, s:O, s:s, s:b}", "Type", "bind",
			                       "Source", json_object_get(m, "source"),
			                       "Destination", json_object_get(m, "destination"),
			                       "Mode", ro ? "ro" : "rw", "RW", !ro));
	}
	return out;
}

static json_t *labels_of(const json_t *spec)
{
	json_t *notes = json_object_get(spec, "annotations"), *v, *out = json_object();
	const char *key;

	json_object_foreach(notes, key, v) if (strncmp(key, "io.usr-ct.", 10) != 0)(void)
		json_object_set(out, key, v);
	return out;
}

static json_t *config_of(const struct target *t, json_t *spec, const json_t *plan)
{
	json_t *args = json_at(spec, "process.args"), *env = json_at(spec, "process.env");
	json_t *user = json_object_get(json_object_get(spec, "annotations"), SPEC_ANNOTATION_USER);

	return json_pack("{s:O?, s:s, s:b, s:b, s:O?, s:O?, s:s, s:O?, s:o}", "Hostname",
	                 json_object_get(spec, "hostname"), "User",
	                 user ? json_string_value(user) : "", "Tty",
	                 json_is_true(json_at(spec, "process.terminal")), "OpenStdin",
	                 json_is_true(json_at(plan, "interactive")), "Env", env, "Cmd", args,
	                 "Image", t->row.image, "WorkingDir", json_at(spec, "process.cwd"),
	                 "Labels", labels_of(spec));
}

static int inspect_container(struct usrct *u, const char *ref, json_t **ret, struct err *e)
{
	_cleanup_target_ struct target t = TARGET_NONE;
	_cleanup_json_ json_t *spec = NULL, *plan = NULL;
	_cleanup_free_ char *dir = NULL, *name = NULL;
	const json_t *args;
	json_t *out;
	int r = target_open(u, ref, STORE_READ, &t, e);

	if (r == 0)
		r = json_read_at(t.dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);
	if (r == 0)
		r = json_read_at(t.dirfd, PLAN_FILE, SPEC_MAX_BYTES, &plan, e);
	if (r < 0)
		return r;
	dir = strf("%s/containers/%s", store_path(u->store), t.row.id);
	name = strf("/%s", t.row.name); /* as Docker shows it */
	args = json_at(spec, "process.args");
	out = dir && name
	              ? json_pack("{s:s, s:o, s:O?, s:s, s:o, s:s, s:s, s:o, s:{s:O?, s:b, s:b}, "
	                          "s:o, s:O}",
	                          "Id", t.row.id, "Created", time_of(t.row.created_ns), "Path",
	                          json_array_get(args, 0), "Name", name, "State",
	                          state_of(&t.state), "Image", t.row.image_id, "Directory", dir,
	                          "Mounts", mounts_of(spec), "HostConfig", "NetworkMode",
	                          json_at(plan, "network"), "AutoRemove", t.row.auto_remove,
	                          "ReadonlyRootfs", json_is_true(json_at(spec, "root.readonly")),
	                          "Config", config_of(&t, spec, plan), "OCI", spec)
	              : NULL;
	if (!out)
		return err_oom(e);
	host_config_inspect(plan, out);
	policy_inspect(&t, plan, out);
	limits_inspect(spec, plan, out);
	*ret = out;
	return 0;
}

int usrct_container_inspect(struct usrct *u, const char *ref, char **ret_json,
                            struct usrct_err *out)
{
	_cleanup_json_ json_t *j = NULL;
	struct err e = { 0 };
	int r = inspect_container(u, ref, &j, &e);

	if (r == 0)
		r = json_print(j, true, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}

/* Of the lowest layer, which says how all below the plain ones are stored. */
static const char *driver_of(struct usrct *u, const struct image_row *row)
{
	enum layer_driver driver = LAYER_PLAIN;

	if (row->n_chains)
		(void)layer_driver_of(u->store, row->chains[0], &driver, NULL);
	return layer_driver_name(driver);
}

static int inspect_image(struct usrct *u, const char *ref, json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *config = NULL, *names = json_array(), *layers = json_array();
	struct image_row row = { 0 };
	size_t n;
	int r = engine_store(u, STORE_READ, e);

	if (r == 0)
		r = engine_find_image(u, ref, &row, e);
	if (r == 0)
		r = err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no image '%s'", ref);
	if (r == 1)
		r = blob_read(u->store, row.id, CONFIG_MAX_BYTES, &text, &n, e);
	if (r == 0)
		r = json_parse(text, n, "the image's config", &config, e);
	if (r == 0) {
		for (char *const *name = row.names; name && *name; name++)
			(void)json_array_append_new(names, json_string(*name));
		for (size_t i = 0; i < row.n_chains; i++)
			(void)json_array_append_new(layers, json_string(row.chains[i]));
		*ret = json_pack("{s:s, s:s, s:O, s:o, s:O?, s:O?, s:I, s:O?, s:{s:s, s:O}, s:O?}",
		                 "Id", row.id, "Digest", row.manifest, "RepoTags", names, "Created",
		                 time_of(row.created_ns), "Architecture",
		                 json_object_get(config, "architecture"), "Os",
		                 json_object_get(config, "os"), "Size", (json_int_t)row.size_bytes,
		                 "Config", json_object_get(config, "config"), "Storage", "Driver",
		                 driver_of(u, &row), "Chain", layers, "RootFS",
		                 json_object_get(config, "rootfs"));
		r = *ret ? 0 : err_oom(e);
	}
	image_row_done(&row);
	return r;
}

int usrct_image_inspect(struct usrct *u, const char *reference, char **ret_json,
                        struct usrct_err *out)
{
	_cleanup_json_ json_t *j = NULL;
	struct err e = { 0 };
	int r = inspect_image(u, reference, &j, &e);

	if (r == 0)
		r = json_print(j, true, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}
