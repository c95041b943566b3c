/* SPDX-License-Identifier: Apache-2.0 */
/* image-list - images that fit filters */
#include "engine/engine.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "engine/image-list.h"
#include "image/reference.h"
#include "store/images.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

enum { STAGE_ROW, STAGE_CONFIG };

/* An image that is looked at. */
struct image_view {
	struct usrct *u;
	struct image_row *row;
	json_t *labels; /* read when a filter asks */
};

void usrct_image_list_free(struct usrct_image *images, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free((void *)(uintptr_t)images[i].id);
		free((void *)(uintptr_t)images[i].digest);
		for (const char *const *name = images[i].names; name && *name; name++)
			free((void *)(uintptr_t)*name);
		free((void *)(uintptr_t)images[i].names);
		for (const char *const *d = images[i].repo_digests; d && *d; d++)
			free((void *)(uintptr_t)*d);
		free((void *)(uintptr_t)images[i].repo_digests);
	}
	free(images);
}

/* --- filters */

/* "alpine", "alpine:3*", "docker.io/library/alpine": with or without the tag, familiar or full. */
static bool fits_with_or_without_tag(const char *pattern, const char *name)
{
	char bare[600];
	char *colon;

	(void)snprintf(bare, sizeof(bare), "%s", name);
	colon = strchr(bare, '@') ? strchr(bare, '@') : strrchr(bare, ':');
	if (colon && !strchr(colon, '/'))
		*colon = '\0';
	return fnmatch(pattern, name, FNM_PATHNAME) == 0 ||
	       fnmatch(pattern, bare, FNM_PATHNAME) == 0;
}

static bool name_fits(const char *pattern, const char *full)
{
	char familiar[600];

	reference_familiar(full, familiar, sizeof(familiar));
	return fits_with_or_without_tag(pattern, familiar) ||
	       fits_with_or_without_tag(pattern, full);
}

static int fits_reference(const struct filter *f, void *thing, struct err *e)
{
	const struct image_view *v = thing;

	(void)e;
	for (char *const *name = v->row->names; name && *name; name++)
		if (name_fits(f->value, *name))
			return 1;
	for (char *const *name = v->row->digests; name && *name; name++)
		if (name_fits(f->value, *name))
			return 1;
	return 0;
}

static int fits_dangling(const struct filter *f, void *thing, struct err *e)
{
	const struct image_view *v = thing;
	bool is_dangling =
		(!v->row->names || !v->row->names[0]) && (!v->row->digests || !v->row->digests[0]);

	(void)e;
	return is_dangling == (f->number == 1);
}

/* The age of another image. */
static int prepare_sibling(struct filter *f, void *arg, struct err *e)
{
	struct image_row row = { 0 };
	int r = engine_need_image(arg, f->value, &row, e);

	if (r == 0)
		f->number = row.created_ns;
	image_row_done(&row);
	return MIN(r, 0);
}

static int fits_before(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return ((struct image_view *)thing)->row->created_ns < f->number;
}

static int fits_since(const struct filter *f, void *thing, struct err *e)
{
	(void)e;
	return ((struct image_view *)thing)->row->created_ns > f->number;
}

static int fits_id(const struct filter *f, void *thing, struct err *e)
{
	const char *id = ((struct image_view *)thing)->row->id;
	const char *hex = strchr(id, ':');

	(void)e;
	return !strncmp(id, f->value, strlen(f->value)) ||
	       (hex && !strncmp(hex + 1, f->value, strlen(f->value)));
}

static int fits_containers(const struct filter *f, void *thing, struct err *e)
{
	const struct image_view *v = thing;
	char first[CHAIN_SIZE];
	size_t n = 0;
	int r = image_users(v->u->store, v->row->id, &n, first, e);

	return r < 0 ? r : (n > 0) == (f->number == 1);
}

/* Images are neither read-only nor left over from steps of a build here. */
static int fits_no(const struct filter *f, void *thing, struct err *e)
{
	(void)thing;
	(void)e;
	return f->number == 0;
}

static int read_labels(struct image_view *v, struct err *e)
{
	_cleanup_json_ json_t *config = NULL;
	json_t *labels;
	int r;

	if (v->labels)
		return 0;
	r = engine_image_config(v->u, v->row->id, &config, e);
	if (r < 0)
		return r;
	labels = json_at(config, "config.Labels");
	v->labels = labels ? json_incref(labels) : json_object();
	return v->labels ? 0 : err_oom(e);
}

static int fits_label(const struct filter *f, void *thing, struct err *e)
{
	struct image_view *v = thing;
	int r = read_labels(v, e);

	return r < 0 ? r : filter_label_fits(f->value, v->labels);
}

