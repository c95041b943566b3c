/* SPDX-License-Identifier: Apache-2.0 */
/* layout - the images that index.json of an OCI layout names */
#include "load.h"

#include "base/file.h"
#include "image/descriptor.h"

#include <string.h>

enum { IMAGES_MAX = 4096, INDEX_LEVELS_MAX = 3 };

/* Into the store, if it is not there: out of the directory, or out of the archive, whose files are
 * all in the store by now. */
static int need_blob(struct load *l, const struct descriptor *d, struct err *e)
{
	struct entry *x;

	if (l->start.op == LOAD_LAYOUT)
		return spool_copy(l, d, e);
	x = entry_of_blob(l, d->digest);
	if (!x)
		return NO_ARCHIVE(e, "the archive has no blob %s", d->digest);
	if (x->size_bytes != d->size_bytes)
		return err_set(e, UCT_BAD_DIGEST, -EBADMSG,
		               "blob %s has %llu bytes where %llu were promised", d->digest,
		               (unsigned long long)x->size_bytes,
		               (unsigned long long)d->size_bytes);
	return 0;
}

/* From what index.json names to the manifest for our platform. */
static int find_manifest(struct load *l, struct descriptor *d, char **ret, size_t *ret_n,
                         struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct descriptor chosen;
	size_t n = 0;
	int r = need_blob(l, d, e);

	if (r == 0)
		r = blob_text(l, d->digest, MANIFEST_MAX_BYTES, &text, &n, e);
	for (int level = 0; r == 0 && level < INDEX_LEVELS_MAX; level++) {
		r = index_choose(text, n, l->start.platform, &chosen, e);
		if (r <= 0)
			break;
		*d = chosen;
		cleanup_free(&text);
		text = NULL; /* need_blob() may fail */
		r = need_blob(l, d, e);
		if (r == 0)
			r = blob_text(l, d->digest, MANIFEST_MAX_BYTES, &text, &n, e);
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(text);
	*ret_n = n;
	return 0;
}

static int take_blobs(struct load *l, const struct manifest *m, struct err *e)
{
	int r = need_blob(l, &m->config, e);

	for (size_t i = 0; r == 0 && i < m->n_layers; i++)
		r = need_blob(l, &m->layers[i], e);
	return r;
}

/* containerd and docker keep the whole name in an annotation of their own. */
static const char *name_of(const json_t *descriptor)
{
	const json_t *a = json_object_get(descriptor, "annotations");
	const char *name = json_string_value(json_object_get(a, "io.containerd.image.name"));

	if (!name)
		name = json_string_value(json_object_get(a, "org.opencontainers.image.ref.name"));
	return name && strlen(name) < sizeof(((struct load_image *)0)->name) ? name : "";
}

static int take_image(struct load *l, const json_t *j, struct err *e)
{
	_cleanup_manifest_ struct manifest m = { 0 };
	_cleanup_free_ char *text = NULL;
	const char *name = name_of(j);
	struct descriptor d;
	size_t n = 0;
	int r = descriptor_parse(j, "index.json", MANIFEST_MAX_BYTES, &d, e);

	if (r == 0)
		r = find_manifest(l, &d, &text, &n, e);
	if (r == 0)
		r = manifest_parse(text, n, &m, e);
	if (r == 0)
		r = take_blobs(l, &m, e);
	if (r < 0)
		return r;
	/* A tag alone ("latest") says less than what docker's own list may have. */
	if (!strpbrk(name, ":/")) {
		r = docker_names(l, d.digest, m.config.digest, e);
		if (r != 0)
			return MIN(r, 0);
	}
	return send_image(l, d.digest, name, e);
}

static int read_index(struct load *l, char **ret, size_t *ret_n, struct err *e)
{
	struct entry *x;

	if (l->start.op == LOAD_LAYOUT)
		return file_read_at(l->input_fd, "index.json", MANIFEST_MAX_BYTES, ret, ret_n, e);
	x = entry_find(l, "index.json");
	if (!x || !x->text || !entry_find(l, "oci-layout"))
		return -ENOENT;
	*ret = strdup(x->text);
	*ret_n = x->text_len;
	return *ret ? 0 : err_oom(e);
}

int layout_images(struct load *l, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	const json_t *manifests, *m;
	size_t n = 0, i;
	int r = read_index(l, &text, &n, e);

	if (r < 0)
		return r;
	r = document_parse(text, n, "index.json", &j, e);
	if (r >= 0)
		r = document_array(j, "manifests", IMAGES_MAX, &manifests, e);
	if (r < 0)
		return NO_ARCHIVE(e, "index.json of the archive is not valid");
	json_array_foreach(manifests, i, m)
	{
		l->number = (uint32_t)i;
		r = take_image(l, m, e);
		if (r < 0)
			return r;
	}
	return 0;
}
