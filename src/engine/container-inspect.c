/* SPDX-License-Identifier: Apache-2.0 */
/* container-inspect - everything known of a container, under Docker's field names
 *
 * Fields that have no counterpart here (a bridge, AppArmor) are there and empty, since templates of
 * scripts name them; what only usr-ct knows (Directory, OCI, State.MonitorLost) comes last.
 */
#include "engine/candidate.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "container/log.h"
#include "container/spec.h"
#include "engine/backends.h"
#include "engine/health.h"
#include "engine/host-config.h"
#include "engine/ids.h"
#include "engine/limits.h"
#include "engine/podman-inspect.h"
#include "engine/policy.h"

#include <string.h>

static json_t *state_of(const struct state *s)
{
	bool runs = state_is_running(s), is_paused = engine_is_paused(s);

	/* Docker knows no "lost"; a script that waits for "running" is right to see it. */
	return json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:i, s:i, s:s, s:o, s:o, s:b}", "Status",
	                 is_paused                 ? "paused"
	                 : s->status == STATE_LOST ? "running"
	                                           : state_name(s->status),
	                 "Running", state_is_active(s), "Paused", is_paused, "Restarting",
	                 s->status == STATE_RESTARTING, "OOMKilled", s->is_oom_killed, "Dead", 0,
	                 "Pid", runs ? (int)s->init.pid : 0, "ExitCode", MAX(s->exit_code, 0),
	                 "Error", s->error, "StartedAt", json_time(s->started_ns), "FinishedAt",
	                 json_time(s->finished_ns), "MonitorLost", s->status == STATE_LOST);
}

static json_t *binds_of(const json_t *mounts)
{
	json_t *list = json_array(), *m;
	size_t i;

	json_array_foreach(mounts, i, m)
	{
		const char *source = json_string_value(json_object_get(m, "Source"));
		const char *target = json_string_value(json_object_get(m, "Destination"));
		_cleanup_free_ char *bind =
			strf("%s:%s%s", source ? source : "", target ? target : "",
		             json_is_true(json_object_get(m, "RW")) ? "" : ":ro");

		if (bind)
			(void)json_array_append_new(list, json_string(bind));
	}
	return list;
}

/* As podman has them: INSIDE:OUTSIDE:COUNT, outside in the ids of the holder's namespace. */
static json_t *id_mappings_of(const struct candidate *c)
{
	struct id_map uids = { .n = 0 }, gids = { .n = 0 };

	(void)spec_id_map(json_at(c->spec, "linux.uidMappings"), &uids, NULL);
	(void)spec_id_map(json_at(c->spec, "linux.gidMappings"), &gids, NULL);
	return json_pack("{s:o, s:o}", "UidMap", ids_texts(&uids, NULL), "GidMap",
	                 ids_texts(&gids, NULL));
}

/* What was not asked for has Docker's default. */
static json_t *host_config_of(const struct candidate *c, const json_t *mounts)
{
	json_t *out = json_pack(
		"{s:o, s:s, s:s, s:{}, s:b, s:s, s:o, s:o, s:[], s:[], s:[], s:[], s:[], s:s}",
		"Binds", binds_of(mounts), "ContainerIDFile", "", "NetworkMode",
		candidate_network(c), "PortBindings", "AutoRemove", c->row->auto_remove,
		"VolumeDriver", "", "CapAdd", json_array(), "CapDrop", json_array(), "Dns",
		"DnsOptions", "DnsSearch", "ExtraHosts", "GroupAdd", "IpcMode", "private");

	if (!out)
		return NULL;
	(void)json_object_update_new(
		out,
		json_pack("{s:s, s:i, s:s, s:b, s:b, s:b, s:[], s:s, s:s, s:I, s:s, s:s, s:[]}",
	                  "Cgroup", "", "OomScoreAdj", 0, "PidMode", "", "Privileged", 0,
	                  "PublishAllPorts", 0, "ReadonlyRootfs",
	                  json_is_true(json_at(c->spec, "root.readonly")), "SecurityOpt", "UTSMode",
	                  "", "UsernsMode", "", "ShmSize", (json_int_t)67108864, "Runtime",
	                  "usr-ct", "Isolation", "", "Devices"));
	(void)json_object_update_new(
		out, json_pack("{s:s, s:b, s:b, s:[], s:O?, s:O?}", "CgroupParent", "",
	                       "OomKillDisable", 0, "Init", json_is_true(json_at(c->plan, "init")),
	                       "Ulimits", "MaskedPaths", json_at(c->spec, "linux.maskedPaths"),
	                       "ReadonlyPaths", json_at(c->spec, "linux.readonlyPaths")));
	if (out && json_array_size(json_at(c->spec, "linux.uidMappings")))
		(void)json_object_set_new(out, "IDMappings", id_mappings_of(c));
	return out;
}

