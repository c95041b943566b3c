/* SPDX-License-Identifier: Apache-2.0 */
/* pull-layers - which layers are fetched, when, and what becomes of them */
#include "engine/layering.h"
#include "engine/pulling.h"

#include "base/fd.h"
#include "base/sock.h"
#include "store/verify.h"

#include <poll.h>
#include <string.h>

enum { UNPACKERS_MAX = 4 };

/* One whose blob is not here is fetched again: 0. */
static int take_had(struct pull *p, struct pull_layer *l, uint64_t size, struct err *e)
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
	pull_report(p, USRCT_PULL_LAYER_HAD, l, l->info.size_bytes, NULL);
	return 1;
}

/* Whether the layer is here: 1 or 0. */
static int look_for(struct pull *p, struct pull_layer *l, struct err *e)
{
	uint64_t size = 0;
	int r = layer_find(p->u->store, l->info.chain, &size, e);

	return r <= 0 ? r : take_had(p, l, size, e);
}

/* What a directory for all users of the machine has need not be fetched. */
int pull_adopt_shared(struct pull *p, struct err *e)
{
	int r = p->has_objects ? sharing_config(&p->sharing, e) : 0;

	for (size_t i = 0; i < p->n_layers && r >= 0 && p->sharing.n; i++) {
		struct pull_layer *l = &p->layers[i];
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

int pull_find_had(struct pull *p, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < p->n_layers; i++)
		r = look_for(p, &p->layers[i], e);
	return MIN(r, 0);
}

/* The largest one that waits. */
static struct pull_layer *choose(struct pull *p)
{
	struct pull_layer *best = NULL;

	for (size_t i = 0; i < p->n_layers; i++) {
		struct pull_layer *l = &p->layers[i];

		if (!l->had && !l->begun && !l->is_elsewhere &&
		    (!best || l->info.size_bytes > best->info.size_bytes))
			best = l;
	}
	return best;
}

static int fetch_layer(struct pull *p, struct pull_layer *l, struct err *e)
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
		union pull_packet last;

		do
			r = pull_next_packet(p, &last, sizeof(last), e);
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
static int begin_layer(struct pull *p, struct pull_layer *l, bool wait, struct err *e)
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
static struct pull_layer *retry_elsewhere(struct pull *p)
{
	struct pull_layer *first = NULL;

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

int pull_finish_tree(struct pull *p, const struct strv *paths, struct err *e)
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

static int finish_layer(struct pull *p, struct pull_layer *l, struct err *e)
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
	pull_report(p, USRCT_PULL_UNPACKED, l, l->info.size_bytes, NULL);
	return feed_tree(p, e);
}

static int hear_fetcher(struct pull *p, struct err *e)
{
	union pull_packet m;
	int n = pull_next_packet(p, &m, sizeof(m), e);

	if (n < 0)
		return n;
	if (n != sizeof(m.state) || (m.state.type != FETCH_PROGRESS && m.state.type != FETCH_GOT))
		return err_set(e, UCT_INTERNAL, -EPROTO, "the fetcher said something odd");
	for (size_t i = 0; i < p->n_layers; i++) {
		struct pull_layer *l = &p->layers[i];

		if (!l->begun || l->got || strcmp(l->info.digest, m.state.digest) != 0)
			continue;
		pull_report(p, USRCT_PULL_LAYER, l, m.state.done_bytes, NULL);
		if (m.state.type == FETCH_PROGRESS)
			return 0;
		l->got = true;
		return finish_layer(p, l, e);
	}
	return 0;
}

static int hear_unpacker(struct pull *p, struct pull_layer *l, struct err *e)
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
	struct pull_layer *whose[1 + UNPACKERS_MAX] = { NULL };
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
	union pull_packet m;
	struct err better = { 0 };

	if (r == 0 || !e || e->uct != UCT_BAD_LAYER)
		return r;
	while (RETRY_EINTR(poll(&fd, 1, 200)) == 1) {
		int n = pull_next_packet(p, &m, sizeof(m), &better);

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
	struct pull_layer *l;
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
		struct pull_layer *l = &p->layers[i];

		if (l->is_put_off)
			r = unpacking_settle(p->u, &l->job, chains, i, e);
		if (r == 0 && l->is_put_off)
			r = finish_layer(p, l, e);
		memcpy(chains[i], l->info.chain, CHAIN_SIZE);
	}
	free(chains);
	return r;
}

int pull_transfer(struct pull *p, struct err *e)
{
	int r = transfer(p, e);

	return r < 0 ? r : finish_put_off(p, e);
}
