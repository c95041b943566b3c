/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/host-config.h"

#include "base/num.h"
#include "container/spec.h"
#include "engine/ulimits.h"

#include <sched.h>
#include <string.h>

enum { SHM_DEFAULT_BYTES = 64 << 20 };

static json_t *list_of(const char *const *list)
{
	return document_strings((char *const *)(uintptr_t)list);
}

/* "KEY=VALUE" each to an object; @divider instead of '='. */
static json_t *map_of(const char *const *list, char divider)
{
	json_t *map = json_object();

	for (; list && *list; list++) {
		const char *end = strchrnul(*list, divider);
		_cleanup_free_ char *key = strndup(*list, (size_t)(end - *list));

		if (key)
			(void)json_object_set_new(map, key, json_string(*end ? end + 1 : ""));
	}
	return map;
}

static const char *text_or(const char *s, const char *otherwise)
{
	return s && *s ? s : otherwise;
}

static int ulimits_of(const struct usrct_create_options *o, json_t **ret, struct err *e)
{
	json_t *list = json_array();
	int r = 0;

	for (const char *const *u = o->ulimits; u && *u && r == 0; u++) {
		struct ulimit x;

		r = ulimit_parse(*u, &x, e);
		if (r == 0)
			(void)json_array_append_new(
				list, json_pack("{s:s, s:I, s:I}", "Name", x.name, "Soft",
			                        (json_int_t)x.limit.rlim_cur, "Hard",
			                        (json_int_t)x.limit.rlim_max));
	}
	*ret = list;
	return r;
}

/* "PORT[-PORT][/PROTOCOL]" as Docker's map of ports. */
static int expose(const char *text, json_t *ports, struct err *e)
{
	const char *protocol = strchrnul(text, '/');
	_cleanup_free_ char *range = strndup(text, (size_t)(protocol - text));
	uint32_t first, last;
	char *dash;

	if (!range)
		return err_oom(e);
	dash = strchr(range, '-');
	if (dash)
		*dash++ = '\0';
	protocol = *protocol ? protocol + 1 : "tcp";
	if (parse_u32(range, &first) < 0 || parse_u32(dash ? dash : range, &last) < 0 || !first ||
	    last < first || last > 65535 ||
	    (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "udp") != 0 &&
	     strcmp(protocol, "sctp") != 0))
		return err_hint(
			e, err_set(e, UCT_BAD_VALUE, -EINVAL, "--expose '%s' is not a port", text),
			"write it as 80, 53/udp or 8000-8010");
	for (; first <= last; first++) {
		char key[32];

		(void)snprintf(key, sizeof(key), "%u/%s", first, protocol);
		(void)json_object_set_new(ports, key, json_object());
	}
	return 0;
}

static int config_of(const struct document *d, json_t **ret, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	const char *signal = o->stop_signal ? o->stop_signal : d->image->stop_signal;
	const char *const *x;
	json_t *ports = json_object(), *volumes = json_object();
	int r = 0;

	for (x = o->expose; x && *x && r == 0; x++)
		r = expose(*x, ports, e);
	for (char *const *v = d->image->volumes.v; v && *v; v++)
		(void)json_object_set_new(volumes, *v, json_object());
	*ret = json_pack(
		"{s:s, s:b, s:b, s:b, s:o, s:o, s:o, s:o, s:s, s:i}", "Domainname",
		text_or(o->domainname, ""), "AttachStdin", (o->attach & USRCT_ATTACH_STDIN) != 0,
		"AttachStdout", (o->attach & USRCT_ATTACH_STDOUT) != 0, "AttachStderr",
		(o->attach & USRCT_ATTACH_STDERR) != 0, "ExposedPorts", ports, "Volumes", volumes,
		"Entrypoint",
		o->entrypoint ? list_of(o->entrypoint) : document_strings(d->image->entrypoint.v),
		"Cmd",
		o->command && o->command[0] ? list_of(o->command)
		: o->entrypoint             ? json_array()
					    : document_strings(d->image->cmd.v),
		"StopSignal", text_or(signal, "SIGTERM"), "StopTimeout",
		o->stop_timeout_s < 0 ? 10 : o->stop_timeout_s);
	return r < 0 ? r : *ret ? 0 : document_not_utf8(e);
}

static json_t *devices_of(const struct usrct_create_options *o)
{
	json_t *list = json_array();

	for (const char *const *v = o->devices; v && *v; v++) {
		_cleanup_free_ char *copy = strdup(*v);
		char *inside = copy ? strchr(copy, ':') : NULL, *mode;

		if (inside)
			*inside++ = '\0';
		mode = inside ? strchr(inside, ':') : NULL;
		if (mode)
			*mode++ = '\0';
		if (inside && inside[0] != '/') { /* HOST:MODE */
			mode = inside;
			inside = NULL;
		}
		(void)json_array_append_new(list,
		                            json_pack("{s:s?, s:s?, s:s}", "PathOnHost", copy,
		                                      "PathInContainer", inside ? inside : copy,
		                                      "CgroupPermissions", mode ? mode : "rwm"));
	}
	return list;
}

