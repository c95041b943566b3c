/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/podman-inspect.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "container/log.h"
#include "container/spec.h"
#include "image/descriptor.h"

#include <string.h>

static json_t *array_or_empty(json_t *list)
{
	return json_is_array(list) ? json_incref(list) : json_array();
}

static json_t *text_or_empty(const json_t *object, const char *path)
{
	const char *s = json_string_value(json_at(object, path));

	return json_string(s ? s : "");
}

/* Fields that are there already have been filled by who knows better. */
static void add_missing(json_t *to, json_t *fields)
{
	if (to && fields)
		(void)json_object_update_missing(to, fields);
	json_decref(fields);
}

static void add_state(const struct candidate *c, const struct target *t, json_t *out)
{
	const struct state *s = &t->state;
	bool runs = state_is_running(s);

	add_missing(json_object_get(out, "State"),
	            json_pack("{s:o, s:i, s:s, s:s, s:s}", "OciVersion",
	                      text_or_empty(c->spec, "ociVersion"), "ConmonPid",
	                      state_is_active(s) ? (int)s->monitor.pid : 0, "CgroupPath",
	                      runs ? s->cgroup : "", "CheckpointedAt", "0001-01-01T00:00:00Z",
	                      "RestoredAt", "0001-01-01T00:00:00Z"));
}

static void add_config(const struct candidate *c, json_t *out)
{
	json_t *notes = json_at(c->plan, "hostConfig.Annotations");
	json_int_t umask = json_integer_value(json_at(c->spec, "process.user.umask"));

	add_missing(json_object_get(out, "Config"),
	            json_pack("{s:o, s:o, s:o, s:b, s:s}", "Annotations",
	                      notes ? json_incref(notes) : json_object(), "Umask",
	                      json_sprintf("%04o", (unsigned)umask), "Timeout",
	                      json_integer(json_integer_value(json_object_get(c->plan, "timeout"))),
	                      "Passwd", json_object_get(c->plan, "accounts") != NULL,
	                      "sdNotifyMode", "ignore"));
}

/* Where the log is, if it is a file. */
static void add_log(const struct candidate *c, json_t *out)
{
	json_t *log = json_at(out, "HostConfig.LogConfig");
	const char *driver = json_string_value(json_object_get(log, "Type"));
	const char *size = json_string_value(json_at(log, "Config.max-size"));
	bool is_file = !driver || (strcmp(driver, "journald") != 0 && strcmp(driver, "none") != 0);

	(void)c;
	if (!is_file)
		(void)json_object_set_new(out, "LogPath", json_string(""));
	add_missing(log, json_pack("{s:o, s:o, s:s}", "Path", text_or_empty(out, "LogPath"), "Tag",
	                           text_or_empty(log, "Config.tag"), "Size", size ? size : "0B"));
}

/* What needs root, another system, or a network that is not there yet. */
static void add_host_config(const struct candidate *c, json_t *out)
{
	json_t *host = json_object_get(out, "HostConfig");
	const char *cgroups = json_is_true(json_at(c->plan, "noCgroup")) ? "disabled" : "private";

	add_log(c, out);
	add_missing(host, json_pack("{s:i, s:n, s:n, s:n, s:n, s:n, s:n, s:s, s:s, s:[i, i]}",
	                            "BlkioWeight", 0, "BlkioWeightDevice", "BlkioDeviceReadBps",
	                            "BlkioDeviceReadIOps", "BlkioDeviceWriteBps",
	                            "BlkioDeviceWriteIOps", "CgroupConf", "CgroupManager",
	                            "cgroupfs", "CgroupMode", cgroups, "ConsoleSize", 0, 0));
	add_missing(host,
	            json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:n, s:n, s:n}", "CpuCount",
	                      0, "CpuPercent", 0, "CpuRealtimePeriod", 0, "CpuRealtimeRuntime", 0,
	                      "DiskQuota", 0, "IOMaximumBandwidth", 0, "IOMaximumIOps", 0,
	                      "KernelMemory", 0, "Links", "MemorySwappiness", "VolumesFrom"));
}

