/* SPDX-License-Identifier: Apache-2.0 */
/* layer - one blob on its way: from its source into a file, from the file into pipes
 *
 *	source --data()--> temporary file + hash --splice--> pipe --> unpacker
 *	                          |
 *	                          `-- all of it, right digest: renamed into the blobs directory
 *
 * The two arrows do not wait for each other: the network is never slowed by an unpacker, and what
 * an unpacker has not read yet lies in a file, not in memory. A blob that is in the store already
 * takes the way of a download, only that its file is full from the start: it is hashed again while
 * it is fed, since a damaged disk is as bad as a damaged transfer.
 */
#include "fetch.h"

#include "base/clock.h"
#include "base/fd.h"
#include "image/digest.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE_BYTES = 1 << 20, PIPE_BYTES = 1 << 20, PROGRESS_MS = 100 };

/* A LAYER message: somebody who wants the blob. */
struct feed {
	struct feed *next;
	int pipe_fd; /* -EBADF once the reader is gone */
	uint64_t fed_bytes;
};

struct layer {
	struct layer *next;
	struct fetch *f;
	struct descriptor d;
	struct feed *feeds;
	struct stream *stream; /* NULL: the blob is in the store already */
	struct digest *hash;   /* NULL: verified */
	int fd;                /* the file, readable and, for a download, writable */
	uint64_t done_bytes;   /* hashed and in the file */
	uint64_t told_bytes, told_ns;
	char tmp_name[192]; /* empty: nothing to remove */
	bool is_done;       /* the source has ended, */
	int r;              /* this way */
	struct err e;
};

static void feed_free(struct feed *fd)
{
	cleanup_close(&fd->pipe_fd);
	free(fd);
}

static void layer_free(struct layer *l)
{
	struct feed *next;

	for (struct feed *fd = l->feeds; fd; fd = next) {
		next = fd->next;
		feed_free(fd);
	}
	stream_free(l->stream);
	digest_free(l->hash);
	cleanup_close(&l->fd);
	if (l->tmp_name[0])
		(void)unlinkat(l->f->tmp_dirfd, l->tmp_name, 0); /* else the sweep takes it */
	free(l);
}

void layers_drop(struct fetch *f)
{
	struct layer *next;

	for (struct layer *l = f->layers; l; l = next) {
		next = l->next;
		layer_free(l);
	}
	f->layers = NULL;
}

static int on_data(void *arg, const void *data, size_t n, struct err *e)
{
	struct layer *l = arg;
	int r = fd_write_all(l->fd, data, n);

	if (r < 0)
		return err_errno(e, r, "cannot write blob %s", l->d.digest);
	digest_add(l->hash, data, n);
	l->done_bytes += n;
	return 0;
}

static void on_done(void *arg, int r, const struct err *e)
{
	struct layer *l = arg;

	l->is_done = true;
	l->r = r;
	l->e = *e;
}

