/* SPDX-License-Identifier: Apache-2.0 */
#include "image/registries.h"

#include "base/file.h"
#include "base/json.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20 };

/* 1 found, 0 there is none. */
static int read_at(const char *path, json_t **ret, struct err *e)
{
	_cleanup_free_ char *real = NULL;
	int r;

	if (!path || access(path, F_OK) < 0)
		return 0;
	real = realpath(path, NULL); /* people keep their dot files elsewhere */
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
	_cleanup_free_ char *text = strf("%s/%s", place, ref->name[0] ? ref->name : "x");
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

static int check_blocked(const json_t *own, const char *host, struct err *e)
{
	if (!json_is_true(json_object_get(own, "blocked")))
		return 0;
	return err_set(e, UCT_REGISTRY_BLOCKED, -EACCES,
	               "registry '%s' is blocked by registries.json", host);
}

static int find_in(const json_t *j, const struct reference *ref, bool for_push,
                   struct registry_place *ret, size_t *ret_n, struct err *e)
{
	const json_t *all = json_object_get(j, "registries"), *own;
	const char *location;
	size_t n = 0;
	int r;

	own = json_object_get(all, ref->host);
	r = check_blocked(own, ref->host, e);
	if (r == 0 && !for_push)
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

int registries_find(const struct reference *ref, bool for_push, struct registry_place *ret,
                    size_t *ret_n, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	int r;

	*ret_n = 1;
	ret[0] = (struct registry_place){ .ref = *ref };
	if (ref->kind != REFERENCE_REGISTRY)
		return 0;
	r = read_file(&j, e);
	return r <= 0 ? r : find_in(j, ref, for_push, ret, ret_n, e);
}

int registries_find_search(struct registry_place *ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	const json_t *all, *own;
	const char *host;
	int r;

	*ret = (struct registry_place){ .ref.host = "index.docker.io" };
	r = read_file(&j, e);
	if (r <= 0)
		return r;
	all = json_object_get(j, "registries");
	own = json_object_get(all, "docker.io");
	r = check_blocked(own, "docker.io", e);
	if (r < 0)
		return r;
	host = json_string_value(json_object_get(own, "search"));
	if (host && (strchr(host, '/') || move_to(&ret->ref, host) < 0))
		return bad("docker.io", "search", e);
	ret->ref.name[0] = '\0';
	ret->is_insecure = is_insecure(all, ret->ref.host);
	return 0;
}

/* --- short names */

/* "NAME", without tag and digest. */
static size_t name_length(const char *text)
{
	size_t n = strcspn(text, "@");
	const char *p = text + n;

	while (p > text && p[-1] != '/' && p[-1] != ':')
		p--;
	return p > text && p[-1] == ':' ? (size_t)(p - 1 - text) : n;
}

static int bad_short(const char *what, struct err *e)
{
	return err_set(e, UCT_BAD_VALUE, -EINVAL,
	               "registries.json: '%s' does not name a registry and what is in it", what);
}

static int expand_in(const json_t *j, const char *text, char **ret, struct err *e)
{
	_cleanup_free_ char *name = strndup(text, name_length(text));
	_cleanup_free_ char *full = NULL;
	const json_t *alias = name ? json_object_get(json_object_get(j, "aliases"), name) : NULL;
	const json_t *prefix = json_object_get(j, "short");
	struct reference r;

	if (!name)
		return err_oom(e);
	if (alias)
		full = strf("%s%s", json_is_string(alias) ? json_string_value(alias) : "",
		            text + strlen(name));
	else if (prefix)
		full = strf("%s/%s", json_is_string(prefix) ? json_string_value(prefix) : "", text);
	else
		full = strdup(text);
	if (!full)
		return err_oom(e);
	/* The user's own text may be wrong, too, and hears of it from whoever parses it. */
	if ((alias || prefix) && reference_parse(text, &r, NULL) == 0 &&
	    (!reference_has_host(full) || reference_parse(full, &r, NULL) < 0))
		return bad_short(alias ? name : "short", e);
	*ret = TAKE_PTR(full);
	return 0;
}

/* The list of images expands each name it shows, and almost nobody has a file. That there is none
 * is therefore found out once for each process: the only thing remembered here, and a file that
 * comes later counts from the next process on. */
static atomic_bool has_no_file;

int registries_expand(const char *text, char **ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	int r;

	if (reference_has_host(text) || atomic_load_explicit(&has_no_file, memory_order_relaxed))
		return expand_in(NULL, text, ret, e);
	r = read_file(&j, e);
	if (r == 0)
		atomic_store_explicit(&has_no_file, true, memory_order_relaxed);
	return r < 0 ? r : expand_in(j, text, ret, e);
}

int reference_resolve(const char *text, struct reference *ret, struct err *e)
{
	_cleanup_free_ char *full = NULL;
	int r = registries_expand(text, &full, e);

	return r < 0 ? r : reference_parse(full, ret, e);
}

/* --- for tests */

int registries_find_text(const char *json, size_t n, const struct reference *ref,
                         struct registry_place *ret, size_t *ret_n, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	int r = json_parse(json, n, "registries.json", &j, e);

	return r < 0 ? r : find_in(j, ref, false, ret, ret_n, e);
}

int registries_expand_text(const char *json, size_t n, const char *text, char **ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	int r = json_parse(json, n, "registries.json", &j, e);

	return r < 0 ? r : expand_in(j, text, ret, e);
}
