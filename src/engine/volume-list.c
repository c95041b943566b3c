/* SPDX-License-Identifier: Apache-2.0 */
/* volume-list - which volumes there are, and what is known of one */
#include "engine/volumes.h"

#include "base/sbuf.h"
#include "engine/filter.h"

#include <fcntl.h>
#include <string.h>
#include <usrct/volume.h>

struct view {
	const struct volume_row *row;
	const struct strv *used; /* sorted names; read for dangling only */
	json_t *labels, *options;
};

static int by_name(const void *key, const void *element)
{
	return strcmp(key, *(char *const *)element);
}

static bool is_used(const struct strv *used, const char *name)
{
	return used->n && bsearch(name, used->v, used->n, sizeof(*used->v), by_name);
}

static int fits_name(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return filter_regex_fits(f, ((struct view *)thing)->row->name);
}

static int fits_dangling(const struct filter *f, void *thing, struct err *e)
{
	const struct view *v = thing;

	(void)e;
	return is_used(v->used, v->row->name) != (f->number == 1);
}

static int fits_driver(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return !strcmp(((struct view *)thing)->row->driver, f->value);
}

static int fits_scope(const struct filter *f, void *thing, struct err *e)
{
	(void)thing;
	(void)e;
	return !strcmp(f->value, "local");
}

static int fits_anonymous(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return ((struct view *)thing)->row->is_anonymous == (f->number == 1);
}

static int fits_label(const struct filter *f, void *thing, struct err *e)
{
	struct view *v = thing;

	if (!v->labels)
		v->labels = volume_json(v->row->labels);
	return v->labels ? filter_label_fits(f->value, v->labels) : err_oom(e);
}

static int lacks_label(const struct filter *f, void *thing, struct err *e)
{
	int r = fits_label(f, thing, e);

	return r < 0 ? r : !r;
}

static int fits_option(const struct filter *f, void *thing, struct err *e)
{
	struct view *v = thing;

	if (!v->options)
		v->options = volume_json(v->row->options);
	return v->options ? filter_label_fits(f->value, v->options) : err_oom(e);
}

/* A time, or a volume of that age. */
static int prepare_age(struct filter *f, void *arg, struct err *e)
{
	struct volume_row row = { 0 };
	struct usrct *u = arg;
	int r = volume_find(u->store, f->value, &row, e);

	f->number = row.created_ns;
	volume_row_done(&row);
	return r != 0 ? MIN(r, 0) : filter_prepare_time(f, arg, e);
}

static int fits_since(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return ((struct view *)thing)->row->created_ns > f->number;
}

static int fits_until(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return ((struct view *)thing)->row->created_ns < f->number;
}

static const struct filter_key keys[] = {
	{ "name", filter_prepare_regex, fits_name, false, 0 },
	{ "dangling", filter_prepare_bool, fits_dangling, true, 0 },
	{ "driver", NULL, fits_driver, false, 0 },
	{ "scope", NULL, fits_scope, false, 0 },
	{ "anonymous", filter_prepare_bool, fits_anonymous, true, 0 },
	{ "since", prepare_age, fits_since, true, 0 },
	{ "after", prepare_age, fits_since, true, 0 },
	{ "until", prepare_age, fits_until, true, 0 },
	{ "label", NULL, fits_label, true, 0 },
	{ "label!", NULL, lacks_label, true, 0 },
	{ "opt", NULL, fits_option, true, 0 },
	{ NULL, NULL, NULL, false, 0 },
};

static int take_map(const char *text, const char *const **ret, struct err *e)
{
	_cleanup_json_ json_t *map = NULL;
	struct strv list = { 0 };
	const char *key;
	json_t *v;
	int r = 0;

	if (strcmp(text, "{}") != 0) /* nearly all are; a thousand of them cost something */
		map = volume_json(text);
	json_object_foreach(map, key, v) if (r == 0 && json_is_string(v)) r =
		strv_addf(&list, "%s=%s", key, json_string_value(v));
	if (r == 0 && !list.v)
		list.v = calloc(1, sizeof(*list.v));
	*ret = (const char *const *)(uintptr_t)list.v;
	return r < 0 || !list.v ? err_oom(e) : 0;
}

static int take(struct usrct *u, const struct volume_row *row, struct usrct_volume *ret,
                struct err *e)
{
	int r;

