/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mount-spec.h"

#include "base/num.h"
#include "base/sbuf.h"

#include <string.h>

void mount_spec_done(struct mount_spec *m)
{
	free(m->source);
	free(m->target);
	free(m->subpath);
	free(m->upperdir);
	free(m->workdir);
	free(m->mode);
	free(m->driver);
	strv_done(&m->options);
	strv_done(&m->driver_options);
	strv_done(&m->labels);
}

int mount_bad(const struct mount_spec *m, const char *why, struct err *e)
{
	return err_set(e, UCT_BAD_MOUNT, -EINVAL, "%s '%s': %s", m->flag, m->spec, why);
}

int mount_refuse(const struct mount_spec *m, const char *what, const char *why, struct err *e)
{
	return err_set(e, UCT_VALUE_REFUSED, -EOPNOTSUPP, "%s '%s': %s %s", m->flag, m->spec, what,
	               why);
}

const char *mount_kind_name(enum mount_kind kind)
{
	static const char *const names[] = { "bind",  "volume",  "tmpfs", "ramfs",
		                             "image", "overlay", "devpts" };

	return names[kind];
}

static bool is_one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(s, *list))
			return true;
	return false;
}

static int keep(struct mount_spec *m, const char *o, struct err *e)
{
	return strv_add(&m->options, o) < 0 ? err_oom(e) : 0;
}

/* Why an option that others know cannot work here; NULL if it is none of these. */
static const char *why_not(const char *o)
{
	static const struct {
		const char *name, *why;
	} table[] = {
		{ "idmap", "needs a mount with a map of its own, which the kernel lets only root "
		           "make of a file system of the machine's" },
		{ "shared", "would carry mounts to the host; the kernel forbids that to user "
		            "namespaces" },
		{ "rshared", "would carry mounts to the host; the kernel forbids that to user "
		             "namespaces" },
		{ "no-dereference", "would mount a link itself; links are followed here" },
	};
	size_t n = strcspn(o, "=");

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strlen(table[i].name) == n && !strncmp(o, table[i].name, n))
			return table[i].why;
	return NULL;
}

/* Those that are not an option of the mount itself. 1 taken, 0 it is none of them. */
static int take_word(struct mount_spec *m, const char *o, struct err *e)
{
	if (!strcmp(o, "U")) {
		m->chowns = true;
	} else if (!strcmp(o, "z") || !strcmp(o, "Z")) {
		if (m->relabel && m->relabel != *o)
			return mount_bad(m, "z and Z exclude each other", e);
		m->relabel = *o;
	} else if (!strcmp(o, "ro")) {
		m->is_read_only = true;
	} else if (!strcmp(o, "rw")) {
		m->is_read_only = false;
	} else if (!strcmp(o, "copy") || !strcmp(o, "nocopy")) {
		if (m->kind != MOUNT_VOLUME)
			return mount_refuse(m, o, "belongs to named volumes", e);
		m->no_copy = *o == 'n';
	} else {
		return 0;
	}
	return 1;
}

static int set_directory(const struct mount_spec *m, char **at, const char *value, struct err *e)
{
	if (*at || *value != '/')
		return mount_bad(m, "upperdir and workdir are one absolute path each", e);
	*at = strdup(value);
	return *at ? 0 : err_oom(e);
}

/* "O", and what goes with it. 1 taken. */
static int take_overlay(struct mount_spec *m, const char *o, struct err *e)
{
	int r;

	if (!strcmp(o, "O")) {
		if (m->kind == MOUNT_VOLUME && !m->source)
			return mount_bad(m, "O needs a source", e);
		m->is_overlay = true;
		return 1;
	}
	if (!strncmp(o, "upperdir=", 9))
		r = set_directory(m, &m->upperdir, o + 9, e);
	else if (!strncmp(o, "workdir=", 8))
		r = set_directory(m, &m->workdir, o + 8, e);
	else
		return 0;
	return r < 0 ? r : 1;
}

int mount_bind_option(struct mount_spec *m, const char *o, struct err *e)
{
	static const char *const propagations[] = { "private",    "rprivate",    "slave", "rslave",
		                                    "unbindable", "runbindable", NULL };
	static const char *const kept[] = { "nosuid",      "nodev",      "noexec",  "suid",
		                            "dev",         "exec",       "noatime", "relatime",
		                            "strictatime", "nodiratime", NULL };
	/* These matter on macOS only. */
	static const char *const as_it_is[] = { "cached", "delegated", "consistent", "default",
		                                NULL };
	const char *why = why_not(o);
	int r;

	if (why)
		return mount_refuse(m, o, why, e);
	if (is_one_of(o, as_it_is))
		return 0;
	r = take_word(m, o, e);
	if (r == 0)
		r = take_overlay(m, o, e);
	if (r != 0)
		return MIN(r, 0);
	if (!strcmp(o, "bind") || !strcmp(o, "rbind"))
		m->has_kind = true;
	else if (is_one_of(o, propagations))
		m->has_propagation = true;
	else if (!is_one_of(o, kept))
		return err_hint(e, mount_bad(m, "unknown option", e),
		                "'%.40s' is none of ro, rw, z, Z, U, O, copy, nocopy, nosuid, "
		                "nodev, noexec, bind, rbind, rprivate, rslave",
		                o);
	return keep(m, o, e);
}

