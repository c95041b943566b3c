/* SPDX-License-Identifier: Apache-2.0 */
#include "image/registries.h"

#include "base/file.h"
#include "base/json.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1 << 20 };

/* 1 found, 0 there is none. */
static int read_at(const char *path, json_t **ret, struct err *e)
{
	_cleanup_free_ char *real = path ? realpath(path, NULL) : NULL;
	int r;

	if (!real)
		return 0;
	r = json_read_at(AT_FDCWD, real, FILE_MAX_BYTES, ret, e);
	if (r < 0)
		return err_in(e, r, "cannot read '%s'", path);
	return 1;
}

static int read_file(json_t **ret, struct err *e)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *own = NULL;
	int r;

	if (config && *config)
		own = strf("%s/usr-ct/registries.json", config);
	else if (home)
		own = strf("%s/.config/usr-ct/registries.json", home);
	r = read_at(own, ret, e);
	return r == 0 ? read_at("/etc/usr-ct/registries.json", ret, e) : r;
}

static int bad(const char *host, const char *what, struct err *e)
{
	return err_set(e, UCT_BAD_VALUE, -EINVAL, "registries.json: '%s' of '%s' is not right",
	               what, host);
}

/* "HOST[:PORT][/PREFIX]": the image's name goes behind the prefix. */
static int move_to(struct reference *ref, const char *place)
{
	_cleanup_free_ char *text = strf("%s/%s", place, ref->name);
	struct reference moved;

	if (!text || reference_parse(text, &moved, NULL) < 0)
		return -EINVAL;
	memcpy(ref->host, moved.host, sizeof(ref->host));
	memcpy(ref->name, moved.name, sizeof(ref->name));
	return 0;
}

static bool is_insecure(const json_t *all, const char *host)
{
	return json_is_true(json_object_get(json_object_get(all, host), "insecure"));
}

static int add_mirrors(const json_t *all, const json_t *own, const struct reference *ref,
                       struct registry_place *ret, size_t *n, struct err *e)
{
	const json_t *list = json_object_get(own, "mirrors"), *one;
	size_t i;

	if (list && !json_is_array(list))
		return bad(ref->host, "mirrors", e);
	json_array_foreach(list, i, one)
	{
		struct registry_place *p = &ret[*n];

		if (*n == PLACES_MAX - 1)
			break;
		*p = (struct registry_place){ .ref = *ref, .is_mirror = true };
		if (!json_is_string(one) || move_to(&p->ref, json_string_value(one)) < 0)
			return bad(ref->host, "mirrors", e);
		p->is_insecure = is_insecure(all, p->ref.host);
		(*n)++;
	}
	return 0;
}

int registries_find(const struct reference *ref, bool for_push, struct registry_place *ret,
                    size_t *ret_n, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	const json_t *all, *own;
	const char *location;
	size_t n = 0;
	int r = 0;

	*ret_n = 1;
	ret[0] = (struct registry_place){ .ref = *ref };
	if (ref->kind != REFERENCE_REGISTRY)
		return 0;
	r = read_file(&j, e);
	if (r <= 0)
		return r;
	all = json_object_get(j, "registries");
	own = json_object_get(all, ref->host);
	if (json_is_true(json_object_get(own, "blocked")))
		return err_set(e, UCT_REGISTRY_BLOCKED, -EACCES,
		               "registry '%s' is blocked by registries.json", ref->host);
	if (!for_push)
		r = add_mirrors(all, own, ref, ret, &n, e);
	if (r < 0)
		return r;
	ret[n] = (struct registry_place){ .ref = *ref };
	location = json_string_value(json_object_get(own, "location"));
	if (location && move_to(&ret[n].ref, location) < 0)
		return bad(ref->host, "location", e);
	ret[n].is_insecure = is_insecure(all, ref->host) || is_insecure(all, ret[n].ref.host);
	*ret_n = n + 1;
	return 0;
}
