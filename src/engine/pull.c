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
#include "engine/asking.h"
#include "engine/layering.h"
#include "engine/unpacking.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "image/config.h"
#include "image/fetch-proto.h"
#include "image/registries.h"
#include "store/blobs.h"
#include "store/claims.h"
#include "store/pins.h"
#include "store/verify.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { UNPACKERS_MAX = 4 };

struct layer {
	struct fetch_info info;
	bool had, begun, got, unpacked, committed;
	bool is_repair;    /* it is here, but not the blob that it has in this image */
	bool is_elsewhere; /* another pull has the claim on its blob */
	bool is_put_off;   /* all is well with it, but it needs those below (unpacking_settle()) */
	struct unpacking job;
};

struct pull {
	struct usrct *u;
	const char *stored, *stored_name; /* of engine_pull_stored() */
	const struct usrct_pull_options *opts;
	struct libexec fetcher;
	struct fetch_resolved image;
	struct layer *layers; /* n_layers of them */
	size_t n_layers, running;
	uint64_t size_bytes;
	struct claims claims;
	bool has_objects; /* new layers are of the objects driver */
	bool no_mirrors, is_mirrors_fault;
	struct sharing sharing;
	struct unpacking tree; /* the image's metadata tree, from the lowest layer on */
	size_t n_in_tree;
};

static void report(const struct pull *p, enum usrct_pull_event event, const struct layer *l,
                   uint64_t done_bytes, const char *text)
{
	struct usrct_pull_progress x = {
		.event = event,
		.digest = l ? l->info.digest : NULL,
		.text = text,
		.done_bytes = done_bytes,
		.total_bytes = l ? l->info.size_bytes : 0,
		.layer = l ? l->info.index : 0,
		.n_layers = (unsigned)p->n_layers,
	};

	if (p->opts && p->opts->progress)
		p->opts->progress(&x, p->opts->arg);
}

static int ask_fetcher(struct pull *p, const char *reference, struct err *e)
{
	struct fetch_start m = { .type = FETCH_START };
	_cleanup_close_ int blobs_fd = -EBADF, tmp_fd = -EBADF;
	_cleanup_secret_text_ char *secret = NULL;
	const char *platform = p->opts && p->opts->platform ? p->opts->platform : platform_native();
	int fds[2], r;

	if (p->stored) {
		m.flags = FETCH_STORED;
		memcpy(m.digest, p->stored, sizeof(m.digest));
	}
	if (p->no_mirrors)
		m.flags |= FETCH_NO_MIRRORS;
	if (snprintf(m.reference, sizeof(m.reference), "%s", reference) >= (int)sizeof(m.reference))
		return err_set(e, UCT_BAD_REFERENCE, -ENAMETOOLONG, "the reference is too long");
	if (snprintf(m.platform, sizeof(m.platform), "%s", platform) >= (int)sizeof(m.platform))
		return err_set(e, UCT_BAD_VALUE, -ENAMETOOLONG, "the platform is too long");
	r = asking_options(p->opts ? p->opts->registry : NULL, &m, &secret, e);
	if (r == 0)
		r = blob_dirs_open(p->u->store, &blobs_fd, &tmp_fd, e);
	if (r == 0)
		r = store_tmp_prefix(p->u->store, "blob", m.tmp_prefix, sizeof(m.tmp_prefix), e);
	if (r < 0)
		return r;
	fds[0] = blobs_fd;
	fds[1] = tmp_fd;
	r = sock_send_fds(p->fetcher.sock_fd, &m, sizeof(m), fds, 2);
	if (r < 0)
		return err_errno(e, r, "cannot talk to the fetcher");
	return asking_send_secret(p->fetcher.sock_fd, secret, e);
}

/* The next packet, of at least @min bytes, into @buf; FAIL becomes our error. */
static int next_packet(struct pull *p, void *buf, size_t size, struct err *e)
{
	ssize_t n = sock_recv(p->fetcher.sock_fd, buf, size, NULL, 0);
	const struct fetch_fail *fail = buf;

	if (n == 0 || n == -ECONNRESET)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE, "the fetcher ended unexpectedly");
	if (n < (ssize_t)sizeof(uint32_t))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the fetcher said something malformed");
	if (fail->type == FETCH_FAIL && n == sizeof(*fail) && fail->e.code < 0) {
		p->is_mirrors_fault = fail->is_mirrors_fault;
		if (e)
			*e = fail->e;
		return fail->e.code;
	}
	return (int)n;
}

