/* SPDX-License-Identifier: Apache-2.0 */
/* save-old - an image as docker wrote it before 25
 *
 *	ID/VERSION, ID/json, ID/layer.tar   for each layer; json names the parent's ID
 *	CONFIG.json                         the configuration, under its digest
 *	manifest.json, repositories         which of them are an image, and its names
 *
 * Dockers before 1.10 know only the directories and `repositories`; what is newer looks into
 * manifest.json. Layers are plain tars, which everything that ever read such archives can read.
 */
#include "engine/converting.h"
#include "engine/saving.h"

#include "base/sbuf.h"
#include "image/config.h"
#include "image/reference.h"
#include "store/blobs.h"

#include <stdio.h>
#include <string.h>

/* IDs of shared layers are shared; the highest layer also carries the configuration. */
static const char *id_of(const struct image_row *row, size_t i)
{
	return i + 1 >= row->n_chains ? row->id + 7 : row->chains[i];
}

static int put_layer_json(struct save *s, const struct image_row *row, size_t i,
                          const json_t *config, struct err *e)
{
	bool is_top = i + 1 >= row->n_chains;
	_cleanup_json_ json_t *j = NULL;
	const json_t *created = json_object_get(config, "created");
	char name[128];

	if (is_top) {
		j = json_deep_copy(config);
		(void)json_object_del(j, "rootfs");
		(void)json_object_del(j, "history");
	} else {
		j = json_pack("{s:s, s:{}}", "os", "linux", "container_config");
		if (json_is_string(created))
			(void)json_object_set(j, "created", (json_t *)(uintptr_t)created);
	}
	if (!j || json_object_set_new(j, "id", json_string(id_of(row, i))) < 0 ||
	    (i > 0 && json_object_set_new(j, "parent", json_string(id_of(row, i - 1))) < 0))
		return err_oom(e);
	(void)snprintf(name, sizeof(name), "%s/json", id_of(row, i));
	return save_json(s, name, j, e);
}

static int put_layer_tar(struct save *s, const json_t *layer, const char *name, struct err *e)
{
	static const char empty[1024]; /* an archive without entries */
	const char *digest = json_string_value(json_object_get(layer, "digest"));
	const char *type = json_string_value(json_object_get(layer, "mediaType"));
	struct load_root_blob plain;
	int r;

	if (!layer)
		return save_text(s, name, empty, sizeof(empty), e);
	if (!digest)
		return err_set(e, UCT_STORE_DAMAGED, -EUCLEAN, "the image's manifest is damaged");
	if (type && !strstr(type, "gzip") && !strstr(type, "zstd"))
		return save_blob(s, digest, name, e);
	r = convert_blob(s->u, digest, LOAD_PLAIN, &plain, e);
	return r < 0 ? r : save_blob(s, plain.digest, name, e);
}

static int put_layer(struct save *s, const struct image_row *row, size_t i, const json_t *config,
                     const json_t *layer, struct err *e)
{
	char name[128];
	int r;

	(void)snprintf(name, sizeof(name), "%s/", id_of(row, i));
	if (!save_is_new(s, name))
		return 0;
	r = save_dir(s, name, e);
	(void)snprintf(name, sizeof(name), "%s/VERSION", id_of(row, i));
	if (r == 0)
		r = save_text(s, name, "1.0", 3, e);
	if (r == 0)
		r = put_layer_json(s, row, i, config, e);
	(void)snprintf(name, sizeof(name), "%s/layer.tar", id_of(row, i));
	return r < 0 ? r : put_layer_tar(s, layer, name, e);
}

static int put_config(struct save *s, const struct image_row *row, json_t **ret, struct err *e)
{
	_cleanup_free_ char *raw = NULL;
	char name[128];
	size_t n = 0;
	int r = blob_read(s->u->store, row->id, CONFIG_MAX_BYTES, &raw, &n, e);

	if (r == 0)
		r = json_parse(raw, n, "the image's config", ret, e);
	(void)snprintf(name, sizeof(name), "%s.json", row->id + 7);
	/* The very bytes: their digest is the image's id. */
	return r == 0 && save_is_new(s, name) ? save_text(s, name, raw, n, e) : r;
}

static json_t *entry_of(struct save *s, const struct image_row *row)
{
	_cleanup_free_ char *config = strf("%s.json", row->id + 7);
	json_t *j, *layers = json_array();
	size_t i;

	json_array_foreach(s->list, i, j)
	{
		const char *other = json_string_value(json_object_get(j, "Config"));

		if (config && other && !strcmp(other, config)) {
			json_decref(layers);
			return j;
		}
	}
	for (i = 0; i < row->n_chains; i++)
		(void)json_array_append_new(layers, json_sprintf("%s/layer.tar", id_of(row, i)));
	j = json_pack("{s:s, s:n, s:o}", "Config", config, "RepoTags", "Layers", layers);
	return json_array_append_new(s->list, j) < 0 ? NULL : j;
}

static int list(struct save *s, const struct image_row *row, const char *name, struct err *e)
{
	json_t *j = entry_of(s, row), *tags = json_object_get(j, "RepoTags");
	char familiar[600];

	if (!j)
		return err_oom(e);
	if (!name)
		return 0;
	if (!json_is_array(tags)) {
		tags = json_array();
		(void)json_object_set_new(j, "RepoTags", tags);
	}
	reference_familiar(name, familiar, sizeof(familiar));
	(void)json_array_append_new(tags, json_string(familiar));
	save_name(s, familiar, row->id + 7);
	return 0;
}

int save_old(struct save *s, const struct image_row *row, const json_t *manifest, const char *name,
             struct err *e)
{
	const json_t *layers = json_object_get(manifest, "layers");
	_cleanup_json_ json_t *config = NULL;
	int r = put_config(s, row, &config, e);

	for (size_t i = 0; r == 0 && i < MAX(row->n_chains, (size_t)1); i++)
		r = put_layer(s, row, i, config, json_array_get(layers, i), e);
	return r == 0 ? list(s, row, name, e) : r;
}
