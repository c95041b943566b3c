/* SPDX-License-Identifier: Apache-2.0 */
/* source - one door for all kinds of sources; checks here what holds for every kind */
#include "image/source-ops.h"

#include "image/digest.h"

#include <stdio.h>
#include <string.h>

void document_done(struct document *d)
{
	free(d->text);
	*d = (struct document){ 0 };
}

int source_open(const struct reference *ref, const struct source_options *o, struct source **ret,
                struct err *e)
{
	struct source *s = NULL;
	int r;

	if (ref->kind == REFERENCE_LAYOUT)
		r = layout_open(ref, &s, e);
	else
		r = registry_open(ref, o, &s, e);
	if (r < 0)
		return r;
	s->cancel_fd = o->cancel_fd;
	*ret = s;
	return 0;
}

int source_open_blobs(int blobs_dirfd, const char *digest, struct source **ret, struct err *e)
{
	return layout_open_blobs(blobs_dirfd, digest, ret, e);
}

void source_close(struct source *s)
{
	if (s)
		s->ops->close(s);
}

const char *source_tag(const struct source *s)
{
	return s->ref.tag;
}

/* @wanted: NULL or empty where no digest was asked for. */
static int check(const char *what, const char *wanted, const struct descriptor *d,
                 struct document *doc, struct err *e)
{
	int r = digest_of(doc->text, doc->n, doc->digest, e);

	if (r < 0)
		return r;
	if (d && doc->n != d->size_bytes)
		return err_set(e, UCT_BAD_DIGEST, -EBADMSG,
		               "%s has %zu bytes where %llu were promised", what, doc->n,
		               (unsigned long long)d->size_bytes);
	if (wanted && *wanted && strcmp(doc->digest, wanted) != 0)
		return err_set(e, UCT_BAD_DIGEST, -EBADMSG, "%s hashes to %s where %s was promised",
		               what, doc->digest, wanted);
	if (!doc->digest[0])
		return err_set(e, UCT_SYSTEM, -EIO, "cannot hash %s", what);
	return 0;
}

int source_manifest(struct source *s, const struct descriptor *d, struct document *ret,
                    struct err *e)
{
	_cleanup_document_ struct document doc = { 0 };
	int r = s->ops->manifest(s, d, &doc, e);

	if (r >= 0)
		r = check("the manifest", d ? d->digest : s->ref.digest, d, &doc, e);
	if (r < 0)
		return r;
	*ret = doc;
	doc = (struct document){ 0 };
	return 0;
}

int source_signatures(struct source *s, const char *digest, struct document *ret, struct err *e)
{
	char tag[80];

	(void)snprintf(tag, sizeof(tag), "sha256-%s.sig", digest + 7);
	return s->ref.kind == REFERENCE_REGISTRY
	               ? registry_manifest_at(s, tag, ret, e)
	               : err_set(e, UCT_IMAGE_UNSIGNED, -ENOENT, "a layout has no signatures");
}

int source_blob(struct source *s, const struct descriptor *d, struct document *ret, struct err *e)
{
	_cleanup_document_ struct document doc = { 0 };
	int r = s->ops->blob(s, d, &doc, e);

	if (r >= 0)
		r = check("the image config", d->digest, d, &doc, e);
	if (r < 0)
		return r;
	*ret = doc;
	doc = (struct document){ 0 };
	return 0;
}

int source_stream(struct source *s, const struct descriptor *d, const struct stream_sink *sink,
                  struct stream **ret, struct err *e)
{
	return s->ops->stream(s, d, sink, ret, e);
}

void stream_free(struct stream *t)
{
	if (t)
		t->source->ops->stream_free(t);
}

int source_step(struct source *s, struct pollfd *fds, size_t n, int timeout_ms, struct err *e)
{
	return s->ops->step(s, fds, n, timeout_ms, e);
}
