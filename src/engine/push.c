/* SPDX-License-Identifier: Apache-2.0 */
/* push - an image of the store to a registry
 *
 * The helper reads manifest and blobs out of the store and sends what the registry does not have;
 * we say which, and which other repositories there may have what. Layers go out as they came in,
 * unless another compression is asked for.
 */
#include "engine/asking.h"
#include "engine/converting.h"

#include "base/sbuf.h"
#include "base/sock.h"
#include "image/registries.h"
#include "store/blobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct push {
	struct usrct *u;
	const struct usrct_push_options *opts;
	struct libexec fetcher;
	struct image_row row;
	struct reference to;
	char full[600]; /* where it goes */
	int blobs_fd;
	unsigned n_layers;
	struct fetch_blob pushed;
};

static void report(const struct push *p, enum usrct_pull_event event, const char *digest,
                   uint64_t done_bytes, unsigned layer, uint64_t total_bytes)
{
	const struct usrct_pull_progress x = { .event = event,
		                               .digest = digest,
		                               .text = event == USRCT_PULL_RESOLVED ? p->full
		                                                                    : digest,
		                               .done_bytes = done_bytes,
		                               .total_bytes = total_bytes,
		                               .layer = layer,
		                               .n_layers = p->n_layers };

	if (p->opts && p->opts->progress)
		p->opts->progress(&x, p->opts->arg);
}

static uint64_t blob_bytes(const struct push *p, const char *digest)
{
	struct stat st;

	return fstatat(p->blobs_fd, digest + 7, &st, AT_SYMLINK_NOFOLLOW) < 0
	               ? 0
	               : (uint64_t)st.st_size;
}

/* Blobs without manifest and configuration are the layers (image_row). */
static bool is_layer(const struct push *p, size_t i)
{
	if (!strcmp(p->row.blobs[i], p->row.manifest) || !strcmp(p->row.blobs[i], p->row.id))
		return false;
	for (size_t k = 0; k < i; k++)
		if (!strcmp(p->row.blobs[i], p->row.blobs[k]))
			return false;
	return true;
}

/* "host/name:tag" or "host/name@digest" of the same host: the name. */
static bool repository_there(const struct push *p, const char *full, char *buf, size_t size)
{
	size_t n = strlen(p->to.host);
	const char *end;

	if (strncmp(full, p->to.host, n) != 0 || full[n] != '/')
		return false;
	full += n + 1;
	end = strchr(full, '@') ? strchr(full, '@') : strrchr(full, ':');
	n = end ? (size_t)(end - full) : strlen(full);
	if (n >= size || (n == strlen(p->to.name) && !strncmp(full, p->to.name, n)))
		return false;
	memcpy(buf, full, n);
	buf[n] = '\0';
	return true;
}

static bool has_blob(const struct image_row *row, const char *digest)
{
	for (size_t i = 0; i < row->n_blobs; i++)
		if (!strcmp(row->blobs[i], digest))
			return true;
	return false;
}

/* What a registry gave us under another name, it need not be sent. */
static int send_mounts_of(struct push *p, const char *id, struct err *e)
{
	struct fetch_mount m = { .type = FETCH_MOUNT };
	struct image_row other = { 0 };
	bool is_there = false;
	int r = image_find(p->u->store, id, &other, e);

	for (char *const *d = other.digests; !is_there && d && *d; d++)
		is_there = repository_there(p, *d, m.repository, sizeof(m.repository));
	for (size_t i = 0; r == 1 && is_there && i < p->row.n_blobs; i++) {
		if (!is_layer(p, i) || !has_blob(&other, p->row.blobs[i]))
			continue;
		memcpy(m.digest, p->row.blobs[i], sizeof(m.digest));
		if (sock_send(p->fetcher.sock_fd, &m, sizeof(m)) < 0)
			r = -EPIPE; /* the next answer tells why */
	}
	image_row_done(&other);
	return r == -EPIPE ? 0 : MIN(r, 0);
}

static int send_mounts(struct push *p, struct err *e)
{
	const struct fetch_mount go = { .type = FETCH_GO };
	struct image_row *rows = NULL;
	size_t n = 0;
	int r = image_list(p->u->store, &rows, &n, e);

	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = send_mounts_of(p, rows[i].id, e);
		image_row_done(&rows[i]);
	}
	free(rows);
	if (r == 0)
		(void)sock_send(p->fetcher.sock_fd, &go, sizeof(go)); /* as above */
	return r;
}

static void hear(struct push *p, const struct fetch_blob *m)
{
	unsigned layer = 0;

	for (size_t i = 0; i < p->row.n_blobs; i++) {
		uint64_t total;

		if (!is_layer(p, i))
			continue;
		if (!strcmp(p->row.blobs[i], m->digest)) {
			total = blob_bytes(p, m->digest);
			if (m->how == FETCH_BLOB_MOVES)
				report(p, USRCT_PULL_LAYER, m->digest, m->done_bytes, layer, total);
			else if (m->how == FETCH_BLOB_SENT)
				report(p, USRCT_PULL_UNPACKED, m->digest, total, layer, total);
			else
				report(p, USRCT_PULL_LAYER_HAD, m->digest, total, layer, total);
			return;
		}
		layer++;
	}
}

