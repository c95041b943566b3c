/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/converting.h"

#include "base/fd.h"
#include "engine/loading.h"
#include "image/config.h"
#include "store/blobs.h"

#include <fcntl.h>
#include <string.h>

#define OCI "application/vnd.oci.image."

int convert_blob(struct usrct *u, const char *digest, enum load_compression how,
                 struct load_root_blob *ret, struct err *e)
{
	_cleanup_loading_ struct loading job = LOADING_NONE;
	_cleanup_close_ int blobs_fd = -EBADF, tmp_fd = -EBADF, fd = -EBADF;
	union load_packet m;
	int r = blob_dirs_open(u->store, &blobs_fd, &tmp_fd, e);

	if (r < 0)
		return r;
	fd = openat(blobs_fd, digest + 7, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_set(e, UCT_STORE_DAMAGED, -errno, "blob %s is not in the store", digest);
	job.compression = how;
	r = loading_start(&job, u, LOAD_CONVERT, fd, NULL, e);
	*ret = (struct load_root_blob){ 0 };
	while (r == 0 && (r = loading_next(&job, &m, e)) > 0) {
		if (m.type == LOAD_ROOT_BLOB)
			*ret = m.root;
		r = 0;
	}
	if (r == 0 && !ret->digest[0])
		r = err_set(e, UCT_INTERNAL, -EPROTO, "the loader converted nothing");
	ret->digest[sizeof(ret->digest) - 1] = ret->media_type[sizeof(ret->media_type) - 1] = '\0';
	return r;
}

static bool has_compression(const char *type, enum load_compression how)
{
	bool is_gzip = strstr(type, "gzip") != NULL, is_zstd = strstr(type, "zstd") != NULL;

	return how == LOAD_GZIP ? is_gzip : how == LOAD_ZSTD ? is_zstd : !is_gzip && !is_zstd;
}

static void replace(struct image_row *row, const char *from, const char *to)
{
	for (size_t i = 0; i < row->n_blobs; i++)
		if (!strcmp(row->blobs[i], from))
			memcpy(row->blobs[i], to, strlen(to) + 1);
}

/* A layer that stands twice in an image is converted once. */
static int convert_layer(struct usrct *u, struct image_row *row, json_t *layer, json_t *made,
                         enum load_compression how, struct err *e)
{
	const char *type = json_string_value(json_object_get(layer, "mediaType"));
	const char *digest = json_string_value(json_object_get(layer, "digest"));
	json_t *known = digest ? json_object_get(made, digest) : NULL;
	struct load_root_blob blob;
	int r;

	if (!type || !digest)
		return err_set(e, UCT_STORE_DAMAGED, -EUCLEAN, "the image's manifest is damaged");
	if (has_compression(type, how))
		return 0;
	if (!known) {
		r = convert_blob(u, digest, how, &blob, e);
		if (r < 0)
			return r;
		known = json_pack("{s:s, s:I}", "digest", blob.digest, "size",
		                  (json_int_t)blob.size_bytes);
		if (json_object_set_new(made, digest, known) < 0)
			return err_oom(e);
		replace(row, digest, blob.digest);
	}
	/* What an annotation says of the old bytes (estargz, zstd:chunked) is not true of these. */
	(void)json_object_del(layer, "annotations");
	return json_object_update(layer, known) < 0 ? err_oom(e) : 0;
}

/* OCI's types in place of docker's, which have no zstd. */
static void retype(json_t *manifest, enum load_compression how)
{
	static const char *const suffixes[] = { "", "+gzip", "+zstd" };
	const char *type = json_string_value(json_object_get(manifest, "mediaType"));
	bool is_docker = type && strstr(type, "docker") && how != LOAD_ZSTD;
	json_t *layer;
	size_t i;

	if (!is_docker) {
		(void)json_object_set_new(manifest, "mediaType",
		                          json_string(OCI "manifest.v1+json"));
		(void)json_object_set_new(json_object_get(manifest, "config"), "mediaType",
		                          json_string(OCI "config.v1+json"));
	}
	json_array_foreach(json_object_get(manifest, "layers"), i, layer)
	{
		json_t *is =
			is_docker ? json_sprintf("application/vnd.docker.image.rootfs.diff.tar%s",
		                                 how == LOAD_GZIP ? ".gzip" : "")
				  : json_sprintf(OCI "layer.v1.tar%s", suffixes[how]);

		(void)json_object_set_new(layer, "mediaType", is);
	}
}

int convert_image(struct usrct *u, struct image_row *row, enum load_compression how, struct err *e)
{
	_cleanup_json_ json_t *manifest = NULL, *made = json_object();
	_cleanup_free_ char *raw = NULL, *text = NULL;
	char digest[DIGEST_SIZE];
	json_t *layer;
	size_t n = 0, i;
	int r = blob_read(u->store, row->manifest, MANIFEST_MAX_BYTES, &raw, &n, e);

	if (r == 0)
		r = json_parse(raw, n, "the image's manifest", &manifest, e);
	json_array_foreach(json_object_get(manifest, "layers"), i, layer)
	{
		if (r == 0)
			r = convert_layer(u, row, layer, made, how, e);
	}
	if (r < 0 || json_object_size(made) == 0)
		return r;
	retype(manifest, how);
	r = json_print(manifest, false, &text, e);
	if (r == 0)
		r = blob_add(u->store, text, strlen(text), digest, e);
	if (r < 0)
		return r;
	replace(row, row->manifest, digest);
	memcpy(row->manifest, digest, sizeof(row->manifest));
	return 0;
}
