/* SPDX-License-Identifier: Apache-2.0 */
/* commit - an image of what a container changed
 *
 * The packer writes the upper directory as a blob; the unpacker makes a layer of that blob as if it
 * had been pulled, which also proves that others can read it; then configuration and manifest, and
 * image_put() makes the image exist. A kill before that leaves what a killed pull would.
 */
#include "engine/commit.h"

#include "base/clock.h"
#include "base/sbuf.h"
#include "base/sha256.h"
#include "container/spec.h"
#include "engine/packing.h"
#include "engine/pausing.h"
#include "engine/unpacking.h"
#include "image/config.h"
#include "image/reference.h"
#include "store/blobs.h"

#include <fcntl.h>
#include <string.h>

#define PART_NAME "commit"

struct commit {
	struct usrct *u;
	const struct usrct_commit_options *opts;
	struct target t;
	struct image_row base;
	struct pack_done packed;
	char chain[CHAIN_SIZE];
	char config_digest[DIGEST_SIZE], manifest_digest[DIGEST_SIZE];
	uint64_t config_bytes, layer_bytes, created_ns;
	char name[600]; /* full; empty: none */
};

static int find_base(struct commit *c, struct err *e)
{
	int r = image_find(c->u->store, c->t.row.image_id, &c->base, e);

	if (r == 0)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT,
		               "image '%s' of the container is not in the store any more",
		               c->t.row.image);
	if (r < 0)
		return r;
	/* From here on nobody removes what it consists of (store/pins.h). */
	for (size_t i = 0; i < c->base.n_chains; i++) {
		r = layer_find(c->u->store, c->base.chains[i], NULL, e);
		if (r == 0)
			r = err_set(e, UCT_STORE_DAMAGED, -ENOENT, "layer '%s' is missing",
			            c->base.chains[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int full_name(struct commit *c, struct err *e)
{
	if (!c->opts->name || !*c->opts->name)
		return 0;
	return engine_new_name(c->opts->name, c->name, sizeof(c->name), e);
}

static int pack(struct commit *c, int fd, struct err *e)
{
	_cleanup_packing_ struct packing p = PACKING_NONE;
	_cleanup_pausing_ struct pausing pause = PAUSING_NONE;
	struct packing_request q;
	int r = 0;

	if (c->opts->pause)
		r = pausing_begin(c->u, &c->t, c->opts->must_pause, &pause, e);
	if (r < 0)
		return r;
	packing_of(&c->t, PACK_LAYER, PACK_TREE_UPPER, fd, &q);
	r = packing_start(c->u, &q, &p, e);
	if (r == 0)
		r = packing_finish(&p, e);
	c->packed = p.done;
	return r;
}

static void find_chain(struct commit *c)
{
	char text[2 * SHA256_TEXT_SIZE], digest[SHA256_TEXT_SIZE];

	if (!c->base.n_chains) {
		memcpy(c->chain, c->packed.diff_id + strlen("sha256:"), CHAIN_SIZE);
		return;
	}
	(void)snprintf(text, sizeof(text), "sha256:%.64s %.71s",
	               c->base.chains[c->base.n_chains - 1], c->packed.diff_id);
	sha256_text(text, strlen(text), digest);
	memcpy(c->chain, digest + strlen("sha256:"), CHAIN_SIZE);
}

static int unpack(struct commit *c, int fd, struct err *e)
{
	struct unpacking job = UNPACKING_NONE;
	int r;

	find_chain(c);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "cannot read the layer again");
	r = unpacking_start(c->u, &job, fd, e);
	if (r == 0)
		r = unpacking_finish(&job, e);
	if (r == 0 && strcmp(job.done.diff_id, c->packed.diff_id) != 0)
		r = err_set(e, UCT_BAD_DIGEST, -EBADMSG, "the layer changed while it was stored");
	if (r == 0)
		r = layer_commit(c->u->store, &job.stage, c->chain, c->packed.diff_id,
		                 job.done.size_bytes, e);
	c->layer_bytes = job.done.size_bytes;
	unpacking_done(&job);
	return r;
}

/* The blob appears under its digest when it is whole. */
static int make_layer(struct commit *c, struct err *e)
{
	_cleanup_close_ int blobs_fd = -EBADF, tmp_fd = -EBADF, fd = -EBADF;
	int r = blob_dirs_open(c->u->store, &blobs_fd, &tmp_fd, e);

	if (r < 0)
		return r;
	fd = openat(tmp_fd, PART_NAME, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, "cannot create a blob");
	r = pack(c, fd, e);
	if (r == 0)
		r = unpack(c, fd, e);
	if (r == 0 &&
	    renameat(tmp_fd, PART_NAME, blobs_fd, c->packed.digest + strlen("sha256:")) < 0)
		r = err_sys(e, "cannot rename a blob into place");
	return r;
}

static int read_document(struct commit *c, const char *digest, json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = blob_read(c->u->store, digest, CONFIG_MAX_BYTES, &text, &n, e);

	return r < 0 ? r : json_parse(text, n, "image", ret, e);
}

static int add_document(struct commit *c, const json_t *doc, char ret_digest[DIGEST_SIZE],
                        uint64_t *ret_bytes, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = json_print(doc, false, &text, e);

	if (r < 0)
		return r;
	*ret_bytes = strlen(text);
	return blob_add(c->u->store, text, strlen(text), ret_digest, e);
}

static int make_config(struct commit *c, struct err *e)
{
	_cleanup_json_ json_t *image = NULL, *spec = NULL;
	struct commit_input in = { .opts = c->opts,
		                   .diff_id = c->packed.diff_id,
		                   .now_ns = c->created_ns };
	int r = read_document(c, c->base.id, &image, e);

	if (r == 0)
		r = json_read_at(c->t.dirfd, SPEC_FILE, SPEC_MAX_BYTES, &spec, e);
	in.spec = spec;
	if (r == 0)
		r = commit_config(image, &in, e);
	return r < 0 ? r : add_document(c, image, c->config_digest, &c->config_bytes, e);
}

static int make_manifest(struct commit *c, struct err *e)
{
	_cleanup_json_ json_t *old = NULL, *manifest = NULL;
	struct commit_blobs blobs = { .config_digest = c->config_digest,
		                      .config_bytes = c->config_bytes,
		                      .layer_digest = c->packed.digest,
		                      .layer_bytes = c->packed.blob_bytes };
	uint64_t bytes;
	int r = read_document(c, c->base.manifest, &old, e);

	if (r == 0)
		r = commit_manifest(old, &blobs, c->opts->format, &manifest, e);
	return r < 0 ? r : add_document(c, manifest, c->manifest_digest, &bytes, e);
}

static int fill_row(const struct commit *c, struct image_row *row, struct err *e)
{
	size_t n = 0;

	row->chains = calloc(c->base.n_chains + 1, sizeof(*row->chains));
	row->blobs = calloc(c->base.n_blobs + 3, sizeof(*row->blobs));
	if (!row->chains || !row->blobs)
		return err_oom(e);
	memcpy(row->id, c->config_digest, sizeof(row->id));
	memcpy(row->manifest, c->manifest_digest, sizeof(row->manifest));
	if (c->base.n_chains)
		memcpy(row->chains, c->base.chains, c->base.n_chains * sizeof(*row->chains));
	memcpy(row->chains[c->base.n_chains], c->chain, CHAIN_SIZE);
	row->n_chains = c->base.n_chains + 1;
	memcpy(row->blobs[n++], c->manifest_digest, DIGEST_SIZE);
	memcpy(row->blobs[n++], c->config_digest, DIGEST_SIZE);
	/* All of its blobs are layers but its own manifest and configuration. */
	for (size_t i = 0; i < c->base.n_blobs; i++)
		if (strcmp(c->base.blobs[i], c->base.manifest) != 0 &&
		    strcmp(c->base.blobs[i], c->base.id) != 0)
			memcpy(row->blobs[n++], c->base.blobs[i], DIGEST_SIZE);
	memcpy(row->blobs[n++], c->packed.digest, DIGEST_SIZE);
	row->n_blobs = n;
	row->created_ns = row->pulled_ns = c->created_ns;
	row->size_bytes = c->base.size_bytes + c->layer_bytes;
	return 0;
}

static int put(struct commit *c, struct err *e)
{
	struct image_row row = { 0 };
	int r = fill_row(c, &row, e);

	/* One sync for everything, before the index says that it is there. */
	if (r == 0 && syncfs(store_dirfd(c->u->store)) < 0)
		r = err_sys(e, "cannot sync the store");
	if (r == 0)
		r = image_put(c->u->store, &row, c->name[0] ? c->name : NULL, e);
	image_row_done(&row);
	return r;
}

/* A mistake in the changes is told before anything is packed. */
static int check_changes(const struct usrct_commit_options *o, struct err *e)
{
	_cleanup_json_ json_t *config = json_object();
	const char *const *change = o->changes;
	bool has_cmd = false;
	int r = config ? 0 : err_oom(e);

	for (; r == 0 && change && *change; change++)
		r = commit_change(config, *change, &has_cmd, e);
	return r;
}

static void tell(struct commit *c)
{
	const char *attributes[] = { "comment",  c->opts->message ? c->opts->message : "",
		                     "imageID",  c->config_digest,
		                     "imageRef", c->name,
		                     NULL };

	engine_event(c->u, &c->t, "commit", attributes);
}

static int commit(struct usrct *u, const char *ref, const struct usrct_commit_options *opts,
                  char ret_id[DIGEST_SIZE], struct err *e)
{
	struct commit c = { .u = u, .opts = opts, .t = TARGET_NONE };
	int r = check_changes(opts, e);

	c.created_ns = clock_realtime_ns();
	if (r == 0)
		r = full_name(&c, e);
	if (r == 0)
		r = target_open(u, ref, STORE_WRITE, &c.t, e);
	if (r == 0)
		r = find_base(&c, e);
	if (r == 0)
		r = engine_hold(u, e);
	if (r == 0)
		r = make_layer(&c, e);
	if (r == 0)
		r = make_config(&c, e);
	if (r == 0)
		r = make_manifest(&c, e);
	if (r == 0)
		r = put(&c, e);
	if (r == 0) {
		memcpy(ret_id, c.config_digest, DIGEST_SIZE);
		tell(&c);
	}
	image_row_done(&c.base);
	target_done(&c.t);
	if (r < 0) {
		/* What was half-made goes now, with our claim on it (store/pins.h). */
		store_close(u->store);
		u->store = NULL;
		(void)engine_sweep(u, NULL);
	}
	return r;
}

int usrct_container_commit(struct usrct *u, const char *ref,
                           const struct usrct_commit_options *opts, char **ret_id,
                           struct usrct_err *out)
{
	static const struct usrct_commit_options none = { .size = sizeof(none), .pause = true };
	char id[DIGEST_SIZE];
	struct err e = { 0 };
	int r = engine_sweep(u, &e);

	if (r == 0)
		r = commit(u, ref, opts ? opts : &none, id, &e);
	if (r == 0 && ret_id) {
		*ret_id = strdup(id);
		r = *ret_id ? 0 : err_oom(&e);
	}
	return ENGINE_RETURN(r, out, &e);
}