union any_packet {
	struct fetch_resolved resolved;
	struct fetch_info info;
	struct fetch_layer_state state;
	struct fetch_fail fail;
};

static int resolve(struct pull *p, struct err *e)
{
	union any_packet m;
	int n = next_packet(p, &m, sizeof(m), e);

	if (n < 0)
		return n;
	if (n != sizeof(m.resolved) || m.resolved.type != FETCH_RESOLVED ||
	    m.resolved.n_layers > IMAGE_LAYERS_MAX)
		return err_set(e, UCT_INTERNAL, -EPROTO, "the fetcher did not say RESOLVED");
	p->image = m.resolved;
	if (p->stored)
		(void)snprintf(p->image.name, sizeof(p->image.name), "%s",
		               p->stored_name ? p->stored_name : "");
	p->n_layers = m.resolved.n_layers;
	p->layers = calloc(p->n_layers + 1, sizeof(*p->layers));
	if (!p->layers)
		return err_oom(e);
	for (size_t i = 0; i < p->n_layers; i++)
		p->layers[i].job = (struct unpacking)UNPACKING_NONE;
	for (size_t i = 0; i < p->n_layers; i++) {
		n = next_packet(p, &m, sizeof(m), e);
		if (n < 0)
			return n;
		if (n != sizeof(m.info) || m.info.type != FETCH_INFO || m.info.index != i)
			return err_set(e, UCT_INTERNAL, -EPROTO, "the fetcher did not say INFO");
		p->layers[i].info = m.info;
	}
	return 0;
}

/* One whose blob is not here is fetched again: 0. */
static int take_had(struct pull *p, struct layer *l, uint64_t size, struct err *e)
{
	enum layer_driver driver = LAYER_PLAIN;
	int r = layer_driver_of(p->u->store, l->info.chain, &driver, e);

	if (r >= 0)
		r = layer_has_source(p->u->store, l->info.chain, l->info.digest, e);
	if (r < 0)
		return r;
	if (driver == LAYER_PLAIN) /* on which only plain ones may lie */
		p->has_objects = false;
	l->is_repair = r == 0;
	l->job.is_apart = l->is_repair && driver == LAYER_OBJECTS;
	if (l->is_repair) {
		p->size_bytes += driver == LAYER_OBJECTS ? size : 0;
		return 0;
	}
	l->had = l->committed = true;
	p->size_bytes += size;
	report(p, USRCT_PULL_LAYER_HAD, l, l->info.size_bytes, NULL);
	return 1;
}

/* Whether the layer is here: 1 or 0. */
static int look_for(struct pull *p, struct layer *l, struct err *e)
{
	uint64_t size = 0;
	int r = layer_find(p->u->store, l->info.chain, &size, e);

	return r <= 0 ? r : take_had(p, l, size, e);
}

/* What a directory for all users of the machine has need not be fetched. */
static int adopt_shared(struct pull *p, struct err *e)
{
	int r = p->has_objects ? sharing_config(&p->sharing, e) : 0;

	for (size_t i = 0; i < p->n_layers && r >= 0 && p->sharing.n; i++) {
		struct layer *l = &p->layers[i];
		const struct sharing_layer shared = { l->info.chain, i ? l[-1].info.chain : NULL,
			                              l->info.diff_id };
		uint64_t size = 0;

		if (l->had || l->is_repair)
			continue;
		r = sharing_adopt(p->u, &p->sharing, &shared, &size, e);
		if (r > 0)
			r = take_had(p, l, size, e);
	}
	return MIN(r, 0);
}

static int find_had(struct pull *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < p->n_layers; i++)
		r = look_for(p, &p->layers[i], e);
	return MIN(r, 0);
}