static int follow(struct push *p, struct err *e)
{
	struct fetch_blob m = { 0 };
	int r;

	for (;;) {
		r = asking_next(&p->fetcher, &m, sizeof(m), e);
		if (r < 0)
			return r;
		m.digest[sizeof(m.digest) - 1] = '\0';
		if (m.type == FETCH_PUSHED)
			break;
		hear(p, &m);
	}
	p->pushed = m;
	return 0;
}

/* What is pushed under a name is known by its digest there from now on. */
static int note_digest(struct push *p, struct err *e)
{
	_cleanup_free_ char *text = strf("%s/%s@%s", p->to.host, p->to.name, p->pushed.digest);

	return text ? image_note_digest(p->u->store, p->row.id, text, e) : err_oom(e);
}

static int find(struct push *p, const char *image, const char *to, struct err *e)
{
	int r = engine_need_image(p->u, image, &p->row, e);

	if (r == 0)
		r = reference_resolve(to ? to : image, &p->to, e);
	if (r == 0 && p->to.kind != REFERENCE_REGISTRY)
		r = err_set(e, UCT_BAD_REFERENCE, -EINVAL, "'%s' is not in a registry",
		            to ? to : image);
	if (r == 0)
		r = reference_full_name(&p->to, p->full, sizeof(p->full), e);
	for (size_t i = 0; r == 0 && i < p->row.n_blobs; i++)
		p->n_layers += is_layer(p, i);
	return r;
}

static int convert(struct push *p, struct err *e)
{
	static const char *const names[] = {
		[LOAD_PLAIN] = "none", [LOAD_GZIP] = "gzip", [LOAD_ZSTD] = "zstd"
	};
	const char *wanted =
		p->opts && p->opts->size >= sizeof(*p->opts) ? p->opts->compression : NULL;

	for (size_t i = 0; wanted && i < ARRAY_SIZE(names); i++)
		if (!strcmp(wanted, names[i]))
			return convert_image(p->u, &p->row, (enum load_compression)i, e);
	return !wanted ? 0
	               : err_set(e, UCT_BAD_VALUE, -EINVAL,
	                         "layers are not compressed with '%s', but with gzip, zstd or none",
	                         wanted);
}

static int push(struct push *p, const char *image, const char *to, struct err *e)
{
	struct fetch_start m = { .flags = FETCH_PUSH };
	_cleanup_close_ int tmp_fd = -EBADF;
	int r = engine_store(p->u, STORE_WRITE, e), fds[2];

	if (r == 0) /* nobody removes it meanwhile */
		r = blob_dirs_open(p->u->store, &p->blobs_fd, &tmp_fd, e);
	if (r == 0)
		r = find(p, image, to, e);
	if (r == 0)
		r = convert(p, e);
	if (r < 0)
		return r;
	memcpy(m.digest, p->row.manifest, sizeof(m.digest));
	(void)snprintf(m.tmp_prefix, sizeof(m.tmp_prefix), "push");
	fds[0] = p->blobs_fd;
	fds[1] = tmp_fd;
	report(p, USRCT_PULL_RESOLVED, NULL, 0, 0, 0);
	r = asking_start(&p->fetcher, &m, p->full, p->opts ? p->opts->registry : NULL, fds, 2, e);
	if (r == 0)
		r = send_mounts(p, e);
	if (r == 0)
		r = follow(p, e);
	if (r == 0)
		r = note_digest(p, e);
	if (r == 0) {
		report(p, USRCT_PULL_DONE, p->pushed.digest, 0, 0, 0);
		engine_image_event(p->u, "push", p->row.id, p->full);
	}
	return r;
}

int usrct_image_push(struct usrct *u, const char *image, const char *to,
                     const struct usrct_push_options *opts, struct usrct_pushed *ret,
                     struct usrct_err *out)
{
	struct push p = { .u = u, .opts = opts, .fetcher = LIBEXEC_NONE, .blobs_fd = -EBADF };
	struct err e = { 0 };
	int r = push(&p, image, to, &e);

	if (r == 0 && ret) {
		ret->size_bytes = p.pushed.done_bytes;
		(void)snprintf(ret->digest, sizeof(ret->digest), "%s", p.pushed.digest);
		(void)snprintf(ret->name, sizeof(ret->name), "%s", p.full);
	}
	cleanup_close(&p.fetcher.sock_fd); /* it leaves at end of file */
	p.fetcher.sock_fd = -EBADF;
	libexec_done(&p.fetcher);
	image_row_done(&p.row);
	cleanup_close(&p.blobs_fd);
	return ENGINE_RETURN(r, out, &e);
}
