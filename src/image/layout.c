/* SPDX-License-Identifier: Apache-2.0 */
/* layout - an OCI image layout on disk as a source (image specification, image-layout.md)
 *
 * Files are read in pieces, one piece of each stream for each step, so that whoever takes the bytes
 * can also look after its other descriptors.
 */
#include "base/fd.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "image/descriptor.h"
#include "image/digest.h"
#include "image/source-ops.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 20, IMAGES_MAX = 4096 };

struct layout_stream {
	struct stream base;
	struct layout_stream *next;
	struct stream_sink sink;
	int fd;
	uint64_t left;
	bool is_done;
};

struct layout {
	struct source base;
	int dirfd, blobs_dirfd;
	struct layout_stream *streams;
	char *piece;
};

static void layout_close(struct source *s)
{
	struct layout *l = (struct layout *)s;

	cleanup_close(&l->dirfd);
	cleanup_close(&l->blobs_dirfd);
	free(l->piece);
	free(l);
}

static int read_blob(struct layout *l, const char *digest, size_t max, struct document *ret,
                     struct err *e)
{
	int r = file_read_at(l->blobs_dirfd, digest + 7, max, &ret->text, &ret->n, e);

	if (r == -ENOENT)
		return err_set(e, UCT_IMAGE_UNKNOWN, r, "image layout '%s' has no blob %s",
		               l->base.ref.path, digest);
	return r < 0 ? err_in(e, r, "cannot read image layout '%s'", l->base.ref.path) : 0;
}

static const char *tag_of(const json_t *manifest)
{
	return json_string_value(json_object_get(json_at(manifest, "annotations"),
	                                         "org.opencontainers.image.ref.name"));
}

static int unknown_tag(const struct layout *l, const json_t *manifests, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(200); /* a cut list will do */
	char shown[64];

	for (size_t i = 0; i < json_array_size(manifests); i++) {
		const char *tag = tag_of(json_array_get(manifests, i));

		if (tag)
			sbuf_addf(&b, "%s%s", b.len ? ", " : "",
			          text_shown(tag, shown, sizeof(shown)));
	}
	if (l->base.ref.tag[0] || l->base.ref.digest[0])
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT,
		               "image layout '%.200s' has no tag '%s', only: %s", l->base.ref.path,
		               l->base.ref.tag, b.s ? b.s : "none");
	if (json_array_size(manifests) == 0)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "image layout '%.200s' is empty",
		               l->base.ref.path);
	(void)err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT,
	              "image layout '%.200s' has several images; say which: %s", l->base.ref.path,
	              b.s ? b.s : "none has a tag");
	return err_hint(e, -ENOENT, "write oci:DIRECTORY:TAG");
}

/* Which of index.json's manifests the reference means. */
static const json_t *find_manifest(const struct layout *l, const json_t *manifests)
{
	const char *tag;

	if (!l->base.ref.tag[0])
		return json_array_size(manifests) == 1 ? json_array_get(manifests, 0) : NULL;
	for (size_t i = 0; i < json_array_size(manifests); i++) {
		tag = tag_of(json_array_get(manifests, i));
		if (tag && !strcmp(tag, l->base.ref.tag))
			return json_array_get(manifests, i);
	}
	return NULL;
}

static int resolve(struct layout *l, struct descriptor *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	const json_t *manifests, *m;
	const char *tag;
	size_t n;
	int r;

	r = file_read_at(l->dirfd, "index.json", MANIFEST_MAX_BYTES, &text, &n, e);
	if (r >= 0)
		r = document_parse(text, n, "index.json", &j, e);
	if (r >= 0)
		r = document_array(j, "manifests", IMAGES_MAX, &manifests, e);
	if (r < 0)
		return err_in(e, r, "cannot read image layout '%s'", l->base.ref.path);
	m = find_manifest(l, manifests);
	if (!m)
		return unknown_tag(l, manifests, e);
	tag = tag_of(m);
	if (tag && !l->base.ref.tag[0] && strlen(tag) < sizeof(l->base.ref.tag))
		memcpy(l->base.ref.tag, tag, strlen(tag) + 1);
	return descriptor_parse(m, "index.json", MANIFEST_MAX_BYTES, ret, e);
}

static int layout_manifest(struct source *s, const struct descriptor *d, struct document *ret,
                           struct err *e)
{
	struct layout *l = (struct layout *)s;
	struct descriptor named;
	int r;

	if (!d && l->dirfd < 0)
		return read_blob(l, s->ref.digest, MANIFEST_MAX_BYTES, ret, e);
	if (!d) {
		r = resolve(l, &named, e);
		if (r < 0)
			return r;
		/* source_manifest() then checks what it gets against this. */
		memcpy(s->ref.digest, named.digest, sizeof(s->ref.digest));
		d = &named;
	}
	return read_blob(l, d->digest, MANIFEST_MAX_BYTES, ret, e);
}

static int layout_blob(struct source *s, const struct descriptor *d, struct document *ret,
                       struct err *e)
{
	return read_blob((struct layout *)s, d->digest, CONFIG_MAX_BYTES, ret, e);
}