static bool has_all(const struct pull *p)
{
	for (size_t i = 0; i < p->n_layers; i++)
		if (!p->layers[i].had)
			return false;
	return true;
}

/* The largest one that waits. */
static struct layer *choose(struct pull *p)
{
	struct layer *best = NULL;

	for (size_t i = 0; i < p->n_layers; i++) {
		struct layer *l = &p->layers[i];

		if (!l->had && !l->begun && !l->is_elsewhere &&
		    (!best || l->info.size_bytes > best->info.size_bytes))
			best = l;
	}
	return best;
}

static int fetch_layer(struct pull *p, struct layer *l, struct err *e)
{
	struct fetch_layer m = { .type = FETCH_LAYER, .size_bytes = l->info.size_bytes };
	_cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
	int r = fd_wide_pipe(&read_fd, &write_fd, e);

	if (r < 0)
		return r;
	l->job.has_objects = l->is_repair ? l->job.is_apart : p->has_objects;
	l->job.sharing = &p->sharing;
	l->job.parent = l == p->layers ? NULL : l[-1].info.chain;
	r = unpacking_start(p->u, &l->job, read_fd, e);
	if (r < 0)
		return r;
	memcpy(m.digest, l->info.digest, sizeof(m.digest));
	r = sock_send_fds(p->fetcher.sock_fd, &m, sizeof(m), &write_fd, 1);
	if (r == -EPIPE) { /* its FAIL is there to be read */
		union any_packet last;

		do
			r = next_packet(p, &last, sizeof(last), e);
		while (r >= 0); /* what it said before that matters no more */
		return r;
	}
	if (r < 0)
		return err_errno(e, r, "cannot talk to the fetcher");
	l->begun = true;
	p->running++;
	return 0;
}

/* Unless somebody else is fetching it, or has done so meanwhile. */
static int begin_layer(struct pull *p, struct layer *l, bool wait, struct err *e)
{
	int r = claim_take(&p->claims, p->u->store, l->info.digest, wait, e);

	l->is_elsewhere = r == 0;
	if (r <= 0)
		return r;
	r = look_for(p, l, e);
	if (r == 1)
		claim_drop(&p->claims, l->info.digest);
	return r == 0 ? fetch_layer(p, l, e) : MIN(r, 0);
}

/* A layer that another pull is at; NULL: there is none. All are worth another try now. */
static struct layer *retry_elsewhere(struct pull *p)
{
	struct layer *first = NULL;

	for (size_t i = p->n_layers; i > 0; i--)
		if (p->layers[i - 1].is_elsewhere) {
			first = &p->layers[i - 1];
			first->is_elsewhere = false;
		}
	return first;
}

/* The metadata tree grows as layers get ready, so that little is left when the last one is. */
static int feed_tree(struct pull *p, struct err *e)
{
	int r = 0;

	if (!p->has_objects || p->layers[p->n_layers - 1].had)
		return 0; /* if its tree is missing, layering.h makes it */
	while (r == 0 && p->n_in_tree < p->n_layers && p->layers[p->n_in_tree].committed) {
		if (p->tree.feed_fd < 0)
			r = unpacking_start_tree(p->u, &p->tree, NULL, e);
		if (r == 0)
			r = unpacking_feed_tree(p->u, &p->tree,
			                        p->layers[p->n_in_tree++].info.chain, e);
	}
	return r;
}

/* Into its place, if it is the one that the image's only path names. */
static int finish_tree(struct pull *p, const struct strv *paths, struct err *e)
{
	int r = 0;

	if (p->tree.feed_fd >= 0 && p->n_in_tree == p->n_layers && paths->n == 1 &&
	    layer_path_is_tree(paths->v[0])) {
		r = unpacking_finish(&p->tree, e);
		if (r == 0)
			r = layer_tree_commit(p->u->store, &p->tree.stage, paths->v[0], e);
	}
	unpacking_done(&p->tree);
	return r;
}

