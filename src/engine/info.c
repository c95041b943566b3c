/* SPDX-License-Identifier: Apache-2.0 */
/* info - what is installed, where things are, which drivers are in use */
#include "engine/backends.h"
#include "engine/engine.h"
#include "engine/layering.h"
#include "engine/policy.h"
#include "engine/scope.h"
#include "engine/sharing.h"
#include "store/shared.h"

#include "base/file.h"
#include "base/json.h"
#include "base/libexec.h"
#include "cgroup/cgroup.h"
#include "network/uplink.h"

#include <fcntl.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static int counts(struct usrct *u, json_t *out, struct err *e)
{
	struct usrct_container *list = NULL;
	struct usrct_image *images = NULL;
	size_t n = 0, n_images = 0, running = 0, paused = 0;
	struct usrct_err pe;
	const struct usrct_list_options all = { .size = sizeof(all), .all = true };
	int r = usrct_container_list(u, &all, &list, &n, &pe);

	if (r == 0)
		r = usrct_image_list(u, NULL, &images, &n_images, &pe);
	if (r < 0)
		return err_set(e, (enum err_uct)pe.number, pe.code, "%s", pe.msg);
	for (size_t i = 0; i < n; i++) {
		running += list[i].state == USRCT_RUNNING || list[i].state == USRCT_LOST;
		paused += list[i].state == USRCT_PAUSED;
	}
	usrct_container_list_free(list, n);
	usrct_image_list_free(images, n_images);
	(void)json_object_set_new(out, "Containers", json_integer((json_int_t)n));
	(void)json_object_set_new(out, "ContainersRunning", json_integer((json_int_t)running));
	(void)json_object_set_new(out, "ContainersPaused", json_integer((json_int_t)paused));
	(void)json_object_set_new(out, "ContainersStopped",
	                          json_integer((json_int_t)(n - running - paused)));
	(void)json_object_set_new(out, "Images", json_integer((json_int_t)n_images));
	return 0;
}

/* Of layers to come; in the words of whoever asks for another than there is. */
static const char *driver_name(struct usrct *u)
{
	int r = engine_layer_driver(u, NULL);

	return r < 0 ? "unknown" : layer_driver_name((enum layer_driver)r);
}

/* Those that are there and can be trusted. */
static json_t *shared_dirs(void)
{
	_cleanup_sharing_ struct sharing s = { 0 };
	json_t *list = json_array();

	(void)sharing_config(&s, NULL); /* a pull says what is wrong with it */
	for (size_t i = 0; i < s.n; i++) {
		_cleanup_close_ int fd = shared_open(s.dirs[i].path, false, NULL);

		if (fd >= 0)
			(void)json_array_append_new(list, json_string(s.dirs[i].path));
	}
	return list;
}

static uint64_t memory_bytes(void)
{
	struct sysinfo s;

	return sysinfo(&s) == 0 ? (uint64_t)s.totalram * s.mem_unit : 0;
}

/* PRETTY_NAME of os-release(5). */
static json_t *system_name(void)
{
	_cleanup_free_ char *text = NULL;
	const char *at;
	size_t n;

	if (file_read_at(AT_FDCWD, "/etc/os-release", 64 << 10, &text, NULL, NULL) < 0)
		return json_string("linux");
	at = strncmp(text, "PRETTY_NAME=", 12) ? strstr(text, "\nPRETTY_NAME=") : text - 1;
	if (!at)
		return json_string("linux");
	at += strlen("\nPRETTY_NAME=");
	at += *at == '"';
	n = strcspn(at, "\"\n");
	return json_stringn(at, n);
}

/* Who makes containers' cgroups here, in Docker's words. */
static const char *cgroup_driver(void)
{
	char path[4096];
	bool is_busy;

	if (cgroup_own_path(path, sizeof(path)) < 0)
		return "none";
	if (cgroup_delegated(path, sizeof(path), &is_busy) == 0)
		return "cgroupfs";
	return scope_address(path, sizeof(path)) >= 0 ? "systemd" : "none";
}

static json_t *plugins(void)
{
	json_t *networks = json_pack("[s, s]", "none", "host");
	static const enum network_kind uplinks[] = { NETWORK_SLIRP4NETNS, NETWORK_PASTA };

	for (size_t i = 0; i < ARRAY_SIZE(uplinks); i++)
		(void)json_array_append_new(networks, json_string(network_name(uplinks[i])));
	return json_pack("{s:[s,s,s,s,s], s:o, s:[s], s:n}", "Log", "json-file", "k8s-file",
	                 "local", "journald", "none", "Network", networks, "Volume", "local",
	                 "Authorization");
}

