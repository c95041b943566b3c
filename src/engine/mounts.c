/* SPDX-License-Identifier: Apache-2.0 */
/* mounts - the mount list of a container: Docker's standard ones, then -v and --tmpfs */
#include "engine/document.h"
#include "engine/volumes.h"

#include "base/sbuf.h"
#include "base/strv.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static int add(json_t *list, json_t *mount, struct err *e)
{
	return mount && json_array_append_new(list, mount) == 0 ? 0 : err_oom(e);
}

static int standard(const struct document *d, json_t *list, struct err *e)
{
	int r;

	r = add(list,
	        json_pack("{s:s, s:s, s:s, s:[s,s,s]}", "destination", "/proc", "type", "proc",
	                  "source", "proc", "options", "nosuid", "noexec", "nodev"),
	        e);
	if (r == 0)
		r = add(list,
		        json_pack("{s:s, s:s, s:s, s:[s,s,s,s]}", "destination", "/dev", "type",
		                  "tmpfs", "source", "tmpfs", "options", "nosuid", "strictatime",
		                  "mode=755", "size=65536k"),
		        e);
	if (r == 0)
		r = add(list,
		        json_pack("{s:s, s:s, s:s, s:[s,s,s,s,s]}", "destination", "/dev/pts",
		                  "type", "devpts", "source", "devpts", "options", "nosuid",
		                  "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
		        e);
	if (r == 0)
		r = add(list,
		        json_pack("{s:s, s:s, s:s, s:[s,s,s,s,s]}", "destination", "/dev/shm",
		                  "type", "tmpfs", "source", "shm", "options", "nosuid", "noexec",
		                  "nodev", "mode=1777", "size=65536k"),
		        e);
	if (r == 0)
		r = add(list,
		        json_pack("{s:s, s:s, s:s, s:[s,s,s]}", "destination", "/dev/mqueue",
		                  "type", "mqueue", "source", "mqueue", "options", "nosuid",
		                  "noexec", "nodev"),
		        e);
	if (r < 0)
		return r;
	/* sysfs shows a network namespace, so it may be mounted only in one of our own. */
	if (d->network == NETWORK_HOST)
		return add(list,
		           json_pack("{s:s, s:s, s:s, s:[s,s,s,s,s]}", "destination", "/sys",
		                     "type", "bind", "source", "/sys", "options", "rbind", "ro",
		                     "nosuid", "noexec", "nodev"),
		           e);
	r = add(list,
	        json_pack("{s:s, s:s, s:s, s:[s,s,s,s]}", "destination", "/sys", "type", "sysfs",
	                  "source", "sysfs", "options", "ro", "nosuid", "noexec", "nodev"),
	        e);
	if (r == 0)
		r = add(list,
		        json_pack("{s:s, s:s, s:s, s:[s,s,s,s]}", "destination", "/sys/fs/cgroup",
		                  "type", "cgroup", "source", "cgroup", "options", "ro", "nosuid",
		                  "noexec", "nodev"),
		        e);
	return r;
}

/* /etc files that the engine writes at each start. */
static int etc_files(const struct document *d, json_t *list, struct err *e)
{
	static const char *const names[] = { "resolv.conf", "hosts", "hostname" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && r == 0; i++) {
		_cleanup_free_ char *source = strf("%s/etc/%s", d->container_dir, names[i]);
		_cleanup_free_ char *target = strf("/etc/%s", names[i]);

		if (!source || !target)
			return err_oom(e);
		r = add(list,
		        json_pack("{s:s, s:s, s:s, s:[s]}", "destination", target, "type", "bind",
		                  "source", source, "options", "rbind"),
		        e);
	}
	return r;
}

static int bad_volume(struct err *e, const char *spec, const char *why)
{
	return err_set(e, UCT_BAD_MOUNT, -EINVAL, "-v '%s': %s", spec, why);
}

static int volume_source(const char *spec, const char *source, char **ret, struct err *e)
{
	struct stat st;
	char *real;

	if (source[0] != '/' && source[0] != '.' && source[0] != '~')
		return err_hint(e, bad_volume(e, spec, "named volumes do not exist here"),
		                "for a directory write ./%.200s", source);
	if (stat(source, &st) < 0)
		return err_set(e, UCT_MOUNT_SOURCE, -errno, "-v '%s': cannot use '%s': %s", spec,
		               source, strerror(errno));
	real = realpath(source, NULL);
	if (!real)
		return err_sys(e, "cannot find '%s'", source);
	*ret = real;
	return 0;
}

/* "ro", "rw", and what has no meaning without SELinux: "z", "Z". */
static int volume_options(const char *spec, char *options, json_t *ret, struct err *e)
{
	char *save = options;

	while (save && *save) {
		char *o = save, *comma = strchr(save, ',');

		save = comma ? comma + 1 : NULL;
		if (comma)
			*comma = '\0';
		if (!strcmp(o, "rw") || !strcmp(o, "rbind") || !strcmp(o, "bind"))
			continue;
		if (strcmp(o, "ro") != 0)
			return bad_volume(e, spec, "the options are ro and rw");
		(void)json_array_append_new(ret, json_string("ro"));
	}
	return 0;
}

int volume_add(const char *spec, json_t *list, struct err *e)
{
	_cleanup_free_ char *copy = strdup(spec), *source = NULL;
	_cleanup_json_ json_t *options = json_pack("[s]", "rbind");
	char *target, *flags;
	int r;

	if (!copy || !options)
		return err_oom(e);
	target = strchr(copy, ':');
	if (!target)
		return bad_volume(e, spec, "it has no ':TARGET'");
	*target++ = '\0';
	flags = strchr(target, ':');
	if (flags)
		*flags++ = '\0';
	if (target[0] != '/' || !strcmp(target, "/"))
		return bad_volume(e, spec, "the target must be an absolute path, and not /");
	if (!copy[0])
		return bad_volume(e, spec, "the source is empty");
	r = volume_options(spec, flags, options, e);
	if (r == 0)
		r = volume_source(spec, copy, &source, e);
	if (r < 0)
		return r;
	return add(list,
	           json_pack("{s:s, s:s, s:s, s:O}", "destination", target, "type", "bind",
	                     "source", source, "options", options),
	           e);
}

static int add_tmpfs(const char *spec, json_t *list, struct err *e)
{
	_cleanup_free_ char *copy = strdup(spec);
	_cleanup_json_ json_t *options = json_pack("[s,s,s]", "nosuid", "nodev", "noexec");
	char *next;
	bool has_mode = false;

	if (!copy || !options)
		return err_oom(e);
	next = strchr(copy, ':');
	if (next)
		*next++ = '\0';
	if (copy[0] != '/' || !strcmp(copy, "/"))
		return err_set(e, UCT_BAD_MOUNT, -EINVAL,
		               "--tmpfs '%s': the target must be an absolute path, and not /",
		               spec);
	while (next && *next) {
		char *o = next, *comma = strchr(next, ',');

		next = comma ? comma + 1 : NULL;
		if (comma)
			*comma = '\0';
		has_mode = has_mode || !strncmp(o, "mode=", 5);
		/* Docker's defaults can be taken back one by one. */
		if (!strcmp(o, "exec") || !strcmp(o, "suid") || !strcmp(o, "dev")) {
			json_t *v;
			size_t i;

			json_array_foreach(options, i, v) if (!strcmp(json_string_value(v) + 2, o))(
				void) json_array_remove(options, i--);
		}
		(void)json_array_append_new(options, json_string(o));
	}
	if (!has_mode)
		(void)json_array_append_new(options, json_string("mode=1777"));
	return add(list,
	           json_pack("{s:s, s:s, s:s, s:O}", "destination", copy, "type", "tmpfs", "source",
	                     "tmpfs", "options", options),
	           e);
}

int document_mounts(const struct document *d, json_t *ret_array, struct err *e)
{
	const char *const *v;
	int r = standard(d, ret_array, e);

	if (r == 0)
		r = etc_files(d, ret_array, e);
	for (v = d->opts->tmpfs; v && *v && r == 0; v++)
		r = add_tmpfs(*v, ret_array, e);
	for (v = d->opts->volumes; v && *v && r == 0; v++)
		r = volume_add(*v, ret_array, e);
	return r;
}
