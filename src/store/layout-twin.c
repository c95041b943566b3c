/* SPDX-License-Identifier: Apache-2.0 */
/* layout-twin - a manifest of Docker's kind, told to programs that read an OCI layout
 *
 * Those that look for a name in oci/index.json accept OCI manifests only (skopeo: "no descriptor
 * found for reference"). The two kinds have the same members and differ in the names of types, so a
 * manifest of Docker's kind gets a twin, another blob with the other names, and the index names
 * that. Digests, pushes and everything else of ours use the original. Twins are not in the
 * database: the index, which a collection of blobs heeds, is written before one, and makes those
 * that are missing.
 */
#include "store/blobs.h"
#include "store/layout.h"

#include "base/sbuf.h"

#include <string.h>

enum { TWIN_MAX = 5 << 20 };

#define DOCKER "application/vnd.docker."
#define OCI    "application/vnd.oci.image."

/* A longer one before what it begins with. */
static const struct {
	const char *docker, *oci;
} types[] = {
	{ DOCKER "distribution.manifest.v2+json", OCI "manifest.v1+json" },
	{ DOCKER "container.image.v1+json", OCI "config.v1+json" },
	{ DOCKER "image.rootfs.diff.tar.gzip", OCI "layer.v1.tar+gzip" },
	{ DOCKER "image.rootfs.diff.tar.zstd", OCI "layer.v1.tar+zstd" },
	{ DOCKER "image.rootfs.diff.tar", OCI "layer.v1.tar" },
	{ DOCKER "image.rootfs.foreign.diff.tar.gzip", OCI "layer.nondistributable.v1.tar+gzip" },
};

static void translate(const char *text, size_t n, struct sbuf *b)
{
	const char *end = text + n, *at;

	while ((at = memmem(text, (size_t)(end - text), DOCKER, strlen(DOCKER)))) {
		size_t k = 0, len = 0;

		for (; k < ARRAY_SIZE(types); k++) {
			len = strlen(types[k].docker);
			/* A string, not the beginning of another one. */
			if ((size_t)(end - at) > len && !memcmp(at, types[k].docker, len) &&
			    at[len] == '"')
				break;
		}
		sbuf_add(b, text, (size_t)(at - text));
		if (k < ARRAY_SIZE(types)) {
			sbuf_adds(b, types[k].oci);
			text = at + len;
		} else {
			sbuf_adds(b, DOCKER);
			text = at + strlen(DOCKER);
		}
	}
	sbuf_add(b, text, (size_t)(end - text));
}

int layout_twin(struct store *s, const char *digest, char ret_digest[DIGEST_SIZE],
                uint64_t *ret_bytes, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TWIN_MAX);
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = blob_read(s, digest, TWIN_MAX, &text, &n, e);

	if (r < 0)
		return r;
	translate(text, n, &b);
	if (b.err)
		return err_errno(e, b.err, "cannot translate manifest '%s'", digest);
	*ret_bytes = b.len;
	return layout_add_blob(s, b.s ? b.s : "", b.len, ret_digest, e);
}