static int layout_stream(struct source *s, const struct descriptor *d,
                         const struct stream_sink *sink, struct stream **ret, struct err *e)
{
	struct layout *l = (struct layout *)s;
	_cleanup_close_ int fd = -EBADF;
	struct layout_stream *t;
	struct stat st;

	fd = openat(l->blobs_dirfd, d->digest + 7, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "image layout '%s' has no blob %s",
		               s->ref.path, d->digest);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot open blob %s", d->digest);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != d->size_bytes)
		return err_set(e, UCT_BAD_DIGEST, -EBADMSG,
		               "blob %s in image layout '%s' has %lld bytes where %llu were "
		               "promised",
		               d->digest, s->ref.path, (long long)st.st_size,
		               (unsigned long long)d->size_bytes);
	t = calloc(1, sizeof(*t));
	if (!t)
		return err_oom(e);
	t->base.source = s;
	t->sink = *sink;
	t->fd = TAKE_FD(fd);
	t->left = d->size_bytes;
	t->next = l->streams;
	l->streams = t;
	*ret = &t->base;
	return 0;
}

static void layout_stream_free(struct stream *s)
{
	struct layout_stream *t = (struct layout_stream *)s, **p;
	struct layout *l = (struct layout *)s->source;

	for (p = &l->streams; *p; p = &(*p)->next)
		if (*p == t) {
			*p = t->next;
			break;
		}
	cleanup_close(&t->fd);
	free(t);
}

static void move_stream(struct layout *l, struct layout_stream *t)
{
	struct err e = { 0 };
	ssize_t n = 0;
	int r = 0;

	if (t->left) {
		n = fd_read_full(t->fd, l->piece, MIN(t->left, (uint64_t)PIECE_BYTES));
		if (n < 0)
			r = err_errno(&e, (int)n, "cannot read image layout '%s'",
			              l->base.ref.path);
		else if (n == 0)
			r = err_set(&e, UCT_BAD_DIGEST, -EBADMSG,
			            "a blob in image layout '%s' shrank while it was read",
			            l->base.ref.path);
		else
			r = t->sink.data(t->sink.arg, l->piece, (size_t)n, &e);
	}
	if (r >= 0)
		t->left -= (uint64_t)n;
	if (r < 0 || t->left == 0) {
		t->is_done = true;
		t->sink.done(t->sink.arg, r < 0 ? r : 0, &e);
	}
}

static int layout_step(struct source *s, struct pollfd *fds, size_t n, int timeout_ms,
                       struct err *e)
{
	struct layout *l = (struct layout *)s;

	for (struct layout_stream *t = l->streams; t; t = t->next)
		if (!t->is_done) {
			move_stream(l, t);
			timeout_ms = 0; /* there is, or was, something to do */
		}
	for (size_t i = 0; i < n; i++)
		fds[i].revents = 0;
	if (poll(fds, n, timeout_ms) < 0 && errno != EINTR)
		return err_sys(e, "cannot wait");
	return 0;
}

static const struct source_ops layout_ops = {
	.close = layout_close,
	.manifest = layout_manifest,
	.blob = layout_blob,
	.stream = layout_stream,
	.stream_free = layout_stream_free,
	.step = layout_step,
};

static int open_dirs(struct layout *l, const char *path, struct err *e)
{
	l->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dirfd < 0 && errno == ENOENT)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "image layout '%s' does not exist",
		               path);
	if (l->dirfd < 0)
		return err_sys(e, "cannot open image layout '%s'", path);
	l->blobs_dirfd = openat(l->dirfd, "blobs/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->blobs_dirfd < 0 && errno == ENOENT)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "'%s' is not an OCI image layout",
		               path);
	return l->blobs_dirfd < 0 ? err_sys(e, "cannot open image layout '%s'", path) : 0;
}

int layout_open_blobs(int blobs_dirfd, const char *digest, struct source **ret, struct err *e)
{
	struct layout *l = calloc(1, sizeof(*l));

	if (!l)
		return err_oom(e);
	l->base.ops = &layout_ops;
	l->base.ref = (struct reference){ .kind = REFERENCE_LAYOUT };
	memcpy(l->base.ref.path, "oci", sizeof("oci")); /* for errors */
	l->dirfd = -EBADF;
	(void)snprintf(l->base.ref.digest, sizeof(l->base.ref.digest), "%s", digest);
	l->blobs_dirfd = fcntl(blobs_dirfd, F_DUPFD_CLOEXEC, 3);
	l->piece = malloc(PIECE_BYTES);
	if (l->blobs_dirfd < 0 || !l->piece) {
		layout_close(&l->base);
		return err_oom(e);
	}
	*ret = &l->base;
	return 0;
}

int layout_open(const struct reference *ref, struct source **ret, struct err *e)
{
	struct layout *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return err_oom(e);
	l->base.ops = &layout_ops;
	l->base.ref = *ref;
	l->dirfd = l->blobs_dirfd = -EBADF;
	l->piece = malloc(PIECE_BYTES);
	r = l->piece ? open_dirs(l, ref->path, e) : err_oom(e);
	if (r < 0) {
		layout_close(&l->base);
		return r;
	}
	*ret = &l->base;
	return 0;
}