static int finish_layer(struct pull *p, struct layer *l, struct err *e)
{
	int r;

	if (!l->got || !l->unpacked || l->committed)
		return 0;
	if (strcmp(l->job.done.diff_id, l->info.diff_id) != 0)
		return err_set(e, UCT_BAD_DIGEST, -EBADMSG,
		               "layer %s unpacks to %s, but the config promises %s", l->info.digest,
		               l->job.done.diff_id, l->info.diff_id);
	if (l->job.done.n_implied && l != p->layers && !l->is_put_off) {
		l->is_put_off = true;
		p->running--;
		/* Whoever waits for a claim has none (transfer()): else two could wait for ever. */
		claim_drop(&p->claims, l->info.digest);
		return 0;
	}
	if (l->job.is_apart)
		r = layer_repair(p->u->store, &l->job.stage, l->info.chain, e);
	else
		r = layer_commit(p->u->store, &l->job.stage, l->info.chain, l->info.diff_id,
		                 l->job.done.size_bytes, e);
	if (r < 0)
		return r;
	l->committed = true;
	p->size_bytes += l->job.is_apart ? 0 : l->job.done.size_bytes;
	p->running -= !l->is_put_off;
	unpacking_done(&l->job);
	if (!l->is_put_off)
		claim_drop(&p->claims, l->info.digest);
	report(p, USRCT_PULL_UNPACKED, l, l->info.size_bytes, NULL);
	return feed_tree(p, e);
}

static int hear_fetcher(struct pull *p, struct err *e)
{
	union any_packet m;
	int n = next_packet(p, &m, sizeof(m), e);

	if (n < 0)
		return n;
	if (n != sizeof(m.state) || (m.state.type != FETCH_PROGRESS && m.state.type != FETCH_GOT))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the fetcher said something odd");
	for (size_t i = 0; i < p->n_layers; i++) {
		struct layer *l = &p->layers[i];

		if (!l->begun || l->got || strcmp(l->info.digest, m.state.digest) != 0)
			continue;
		report(p, USRCT_PULL_LAYER, l, m.state.done_bytes, NULL);
		if (m.state.type == FETCH_PROGRESS)
			return 0;
		l->got = true;
		return finish_layer(p, l, e);
	}
	return 0;
}

static int hear_unpacker(struct pull *p, struct layer *l, struct err *e)
{
	int r = unpacking_finish(&l->job, e);

	if (r < 0)
		return err_in(e, r, "cannot unpack layer %.19s", l->info.digest);
	l->unpacked = true;
	return finish_layer(p, l, e);
}

static int wait_for_any(struct pull *p, struct err *e)
{
	struct pollfd fds[1 + UNPACKERS_MAX] = { { .fd = p->fetcher.sock_fd, .events = POLLIN } };
	struct layer *whose[1 + UNPACKERS_MAX] = { NULL };
	nfds_t n = 1;
	int r = 0;

	for (size_t i = 0; i < p->n_layers && n < ARRAY_SIZE(fds); i++)
		if (p->layers[i].begun && !p->layers[i].unpacked) {
			whose[n] = &p->layers[i];
			fds[n++] = (struct pollfd){ .fd = p->layers[i].job.program.sock_fd,
				                    .events = POLLIN };
		}
	if (RETRY_EINTR(poll(fds, n, -1)) < 0)
		return err_sys(e, "cannot wait for the helpers");
	/* The fetcher first: when it fails, the unpackers' complaints are only the echo. */
	if (fds[0].revents)
		r = hear_fetcher(p, e);
	for (nfds_t i = 1; i < n && r == 0; i++)
		if (fds[i].revents)
			r = hear_unpacker(p, whose[i], e);
	return r;
}

/* An unpacker that complains of a truncated stream may only be faster than the fetcher's own
 * account of why it ended; that one is better. */
static int prefer_fetcher(struct pull *p, int r, struct err *e)
{
	struct pollfd fd = { .fd = p->fetcher.sock_fd, .events = POLLIN };
	union any_packet m;
	struct err better = { 0 };

	if (r == 0 || !e || e->uct != UCT_BAD_LAYER)
		return r;
	while (RETRY_EINTR(poll(&fd, 1, 200)) == 1) {
		int n = next_packet(p, &m, sizeof(m), &better);

		if (n >= 0)
			continue;
		if (better.uct == UCT_LAUNCHER_DIED || better.uct == UCT_INTERNAL)
			return r;
		*e = better;
		return n;
	}
	return r;
}

