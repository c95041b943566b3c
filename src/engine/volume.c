/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/volume.h"

#include "base/num.h"

#include <string.h>
#include <sys/stat.h>

void volume_done(struct volume *v)
{
	free(v->source);
	free(v->target);
	strv_done(&v->options);
}

int volume_bad(const struct volume *v, const char *why, struct err *e)
{
	return err_set(e, UCT_BAD_MOUNT, -EINVAL, "%s '%s': %s", v->flag, v->spec, why);
}

int volume_refuse(const struct volume *v, const char *what, const char *why, struct err *e)
{
	return err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP, "%s '%s': %s %s", v->flag, v->spec, what,
	               why);
}

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(s, *list))
			return true;
	return false;
}

static int keep(struct volume *v, const char *o, struct err *e)
{
	return strv_add(&v->options, o) < 0 ? err_oom(e) : 0;
}

/* Why an option that others know cannot work here; NULL if it is none of these. */
static const char *why_not(const char *o)
{
	static const struct {
		const char *name, *why;
	} table[] = {
		{ "U", "would give your files to other ids; that needs another id map" },
		{ "O", "asks for an overlay over the source, which is not there yet" },
		{ "idmap", "needs a mount with a map of its own, which only root may make" },
		{ "shared", "would carry mounts to the host; the kernel forbids that to user "
		            "namespaces" },
		{ "rshared", "would carry mounts to the host; the kernel forbids that to user "
		             "namespaces" },
		{ "copy", "belongs to named volumes" },
		{ "nocopy", "belongs to named volumes" },
		{ "tmpcopyup", "would fill it from the image; it starts empty here" },
	};
	size_t n = strcspn(o, "=");

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strlen(table[i].name) == n && !strncmp(o, table[i].name, n))
			return table[i].why;
	return NULL;
}

int volume_bind_option(struct volume *v, const char *o, struct err *e)
{
	static const char *const propagations[] = { "private",    "rprivate",    "slave", "rslave",
		                                    "unbindable", "runbindable", NULL };
	static const char *const kept[] = { "ro",      "nosuid",      "nodev",      "noexec",
		                            "noatime", "strictatime", "nodiratime", NULL };
	/* z and Z: the program keeps the user's own SELinux label, so what the user can reach it
	 * can, and nothing needs another label. The last three matter on macOS only. */
	static const char *const as_it_is[] = { "rw",        "suid",       "dev", "exec",
		                                "relatime",  "z",          "Z",   "cached",
		                                "delegated", "consistent", NULL };
	const char *why = why_not(o);

	if (why)
		return volume_refuse(v, o, why, e);
	if (is_one_of(o, as_it_is))
		return 0;
	if (!strcmp(o, "bind") || !strcmp(o, "rbind"))
		v->has_kind = true;
	else if (is_one_of(o, propagations))
		v->has_propagation = true;
	else if (!is_one_of(o, kept))
		return err_hint(e, volume_bad(v, "unknown option", e),
		                "'%.40s' is none of ro, rw, z, nosuid, nodev, noexec, bind, rbind, "
		                "rprivate, rslave",
		                o);
	return keep(v, o, e);
}

static int tmpfs_value(struct volume *v, const char *key, const char *value, struct err *e)
{
	static const char *const numbers[] = { "uid", "gid", "nr_inodes", "nr_blocks", NULL };
	uint64_t n;
	uint32_t mode;

	/* A percentage of the machine's memory is the kernel's to understand. */
	if (!strcmp(key, "size") &&
	    (parse_size(value, &n) == 0 || (*value && value[strlen(value) - 1] == '%')))
		return 0;
	if (!strcmp(key, "mode") && parse_oct(value, &mode) == 0 && mode <= 07777) {
		v->has_mode = true;
		return 0;
	}
	if (is_one_of(key, numbers) && parse_size(value, &n) == 0)
		return 0;
	if (!strcmp(key, "mpol") || !strcmp(key, "huge"))
		return 0;
	return err_hint(e, volume_bad(v, "unknown option or value", e),
	                "'%.40s' is none of size=, mode=, uid=, gid=, nr_inodes=", key);
}