static int lacks_label(const struct filter *f, void *thing, struct err *e)
{
	int r = fits_label(f, thing, e);

	return r < 0 ? r : !r;
}

static const struct filter_key keys[] = {
	{ "reference", NULL, fits_reference, false, STAGE_ROW },
	{ "dangling", filter_prepare_bool, fits_dangling, true, STAGE_ROW },
	{ "before", prepare_sibling, fits_before, true, STAGE_ROW },
	{ "since", prepare_sibling, fits_since, true, STAGE_ROW },
	{ "after", prepare_sibling, fits_since, true, STAGE_ROW },
	{ "until", filter_prepare_time, fits_before, true, STAGE_ROW },
	{ "id", NULL, fits_id, false, STAGE_ROW },
	{ "readonly", filter_prepare_bool, fits_no, true, STAGE_ROW },
	{ "intermediate", filter_prepare_bool, fits_no, true, STAGE_ROW },
	{ "containers", filter_prepare_bool, fits_containers, true, STAGE_ROW },
	{ "label", NULL, fits_label, true, STAGE_CONFIG },
	{ "label!", NULL, lacks_label, true, STAGE_CONFIG },
	{ NULL, NULL, NULL, false, 0 },
};

/* --- the list */

/* With reference=, only the names that fit are shown. */
static void drop_names(const struct filters *f, struct image_row *row)
{
	size_t kept = 0;

	if (!filters_have(f, "reference"))
		return;
	for (size_t i = 0; row->names && row->names[i]; i++) {
		bool is_wanted = false;

		for (size_t k = 0; k < f->n; k++)
			is_wanted = is_wanted || (!strcmp(f->v[k].key->name, "reference") &&
			                          name_fits(f->v[k].value, row->names[i]));
		if (is_wanted)
			row->names[kept++] = row->names[i];
		else
			free(row->names[i]);
	}
	if (row->names)
		row->names[kept] = NULL;
}

int image_filters_prepare(struct usrct *u, const struct usrct_image_list_options *opts,
                          struct filters *ret, struct err *e)
{
	return filters_prepare(opts ? opts->filters : NULL, keys, u, ret, e);
}

int image_filters_fit(struct usrct *u, const struct filters *f, struct image_row *row,
                      struct err *e)
{
	struct image_view v = { .u = u, .row = row };
	int r = filters_fit(f, STAGE_ROW, &v, e);

	if (r > 0)
		r = filters_fit(f, STAGE_CONFIG, &v, e);
	json_decref(v.labels);
	if (r > 0)
		drop_names(f, row);
	return r;
}

/* 1 taken, 0 does not fit. */
static int consider(struct usrct *u, const struct filters *f, struct image_row *row,
                    struct usrct_image *ret, struct err *e)
{
	int r = image_filters_fit(u, f, row, e);

	if (r <= 0)
		return r;
	*ret = (struct usrct_image){
		.id = strdup(row->id),
		.digest = strdup(row->manifest),
		.names = (const char *const *)(uintptr_t)TAKE_PTR(row->names),
		.created_ns = row->created_ns,
		.pulled_ns = row->pulled_ns,
		.size_bytes = row->size_bytes,
		.repo_digests = (const char *const *)(uintptr_t)TAKE_PTR(row->digests),
	};
	return ret->id && ret->digest ? 1 : err_oom(e);
}

static int list(struct usrct *u, const struct usrct_image_list_options *opts,
                struct usrct_image **ret, size_t *ret_n, struct err *e)
{
	_cleanup_filters_ struct filters filters = { 0 };
	struct image_row *rows = NULL;
	struct usrct_image *out = NULL;
	size_t n = 0, k = 0;
	int r = engine_store(u, STORE_READ, e);

	if (r == 0)
		r = image_filters_prepare(u, opts, &filters, e);
	if (r == 0)
		r = image_list(u->store, &rows, &n, e);
	if (r == 0) {
		out = calloc(n + 1, sizeof(*out));
		r = out ? 0 : err_oom(e);
	}
	for (size_t i = 0; i < n; i++) {
		if (out && r >= 0) {
			r = consider(u, &filters, &rows[i], &out[k], e);
			k += out[k].id || out[k].digest;
		}
		image_row_done(&rows[i]);
	}
	free(rows);
	if (r < 0) {
		usrct_image_list_free(out, k);
		return r;
	}
	*ret = out;
	*ret_n = k;
	return 0;
}

int usrct_image_list(struct usrct *u, const struct usrct_image_list_options *opts,
                     struct usrct_image **ret, size_t *ret_n, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = list(u, opts, ret, ret_n, &e);

	return ENGINE_RETURN(r, out, &e);
}
