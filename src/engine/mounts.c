/* SPDX-License-Identifier: Apache-2.0 */
/* mounts - the mount list of a container: Docker's standard ones, then what the user asked for */
#include "engine/document.h"

#include "base/num.h"
#include "base/sbuf.h"
#include "engine/devices.h"
#include "engine/etc.h"
#include "engine/mount-add.h"
#include "engine/privileges.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* One mount; the options end with NULL, and empty ones are left out. */
struct entry {
	const char *target, *type, *source;
	const char *options[10];
};

static int add(json_t *list, const struct entry *m, struct err *e)
{
	json_t *options = json_array(), *j;

	for (size_t i = 0; i < ARRAY_SIZE(m->options) && m->options[i]; i++)
		if (*m->options[i])
			(void)json_array_append_new(options, json_string(m->options[i]));
	j = json_pack("{s:s, s:s, s:s, s:o}", "destination", m->target, "type", m->type, "source",
	              m->source, "options", options);
	return j && json_array_append_new(list, j) == 0 ? 0 : err_oom(e);
}

/* /proc of the container's processes, or all of the host's: a new one shows the PID namespace of
 * whoever mounts it, and may be mounted only by its owner. */
static int add_proc(const struct document *d, const struct privileges *p, json_t *list,
                    struct err *e)
{
	struct entry own = { "/proc", "proc", "proc", { "nosuid", "noexec", "nodev" } };
	struct entry host = { "/proc", "bind", "/proc", { "rbind", "nosuid", "noexec", "nodev" } };

	if (!d->own.pid)
		return p->proc_options.n ? err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		                                   "proc-opts has no effect with --pid host")
		                         : add(list, &host, e);
	for (size_t i = 0; i < p->proc_options.n && i < 6; i++)
		own.options[3 + i] = p->proc_options.v[i];
	return add(list, &own, e);
}

static int add_shm(const struct document *d, json_t *list, struct err *e)
{
	char size[40] = "size=65536k";
	const struct entry own = {
		"/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", size }
	};
	const struct entry host[] = {
		{ "/dev/shm", "bind", "/dev/shm", { "rbind", "nosuid", "noexec", "nodev" } },
		{ "/dev/mqueue", "bind", "/dev/mqueue", { "rbind", "nosuid", "noexec", "nodev" } },
	};
	uint64_t bytes;
	int r;

	if (!d->own.ipc) {
		r = add(list, &host[0], e);
		return r < 0 || access("/dev/mqueue", F_OK) < 0 ? r : add(list, &host[1], e);
	}
	if (d->opts->shm_size) {
		if (parse_size(d->opts->shm_size, &bytes) < 0)
			return err_set(e, UCT_BAD_VALUE, -EINVAL,
			               "--shm-size takes a size such as 64m, not '%s'",
			               d->opts->shm_size);
		if (bytes) /* 0 is Docker's way to ask for the default */
			(void)snprintf(size, sizeof(size), "size=%llu", (unsigned long long)bytes);
	}
	return d->own.has_no_shm ? 0 : add(list, &own, e);
}