	*ret = (struct usrct_volume){
		.name = strdup(row->name),
		.driver = strdup(row->driver),
		.mountpoint = engine_volume_path(u, row->name),
		.created_ns = row->created_ns,
		.is_anonymous = row->is_anonymous,
	};
	r = ret->name && ret->driver && ret->mountpoint ? 0 : err_oom(e);
	if (r == 0)
		r = take_map(row->labels, &ret->labels, e);
	return r < 0 ? r : take_map(row->options, &ret->options, e);
}

static void free_strings(const char *const *list)
{
	for (const char *const *s = list; s && *s; s++)
		free((void *)(uintptr_t)*s);
	free((void *)(uintptr_t)list);
}

void usrct_volume_list_free(struct usrct_volume *list, size_t n)
{
	for (size_t i = 0; list && i < n; i++) {
		free((void *)(uintptr_t)list[i].name);
		free((void *)(uintptr_t)list[i].driver);
		free((void *)(uintptr_t)list[i].mountpoint);
		free_strings(list[i].labels);
		free_strings(list[i].options);
	}
	free(list);
}

static int consider(struct usrct *u, const struct filters *f, struct view *v,
                    struct usrct_volume *ret, struct err *e)
{
	int r = filters_fit(f, 0, v, e);

	json_decref(v->labels);
	json_decref(v->options);
	return r <= 0 ? r : take(u, v->row, ret, e) < 0 ? -ENOMEM : 1;
}

static int list(struct usrct *u, const char *const *filters, struct usrct_volume **ret,
                size_t *ret_n, struct err *e)
{
	_cleanup_filters_ struct filters f = { 0 };
	_cleanup_strv_ struct strv used = { 0 };
	struct volume_row *rows = NULL;
	struct usrct_volume *out = NULL;
	size_t n = 0, k = 0;
	int r = engine_store(u, STORE_READ, e);

	if (r == 0)
		r = filters_prepare(filters, keys, u, &f, e);
	if (r == 0)
		r = volume_list(u->store, &rows, &n, e);
	if (r == 0 && filters_have(&f, "dangling"))
		r = volume_used_names(u->store, &used, e);
	if (r == 0) {
		out = calloc(n + 1, sizeof(*out));
		r = out ? 0 : err_oom(e);
	}
	for (size_t i = 0; i < n && out && r >= 0; i++) {
		struct view v = { .row = &rows[i], .used = &used };

		r = consider(u, &f, &v, &out[k], e);
		k += out[k].name != NULL;
	}
	volume_list_free(rows, n);
	if (r < 0) {
		usrct_volume_list_free(out, k);
		return r;
	}
	*ret = out;
	*ret_n = k;
	return 0;
}

int usrct_volume_list(struct usrct *u, const char *const *filters, struct usrct_volume **ret,
                      size_t *ret_n, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = list(u, filters, ret, ret_n, &e);

	return ENGINE_RETURN(r, out, &e);
}

static int inspect(struct usrct *u, const char *name, json_t **ret, struct err *e)
{
	_cleanup_strv_ struct strv users = { 0 };
	_cleanup_close_ int dirfd = -EBADF;
	_cleanup_free_ char *path = NULL;
	struct volume_row row = { 0 };
	bool is_fresh;
	int r = engine_volume_find(u, name, &row, e);

	if (r == 0)
		r = volume_users(u->store, name, &users, e);
	if (r == 0)
		r = dirfd = volume_open_dir(u->store, name, e);
	if (r >= 0) {
		is_fresh = faccessat(dirfd, VOLUME_FRESH, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
		path = engine_volume_path(u, name);
		*ret = json_pack("{s:o, s:s, s:o, s:s?, s:s, s:o, s:s, s:b, s:b, s:b, s:I}",
		                 "CreatedAt", json_time(row.created_ns), "Driver", row.driver,
		                 "Labels", volume_json(row.labels), "Mountpoint", path, "Name",
		                 row.name, "Options", volume_json(row.options), "Scope", "local",
		                 "Anonymous", row.is_anonymous, "NeedsCopyUp", is_fresh,
		                 "NeedsChown", is_fresh, "MountCount", (json_int_t)users.n);
		r = *ret ? 0 : err_oom(e);
	}
	volume_row_done(&row);
	return r;
}

int usrct_volume_inspect(struct usrct *u, const char *name, char **ret_json, struct usrct_err *out)
{
	_cleanup_json_ json_t *j = NULL;
	struct err e = { 0 };
	int r = inspect(u, name, &j, &e);

	if (r == 0)
		r = json_print(j, true, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}
