/* SPDX-License-Identifier: Apache-2.0 */
/* inspect - everything known of an image, under Docker's field names */
#include "engine/podman-inspect.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "image/reference.h"

#include <string.h>

static json_t *names_of(const struct image_row *row)
{
	json_t *list = json_array();
	char familiar[600];

	for (char *const *name = row->names; name && *name; name++) {
		reference_familiar(*name, familiar, sizeof(familiar));
		(void)json_array_append_new(list, json_string(familiar));
	}
	return list;
}

/* "alpine@sha256:...", as the registry said, or for an image made here, as one would. */
static json_t *digests_of(const struct image_row *row)
{
	_cleanup_json_ json_t *seen = json_object();
	json_t *list = json_array();
	char familiar[600], *colon;

	for (char *const *d = row->digests; d && *d; d++) {
		reference_familiar(*d, familiar, sizeof(familiar));
		(void)json_array_append_new(list, json_string(familiar));
	}
	if (json_array_size(list))
		return list;
	for (char *const *name = row->names; name && *name; name++) {
		_cleanup_free_ char *text = NULL;

		reference_familiar(*name, familiar, sizeof(familiar));
		colon = strrchr(familiar, ':');
		if (colon && !strchr(colon, '/'))
			*colon = '\0';
		text = strf("%s@%s", familiar, row->manifest);
		if (!text || json_object_get(seen, text))
			continue;
		(void)json_object_set_new(seen, text, json_true());
		(void)json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *chains_of(const struct image_row *row)
{
	json_t *list = json_array();

	for (size_t i = 0; i < row->n_chains; i++)
		(void)json_array_append_new(list, json_string(row->chains[i]));
	return list;
}

/* Of the lowest layer, which says how all below the plain ones are stored. */
static const char *driver_of(struct usrct *u, const struct image_row *row)
{
	enum layer_driver driver = LAYER_PLAIN;

	if (row->n_chains)
		(void)layer_driver_of(u->store, row->chains[0], &driver, NULL);
	return layer_driver_name(driver);
}

static json_t *graph_driver_of(struct usrct *u, const struct image_row *row)
{
	_cleanup_sbuf_ struct sbuf upper = SBUF_INIT(1 << 16), lower = SBUF_INIT(1 << 20);

	for (size_t i = row->n_chains; i > 0; i--) {
		enum layer_driver driver = LAYER_PLAIN;

		/* An objects layer has an index there, and no files of its own. */
		(void)layer_driver_of(u->store, row->chains[i - 1], &driver, NULL);
		sbuf_addf(i == row->n_chains ? &upper : &lower, "%s%s/layers/%s%s",
		          i + 1 < row->n_chains ? ":" : "", store_path(u->store),
		          row->chains[i - 1], driver == LAYER_PLAIN ? "/fs" : "");
	}
	return json_pack("{s:s, s:{s:s, s:s}}", "Name", "overlay2", "Data", "UpperDir",
	                 upper.s ? upper.s : "", "LowerDir", lower.s ? lower.s : "");
}

/* {"type", "diff_ids"} under Docker's names. */
static json_t *root_fs_of(const json_t *config)
{
	return json_pack("{s:O?, s:O?}", "Type", json_at(config, "rootfs.type"), "Layers",
	                 json_at(config, "rootfs.diff_ids"));
}

/* Docker's old form has one; else, as with Docker, it is that of the last step. */
static const char *comment_of(const json_t *config)
{
	const char *own = json_string_value(json_object_get(config, "comment"));
	const json_t *history = json_object_get(config, "history");
	size_t n = json_array_size(history);
	const char *last =
		n ? json_string_value(json_object_get(json_array_get(history, n - 1), "comment"))
		  : NULL;

	return own && *own ? own : last ? last : "";
}

static int describe(struct usrct *u, const struct image_row *row, const json_t *config,
                    json_t **ret, struct err *e)
{
	const char *author = json_string_value(json_object_get(config, "author"));
	const char *variant = json_string_value(json_object_get(config, "variant"));
	_cleanup_json_ json_t *none = json_object();
	json_t *said = json_object_get(config, "config");
	json_t *settings = json_is_object(said) ? said : none; /* null in some images */
	json_t *labels = json_object_get(settings, "Labels");
	json_t *out =
		json_pack("{s:s, s:o, s:o, s:s, s:s, s:o, s:s, s:s, s:O?, s:O?}", "Id", row->id,
	                  "RepoTags", names_of(row), "RepoDigests", digests_of(row), "Parent", "",
	                  "Comment", comment_of(config), "Created", json_time(row->created_ns),
	                  "DockerVersion", "", "Author", author ? author : "", "Config", settings,
	                  "Architecture", json_object_get(config, "architecture"));

	*ret = out;
	if (!out)
		return err_oom(e);
	(void)json_object_update_new(
		out, json_pack("{s:s, s:O?, s:I, s:I, s:o, s:o, s:{s:o}, s:s, s:O?, s:O?, "
	                       "s:{s:s, s:o}}",
	                       "Variant", variant ? variant : "", "Os",
	                       json_object_get(config, "os"), "Size", (json_int_t)row->size_bytes,
	                       "VirtualSize", (json_int_t)row->size_bytes, "GraphDriver",
	                       graph_driver_of(u, row), "RootFS", root_fs_of(config), "Metadata",
	                       "LastTagTime", json_time(row->pulled_ns), "Digest", row->manifest,
	                       "Labels", labels, "History", json_object_get(config, "history"),
	                       "Storage", "Driver", driver_of(u, row), "Chain", chains_of(row)));
	return json_object_get(out, "RootFS") ? 0 : err_oom(e);
}

static int inspect_image(struct usrct *u, const char *ref, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *config = NULL, *manifest = NULL;
	struct image_row row = { 0 };
	int r = engine_store(u, STORE_READ, e);

	if (r == 0)
		r = engine_need_image(u, ref, &row, e);
	if (r == 0)
		r = engine_image_config(u, row.id, &config, e);
	if (r == 0)
		r = engine_image_manifest(u, row.manifest, &manifest, e);
	if (r == 0)
		r = describe(u, &row, config, ret, e);
	if (r == 0)
		podman_inspect_image(&row, manifest, *ret);
	image_row_done(&row);
	return r;
}

int usrct_image_inspect(struct usrct *u, const char *reference, char **ret_json,
                        struct usrct_err *out)
{
	_cleanup_json_ json_t *j = NULL;
	struct err e = { 0 };
	int r = inspect_image(u, reference, &j, &e);

	if (r == 0)
		r = json_print(j, true, ret_json, &e);
	return ENGINE_RETURN(r, out, &e);
}
