/* SPDX-License-Identifier: Apache-2.0 */
/* docker - the images that manifest.json of a docker archive names
 *
 * docker save wrote ID/layer.tar and ID.json until version 25, skopeo and podman write DIGEST.tar
 * and DIGEST.json; newer ones write blobs of a layout. manifest.json says in each case what belongs
 * together, but for the oldest, which old.c reads. These archives have no manifests: one is made
 * here, the same each time.
 */
#include "load.h"

#include "image/descriptor.h"
#include "image/digest.h"

#include <string.h>

enum { IMAGES_MAX = 4096, NAMES_MAX = 4096 };

#define LAYER_TYPE "application/vnd.docker.image.rootfs.diff.tar"

static int parse(struct load *l, json_t **ret, struct err *e)
{
	struct entry *x = entry_find(l, "manifest.json");

	if (!x || !x->text)
		return -ENOENT;
	if (!json_is_modest(x->text, x->text_len) ||
	    json_parse(x->text, x->text_len, "manifest.json", ret, NULL) < 0 ||
	    !json_is_array(*ret) || json_array_size(*ret) > IMAGES_MAX)
		return NO_ARCHIVE(e, "manifest.json of the archive is not valid");
	return 0;
}

static const char *layer_type(const struct entry *x)
{
	static const char *const types[] = { [LOAD_PLAIN] = LAYER_TYPE,
		                             [LOAD_GZIP] = LAYER_TYPE ".gzip",
		                             [LOAD_ZSTD] = LAYER_TYPE ".zstd" };

	return types[magic_compression(x->magic)];
}

/* A file that the list names. */
static int find(struct load *l, const json_t *name, struct entry **ret, struct err *e)
{
	const char *text = json_string_value(name);
	char shown[64];

	if (!text)
		return NO_ARCHIVE(e, "manifest.json of the archive is not valid");
	*ret = entry_find(l, text);
	if (!*ret || !(*ret)->digest[0])
		return NO_ARCHIVE(e, "the archive has no file '%s'",
		                  text_shown(text, shown, sizeof(shown)));
	return 0;
}

static int add_layers(struct load *l, const json_t *names, json_t *layers, struct err *e)
{
	const json_t *name;
	struct entry *x = NULL;
	size_t i;
	int r;

	if (!json_is_array(names) || json_array_size(names) > IMAGE_LAYERS_MAX)
		return NO_ARCHIVE(e, "manifest.json of the archive is not valid");
	json_array_foreach(names, i, name)
	{
		r = find(l, name, &x, e);
		if (r < 0)
			return r;
		if (json_array_append_new(
			    layers, json_pack("{s:s, s:I, s:s}", "mediaType", layer_type(x), "size",
		                              (json_int_t)x->size_bytes, "digest", x->digest)) < 0)
			return err_oom(e);
	}
	return 0;
}

/* What is wrong with the configuration is told before a manifest promises something of it. */
static int check_config(struct load *l, const struct entry *config, size_t n_layers, struct err *e)
{
	_cleanup_image_config_ struct image_config c = { 0 };
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = blob_text(l, config->digest, CONFIG_MAX_BYTES, &text, &n, e);

	if (r == 0)
		r = image_config_parse(text, n, &c, e);
	if (r == 0 && c.n_diff_ids != n_layers)
		r = NO_ARCHIVE(e, "manifest.json lists %zu layers but the config %zu diff ids",
		               n_layers, c.n_diff_ids);
	return r;
}

int docker_manifest(struct load *l, const struct entry *config, const json_t *names,
                    char ret_digest[72], struct err *e)
{
	_cleanup_json_ json_t *layers = json_array(), *manifest = NULL;
	_cleanup_free_ char *text = NULL;
	int r = layers ? add_layers(l, names, layers, e) : err_oom(e);

	if (r == 0)
		r = check_config(l, config, json_array_size(layers), e);
	if (r < 0)
		return r;
	manifest = json_pack("{s:i, s:s, s:{s:s, s:I, s:s}, s:O}", "schemaVersion", 2, "mediaType",
	                     MEDIA_DOCKER_MANIFEST, "config", "mediaType",
	                     "application/vnd.docker.container.image.v1+json", "size",
	                     (json_int_t)config->size_bytes, "digest", config->digest, "layers",
	                     layers);
	r = manifest ? json_print(manifest, false, &text, e) : err_oom(e);
	return r < 0 ? r : spool_text(l, text, strlen(text), ret_digest, e);
}

static int make_manifest(struct load *l, const json_t *j, char ret_digest[72], struct err *e)
{
	struct entry *config = NULL;
	int r = find(l, json_object_get(j, "Config"), &config, e);

	return r < 0 ? r : docker_manifest(l, config, json_object_get(j, "Layers"), ret_digest, e);
}

/* How many there were. */
static int send_names(struct load *l, const json_t *j, const char *manifest, struct err *e)
{
	const json_t *tags = json_object_get(j, "RepoTags"), *tag;
	int n = 0, r;
	size_t i;

	if (json_array_size(tags) > NAMES_MAX)
		return NO_ARCHIVE(e, "an image of the archive has too many names");
	json_array_foreach(tags, i, tag)
	{
		const char *name = json_string_value(tag);

		if (!name || strlen(name) >= sizeof(((struct load_image *)0)->name))
			continue;
		r = send_image(l, manifest, name, e);
		if (r < 0)
			return r;
		n++;
	}
	return n;
}

int docker_names(struct load *l, const char *manifest, const char *config, struct err *e)
{
	_cleanup_json_ json_t *list = NULL;
	const json_t *j;
	struct entry *x = NULL;
	size_t i;
	int r = parse(l, &list, e);

	if (r == -ENOENT)
		return 0;
	json_array_foreach(list, i, j)
	{
		const char *name = json_string_value(json_object_get(j, "Config"));

		x = name ? entry_find(l, name) : NULL;
		if (x && !strcmp(x->digest, config))
			return send_names(l, j, manifest, e);
	}
	return MIN(r, 0);
}

int docker_images(struct load *l, struct err *e)
{
	_cleanup_json_ json_t *list = NULL;
	const json_t *j;
	char digest[72];
	size_t i;
	int r = parse(l, &list, e);

	json_array_foreach(list, i, j)
	{
		l->number = (uint32_t)i;
		if (r >= 0)
			r = make_manifest(l, j, digest, e);
		if (r >= 0)
			r = send_names(l, j, digest, e);
		if (r == 0)
			r = send_image(l, digest, "", e);
	}
	return MIN(r, 0);
}
