/* SPDX-License-Identifier: Apache-2.0 */
/* pull - from a reference to an image in the store
 *
 * Two kinds of helpers do the work: one fetches (network, hashes, foreign JSON), and one for each
 * layer unpacks (decompression, tar). They are joined by a pipe for each layer, so a layer is
 * unpacked while it arrives. We say who does what, largest layer first, a few at a time, and
 * believe a layer only when the fetcher vouches for its blob and the unpacker for its tar.
 *
 * Everything appears under a temporary name; the image exists from image_put() on, and before that
 * a kill leaves only what the next sweep removes.
 */
#include "engine/layering.h"
#include "engine/pulling.h"

#include "base/clock.h"
#include "base/sbuf.h"
#include "image/config.h"
#include "image/registries.h"
#include "store/pins.h"

#include <stdio.h>
#include <string.h>

static int fill_row(const struct pull *p, struct image_row *row, struct err *e)
{
	row->chains = calloc(p->n_layers + 1, sizeof(*row->chains));
	row->blobs = calloc(p->n_layers + 2, sizeof(*row->blobs));
	if (!row->chains || !row->blobs)
		return err_oom(e);
	memcpy(row->id, p->image.config, sizeof(row->id));
	memcpy(row->manifest, p->image.manifest, sizeof(row->manifest));
	memcpy(row->blobs[0], p->image.manifest, DIGEST_SIZE);
	memcpy(row->blobs[1], p->image.config, DIGEST_SIZE);
	for (size_t i = 0; i < p->n_layers; i++) {
		memcpy(row->chains[i], p->layers[i].info.chain, CHAIN_SIZE);
		memcpy(row->blobs[2 + i], p->layers[i].info.digest, DIGEST_SIZE);
	}
	row->n_chains = p->n_layers;
	row->n_blobs = p->n_layers + 2;
	row->created_ns = p->image.created_ns;
	row->pulled_ns = clock_realtime_ns();
	row->size_bytes = p->size_bytes;
	return 0;
}

/* How the registry knows it: by the digest that the tag stands for, and by the manifest's own. */
static int fill_digests(const struct pull *p, struct image_row *row, struct err *e)
{
	const struct fetch_resolved *i = &p->image;
	_cleanup_strv_ struct strv digests = { 0 };
	int r = 0;

	if (!i->repository[0])
		return 0;
	r = strv_addf(&digests, "%s@%s", i->repository, i->manifest);
	if (r == 0 && strcmp(i->named, i->manifest) != 0)
		r = strv_addf(&digests, "%s@%s", i->repository, i->named);
	row->digests = TAKE_PTR(digests.v);
	digests.n = 0;
	return r < 0 ? err_oom(e) : 0;
}

static bool is_in(char *const *list, const char *text)
{
	for (; list && *list; list++)
		if (!strcmp(*list, text))
			return true;
	return false;
}

/* Whether the index says all of that already: 1 or 0. */
static int is_known(struct pull *p, struct err *e)
{
	struct image_row want = { 0 }, have = { 0 };
	int r = fill_digests(p, &want, e);

	if (r == 0)
		r = image_find(p->u->store, p->image.config, &have, e);
	if (r == 1)
		r = !strcmp(have.manifest, p->image.manifest) &&
		    (!p->image.name[0] || is_in(have.names, p->image.name));
	for (char *const *d = want.digests; r == 1 && d && *d; d++)
		r = is_in(have.digests, *d);
	image_row_done(&want);
	image_row_done(&have);
	return r;
}

static int put(struct pull *p, struct err *e)
{
	_cleanup_strv_ struct strv paths = { 0 };
	struct image_row row = { 0 };
	int r = fill_row(p, &row, e);

	if (r == 0)
		r = fill_digests(p, &row, e);

	/* Not left to the first container. */
	if (r == 0)
		r = engine_layer_paths(p->u, &row, NULL, &paths, e);
	if (r == 0)
		r = pull_finish_tree(p, &paths, e);
	if (r == 0)
		r = engine_layers_make(p->u, NULL, paths.v, e);
	/* One sync for everything, before the index says that it is there. */
	if (r == 0 && syncfs(store_dirfd(p->u->store)) < 0)
		r = err_sys(e, "cannot sync the store");
	if (r == 0)
		r = image_put(p->u->store, &row, p->image.name[0] ? p->image.name : NULL, e);
	image_row_done(&row);
	return r;
}

static void pull_done(struct pull *p)
{
	cleanup_close(&p->fetcher.sock_fd); /* its end of file: no more layers */
	p->fetcher.sock_fd = -EBADF;
	for (size_t i = 0; i < p->n_layers; i++)
		unpacking_done(&p->layers[i].job);
	unpacking_done(&p->tree);
	libexec_done(&p->fetcher);
	claims_done(&p->claims);
	free(p->layers);
	sharing_done(&p->sharing);
}

static bool has_all(const struct pull *p)
{
	for (size_t i = 0; i < p->n_layers; i++)
		if (!p->layers[i].had)
			return false;
	return true;
}

/* Layers, then the image. Nothing is done for one that is here as it should be. */
static int fetch_image(struct pull *p, struct err *e)
{
	int r;

	p->has_objects = true;
	r = pull_find_had(p, e);
	if (r == 0 && has_all(p)) {
		r = is_known(p, e);
		if (r != 0)
			return MIN(r, 0);
	}
	if (r == 0)
		r = engine_hold(p->u, e); /* before a layer is fetched that could not be unpacked */
	if (r == 0)
		r = engine_layer_driver(p->u, e);
	if (r >= 0) {
		p->has_objects = p->has_objects && r == LAYER_OBJECTS;
		r = pull_adopt_shared(p, e);
	}
	if (r == 0)
		r = pull_transfer(p, e);
	return r < 0 ? r : put(p, e);
}