static json_t *config_of(const struct candidate *c)
{
	const json_t *notes = json_object_get(c->spec, "annotations");
	const char *user = json_string_value(json_object_get(notes, SPEC_ANNOTATION_USER));
	json_int_t stop_signal = json_integer_value(json_at(c->plan, "stopSignal"));
	char signal_text[16];
	bool interactive = json_is_true(json_at(c->plan, "interactive"));
	json_t *out;

	(void)snprintf(signal_text, sizeof(signal_text), "%lld", (long long)stop_signal);
	out = json_pack(
		"{s:O?, s:s, s:s, s:b, s:b, s:b, s:b, s:b, s:b, s:O?, s:O?, s:s, s:o, s:O?, s:n}",
		"Hostname", json_object_get(c->spec, "hostname"), "Domainname", "", "User",
		user ? user : "", "AttachStdin", 0, "AttachStdout", 1, "AttachStderr", 1, "Tty",
		json_is_true(json_at(c->spec, "process.terminal")), "OpenStdin", interactive,
		"StdinOnce", interactive, "Env", json_at(c->spec, "process.env"), "Cmd",
		json_at(c->spec, "process.args"), "Image", c->row->image, "Volumes", json_null(),
		"WorkingDir", json_at(c->spec, "process.cwd"), "Entrypoint");
	if (out)
		(void)json_object_update_new(
			out, json_pack("{s:n, s:o, s:s, s:O?}", "OnBuild", "Labels",
		                       candidate_labels(c), "StopSignal", signal_text,
		                       "StopTimeout", json_at(c->plan, "stopTimeout")));
	return out;
}

/* There is no bridge; a private network is slirp4netns's, whose addresses are always these. */
static json_t *network_settings_of(const struct candidate *c)
{
	const char *name = candidate_network(c);
	bool has_address = !strcmp(name, "slirp4netns") && state_is_running(&c->state);
	const char *address = has_address ? "10.0.2.100" : "",
		   *gateway = has_address ? "10.0.2.2" : "";
	_cleanup_free_ char *key = state_is_running(&c->state)
	                                   ? strf("/proc/%d/ns/net", (int)c->state.init.pid)
	                                   : strdup("");
	json_t *one =
		json_pack("{s:n, s:n, s:n, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:i}", "IPAMConfig",
	                  "Links", "Aliases", "NetworkID", name, "EndpointID", "", "Gateway",
	                  gateway, "IPAddress", address, "IPPrefixLen", has_address ? 24 : 0,
	                  "MacAddress", "", "GlobalIPv6Address", "", "GlobalIPv6PrefixLen", 0);

	return json_pack("{s:s, s:s, s:s, s:{}, s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:{s:o}}",
	                 "Bridge", "", "SandboxID", "", "SandboxKey", key ? key : "", "Ports",
	                 "EndpointID", "", "Gateway", gateway, "IPAddress", address, "IPPrefixLen",
	                 has_address ? 24 : 0, "MacAddress", "", "GlobalIPv6Address", "",
	                 "GlobalIPv6PrefixLen", 0, "Networks", *name ? name : "none", one);
}

