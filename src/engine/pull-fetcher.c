/* SPDX-License-Identifier: Apache-2.0 */
/* pull-fetcher - what a pull and its fetcher say to each other before there are layers to fetch */
#include "engine/asking.h"
#include "engine/pulling.h"

#include "base/sock.h"
#include "image/config.h"
#include "store/blobs.h"

#include <stdio.h>
#include <string.h>

void pull_report(const struct pull *p, enum usrct_pull_event event, const struct pull_layer *l,
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

int pull_ask(struct pull *p, const char *reference, struct err *e)
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

int pull_next_packet(struct pull *p, void *buf, size_t size, struct err *e)
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

int pull_resolve(struct pull *p, struct err *e)
{
	union pull_packet m;
	int n = pull_next_packet(p, &m, sizeof(m), e);

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
		n = pull_next_packet(p, &m, sizeof(m), e);
		if (n < 0)
			return n;
		if (n != sizeof(m.info) || m.info.type != FETCH_INFO || m.info.index != i)
			return err_set(e, UCT_INTERNAL, -EPROTO, "the fetcher did not say INFO");
		p->layers[i].info = m.info;
	}
	return 0;
}