/* Whether the blob is there with the right size; one of another size will be replaced. */
static bool open_stored(struct layer *l)
{
	struct stat st;

	l->fd = openat(l->f->blobs_dirfd, l->d.digest + 7,
	               O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (l->fd >= 0 && fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size == l->d.size_bytes)
		return true;
	cleanup_close(&l->fd);
	l->fd = -EBADF;
	return false;
}

/* From the source of now, what is not here yet. */
static int start_stream(struct layer *l, struct err *e)
{
	struct stream_sink sink = {
		.data = on_data, .done = on_done, .arg = l, .from_bytes = l->done_bytes
	};

	l->is_done = false;
	return source_stream(l->f->source, &l->d, &sink, &l->stream, e);
}

static int start_download(struct layer *l, struct err *e)
{
	char name[sizeof(l->tmp_name)];

	(void)snprintf(name, sizeof(name), "%s%s", l->f->start.tmp_prefix, l->d.digest + 7);
	l->fd = openat(l->f->tmp_dirfd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	               0644);
	if (l->fd < 0)
		return err_sys(e, "cannot create '%s'", name);
	memcpy(l->tmp_name, name, sizeof(name));
	return start_stream(l, e);
}

static int layer_new(struct fetch *f, const struct descriptor *d, struct layer **ret, struct err *e)
{
	struct layer *l = calloc(1, sizeof(*l));
	int r;

	if (!l)
		return err_oom(e);
	l->f = f;
	l->d = *d;
	l->fd = -EBADF;
	r = digest_new(&l->hash, e);
	if (r >= 0 && !open_stored(l))
		r = start_download(l, e);
	if (r < 0) {
		layer_free(l);
		return r;
	}
	l->next = f->layers;
	f->layers = l;
	*ret = l;
	return 0;
}

static const struct descriptor *find_descriptor(const struct fetch *f,
                                                const struct fetch_layer *want)
{
	for (size_t i = 0; i < f->manifest.n_layers; i++)
		if (!strcmp(f->manifest.layers[i].digest, want->digest) &&
		    f->manifest.layers[i].size_bytes == want->size_bytes)
			return &f->manifest.layers[i];
	return NULL;
}

int layer_want(struct fetch *f, const struct fetch_layer *want, int pipe_fd, struct err *e)
{
	_cleanup_close_ int fd = pipe_fd;
	const struct descriptor *d = find_descriptor(f, want);
	struct layer *l;
	struct feed *feed;
	int r = 0;

	if (!d || fd < 0)
		return err_set(e, UCT_INTERNAL, -EPROTO, "fetch: LAYER without %s",
		               d ? "a pipe" : "such a layer");
	if (fd_set_nonblock(fd) < 0)
		return err_sys(e, "cannot use the layer's pipe");
	/* Fewer switches between us and the reader; over the user's limit the old size stays. */
	IGNORE(fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES));
	for (l = f->layers; l && strcmp(l->d.digest, d->digest) != 0;)
		l = l->next;
	if (!l)
		r = layer_new(f, d, &l, e);
	if (r < 0)
		return r;
	feed = calloc(1, sizeof(*feed));
	if (!feed)
		return err_oom(e);
	feed->pipe_fd = TAKE_FD(fd);
	feed->next = l->feeds;
	l->feeds = feed;
	return 0;
}

/* Into a pipe without copying; by copying where the file system cannot splice. -EAGAIN: full. */
static ssize_t feed_some(const struct layer *l, struct feed *fd)
{
	off_t off = (off_t)fd->fed_bytes;
	uint64_t left = l->done_bytes - fd->fed_bytes;
	char buf[16 << 10];
	ssize_t n;

	n = RETRY_EINTR(splice(l->fd, &off, fd->pipe_fd, NULL, MIN(left, (uint64_t)PIECE_BYTES),
	                       SPLICE_F_NONBLOCK));
	if (n < 0 && errno == EINVAL) {
		n = RETRY_EINTR(pread(l->fd, buf, MIN(left, sizeof(buf)), off));
		if (n > 0)
			n = RETRY_EINTR(write(fd->pipe_fd, buf, (size_t)n));
	}
	return n < 0 ? -errno : n;
}

/* Feeds until the pipe is full or there is no more; a reader that has gone is none any more. */
static int feed_move(const struct layer *l, struct feed *fd, struct err *e)
{
	ssize_t n;

	while (fd->pipe_fd >= 0 && fd->fed_bytes < l->done_bytes) {
		n = feed_some(l, fd);
		if (n == -EAGAIN)
			return 0;
		if (n == -EPIPE) {
			cleanup_close(&fd->pipe_fd);
			fd->pipe_fd = -EBADF;
		} else if (n <= 0) {
			return err_errno(e, n ? (int)n : -EIO, "cannot feed layer %s", l->d.digest);
		} else {
			fd->fed_bytes += (uint64_t)n;
		}
	}
	return 0;
}

/* The next part of a blob that is in the store. */
static int hash_stored(struct layer *l, struct err *e)
{
	char piece[64 << 10];
	ssize_t n = 1;

	for (unsigned i = 0; i < 16 && n > 0 && l->done_bytes < l->d.size_bytes; i++) {
		n = fd_read_full(l->fd, piece, MIN(l->d.size_bytes - l->done_bytes, sizeof(piece)));
		if (n < 0)
			return err_errno(e, (int)n, "cannot read blob %s", l->d.digest);
		digest_add(l->hash, piece, (size_t)n);
		l->done_bytes += (uint64_t)n;
	}
	/* It may have shrunk; then the digest will tell. */
	l->is_done = n == 0 || l->done_bytes == l->d.size_bytes;
	return 0;
}