static int transfer(struct pull *p, struct err *e)
{
	struct layer *l;
	int r = 0;

	while (r == 0) {
		while (r == 0 && p->running < UNPACKERS_MAX && (l = choose(p)))
			r = begin_layer(p, l, false, e);
		if (r < 0)
			return r;
		if (p->running) {
			r = prefer_fetcher(p, wait_for_any(p, e), e);
			(void)retry_elsewhere(p);
			continue;
		}
		/* Only what others fetch is left, and we have no claim that they could wait for. */
		l = retry_elsewhere(p);
		if (!l)
			return 0;
		r = begin_layer(p, l, true, e);
	}
	return r;
}

/* The layers that waited for others, from the lowest on. */
static int finish_put_off(struct pull *p, struct err *e)
{
	char(*chains)[CHAIN_SIZE] = calloc(p->n_layers + 1, sizeof(*chains));
	int r = chains ? 0 : err_oom(e);

	for (size_t i = 0; i < p->n_layers && r == 0; i++) {
		struct layer *l = &p->layers[i];

		if (l->is_put_off)
			r = unpacking_settle(p->u, &l->job, chains, i, e);
		if (r == 0 && l->is_put_off)
			r = finish_layer(p, l, e);
		memcpy(chains[i], l->info.chain, CHAIN_SIZE);
	}
	free(chains);
	return r;
}

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
		r = finish_tree(p, &paths, e);
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

/* Layers, then the image. Nothing is done for one that is here as it should be. */
static int fetch_image(struct pull *p, struct err *e)
{
	int r;

	p->has_objects = true;
	r = find_had(p, e);
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
		r = adopt_shared(p, e);
	}
	if (r == 0)
		r = transfer(p, e);
	if (r == 0)
		r = finish_put_off(p, e);
	return r < 0 ? r : put(p, e);
}

static int pull(struct pull *p, const char *reference, struct err *e)
{
	_cleanup_free_ char *resolved = NULL, *full = NULL;
	int r = registries_expand(reference, &full, e);

	if (r == 0)
		r = libexec_start("fetch", &p->fetcher, e);
	if (r == 0)
		r = ask_fetcher(p, full, e);
	if (r == 0)
		r = resolve(p, e);
	if (r < 0)
		return r;

	resolved = strf("%s@%s", p->image.name[0] ? p->image.name : p->image.repository,
	                p->image.manifest);
	report(p, USRCT_PULL_RESOLVED, NULL, 0, resolved);
	return fetch_image(p, e);
}

/* Somebody who pulls again may have more luck, and then needs only the rest. */
static bool is_worth_another(const struct err *e)
{
	return e && (e->uct == UCT_REGISTRY_UNREACHABLE || e->uct == UCT_REGISTRY_ANSWER);
}

/* The error is told; what was half-made goes now, or with the next command that is no pull. Closing
 * the store ends our claim on the layers that were stored (store/pins.h). */
static void give_up(struct usrct *u, const struct err *e)
{
	store_close(u->store);
	u->store = NULL;
	if (!is_worth_another(e))
		(void)engine_sweep(u, NULL);
}

/* With a pin from before the sweep on: layers that an earlier pull stored before it was killed, or
 * lost its registry, are not collected but found. */
static int begin(struct usrct *u, struct err *e)
{
	int r = engine_store(u, STORE_WRITE, e);

	if (r == 0)
		r = pin_take(u->store, e);
	return r == 0 ? engine_sweep(u, e) : r;
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
	report(p, USRCT_PULL_OTHER_PLATFORM, NULL, 0, text);
}

/* 1: it failed, but may not without mirrors. */
static int pull_once(struct pull *p, const char *reference, char ret_id[DIGEST_SIZE], struct err *e)
{
	int r = pull(p, reference, e);

	if (r == 0) {
		memcpy(ret_id, p->image.config, DIGEST_SIZE);
		report(p, USRCT_PULL_DONE, NULL, 0, p->image.config);
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
	r = engine_sweep(u, e); /* which opens the store again */
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
