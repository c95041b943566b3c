/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/sbuf.h"
#include "store/db.h"
#include "store/layer-index.h"
#include "store/layers.h"

static void raise(uint32_t *max, uint32_t uid, uint32_t gid)
{
	*max = MAX(*max, uid);
	*max = MAX(*max, gid);
}

static int add_layer(struct store *s, const char *chain, uint32_t *max, struct err *e)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	_cleanup_free_ char *path = strf("layers/%s/" LAYER_INDEX_FILE, chain), *data = NULL;
	struct layer_entry entry;
	size_t n;
	int r;

	if (!path)
		return err_oom(e);
	r = file_read_at(s->dirfd, path, LAYER_INDEX_BYTES_MAX, &data, &n, e);
	if (r == -ENOENT)
		return 0; /* a plain layer */
	if (r == 0)
		r = layer_index_open(data, n, &x, e);
	while (r == 0 && (r = layer_index_next(&x, &entry, e)) > 0) {
		/* A whiteout has none, of devices no tree has any. */
		if (entry.type != LAYER_WHITEOUT && entry.type != LAYER_CHAR &&
		    entry.type != LAYER_BLOCK)
			raise(max, entry.uid, entry.gid);
		r = 0;
	}
	return r;
}

int layer_owner_max(struct store *s, const struct image_row *image, uint32_t *ret, struct err *e)
{
	int r = 0;

	*ret = 0;
	for (size_t i = 0; i < image->n_chains && r == 0; i++)
		r = add_layer(s, image->chains[i], ret, e);
	return r;
}
