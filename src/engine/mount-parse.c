/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mount-parse.h"

#include "base/num.h"
#include "base/sbuf.h"

#include <string.h>

typedef int (*option_fn)(struct mount_spec *m, const char *o, struct err *e);

/* Options divided by commas; an empty one says nothing. */
int mount_parse_options(struct mount_spec *m, const char *text, struct err *e)
{
	option_fn apply = m->kind == MOUNT_TMPFS || m->kind == MOUNT_RAMFS ? mount_tmpfs_option
	                                                                   : mount_bind_option;
	_cleanup_free_ char *copy = strdup(text ? text : "");
	char *at = copy;
	int r = copy ? 0 : err_oom(e);

	while (r == 0 && at && *at) {
		char *comma = strchr(at, ',');

		if (comma)
			*comma++ = '\0';
		if (*at)
			r = apply(m, at, e);
		at = comma;
	}
	return r;
}

static bool is_path(const char *s)
{
	return *s == '/' || *s == '.';
}

/* An overlay's own directories belong to an overlay. */
static int check_overlay(const struct mount_spec *m, struct err *e)
{
	bool is_overlay = m->is_overlay || m->kind == MOUNT_OVERLAY;

	if ((m->upperdir || m->workdir) && !is_overlay)
		return mount_bad(m, "upperdir and workdir go with O", e);
	if (!m->upperdir != !m->workdir)
		return mount_bad(m, "upperdir and workdir go together", e);
	return 0;
}

int mount_parse_volume(const char *text, struct mount_spec *ret, struct err *e)
{
	struct mount_spec *m = ret;
	_cleanup_free_ char *copy = strdup(text);
	char *target, *options;
	int r;

	*m = (struct mount_spec){ .flag = "-v", .spec = text, .kind = MOUNT_VOLUME };
	if (!copy)
		return err_oom(e);
	target = strchr(copy, ':');
	if (!target) {
		m->target = strdup(copy);
		return m->target ? mount_clean_target(m, e) : err_oom(e);
	}
	*target++ = '\0';
	if (!*copy)
		return mount_bad(m, "the source is empty", e);
	options = strchr(target, ':');
	if (options)
		*options++ = '\0';
	m->source = strdup(copy);
	m->target = strdup(target);
	m->mode = strdup(options ? options : "");
	if (!m->source || !m->target || !m->mode)
		return err_oom(e);
	m->kind = is_path(m->source) ? MOUNT_BIND : MOUNT_VOLUME;
	r = mount_parse_options(m, options, e);
	if (r == 0)
		r = check_overlay(m, e);
	return r < 0 ? r : mount_clean_target(m, e);
}

int mount_parse_tmpfs(const char *text, struct mount_spec *ret, struct err *e)
{
	struct mount_spec *m = ret;
	char *options;
	int r;

	*m = (struct mount_spec){ .flag = "--tmpfs", .spec = text, .kind = MOUNT_TMPFS };
	m->target = strdup(text);
	r = m->target ? mount_tmpfs_defaults(m, e) : err_oom(e);
	if (r < 0)
		return r;
	options = strchr(m->target, ':');
	if (options)
		*options++ = '\0';
	r = mount_parse_options(m, options, e);
	return r < 0 ? r : mount_clean_target(m, e);
}

/* --- --mount */

/* Fields of a line of comma-separated values (RFC 4180): Docker reads --mount so, which is how a
 * path may contain a comma. */
static int split_fields(const struct mount_spec *m, struct strv *ret, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(64 * 1024);
	const char *s = m->spec;
	bool more = true;

	while (more) {
		bool quoted = *s == '"';

		sbuf_clear(&b);
		sbuf_adds(&b, "");
		s += quoted;
		for (; quoted ? *s : *s && *s != ','; s++) {
			if (quoted && *s == '"' && s[1] != '"')
				break;
			sbuf_addc(&b, *s);
			s += quoted && *s == '"';
		}
		if (quoted && *s++ != '"')
			return mount_bad(m, "a quote is not closed", e);
		if (b.err || strv_add(ret, b.s ? b.s : "") < 0)
			return err_oom(e);
		if (*s && *s != ',')
			return mount_bad(m, "text follows a closing quote", e);
		more = *s++ == ',';
	}
	return 0;
}

struct field {
	char *key, *value; /* value: NULL if there is no '=' */
};

static struct field field_of(char *text)
{
	struct field f = { text, strchr(text, '=') };

	if (f.value)
		*f.value++ = '\0';
	return f;
}

static bool is(const struct field *f, const char *name)
{
	return !strcmp(f->key, name);
}

static bool is_any(const struct field *f, const char *const *names)
{
	for (; *names; names++)
		if (is(f, *names))
			return true;
	return false;
}

/* A switch: "readonly", "readonly=true". */
static int switch_of(const struct mount_spec *m, const struct field *f, bool *ret, struct err *e)
{
	if (!f->value || !strcmp(f->value, "true") || !strcmp(f->value, "1"))
		*ret = true;
	else if (!strcmp(f->value, "false") || !strcmp(f->value, "0"))
		*ret = false;
	else
		return mount_bad(m, "a switch is true or false", e);
	return 0;
}