static void set_joined(const struct document *d, json_t *out)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} kinds[] = { { "IpcMode", CLONE_NEWIPC },
		      { "PidMode", CLONE_NEWPID },
		      { "UTSMode", CLONE_NEWUTS } };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (d->own.joined & kinds[i].flag)
			(void)json_object_set_new(out, kinds[i].name,
			                          document_joined_mode(d, kinds[i].flag));
}

static int host_config_of(const struct document *d, json_t **ret, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	uint64_t shm = SHM_DEFAULT_BYTES;
	json_t *ulimits = NULL, *out;
	int r = ulimits_of(o, &ulimits, e);

	if (o->shm_size && parse_size(o->shm_size, &shm) < 0)
		shm = SHM_DEFAULT_BYTES; /* refused with the mounts */
	out = json_pack("{s:o, s:s, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:s, s:i, s:s, s:b, "
	                "s:o, s:o, s:s, s:s, s:I, s:o, s:o, s:o, s:b, s:o, s:b}",
	                "Binds", list_of(o->volumes), "ContainerIDFile", text_or(o->cidfile, ""),
	                "CapAdd", list_of(o->cap_add), "CapDrop", list_of(o->cap_drop),
	                "CgroupnsMode", d->own.cgroup ? "private" : "host", "Dns", list_of(o->dns),
	                "DnsOptions", list_of(o->dns_options), "DnsSearch", list_of(o->dns_search),
	                "ExtraHosts", list_of(o->add_hosts), "GroupAdd", list_of(o->groups),
	                "IpcMode", text_or(o->ipc, "private"), "OomScoreAdj",
	                o->oom_score_adj ? *o->oom_score_adj : 0, "PidMode",
	                d->own.pid ? "" : "host", "Privileged", o->privileged, "SecurityOpt",
	                list_of(o->security), "Tmpfs", map_of(o->tmpfs, ':'), "UTSMode",
	                d->own.uts ? "" : "host", "UsernsMode", text_or(o->userns, ""), "ShmSize",
	                (json_int_t)shm, "Sysctls", map_of(o->sysctls, '='), "Ulimits", ulimits,
	                "Devices", devices_of(o), "Init", o->init, "Annotations",
	                map_of(o->annotations, '='), "PublishAllPorts", 0);
	if (!out)
		return document_not_utf8(e);
	set_joined(d, out);
	(void)json_object_set_new(out, "StorageOpt", map_of(o->storage_opts, '='));
	*ret = out;
	return r;
}

int host_config_make(const struct document *d, json_t **ret_config, json_t **ret_host_config,
                     struct err *e)
{
	int r = config_of(d, ret_config, e);

	return r < 0 ? r : host_config_of(d, ret_host_config, e);
}

static bool is_device(const json_t *plan, const char *target)
{
	const json_t *list = json_at(plan, "hostConfig.Devices"), *d;
	size_t i;

	if (json_is_true(json_at(plan, "hostConfig.Privileged")) && !strncmp(target, "/dev/", 5))
		return true;
	json_array_foreach(list, i, d)
	{
		const char *path = json_string_value(json_object_get(d, "PathInContainer"));

		if (path && !strcmp(path, target))
			return true;
	}
	return false;
}

/* Bind mounts that stand for a flag of another kind, or for none. */
static bool is_of_ours(const json_t *mount, const json_t *plan, const char *dir)
{
	static const char *const shared[] = { "/proc", "/sys", "/dev/shm", "/dev/mqueue" };
	const char *source = json_string_value(json_object_get(mount, "Source"));
	const char *target = json_string_value(json_object_get(mount, "Destination"));

	if (!source || !target)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++)
		if (!strcmp(source, shared[i]) && !strcmp(target, shared[i]))
			return true;
	if (!strcmp(target, "/etc/localtime") && strstr(source, "zoneinfo"))
		return true;
	return (dir && !strncmp(source, dir, strlen(dir))) || is_device(plan, target);
}

void host_config_inspect(const json_t *plan, json_t *out)
{
	json_t *config = json_object_get(out, "Config");
	json_t *labels = json_object_get(config, "Labels"), *v;
	json_t *mounts = json_object_get(out, "Mounts");
	const char *key, *dir = json_string_value(json_object_get(out, "Directory"));

	(void)json_object_update(config, json_at(plan, "config"));
	(void)json_object_update(json_object_get(out, "HostConfig"), json_at(plan, "hostConfig"));
	/* Both are annotations of the OCI document; these were not meant as labels. */
	json_object_foreach(json_at(plan, "hostConfig.Annotations"), key, v)(void)
		json_object_del(labels, key);
	(void)json_object_del(labels, SPEC_ANNOTATION_KEEP_GROUPS);
	for (size_t i = json_array_size(mounts); i > 0; i--)
		if (is_of_ours(json_array_get(mounts, i - 1), plan, dir))
			(void)json_array_remove(mounts, i - 1);
}
