/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/volumes.h"

#include "base/num.h"
#include "base/sbuf.h"
#include "engine/volume.h"

#include <assert.h>
#include <string.h>

typedef int (*option_fn)(struct volume *v, const char *o, struct err *e);

/* Options divided by commas; an empty one says nothing. */
static int each_option(struct volume *v, char *text, option_fn apply, struct err *e)
{
	int r = 0;

	while (text && *text && r == 0) {
		char *comma = strchr(text, ',');

		if (comma)
			*comma++ = '\0';
		if (*text)
			r = apply(v, text, e);
		text = comma;
	}
	return r;
}

int volume_add(const char *spec, json_t *list, struct err *e)
{
	_cleanup_volume_ struct volume v = { .flag = "-v", .spec = spec, .type = "bind" };
	_cleanup_free_ char *copy = strdup(spec);
	char *target, *options;
	int r;

	if (!copy)
		return err_oom(e);
	target = strchr(copy, ':');
	if (!target)
		return volume_bad(&v, "it has no ':TARGET'", e);
	*target++ = '\0';
	options = strchr(target, ':');
	if (options)
		*options++ = '\0';
	v.source = strdup(copy);
	v.target = strdup(target);
	if (!v.source || !v.target)
		return err_oom(e);
	r = each_option(&v, options, volume_bind_option, e);
	return r < 0 ? r : volume_finish(&v, list, e);
}