/* Options of a mount as the document has them, without what was made of them. */
static json_t *options_of(const struct candidate *c, const char *target)
{
	const json_t *mounts = json_object_get(c->spec, "mounts"), *m;
	json_t *found = NULL;
	size_t i;

	json_array_foreach(mounts, i, m)
	{
		const char *at = json_string_value(json_object_get(m, "destination"));

		if (at && target && !strcmp(at, target))
			found = json_object_get(m,
			                        "options"); /* the last is the one that is seen */
	}
	return array_or_empty(found);
}

static void add_mounts(const struct candidate *c, json_t *out)
{
	json_t *list = json_object_get(out, "Mounts"), *m;
	size_t i;

	json_array_foreach(list, i, m)
	{
		const char *target = json_string_value(json_object_get(m, "Destination"));

		add_missing(
			m, json_pack("{s:s, s:o}", "Driver", "", "Options", options_of(c, target)));
	}
}

/* "docker.io/library/alpine:3.20", whatever was typed; an id stays one. */
static json_t *image_name_of(const struct candidate *c)
{
	const char *hex = c->row->image_id + strcspn(c->row->image_id, ":") + 1;
	size_t n = strlen(c->row->image);
	char full[600];

	if (!strncmp(c->row->image_id, c->row->image, n) || !strncmp(hex, c->row->image, n) ||
	    engine_image_key(c->row->image, full, sizeof(full)) < 0)
		return json_string(c->row->image);
	return json_string(full);
}

static json_t *image_digest_of(const struct candidate *c)
{
	struct image_row row = { 0 };
	bool found = image_find(c->u->store, c->row->image_id, &row, NULL) > 0;
	json_t *digest = json_string(found ? row.manifest : "");

	image_row_done(&row);
	return digest;
}

void podman_inspect_container(const struct candidate *c, const struct target *t, json_t *out)
{
	const char *dir = json_string_value(json_object_get(out, "Directory"));
	_cleanup_free_ char *config = strf("%s/" SPEC_FILE, dir ? dir : "");

	add_state(c, t, out);
	add_config(c, out);
	add_host_config(c, out);
	add_mounts(c, out);
	add_missing(json_object_get(out, "NetworkSettings"),
	            json_pack("{s:b, s:s, s:s, s:i}", "HairpinMode", 0, "IPv6Gateway", "",
	                      "LinkLocalIPv6Address", "", "LinkLocalIPv6PrefixLen", 0));
	add_missing(out,
	            json_pack("{s:o, s:o, s:s, s:o, s:s, s:s?, s:s?, s:o, s:o}", "ImageName",
	                      image_name_of(c), "ImageDigest", image_digest_of(c), "ConmonPidFile",
	                      "", "PidFile", text_or_empty(c->plan, "pidFile"), "OCIRuntime",
	                      "usr-ct", "OCIConfigPath", config, "StaticDir", dir, "BoundingCaps",
	                      array_or_empty(json_at(c->spec, "process.capabilities.bounding")),
	                      "EffectiveCaps",
	                      array_or_empty(json_at(c->spec, "process.capabilities.effective"))));
	add_missing(out, json_pack("{s:[], s:b, s:b, s:s, s:s, s:s}", "Dependencies", "IsInfra", 0,
	                           "IsService", 0, "Namespace", "", "Pod", "", "Rootfs", ""));
}

void podman_inspect_image(const struct image_row *row, const json_t *manifest, json_t *out)
{
	json_t *notes = json_object_get(manifest, "annotations"), *names = json_array();
	const char *type = json_string_value(json_object_get(manifest, "mediaType"));

	for (char *const *name = row->names; name && *name; name++)
		(void)json_array_append_new(names, json_string(*name));
	/* An OCI manifest may leave its own type out. */
	add_missing(out,
	            json_pack("{s:o, s:s, s:o, s:o, s:s}", "Annotations",
	                      json_is_object(notes) ? json_incref(notes) : json_object(),
	                      "ManifestType", type ? type : MEDIA_OCI_MANIFEST, "NamesHistory",
	                      names, "User", text_or_empty(out, "Config.User"), "Version", ""));
}
