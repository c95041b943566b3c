/* SPDX-License-Identifier: Apache-2.0 */
/* flat - the image in a directory of skopeo's dir: form
 *
 *	version         "Directory Transport Version: 1.1"
 *	manifest.json   the manifest itself, or an index of manifests
 *	HEX             config and layers
 *	HEX.manifest.json  manifests that an index names
 */
#include "load.h"

#include "base/file.h"
#include "image/descriptor.h"
#include "image/digest.h"

#include <stdio.h>
#include <string.h>

#define VERSION "Directory Transport Version: 1."
enum { VERSION_MAX = 256 };

static int check_version(const struct load *l, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = file_read_at(l->input_fd, "version", VERSION_MAX, &text, &n, e);

	if (r == -ENOENT)
		return r; /* it is something else */
	if (r < 0 || strncmp(text, VERSION, strlen(VERSION)) != 0)
		return NO_ARCHIVE(e, "the directory's version is not one that is known");
	return 0;
}

/* From manifest.json to the manifest for our platform. */
static int read_manifest(const struct load *l, char **ret, size_t *ret_n, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct descriptor chosen;
	char name[128], got[72];
	size_t n = 0;
	int r = file_read_at(l->input_fd, "manifest.json", MANIFEST_MAX_BYTES, &text, &n, e);

	if (r == -ENOENT)
		return NO_ARCHIVE(e, "the directory has no manifest.json");
	if (r == 0)
		r = index_choose(text, n, l->start.platform, &chosen, e);
	if (r > 0) {
		cleanup_free(&text);
		text = NULL;
		(void)snprintf(name, sizeof(name), "%s.manifest.json", chosen.digest + 7);
		r = file_read_at(l->input_fd, name, MANIFEST_MAX_BYTES, &text, &n, e);
		if (r == 0)
			r = digest_of(text, n, got, e);
		if (r >= 0 && strcmp(got, chosen.digest) != 0)
			r = err_set(e, UCT_BAD_DIGEST, -EBADMSG, "manifest %s hashes to %s",
			            chosen.digest, got);
	}
	if (r < 0)
		return r;
	*ret = TAKE_PTR(text);
	*ret_n = n;
	return 0;
}

int flat_images(struct load *l, struct err *e)
{
	_cleanup_manifest_ struct manifest m = { 0 };
	_cleanup_free_ char *text = NULL;
	char digest[72];
	size_t n = 0;
	int r = check_version(l, e);

	if (r == 0)
		r = read_manifest(l, &text, &n, e);
	if (r == 0)
		r = manifest_parse(text, n, &m, e);
	if (r < 0)
		return r;
	l->is_flat = true;
	r = spool_copy(l, &m.config, e);
	for (size_t i = 0; r == 0 && i < m.n_layers; i++)
		r = spool_copy(l, &m.layers[i], e);
	if (r == 0)
		r = spool_text(l, text, n, digest, e);
	return r == 0 ? send_image(l, digest, "", e) : r;
}
