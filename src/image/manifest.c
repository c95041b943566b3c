/* SPDX-License-Identifier: Apache-2.0 */
/* manifest - the list of an image's blobs, in OCI's and Docker's dress */
#include "image/descriptor.h"

#include <stdio.h>
#include <string.h>

/* A layer beyond 1 TiB is a mistake or an attack; the sum of all then fits in 64 bits, too. */
#define LAYER_MAX_BYTES (1ULL << 40)

static const char *const config_types[] = {
	"application/vnd.oci.image.config.v1+json",
	"application/vnd.docker.container.image.v1+json",
	"application/octet-stream", /* Docker's registries of 2016 */
};

static const char *const layer_types[] = {
	"application/vnd.oci.image.layer.v1.tar",
	"application/vnd.oci.image.layer.v1.tar+gzip",
	"application/vnd.oci.image.layer.v1.tar+zstd",
	"application/vnd.docker.image.rootfs.diff.tar",
	"application/vnd.docker.image.rootfs.diff.tar.gzip",
	"application/vnd.docker.image.rootfs.diff.tar.zstd",
	"application/vnd.docker.container.image.rootfs.diff+x-gtar",
};

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(s, list[i]))
			return true;
	return false;
}

static int bad(struct err *e, const char *why)
{
	return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "manifest is not valid: %s", why);
}

static int check_layer_type(size_t i, const char *type, struct err *e)
{
	char shown[128];

	if (is_one_of(type, layer_types, ARRAY_SIZE(layer_types)))
		return 0;
	if (strstr(type, "+encrypted"))
		return err_set(e, UCT_BAD_MANIFEST, -ENOTSUP,
		               "layer %zu of the image is encrypted, which usr-ct cannot read", i);
	if (strstr(type, "foreign") || strstr(type, "nondistributable"))
		return err_set(e, UCT_BAD_MANIFEST, -ENOTSUP,
		               "layer %zu of the image is foreign: the registry does not have it",
		               i);
	return err_set(e, UCT_BAD_MANIFEST, -ENOTSUP,
	               "layer %zu of the image is of unknown type '%s'", i,
	               text_shown(type, shown, sizeof(shown)));
}

/* A document that reads as two things is read differently by two programs (CVE-2021-41190), so its
 * type and its fields must agree. */
static int check_kind(const json_t *j, struct err *e)
{
	char type[128], shown[128];
	json_int_t version;
	int r;

	r = json_get_int(j, "schemaVersion", &version, e);
	if (r < 0)
		return document_bad(e, r, "manifest");
	if (r == 1 && version == 1)
		return err_set(e, UCT_BAD_MANIFEST, -ENOTSUP,
		               "the manifest is of Docker's schema 1, which ended in 2022");
	if (r == 0 || version != 2)
		return bad(e, "'schemaVersion' is not 2");
	r = document_text(j, "mediaType", type, sizeof(type), e);
	if (r < 0)
		return document_bad(e, r, "manifest");
	if (media_is_index(type) || (r == 0 && json_at(j, "manifests") && !json_at(j, "layers")))
		return bad(e, "it is an index where a single image is expected");
	if (json_at(j, "manifests"))
		return bad(e, "it is both a manifest and an index");
	if (r == 1 && !media_is_manifest(type))
		return err_set(e, UCT_BAD_MANIFEST, -ENOTSUP, "manifest is of unknown type '%s'",
		               text_shown(type, shown, sizeof(shown)));
	return 0;
}

static int parse_layers(const json_t *j, struct manifest *m, struct err *e)
{
	const json_t *layers;
	int r;

	r = document_array(j, "layers", IMAGE_LAYERS_MAX, &layers, e);
	if (r < 0)
		return document_bad(e, r, "manifest");
	m->layers = calloc(json_array_size(layers) + 1, sizeof(*m->layers));
	if (!m->layers)
		return err_oom(e);
	for (size_t i = 0; i < json_array_size(layers); i++) {
		r = descriptor_parse(json_array_get(layers, i), "layer", LAYER_MAX_BYTES,
		                     &m->layers[i], e);
		if (r < 0)
			return err_in(e, r, "manifest is not valid");
		r = check_layer_type(i, m->layers[i].media_type, e);
		if (r < 0)
			return r;
		m->n_layers++;
	}
	return 0;
}

int manifest_parse(const char *json, size_t n, struct manifest *ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	_cleanup_manifest_ struct manifest m = { 0 };
	char shown[128];
	int r;

	if (n > MANIFEST_MAX_BYTES)
		return err_set(e, UCT_BAD_MANIFEST, -EFBIG, "the manifest is larger than %d bytes",
		               MANIFEST_MAX_BYTES);
	r = document_parse(json, n, "manifest", &j, e);
	if (r < 0)
		return r;
	r = check_kind(j, e);
	if (r < 0)
		return r;
	if (!json_at(j, "config"))
		return bad(e, "'config' is missing");
	r = descriptor_parse(json_at(j, "config"), "config", CONFIG_MAX_BYTES, &m.config, e);
	if (r < 0)
		return err_in(e, r, "manifest is not valid");
	/* Helm charts, signatures, SBOMs and the like live in registries as manifests, too. */
	if (!is_one_of(m.config.media_type, config_types, ARRAY_SIZE(config_types)))
		return err_set(e, UCT_BAD_MANIFEST, -ENOTSUP,
		               "this is not a container image but an artifact of type '%s'",
		               text_shown(m.config.media_type, shown, sizeof(shown)));
	r = parse_layers(j, &m, e);
	if (r < 0)
		return r;
	*ret = m;
	m = (struct manifest){ 0 };
	return 0;
}

void manifest_done(struct manifest *m)
{
	free(m->layers);
	*m = (struct manifest){ 0 };
}

int image_check_layers(const struct manifest *m, const struct image_config *c, struct err *e)
{
	if (m->n_layers == c->n_diff_ids)
		return 0;
	return err_set(e, UCT_BAD_MANIFEST, -EINVAL,
	               "the manifest lists %zu layers but the config %zu diff ids", m->n_layers,
	               c->n_diff_ids);
}