static int tmpfs_defaults(struct volume *v, struct err *e)
{
	static const char *const all[] = { "nosuid", "nodev", "noexec" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (strv_add(&v->options, all[i]) < 0)
			return err_oom(e);
	return 0;
}

int volume_add_tmpfs(const char *spec, json_t *list, struct err *e)
{
	_cleanup_volume_ struct volume v = { .flag = "--tmpfs", .spec = spec, .type = "tmpfs" };
	char *options;
	int r = tmpfs_defaults(&v, e);

	v.target = strdup(spec);
	if (r < 0 || !v.target)
		return err_oom(e);
	options = strchr(v.target, ':');
	if (options)
		*options++ = '\0';
	r = each_option(&v, options, volume_tmpfs_option, e);
	return r < 0 ? r : volume_finish(&v, list, e);
}

/* Fields of a line of comma-separated values (RFC 4180): Docker reads --mount so, which is how a
 * path may contain a comma. */
static int split_fields(const struct volume *v, struct strv *ret, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(64 * 1024);
	const char *s = v->spec;
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
			return volume_bad(v, "a quote is not closed", e);
		if (b.err || strv_add(ret, b.s ? b.s : "") < 0)
			return err_oom(e);
		if (*s && *s != ',')
			return volume_bad(v, "text follows a closing quote", e);
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

/* A switch: "readonly", "readonly=true". */
static int switch_of(const struct volume *v, const struct field *f, bool *ret, struct err *e)
{
	if (!f->value || !strcmp(f->value, "true") || !strcmp(f->value, "1"))
		*ret = true;
	else if (!strcmp(f->value, "false") || !strcmp(f->value, "0"))
		*ret = false;
	else
		return volume_bad(v, "a switch is true or false", e);
	return 0;
}

static int bind_recursive(struct volume *v, const char *value, struct err *e)
{
	if (!strcmp(value, "disabled"))
		return volume_bind_option(v, "bind", e);
	if (!strcmp(value, "writable"))
		return volume_refuse(v, "bind-recursive=writable:",
		                     "read-only holds for all that is mounted below", e);
	return !strcmp(value, "enabled") || !strcmp(value, "readonly")
	               ? 0
	               : volume_bad(v, "bind-recursive is enabled, disabled or readonly", e);
}

static int bind_field(struct volume *v, const struct field *f, struct err *e)
{
	bool on = false;
	int r;

	if (is(f, "bind-propagation") && f->value)
		return volume_bind_option(v, f->value, e);
	if (is(f, "bind-recursive") && f->value)
		return bind_recursive(v, f->value, e);
	if (is(f, "bind-nonrecursive")) {
		r = switch_of(v, f, &on, e);
		return r < 0 || !on ? r : volume_bind_option(v, "bind", e);
	}
	if (is(f, "relabel") && f->value)
		return !strcmp(f->value, "shared") || !strcmp(f->value, "private")
		               ? volume_bind_option(v, "z", e)
		               : volume_bad(v, "relabel is shared or private", e);
	if (is(f, "consistency") && f->value)
		return !strcmp(f->value, "default") ? 0 : volume_bind_option(v, f->value, e);
	if (is(f, "chown")) {
		r = switch_of(v, f, &on, e);
		return r < 0 || !on ? r : volume_bind_option(v, "U", e);
	}
	return volume_bind_option(v, f->key, e);
}

static int tmpfs_field(struct volume *v, const struct field *f, struct err *e)
{
	const char *key = f->key;
	_cleanup_free_ char *text = NULL;
	uint64_t size;

	key += !strncmp(key, "tmpfs-", 6) ? 6 : 0;
	if (!strcmp(key, "size") && f->value && parse_size(f->value, &size) == 0)
		text = strf("size=%llu", (unsigned long long)size);
	else
		text = f->value ? strf("%s=%s", key, f->value) : strdup(key);
	return text ? volume_tmpfs_option(v, text, e) : err_oom(e);
}

static int set(struct volume *v, char **at, const struct field *f, struct err *e)
{
	if (!f->value)
		return volume_bad(v, "source and target need a value", e);
	free(*at);
	*at = strdup(f->value);
	return *at ? 0 : err_oom(e);
}

static int apply_field(struct volume *v, const struct field *f, struct err *e)
{
	bool is_bind = !strcmp(v->type, "bind"), on = false;
	int r;

	if (is(f, "type"))
		return 0;
	if (is(f, "source") || is(f, "src"))
		return set(v, &v->source, f, e);
	if (is(f, "target") || is(f, "dst") || is(f, "destination"))
		return set(v, &v->target, f, e);
	if (is(f, "readonly") || is(f, "ro") || is(f, "rw")) {
		r = switch_of(v, f, &on, e);
		if (r < 0 || on == is(f, "rw"))
			return r;
		return is_bind ? volume_bind_option(v, "ro", e) : volume_tmpfs_option(v, "ro", e);
	}
	if (!strncmp(f->key, "volume-", 7))
		return volume_refuse(v, f->key, "belongs to named volumes", e);
	return is_bind ? bind_field(v, f, e) : tmpfs_field(v, f, e);
}

static int find_type(struct volume *v, const struct strv *fields, struct err *e)
{
	static const char *const known[] = { "bind", "tmpfs", "ramfs" };
	const char *type = "volume"; /* Docker's default */

	for (size_t i = 0; i < fields->n; i++)
		if (!strncmp(fields->v[i], "type=", 5))
			type = fields->v[i] + 5;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(type, known[i])) {
			v->type = known[i];
			return 0;
		}
	/* As with -v: a path is a directory of the host's, whatever it is called. */
	if (!strcmp(type, "volume")) {
		v->is_volume = true;
		v->type = "bind";
		return 0;
	}
	if (!strcmp(type, "image") || !strcmp(type, "cluster") || !strcmp(type, "npipe") ||
	    !strcmp(type, "devpts") || !strcmp(type, "glob"))
		return volume_refuse(v, type, "is not a type of mount that can be made here", e);
	return volume_bad(v, "the type is bind, tmpfs, ramfs or volume", e);
}

int volume_add_mount(const char *spec, json_t *list, struct err *e)
{
	_cleanup_volume_ struct volume v = { .flag = "--mount", .spec = spec };
	_cleanup_strv_ struct strv fields = { 0 };
	int r = split_fields(&v, &fields, e);

	if (r == 0)
		r = find_type(&v, &fields, e);
	if (r < 0)
		return r;
	assert(v.type);
	if (strcmp(v.type, "bind") != 0)
		r = tmpfs_defaults(&v, e);
	for (size_t i = 0; i < fields.n && r == 0; i++) {
		struct field f = field_of(fields.v[i]);

		r = apply_field(&v, &f, e);
	}
	if (r == 0 && strcmp(v.type, "bind") != 0 && v.source) {
		free(v.source); /* a tmpfs has none, but some write one */
		v.source = NULL;
	}
	if (r == 0 && !v.target)
		r = volume_bad(&v, "it has no target", e);
	if (r == 0 && v.is_volume && !v.source)
		r = volume_refuse(&v, "without a source", "it would be a named volume", e);
	return r < 0 ? r : volume_finish(&v, list, e);
}

static size_t depth_of(const json_t *mount)
{
	const char *s = json_string_value(json_object_get(mount, "destination"));
	size_t n = 0;

	for (; s && *s; s++)
		n += *s == '/';
	return n;
}

int volumes_sort(json_t *list, struct err *e)
{
	size_t n = json_array_size(list);

	/* By insertion: there are few, and equals keep their order. */
	for (size_t i = 1; i < n; i++) {
		json_t *m = json_incref(json_array_get(list, i));
		size_t at = i;

		while (at > 0 && depth_of(json_array_get(list, at - 1)) > depth_of(m))
			at--;
		(void)json_array_remove(list, i);
		(void)json_array_insert_new(list, at, m);
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++) {
			const json_t *a = json_array_get(list, i), *b = json_array_get(list, k);
			const char *target = json_string_value(json_object_get(a, "destination"));

			if (!strcmp(target, json_string_value(json_object_get(b, "destination"))))
				return err_set(e, UCT_BAD_MOUNT, -EINVAL,
				               "two mounts have the target '%s'", target);
		}
	return 0;
}