static int add_sys(const struct document *d, json_t *list, struct err *e)
{
	const char *ro = d->opts->privileged ? "" : "ro";
	const struct entry host = {
		"/sys", "bind", "/sys", { "rbind", "nosuid", "noexec", "nodev", ro }
	};
	const struct entry own[] = {
		{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", ro } },
		{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", ro } },
	};
	int r;

	/* sysfs shows a network namespace, so it may be mounted only in one of our own. */
	if (!d->own.network)
		return add(list, &host, e);
	r = add(list, &own[0], e);
	return r < 0 ? r : add(list, &own[1], e);
}

static int standard(const struct document *d, const struct privileges *p, json_t *list,
                    struct err *e)
{
	static const struct entry dev[] = {
		{ "/dev",
		  "tmpfs",
		  "tmpfs",
		  { "nosuid", "strictatime", "mode=755", "size=65536k" } },
		{ "/dev/pts",
		  "devpts",
		  "devpts",
		  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620" } },
		{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	};
	int r = add_proc(d, p, list, e);

	for (size_t i = 0; i < ARRAY_SIZE(dev) && r == 0; i++)
		if (d->own.ipc || strcmp(dev[i].type, "mqueue") != 0)
			r = add(list, &dev[i], e);
	if (r == 0)
		r = add_shm(d, list, e);
	return r < 0 ? r : add_sys(d, list, e);
}

/* /etc files that the engine writes at each start. */
static int etc_files(const struct document *d, json_t *list, struct err *e)
{
	const struct {
		const char *name;
		bool wanted;
	} files[] = {
		{ "resolv.conf", !etc_keeps_resolv_conf(d->opts) },
		{ "hosts", !d->opts->no_hosts },
		{ "hostname", !d->opts->no_hostname },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++) {
		_cleanup_free_ char *source = strf("%s/%s", d->container_dir, files[i].name);
		_cleanup_free_ char *target = strf("/etc/%s", files[i].name);
		const struct entry m = { target, "bind", source, { "rbind", "rprivate" } };

		if (!source || !target)
			return err_oom(e);
		if (files[i].wanted)
			r = add(list, &m, e);
	}
	return r;
}

static int add_timezone(const struct document *d, json_t *list, struct err *e)
{
	const char *zone = d->opts->timezone;
	_cleanup_free_ char *path = NULL, *real = NULL;
	struct stat st;

	if (!zone || !*zone)
		return 0;
	if (!strcmp(zone, "local")) {
		path = strdup("/etc/localtime");
	} else {
		if (zone[0] == '/' || strstr(zone, ".."))
			return err_set(e, UCT_NO_TIMEZONE, -EINVAL, "--tz '%s' is not a time zone",
			               zone);
		path = strf("/usr/share/zoneinfo/%s", zone);
	}
	real = path ? realpath(path, NULL) : NULL;
	if (!real || stat(real, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, UCT_NO_TIMEZONE, -ENOENT, "--tz '%s': the host has no '%s'", zone,
		               path ? path : zone);
	const struct entry m = { "/etc/localtime", "bind", real, { "rbind", "rprivate", "ro" } };

	return add(list, &m, e);
}

/* The volumes that an image declares, and what podman makes writable beside a read-only root.
 * What the user mounts at the same place takes it. */
static int add_image_volumes(const struct document *d, struct err *e)
{
	const char *how = d->opts->image_volumes;
	bool is_memory = how && !strcmp(how, "tmpfs");
	int r = 0;

	if (how && strcmp(how, "anonymous") != 0 && strcmp(how, "bind") != 0 &&
	    strcmp(how, "ignore") != 0 && !is_memory)
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "--image-volume '%s' is none of anonymous, tmpfs and ignore", how);
	if (how && !strcmp(how, "ignore"))
		return 0;
	for (char *const *v = d->image->volumes.v; v && *v && r == 0; v++) {
		_cleanup_mount_spec_ struct mount_spec m = {
			.flag = is_memory ? "--tmpfs" : "-v",
			.spec = *v,
			.kind = is_memory ? MOUNT_TMPFS : MOUNT_VOLUME,
			.target = strdup(*v),
		};

		r = m.target ? mount_clean_target(&m, e) : err_oom(e);
		if (r == 0 && is_memory)
			r = mount_tmpfs_defaults(&m, e);
		if (r == 0 && !mount_has_target(d->mounts->list, m.target))
			r = mount_add(d->mounts, &m, e);
	}
	return r;
}

static int add_scratch(const struct document *d, struct err *e)
{
	static const char *const writable[] = { "/run", "/tmp", "/var/tmp" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(writable) && r == 0; i++) {
		_cleanup_free_ char *spec =
			strf("%s:exec,mode=%s", writable[i], i == 0 ? "755" : "1777");

		if (!d->opts->read_only || !d->opts->read_only_tmpfs ||
		    mount_has_target(d->mounts->list, writable[i]))
			continue;
		r = spec ? mount_add_tmpfs(d->mounts, spec, e) : err_oom(e);
	}
	return r;
}

/* In Docker's order of who comes first: what the user names, then what another container has, then
 * what the image declares. */
static int of_user(const struct document *d, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	const char *const *v;
	int r = 0;

	for (v = o->tmpfs; v && *v && r == 0; v++)
		r = mount_add_tmpfs(d->mounts, *v, e);
	for (v = o->volumes; v && *v && r == 0; v++)
		r = mount_add_volume(d->mounts, *v, e);
	for (v = o->mounts; v && *v && r == 0; v++)
		r = mount_add_mount(d->mounts, *v, e);
	for (v = o->volumes_from; v && *v && r == 0; v++)
		r = mount_add_from(d->mounts, *v, e);
	if (r == 0)
		r = add_image_volumes(d, e);
	if (r == 0)
		r = add_scratch(d, e);
	return r < 0 ? r : mounts_sort(d->mounts->list, e);
}

static int add_devices(const struct document *d, json_t *list, struct err *e)
{
	const struct usrct_create_options *o = d->opts;
	bool keeps_groups = o->groups && o->groups[0] && !strcmp(o->groups[0], "keep-groups");
	int r = o->privileged ? devices_add_all(list, e) : 0;

	for (const char *const *v = o->devices; v && *v && r == 0; v++)
		r = device_add(*v, keeps_groups, list, e);
	return r;
}

int document_mounts(const struct document *d, const struct privileges *p, json_t *ret_array,
                    struct err *e)
{
	int r = standard(d, p, ret_array, e);

	if (r == 0)
		r = etc_files(d, ret_array, e);
	if (r == 0)
		r = add_timezone(d, ret_array, e);
	if (r == 0)
		r = add_devices(d, ret_array, e);
	if (r == 0)
		r = of_user(d, e);
	if (r == 0 && json_array_extend(ret_array, d->mounts->list) < 0)
		r = err_oom(e);
	return r;
}