static int tmpfs_value(struct mount_spec *m, const char *key, const char *value, struct err *e)
{
	static const char *const numbers[] = { "uid", "gid", "nr_inodes", "nr_blocks", NULL };
	uint64_t n;
	uint32_t mode;

	/* A percentage of the machine's memory is the kernel's to understand. */
	if (!strcmp(key, "size") &&
	    (parse_size(value, &n) == 0 || (*value && value[strlen(value) - 1] == '%')))
		return 0;
	if (!strcmp(key, "mode") && parse_oct(value, &mode) == 0 && mode <= 07777) {
		m->has_mode = true;
		return 0;
	}
	if (is_one_of(key, numbers) && parse_size(value, &n) == 0)
		return 0;
	if (!strcmp(key, "mpol") || !strcmp(key, "huge"))
		return 0;
	return err_hint(e, mount_bad(m, "unknown option or value", e),
	                "'%.40s' is none of size=, mode=, uid=, gid=, nr_inodes=", key);
}

/* Docker's defaults can be taken back one by one: "exec" where "noexec" stands. */
static void take_back(struct strv *options, const char *o)
{
	size_t kept = 0;

	for (size_t i = 0; i < options->n; i++)
		if (!strncmp(options->v[i], "no", 2) && !strcmp(options->v[i] + 2, o))
			free(options->v[i]);
		else
			options->v[kept++] = options->v[i];
	options->n = kept;
	if (options->v)
		options->v[kept] = NULL;
}

int mount_tmpfs_option(struct mount_spec *m, const char *o, struct err *e)
{
	static const char *const words[] = { "nosuid",   "nodev",       "noexec",
		                             "noatime",  "strictatime", "nodiratime",
		                             "relatime", "noswap",      NULL };
	static const char *const undo[] = { "exec", "suid", "dev", NULL };
	const char *why = why_not(o), *eq = strchr(o, '=');
	int r;

	if (why)
		return mount_refuse(m, o, why, e);
	if (!strcmp(o, "tmpcopyup") || !strcmp(o, "notmpcopyup")) {
		m->copies_up = *o == 't';
		return 0;
	}
	if (is_one_of(o, undo)) {
		take_back(&m->options, o);
		return 0;
	}
	/* Labels are for files that outlive the container. */
	r = !strcmp(o, "z") || !strcmp(o, "Z") ? 1 : take_word(m, o, e);
	if (r != 0)
		return MIN(r, 0);
	if (eq) {
		_cleanup_free_ char *key = strndup(o, (size_t)(eq - o));

		r = key ? tmpfs_value(m, key, eq + 1, e) : err_oom(e);
		if (r < 0)
			return r;
	} else if (!is_one_of(o, words)) {
		return err_hint(e, mount_bad(m, "unknown option", e),
		                "'%.40s' is none of ro, rw, exec, suid, dev, size=, mode=, U", o);
	}
	return keep(m, o, e);
}

int mount_devpts_option(struct mount_spec *m, const char *o, struct err *e)
{
	const char *eq = strchr(o, '=');
	uint32_t n;
	int r;

	if (!eq)
		return mount_bad(m, "devpts takes uid=, gid=, mode= and max=", e);
	if (!strncmp(o, "uid=", 4) || !strncmp(o, "gid=", 4) || !strncmp(o, "max=", 4)) {
		r = parse_u32(eq + 1, &n);
	} else if (!strncmp(o, "mode=", 5)) {
		r = parse_oct(eq + 1, &n);
		m->has_mode = true;
	} else {
		r = -EINVAL;
	}
	return r < 0 ? mount_bad(m, "devpts takes uid=, gid=, mode= and max=, with a number", e)
	             : keep(m, o, e);
}

int mount_tmpfs_defaults(struct mount_spec *m, struct err *e)
{
	static const char *const all[] = { "nosuid", "nodev", "noexec" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all) && r == 0; i++)
		r = keep(m, all[i], e);
	return r;
}

int mount_clean_target(struct mount_spec *m, struct err *e)
{
	char *in = m->target, *out = m->target;

	if (!in || *in != '/')
		return mount_bad(m, "the target must be an absolute path, and not /", e);
	while (*in) {
		size_t n;

		in += strspn(in, "/");
		n = strcspn(in, "/");
		if (n == 2 && !strncmp(in, "..", 2))
			return mount_bad(m, "the target must not contain '..'", e);
		if (n && !(n == 1 && *in == '.')) {
			*out++ = '/';
			memmove(out, in, n);
			out += n;
		}
		in += n;
	}
	*out = '\0';
	return out == m->target ? mount_bad(m, "the target must not be /", e) : 0;
}