/* What templates written for Docker ask for. */
static void add_docker_names(struct usrct *u, json_t *out)
{
	(void)json_object_update_new(
		out, json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:o, s:s, s:s, s:s, s:[s,s,s]}",
	                       "ServerVersion", usrct_version(), "Driver", "overlay2",
	                       "DockerRootDir", u->data_dir, "OSType", "linux", "NCPU",
	                       (int)sysconf(_SC_NPROCESSORS_ONLN), "MemTotal",
	                       (json_int_t)memory_bytes(), "OperatingSystem", system_name(),
	                       "LoggingDriver", POLICY_LOG_DRIVER, "CgroupDriver", cgroup_driver(),
	                       "CgroupVersion", "2", "SecurityOptions",
	                       "name=seccomp,profile=default", "name=rootless", "name=cgroupns"));
	(void)json_object_set_new(out, "Plugins", plugins());
	(void)json_object_set_new(out, "DefaultRuntime", json_string("usr-ct"));
	(void)json_object_set_new(out, "Swarm", json_pack("{s:s}", "LocalNodeState", "inactive"));
}

static json_t *id_lines(const struct id_map *m)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < m->n; i++)
		(void)json_array_append_new(list,
		                            json_pack("{s:I, s:I, s:I}", "container_id",
		                                      (json_int_t)m->extents[i].inside, "host_id",
		                                      (json_int_t)m->extents[i].outside, "size",
		                                      (json_int_t)m->extents[i].count));
	return list;
}

/* What containers can have of ids, as podman tells it. */
static void add_ids(struct usrct *u, json_t *out)
{
	if (engine_hold(u, NULL) < 0)
		return; /* doctor says why */
	(void)json_object_set_new(out, "IDMappings",
	                          json_pack("{s:o, s:o}", "uidmap", id_lines(&u->held.maps.uids),
	                                    "gidmap", id_lines(&u->held.maps.gids)));
}

static int info(struct usrct *u, char **ret, struct err *e)
{
	_cleanup_json_ json_t *out = json_object();
	enum mount_backend backend = BACKEND_OVERLAY;
	enum network_kind network;
	struct utsname host;
	char cgroup[4096];
	int r;

	if (!out)
		return err_oom(e);
	(void)uname(&host); /* fails only for a bad pointer */
	r = counts(u, out, e);
	if (r < 0)
		return r;
	(void)json_object_set_new(out, "Version", json_string(usrct_version()));
	(void)json_object_set_new(out, "DataDir", json_string(u->data_dir));
	if (u->home_dir)
		(void)json_object_set_new(out, "HomeDir", json_string(u->home_dir));
	(void)json_object_set_new(out, "RuntimeDir", json_string(u->runtime_dir));
	(void)json_object_set_new(out, "HelperDir", json_string(libexec_dir()));
	(void)json_object_set_new(out, "StorageDriver", json_string(driver_name(u)));
	(void)json_object_set_new(out, "SharedDirs", shared_dirs());
	r = engine_backend(u, NULL, &backend, NULL);
	(void)json_object_set_new(out, "MountBackend",
	                          json_string(r == 0 ? backend_name(backend) : "none works"));
	(void)json_object_set_new(out, "Network",
	                          json_string(network_choose(NULL, &network, NULL) == 0
	                                              ? network_name(network)
	                                              : "none available"));
	(void)json_object_set_new(out, "Cgroup",
	                          json_string(cgroup_own_path(cgroup, sizeof(cgroup)) == 0
	                                              ? cgroup
	                                              : "none (no cgroup v2)"));
	add_ids(u, out);
	(void)json_object_set_new(out, "KernelVersion", json_string(host.release));
	(void)json_object_set_new(out, "Architecture", json_string(host.machine));
	(void)json_object_set_new(out, "Name", json_string(host.nodename));
	add_docker_names(u, out);
	if (r == 0)
		(void)json_object_set_new(out, "Driver",
		                          json_string(backend_graph_driver(backend)));
	return json_print(out, true, ret, e);
}

int usrct_info(struct usrct *u, char **ret_json, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = info(u, ret_json, &e);

	return ENGINE_RETURN(r, out, &e);
}