static int verify(struct layer *l, struct err *e)
{
	char got[72];

	digest_finish(TAKE_PTR(l->hash), got);
	if (strcmp(got, l->d.digest) != 0) {
		/* A damaged blob in the store would fail for ever. */
		if (!l->stream)
			(void)unlinkat(l->f->blobs_dirfd, l->d.digest + 7, 0);
		return err_set(e, UCT_BAD_DIGEST, -EBADMSG,
		               "layer %s %s hashes to %s; it was thrown away", l->d.digest,
		               l->stream ? "as received" : "in the store", got);
	}
	if (l->stream &&
	    renameat(l->f->tmp_dirfd, l->tmp_name, l->f->blobs_dirfd, l->d.digest + 7) < 0)
		return err_sys(e, "cannot put blob %s into place", l->d.digest);
	l->tmp_name[0] = '\0';
	return 0;
}

static struct fetch_layer_state state_of(const struct layer *l, enum fetch_type type)
{
	struct fetch_layer_state m = { .type = (uint32_t)type, .done_bytes = l->done_bytes };

	memcpy(m.digest, l->d.digest, sizeof(m.digest));
	return m;
}

static void tell_progress(struct layer *l)
{
	uint64_t now = clock_monotonic_ns();
	struct fetch_layer_state m;

	if (l->done_bytes == l->told_bytes || now - l->told_ns < PROGRESS_MS * 1000000ULL)
		return;
	l->told_bytes = l->done_bytes;
	l->told_ns = now;
	m = state_of(l, FETCH_PROGRESS);
	fetch_send_if_room(l->f, &m, sizeof(m));
}

/* Ends those feeds that have all of a verified blob. The pipe is closed before GOT is sent, so
 * whoever hears GOT knows that end of file is on its way. */
static int end_feeds(struct layer *l, struct err *e)
{
	struct fetch_layer_state m = state_of(l, FETCH_GOT);
	struct feed **p = &l->feeds, *fd;
	int r;

	while ((fd = *p)) {
		if (fd->pipe_fd >= 0 && fd->fed_bytes < l->done_bytes) {
			p = &fd->next;
			continue;
		}
		*p = fd->next;
		feed_free(fd);
		r = fetch_send(l->f, &m, sizeof(m), e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* All of them, so that there is one source to wait for. */
static int restart_streams(struct fetch *f, struct err *e)
{
	int r = 0;

	for (struct layer *l = f->layers; r >= 0 && l; l = l->next) {
		if (!l->stream || !l->hash || (l->is_done && l->r >= 0))
			continue;
		if (l->done_bytes == l->d.size_bytes) { /* nothing is left to ask for */
			l->is_done = true;
			l->r = 0;
			continue;
		}
		stream_free(l->stream);
		l->stream = NULL;
		r = start_stream(l, e);
	}
	return r < 0 ? r : 1;
}

/* 1: there is more to do without waiting. */
static int layer_move(struct layer *l, struct err *e)
{
	int r = 0;

	if (l->hash && !l->stream)
		r = hash_stored(l, e);
	for (struct feed *fd = l->feeds; r >= 0 && fd; fd = fd->next)
		r = feed_move(l, fd, e);
	if (r < 0)
		return r;
	if (l->is_done && l->r < 0) {
		if (fetch_fall_back(l->f, l->r))
			return restart_streams(l->f, e);
		if (e)
			*e = l->e;
		return l->r;
	}
	if (l->is_done && l->hash) {
		r = verify(l, e);
		if (r < 0)
			return r;
	}
	if (!l->hash)
		return end_feeds(l, e);
	tell_progress(l);
	return !l->stream;
}

int layers_move(struct fetch *f, struct err *e)
{
	struct layer **p = &f->layers, *l;
	int again = 0, r;

	while ((l = *p)) {
		r = layer_move(l, e);
		if (r < 0)
			return r;
		again |= r;
		if (l->feeds || l->hash) {
			p = &l->next;
		} else {
			*p = l->next;
			layer_free(l);
		}
	}
	return again;
}

size_t layers_poll_max(const struct fetch *f)
{
	size_t n = 0;

	for (const struct layer *l = f->layers; l; l = l->next)
		for (const struct feed *fd = l->feeds; fd; fd = fd->next)
			n++;
	return n;
}

/* Only pipes that something waits for: an idle one is writable all the time. */
size_t layers_poll(const struct fetch *f, struct pollfd *fds)
{
	size_t n = 0;

	for (const struct layer *l = f->layers; l; l = l->next)
		for (const struct feed *fd = l->feeds; fd; fd = fd->next)
			if (fd->pipe_fd >= 0 && fd->fed_bytes < l->done_bytes)
				fds[n++] = (struct pollfd){ fd->pipe_fd, POLLOUT, 0 };
	return n;
}
