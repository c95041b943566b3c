/* SPDX-License-Identifier: Apache-2.0 */
/* push - FETCH_PUSH: an image of the store to a registry */
#include "fetch.h"

#include "base/array.h"
#include "base/sock.h"
#include "image/push.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "image/descriptor.h"

enum { MOUNTS_MAX = IMAGE_LAYERS_MAX };

/* MOUNT packets, up to GO. */
static int receive_mounts(struct fetch *f, struct err *e)
{
	struct pollfd p = { .fd = f->sock_fd, .events = POLLIN };
	_cleanup_free_ struct push_mount *list = NULL;
	size_t n = 0, cap = 0;
	struct fetch_mount m;
	ssize_t got;

	for (;;) {
		got = sock_recv(f->sock_fd, &m, sizeof(m), NULL, 0);
		if (got == -EAGAIN) {
			IGNORE(poll(&p, 1, -1));
			continue;
		}
		if (got == 0 || got == -ECONNRESET)
			return -ECANCELED;
		if (got != sizeof(m) || (m.type != FETCH_MOUNT && m.type != FETCH_GO) ||
		    !memchr(m.digest, '\0', sizeof(m.digest)) ||
		    !memchr(m.repository, '\0', sizeof(m.repository)))
			return err_set(e, UCT_INTERNAL, -EPROTO, "fetch: MOUNT expected");
		if (m.type == FETCH_GO)
			break;
		if (n == MOUNTS_MAX || array_grow(&list, n, &cap, sizeof(*list)) < 0)
			return err_oom(e);
		memcpy(list[n].digest, m.digest, sizeof(m.digest));
		memcpy(list[n].repository, m.repository, sizeof(m.repository));
		n++;
	}
	f->mounts = TAKE_PTR(list);
	f->n_mounts = n;
	f->has_mounts = true;
	return 0;
}

static void tell(void *arg, const char *digest, uint64_t done_bytes, enum push_how how)
{
	static const enum fetch_blob_how hows[] = { [PUSH_MOVES] = FETCH_BLOB_MOVES,
		                                    [PUSH_HAD] = FETCH_BLOB_HAD,
		                                    [PUSH_MOUNTED] = FETCH_BLOB_MOUNTED,
		                                    [PUSH_SENT] = FETCH_BLOB_SENT };
	struct fetch_blob m = { .type = FETCH_BLOB,
		                .how = (uint32_t)hows[how],
		                .done_bytes = done_bytes };

	memcpy(m.digest, digest, sizeof(m.digest));
	if (how == PUSH_MOVES)
		fetch_send_if_room(arg, &m, sizeof(m));
	else
		(void)fetch_send(arg, &m, sizeof(m),
		                 NULL); /* the next wait notices a gone engine */
}

static int read_image(struct fetch *f, struct document *ret, char *media_type, size_t size,
                      struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	struct source *stored = NULL;
	int r = source_open_blobs(f->blobs_dirfd, f->start.digest, &stored, e);

	if (r >= 0)
		r = source_manifest(stored, NULL, ret, e);
	source_close(stored);
	if (r >= 0)
		r = manifest_parse(ret->text, ret->n, &f->manifest, e);
	if (r >= 0)
		r = document_parse(ret->text, ret->n, "manifest", &j, e);
	if (r >= 0)
		r = document_text(j, "mediaType", media_type, size, e);
	if (r >= 0 && !media_type[0])
		(void)snprintf(media_type, size, "%s", MEDIA_OCI_MANIFEST);
	return MIN(r, 0);
}

int fetch_push(struct fetch *f, struct err *e)
{
	_cleanup_document_ struct document doc = { 0 };
	char media_type[128];
	struct push_job job = { .blobs_dirfd = f->blobs_dirfd,
		                .manifest = &f->manifest,
		                .document = &doc,
		                .media_type = media_type,
		                .tell = tell,
		                .arg = f };
	struct fetch_blob done = { .type = FETCH_PUSHED };
	int r = f->has_mounts ? 0 : receive_mounts(f, e);

	job.mounts = f->mounts;
	job.n_mounts = f->n_mounts;
	if (r >= 0)
		r = read_image(f, &doc, media_type, sizeof(media_type), e);
	if (r >= 0)
		r = source_push(f->source, &job, e);
	if (r < 0)
		return r;
	memcpy(done.digest, doc.digest, sizeof(done.digest));
	done.done_bytes = doc.n;
	return fetch_send(f, &done, sizeof(done), e);
}