static json_t *graph_driver_of(const struct candidate *c, const char *dir)
{
	_cleanup_sbuf_ struct sbuf lower = SBUF_INIT(1 << 20);
	_cleanup_free_ char *upper = strf("%s/upper", dir), *work = strf("%s/work", dir),
			    *merged = strf("%s/root", dir), *copy = strf("%s/copy", dir);
	json_t *layers = json_object_get(c->plan, "layers"), *v;
	enum mount_backend backend = backend_of_plan(c->plan);
	size_t i;

	if (backend == BACKEND_COPY)
		return json_pack("{s:s, s:{s:s?}}", "Name", backend_graph_driver(backend), "Data",
		                 "dir", copy);
	json_array_foreach(layers, i, v) if (json_is_string(v)) sbuf_addf(
		&lower, "%s%s/%s", i ? ":" : "", store_path(c->u->store), json_string_value(v));
	return json_pack("{s:s, s:{s:s, s:s?, s:s?, s:s?}}", "Name", backend_graph_driver(backend),
	                 "Data", "LowerDir", lower.s ? lower.s : "", "MergedDir", merged,
	                 "UpperDir", upper, "WorkDir", work);
}

static json_t *rest_of(const json_t *args)
{
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach(args, i, v) if (i > 0)(void) json_array_append(list, v);
	return list;
}

static void add_path(json_t *out, const char *key, const char *dir, const char *name)
{
	_cleanup_free_ char *path = strf("%s/%s", dir, name);

	(void)json_object_set_new(out, key, json_string(path ? path : ""));
}

static int describe(const struct candidate *c, json_t **ret, struct err *e)
{
	_cleanup_free_ char *dir = strf("%s/containers/%s", store_path(c->u->store), c->row->id);
	_cleanup_free_ char *name = strf("/%s", c->row->name); /* as Docker shows it */
	_cleanup_json_ json_t *mounts = candidate_mounts(c);
	const json_t *args = json_at(c->spec, "process.args");
	json_t *out;

	if (!dir || !name)
		return err_oom(e);
	out = json_pack("{s:s, s:o, s:O?, s:o, s:o, s:s}", "Id", c->row->id, "Created",
	                json_time(c->row->created_ns), "Path", json_array_get(args, 0), "Args",
	                rest_of(args), "State", state_of(&c->state), "Image", c->row->image_id);
	*ret = out;
	if (!out)
		return err_oom(e);
	add_path(out, "ResolvConfPath", dir, "resolv.conf");
	add_path(out, "HostnamePath", dir, "hostname");
	add_path(out, "HostsPath", dir, "hosts");
	add_path(out, "LogPath", dir, LOG_FILE);
	(void)json_object_update_new(
		out, json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:n, s:o, s:o, s:O, s:o, s:o}",
	                       "Name", name, "RestartCount", 0, "Driver", "overlay2", "Platform",
	                       "linux", "MountLabel", "", "ProcessLabel", "", "AppArmorProfile", "",
	                       "ExecIDs", "HostConfig", host_config_of(c, mounts), "GraphDriver",
	                       graph_driver_of(c, dir), "Mounts", mounts, "Config", config_of(c),
	                       "NetworkSettings", network_settings_of(c)));
	(void)json_object_set_new(out, "Directory", json_string(dir));
	(void)json_object_set(out, "OCI", c->spec);
	return json_object_get(out, "NetworkSettings") ? 0 : err_oom(e);
}

static int inspect(struct usrct *u, const char *ref, json_t **ret, struct err *e)
{
	_cleanup_candidate_ struct candidate c = { .u = u, .dirfd = -EBADF };
	_cleanup_target_ struct target t = TARGET_NONE;
	json_t *health;
	int r = target_open(u, ref, STORE_READ, &t, e);

	if (r < 0)
		return r;
	c.row = &t.row;
	r = candidate_read_documents(&c, e);
	if (r == 0)
		r = err_set(e, UCT_CONTAINER_UNKNOWN, -ENOENT, "no container '%s'", ref);
	if (r < 0)
		return r;
	r = describe(&c, ret, e);
	if (r < 0)
		return r;
	health = health_inspect(&t);
	if (health)
		(void)json_object_set_new(json_object_get(*ret, "State"), "Health", health);
	host_config_inspect(c.plan, *ret);
	policy_inspect(&t, c.plan, *ret);
	limits_inspect(c.spec, c.plan, *ret);
	podman_inspect_container(&c, &t, *ret);
	return 0;
}

int usrct_container_inspect(struct usrct *u, const char *ref, char **ret_json,
                            struct usrct_err *out)
{
	_cleanup_json_ json_t *j = NULL;
	struct err e = { 0 };
	int r = inspect(u, ref, &j, &e);

	if (r == 0)
		r = json_print(j, true, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}