static int set(struct mount_spec *m, char **at, const struct field *f, struct err *e)
{
	if (!f->value || !*f->value)
		return err_hint(e, mount_bad(m, "a key has no value", e), "write %.40s=VALUE",
		                f->key);
	free(*at);
	*at = strdup(f->value);
	return *at ? 0 : err_oom(e);
}

static int add(struct mount_spec *m, struct strv *list, const struct field *f, struct err *e)
{
	if (!f->value || !*f->value || *f->value == '=')
		return err_hint(e, mount_bad(m, "a key has no value", e), "write %.40s=KEY=VALUE",
		                f->key);
	return strv_add(list, f->value) < 0 ? err_oom(e) : 0;
}

static int set_read_only(struct mount_spec *m, const struct field *f, struct err *e)
{
	bool on = false;
	int r = switch_of(m, f, &on, e);

	if (r == 0)
		m->is_read_only = is(f, "rw") ? !on : on;
	return r;
}

static int bind_recursive(struct mount_spec *m, const char *value, struct err *e)
{
	if (!strcmp(value, "disabled"))
		return mount_bind_option(m, "bind", e);
	m->is_read_only_alone = !strcmp(value, "writable");
	return !strcmp(value, "enabled") || !strcmp(value, "readonly") || m->is_read_only_alone
	               ? 0
	               : mount_bad(m, "bind-recursive is enabled, disabled, writable or readonly",
	                           e);
}

/* What files of the machine's may be given: binds and volumes. */
static int tree_field(struct mount_spec *m, const struct field *f, struct err *e)
{
	bool on = false;
	int r;

	if (is(f, "relabel") && f->value)
		return !strcmp(f->value, "shared") ? mount_bind_option(m, "z", e)
		       : !strcmp(f->value, "private")
		               ? mount_bind_option(m, "Z", e)
		               : mount_bad(m, "relabel is shared or private", e);
	if (is(f, "consistency") && f->value)
		return mount_bind_option(m, f->value, e);
	if (is(f, "chown") || is(f, "U")) {
		r = switch_of(m, f, &on, e);
		m->chowns = on;
		return r;
	}
	if ((is(f, "upperdir") || is(f, "workdir")) && f->value) {
		_cleanup_free_ char *text = strf("%s=%s", f->key, f->value);

		return text ? mount_bind_option(m, text, e) : err_oom(e);
	}
	/* podman: ro=false and its like of any word. */
	if (f->value && strcmp(f->key, "idmap") != 0) {
		r = switch_of(m, f, &on, e);
		if (r < 0 || !on)
			return r;
	}
	return mount_bind_option(m, f->key, e);
}

static int bind_field(struct mount_spec *m, const struct field *f, struct err *e)
{
	bool on = false;
	int r;

	if (is(f, "bind-propagation") && f->value)
		return mount_bind_option(m, f->value, e);
	if (is(f, "bind-recursive") && f->value)
		return bind_recursive(m, f->value, e);
	if (is(f, "bind-create-src"))
		return switch_of(m, f, &m->creates_source, e);
	if (is(f, "bind-nonrecursive")) {
		r = switch_of(m, f, &on, e);
		return r < 0 || !on ? r : mount_bind_option(m, "bind", e);
	}
	return tree_field(m, f, e);
}

static int volume_field(struct mount_spec *m, const struct field *f, struct err *e)
{
	if (is(f, "volume-driver"))
		return set(m, &m->driver, f, e);
	if (is(f, "volume-opt"))
		return add(m, &m->driver_options, f, e);
	if (is(f, "volume-label"))
		return add(m, &m->labels, f, e);
	if (is(f, "volume-nocopy"))
		return switch_of(m, f, &m->no_copy, e);
	if (is(f, "volume-subpath") || is(f, "subpath"))
		return set(m, &m->subpath, f, e);
	return tree_field(m, f, e);
}

static int tmpfs_field(struct mount_spec *m, const struct field *f, struct err *e)
{
	const char *key = f->key;
	_cleanup_free_ char *text = NULL;
	uint64_t size;

	if (is(f, "chown") || is(f, "U"))
		return switch_of(m, f, &m->chowns, e);
	key += !strncmp(key, "tmpfs-", 6) ? 6 : 0;
	if (!strcmp(key, "size") && f->value && parse_size(f->value, &size) == 0)
		text = strf("size=%llu", (unsigned long long)size);
	else
		text = f->value ? strf("%s=%s", key, f->value) : strdup(key);
	return text ? mount_tmpfs_option(m, text, e) : err_oom(e);
}

static int image_field(struct mount_spec *m, const struct field *f, struct err *e)
{
	if (is(f, "subpath") || is(f, "image-subpath"))
		return set(m, &m->subpath, f, e);
	if (is(f, "readwrite"))
		return switch_of(m, f, &m->is_writable_image, e);
	return err_hint(e, mount_bad(m, "unknown key", e),
	                "'%.40s' is none of source, target, rw, subpath", f->key);
}