static int pull(struct pull *p, const char *reference, struct err *e)
{
	_cleanup_free_ char *resolved = NULL, *full = NULL;
	int r = registries_expand(reference, &full, e);

	if (r == 0)
		r = libexec_start("fetch", &p->fetcher, e);
	if (r == 0)
		r = pull_ask(p, full, e);
	if (r == 0)
		r = pull_resolve(p, e);
	if (r < 0)
		return r;

	resolved = strf("%s@%s", p->image.name[0] ? p->image.name : p->image.repository,
	                p->image.manifest);
	pull_report(p, USRCT_PULL_RESOLVED, NULL, 0, resolved);
	return fetch_image(p, e);
}

/* Somebody who pulls again may have more luck, and then needs only the rest. */
static bool is_worth_another(const struct err *e)
{
	return e && (e->uct == UCT_REGISTRY_UNREACHABLE || e->uct == UCT_REGISTRY_ANSWER);
}

/* The error is told; what was half-made goes now, or with the next command that is no pull. Our
 * claim on the layers that were stored ends (store/pins.h). */
static void give_up(struct usrct *u, const struct err *e)
{
	if (u->store)
		pin_drop(u->store, /* is_complete= */ false);
	if (!is_worth_another(e))
		(void)engine_sweep(u, NULL);
}

/* With a pin from before the sweep on: layers that an earlier pull stored before it was killed, or
 * lost its registry, are not collected but found. */
static int begin(struct usrct *u, struct err *e)
{
	int r = engine_store(u, STORE_WRITE, e);

	if (r < 0)
		return r;
	/* On a full disk the sweep has to make room first; the pin is taken with the blobs then. */
	(void)pin_take(u->store, NULL);
	return engine_sweep(u, e);
}

/* What may be shown of an image's own words. */
static bool is_word(const char *s)
{
	return s && *s && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-.") == strlen(s);
}

/* An index has been chosen from; a manifest that stands alone is taken as it is. */
static void check_platform(struct pull *p)
{
	const char *wanted = p->opts && p->opts->platform ? p->opts->platform : platform_native();
	_cleanup_json_ json_t *config = NULL;
	char want[96], have[96], text[256];
	const char *os, *arch;

	if (platform_parse(wanted, want, sizeof(want), NULL) < 0 ||
	    engine_image_config(p->u, p->image.config, &config, NULL) < 0)
		return;
	os = json_string_value(json_object_get(config, "os"));
	arch = json_string_value(json_object_get(config, "architecture"));
	if (!is_word(os) || !is_word(arch))
		return;
	(void)snprintf(have, sizeof(have), "%s/%s", os, arch);
	if (!strncmp(want, have, strlen(have)) && strchr("/", want[strlen(have)]))
		return; /* variants run on each other often enough */
	(void)snprintf(text, sizeof(text), "%s, not for %s", have, want);
	pull_report(p, USRCT_PULL_OTHER_PLATFORM, NULL, 0, text);
}

/* 1: it failed, but may not without mirrors. */
static int pull_once(struct pull *p, const char *reference, char ret_id[DIGEST_SIZE], struct err *e)
{
	int r = pull(p, reference, e);

	if (r == 0) {
		memcpy(ret_id, p->image.config, DIGEST_SIZE);
		pull_report(p, USRCT_PULL_DONE, NULL, 0, p->image.config);
		check_platform(p);
		engine_image_event(p->u, "pull", p->image.name[0] ? p->image.name : ret_id,
		                   reference);
	}
	pull_done(p);
	if (r < 0)
		give_up(p->u, e);
	return r < 0 && p->is_mirrors_fault ? 1 : r;
}

int engine_pull(struct usrct *u, const char *reference, const struct usrct_pull_options *opts,
                char ret_id[DIGEST_SIZE], struct err *e)
{
	struct pull p = { .u = u,
		          .opts = opts,
		          .fetcher = LIBEXEC_NONE,
		          .claims = CLAIMS_NONE,
		          .tree = UNPACKING_NONE };
	int r = pull_once(&p, reference, ret_id, e);

	if (r <= 0)
		return r;
	p = (struct pull){ .u = u,
		           .opts = opts,
		           .fetcher = LIBEXEC_NONE,
		           .claims = CLAIMS_NONE,
		           .tree = UNPACKING_NONE,
		           .no_mirrors = true };
	r = engine_sweep(u, e);
	return r < 0 ? r : pull_once(&p, reference, ret_id, e);
}

int engine_pull_stored(struct usrct *u, const char *digest, const char *name,
                       char ret_id[DIGEST_SIZE], struct err *e)
{
	struct pull p = { .u = u,
		          .stored = digest,
		          .stored_name = name,
		          .fetcher = LIBEXEC_NONE,
		          .claims = CLAIMS_NONE,
		          .tree = UNPACKING_NONE };
	int r = pull(&p, "", e);

	if (r == 0)
		memcpy(ret_id, p.image.config, DIGEST_SIZE);
	pull_done(&p);
	if (r < 0)
		give_up(u, e);
	return r;
}

int usrct_image_pull(struct usrct *u, const char *reference, const struct usrct_pull_options *opts,
                     char **ret_id, struct usrct_err *out)
{
	char id[DIGEST_SIZE];
	struct err e = { 0 };
	int r = begin(u, &e);

	if (r == 0)
		r = engine_pull(u, reference, opts, id, &e);
	if (r == 0 && ret_id) {
		*ret_id = strdup(id);
		r = *ret_id ? 0 : err_oom(&e);
	}
	return ENGINE_RETURN(r, out, &e);
}