int volume_tmpfs_option(struct volume *v, const char *o, struct err *e)
{
	static const char *const words[] = { "ro",       "rw",      "nosuid",      "nodev",
		                             "noexec",   "noatime", "strictatime", "nodiratime",
		                             "relatime", NULL };
	static const char *const undo[] = { "exec", "suid", "dev", NULL };
	const char *why = why_not(o), *eq = strchr(o, '=');

	if (why)
		return volume_refuse(v, o, why, e);
	if (!strcmp(o, "notmpcopyup")) /* it never does */
		return 0;
	if (is_one_of(o, undo)) { /* Docker's defaults can be taken back one by one */
		for (size_t i = 0; i < v->options.n; i++)
			if (!strncmp(v->options.v[i], "no", 2) && !strcmp(v->options.v[i] + 2, o))
				memcpy(v->options.v[i], "rw", 3);
		return 0;
	}
	if (eq) {
		_cleanup_free_ char *key = strndup(o, (size_t)(eq - o));
		int r = key ? tmpfs_value(v, key, eq + 1, e) : err_oom(e);

		if (r < 0)
			return r;
	} else if (!is_one_of(o, words)) {
		return err_hint(e, volume_bad(v, "unknown option", e),
		                "'%.40s' is none of ro, rw, exec, suid, dev, size=, mode=", o);
	}
	return keep(v, o, e);
}

static int find_source(struct volume *v, struct err *e)
{
	struct stat st;
	char *real;

	if (!v->source || !v->source[0])
		return volume_bad(v, "the source is empty", e);
	if (v->source[0] != '/' && v->source[0] != '.')
		return err_hint(e, volume_bad(v, "named volumes do not exist here", e),
		                "for a directory write ./%.200s", v->source);
	if (stat(v->source, &st) < 0)
		return err_set(e, UCT_MOUNT_SOURCE, -errno, "%s '%s': cannot use '%s': %s", v->flag,
		               v->spec, v->source, strerror(errno));
	real = realpath(v->source, NULL);
	if (!real)
		return err_sys(e, "cannot find '%s'", v->source);
	free(v->source);
	v->source = real;
	return 0;
}

/* "/a//b/./c/" is "/a/b/c": one spelling, so that the same place is seen as the same. */
static int clean_target(struct volume *v, struct err *e)
{
	char *in = v->target, *out = v->target;

	if (!in || *in != '/')
		return volume_bad(v, "the target must be an absolute path, and not /", e);
	while (*in) {
		size_t n;

		in += strspn(in, "/");
		n = strcspn(in, "/");
		if (n == 2 && !strncmp(in, "..", 2))
			return volume_bad(v, "the target must not contain '..'", e);
		if (n && !(n == 1 && *in == '.')) {
			*out++ = '/';
			memmove(out, in, n);
			out += n;
		}
		in += n;
	}
	*out = '\0';
	return out == v->target ? volume_bad(v, "the target must not be /", e) : 0;
}

int volume_finish(struct volume *v, json_t *list, struct err *e)
{
	json_t *options = json_array(), *j;
	int r = clean_target(v, e);

	if (r == 0 && !strcmp(v->type, "bind"))
		r = find_source(v, e);
	if (r == 0 && !strcmp(v->type, "bind") && !v->has_kind)
		r = keep(v, "rbind", e);
	if (r == 0 && !strcmp(v->type, "bind") && !v->has_propagation)
		r = keep(v, "rprivate", e);
	if (r == 0 && strcmp(v->type, "bind") != 0 && !v->has_mode)
		r = keep(v, "mode=1777", e);
	for (size_t i = 0; i < v->options.n; i++)
		if (strcmp(v->options.v[i], "rw") != 0)
			(void)json_array_append_new(options, json_string(v->options.v[i]));
	j = r == 0 ? json_pack("{s:s, s:s, s:s, s:O}", "destination", v->target, "type", v->type,
	                       "source", v->source ? v->source : v->type, "options", options)
	           : NULL;
	json_decref(options);
	if (r < 0)
		return r;
	if (!j)
		return err_set(e, UCT_BAD_VALUE, -EILSEQ, "%s: paths must be UTF-8", v->flag);
	return json_array_append_new(list, j) == 0 ? 0 : err_oom(e);
}