static int devpts_field(struct mount_spec *m, const struct field *f, struct err *e)
{
	_cleanup_free_ char *text = f->value ? strf("%s=%s", f->key, f->value) : strdup(f->key);

	return text ? mount_devpts_option(m, text, e) : err_oom(e);
}

/* A key that names another type, as Docker has it. */
static int check_prefix(const struct mount_spec *m, const struct field *f, struct err *e)
{
	static const char *const prefixes[] = { "bind-", "volume-", "tmpfs-", "image-" };
	const char *type = mount_kind_name(m->kind);

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t n = strlen(prefixes[i]);

		if (strncmp(f->key, prefixes[i], n) != 0)
			continue;
		/* -v's way of reading: a path as source of a volume is a bind mount. */
		if ((strncmp(type, prefixes[i], n - 1) != 0 || type[n - 1]) &&
		    !(i == 0 && m->kind == MOUNT_VOLUME))
			return err_hint(e,
			                mount_bad(m, "a key belongs to another type of mount", e),
			                "'%.40s' does not go with type=%s", f->key, type);
	}
	return 0;
}

static int apply_field(struct mount_spec *m, const struct field *f, struct err *e)
{
	static int (*const of_kind[])(struct mount_spec *, const struct field *, struct err *) = {
		bind_field,  volume_field, tmpfs_field,  tmpfs_field,
		image_field, bind_field,   devpts_field,
	};
	static const char *const targets[] = { "target", "dst", "destination", NULL };
	static const char *const sources[] = { "source", "src", NULL };
	static const char *const modes[] = { "readonly", "ro", "rw", NULL };
	int r = check_prefix(m, f, e);

	if (r < 0 || is(f, "type"))
		return r;
	if (is_any(f, sources))
		return set(m, &m->source, f, e);
	if (is_any(f, targets))
		return set(m, &m->target, f, e);
	if (is(f, "rw") && m->kind == MOUNT_IMAGE)
		return switch_of(m, f, &m->is_writable_image, e);
	if (is_any(f, modes))
		return set_read_only(m, f, e);
	return of_kind[m->kind](m, f, e);
}

static int find_kind(struct mount_spec *m, const struct strv *fields, struct err *e)
{
	const char *type = "volume"; /* Docker's default */

	for (size_t i = 0; i < fields->n; i++)
		if (!strncmp(fields->v[i], "type=", 5))
			type = fields->v[i] + 5;
	for (enum mount_kind k = MOUNT_BIND; k <= MOUNT_DEVPTS; k++)
		if (!strcmp(type, mount_kind_name(k))) {
			m->kind = k;
			return 0;
		}
	if (!strcmp(type, "cluster") || !strcmp(type, "npipe") || !strcmp(type, "glob") ||
	    !strcmp(type, "artifact"))
		return mount_refuse(m, type, "is not a type of mount that can be made here", e);
	return mount_bad(m, "the type is bind, volume, tmpfs, ramfs, image, overlay or devpts", e);
}

static int check(struct mount_spec *m, struct err *e)
{
	/* As with -v: a path is a directory of the host's, whatever it is called. */
	if (m->kind == MOUNT_VOLUME && m->source && is_path(m->source) &&
	    (m->driver || m->driver_options.n || m->labels.n || m->subpath))
		return mount_bad(m, "a path is no volume", e);
	if (m->kind == MOUNT_VOLUME && m->source && is_path(m->source))
		m->kind = MOUNT_BIND;
	if (m->kind == MOUNT_TMPFS || m->kind == MOUNT_RAMFS || m->kind == MOUNT_DEVPTS) {
		free(m->source); /* these have none, but some write one */
		m->source = NULL;
	} else if (!m->source && m->kind != MOUNT_VOLUME) {
		return mount_bad(m, "it has no source", e);
	}
	if (!m->target)
		return mount_bad(m, "it has no target", e);
	if (m->subpath && (*m->subpath == '/' || strstr(m->subpath, "..")))
		return mount_bad(m, "a subpath is relative and has no '..'", e);
	return mount_clean_target(m, e);
}

int mount_parse_mount(const char *text, struct mount_spec *ret, struct err *e)
{
	struct mount_spec *m = ret;
	_cleanup_strv_ struct strv fields = { 0 };
	int r;

	*m = (struct mount_spec){ .flag = "--mount", .spec = text };
	r = split_fields(m, &fields, e);
	if (r == 0)
		r = find_kind(m, &fields, e);
	if (r == 0 && (m->kind == MOUNT_TMPFS || m->kind == MOUNT_RAMFS))
		r = mount_tmpfs_defaults(m, e);
	for (size_t i = 0; i < fields.n && r == 0; i++) {
		struct field f = field_of(fields.v[i]);

		r = apply_field(m, &f, e);
	}
	if (r == 0)
		r = check(m, e);
	return r < 0 ? r : check_overlay(m, e);
}
