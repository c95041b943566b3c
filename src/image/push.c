/* SPDX-License-Identifier: Apache-2.0 */
/* push - blobs and a manifest to a registry
 *
 * Each blob goes its own way, four at a time:
 *
 *	CHECK   HEAD: it is there already          -> DONE
 *	OPEN    POST, with mount= and from= if another repository has it
 *	                201: mounted               -> DONE
 *	                202: a place to send it to -> PUT, or PATCH for a large one
 *	PATCH   the blob, all of it, or piece by piece where a registry takes no large requests
 *	PUT     ?digest=, with the blob itself if it is small
 *	WAIT    something broke: later ASK if it was on its way, else CHECK
 *	ASK     GET of the place: it has so much   -> PATCH with the rest, or PUT
 *	                it does not say            -> CHECK, all of it anew
 */
#include "image/push.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "image/registry.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum {
	AT_ONCE = 4,
	TRIES_MAX = 5,
	WAIT_MS = 60000,
	ANSWER_MAX = 64 << 10,
};
#define MONOLITHIC_BYTES (4ULL << 20)  /* small blobs save a request */
#define PIECE_BYTES      (16ULL << 20) /* for registries that refuse more at once */
#define PROGRESS_BYTES   (1ULL << 20)  /* so much more is there: the count of tries starts anew */

enum state { IDLE, CHECK, OPEN, PATCH, PUT, ASK, WAIT, DONE };

struct push;

struct blob {
	struct push *p;
	const struct descriptor *d;
	enum state state;
	struct transfer *t;
	struct sbuf answer; /* what registries say is not looked at */
	char *url;          /* where to send it to */
	int fd;
	uint64_t sent_bytes, from, until; /* of what is sent now */
	uint64_t there_bytes;             /* so many a registry has had at most */
	uint64_t piece_min_bytes;
	uint64_t not_before_ns;
	unsigned tries;
	enum state next; /* after WAIT */
	bool in_pieces, no_mount;
	bool is_resumed, is_never_resumed;
	bool has_ended; /* the step's transfer, with this result */
	int r;
	struct err e;
};

struct push {
	struct registry *reg;
	const struct push_job *job;
	struct blob *blobs;
	size_t n;
};

static void on_end(void *arg, int r, const struct err *e)
{
	struct blob *b = arg;

	b->has_ended = true;
	b->r = r;
	b->e = *e;
}

static void on_sent(void *arg, uint64_t n)
{
	struct blob *b = arg;

	b->sent_bytes += n;
	b->p->job->tell(b->p->job->arg, b->d->digest, MIN(b->sent_bytes, b->d->size_bytes),
	                PUSH_MOVES);
}

static int begin(struct blob *b, enum state state, struct transfer_job *job, struct err *e)
{
	int r;

	transfer_free(b->t);
	b->t = NULL;
	sbuf_done(&b->answer);
	b->answer = (struct sbuf)SBUF_INIT(ANSWER_MAX);
	b->state = state;
	b->has_ended = false;
	job->document = &b->answer;
	job->size_bytes = ANSWER_MAX;
	job->sink = (struct stream_sink){ .done = on_end, .arg = b };
	(void)snprintf(job->what, sizeof(job->what), "blob %s of '%s'", b->d->digest,
	               b->p->reg->base.ref.name);
	r = transfer_start(b->p->reg, job, &b->t, e);
	return r;
}

/* --- steps */

static int check(struct blob *b, struct err *e)
{
	struct transfer_job job = {
		.method = "HEAD",
		.url = strf("%s/v2/%s/blobs/%s", b->p->reg->url, b->p->reg->base.ref.name,
		            b->d->digest),
	};

	return begin(b, CHECK, &job, e);
}

static const char *mount_of(const struct blob *b)
{
	for (size_t i = 0; !b->no_mount && i < b->p->job->n_mounts; i++)
		if (!strcmp(b->p->job->mounts[i].digest, b->d->digest))
			return b->p->job->mounts[i].repository;
	return NULL;
}

static int open_upload(struct blob *b, struct err *e)
{
	const char *from = mount_of(b), *url = b->p->reg->url, *name = b->p->reg->base.ref.name;
	struct transfer_job job = { .method = "POST", .text = "", .is_once = true };

	job.url = from ? strf("%s/v2/%s/blobs/uploads/?mount=%s&from=%s", url, name, b->d->digest,
	                      from)
	               : strf("%s/v2/%s/blobs/uploads/", url, name);
	return begin(b, OPEN, &job, e);
}

/* "https://host:port" of a URL. */
static size_t origin_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

/* From the Location of the last answer. Never another scheme than http(s), never from TLS to plain
 * text. */
static int take_location(struct blob *b, struct err *e)
{
	const char *base = b->p->reg->url, *to = b->t->location;
	char *url = NULL;

	if (!strncmp(to, "https://", 8) ||
	    (!strncmp(to, "http://", 7) && !strncmp(base, "http:", 5)))
		url = strdup(to);
	else if (*to == '/' && to[1] != '/')
		url = strf("%.*s%s", (int)origin_length(base), base, to);
	else
		return err_set(e, UCT_REGISTRY_ANSWER, -EPROTO,
		               "registry '%s' names no place for blob %s", b->p->reg->host,
		               b->d->digest);
	if (!url)
		return err_oom(e);
	free(b->url);
	b->url = url;
	return 0;
}

static bool is_elsewhere(const struct blob *b)
{
	size_t n = origin_length(b->p->reg->url);

	return origin_length(b->url) != n || strncmp(b->url, b->p->reg->url, n) != 0;
}

/* What has come of an upload so far. */
static int ask(struct blob *b, struct err *e)
{
	struct transfer_job job = {
		.method = "GET",
		.url = strdup(b->url),
		.is_once = true,
		.is_elsewhere = is_elsewhere(b),
	};

	return begin(b, ASK, &job, e);
}

static int patch(struct blob *b, uint64_t from, struct err *e)
{
	uint64_t piece_bytes = MAX(PIECE_BYTES, b->piece_min_bytes);
	struct transfer_job job = {
		.method = "PATCH",
		.url = strdup(b->url),
		.content_type = "application/octet-stream",
		.is_once = true,
		.is_elsewhere = is_elsewhere(b),
		.body_fd = b->fd,
		.body_offset = from,
		.body_bytes = b->d->size_bytes - from,
		.on_sent = on_sent,
	};

	if (b->in_pieces)
		job.body_bytes = MIN(job.body_bytes, piece_bytes);
	if (b->in_pieces || from > 0)
		(void)snprintf(job.content_range, sizeof(job.content_range), "%llu-%llu",
		               (unsigned long long)from,
		               (unsigned long long)(from + job.body_bytes - 1));
	b->from = from;
	b->until = from + job.body_bytes;
	b->sent_bytes = from;
	return begin(b, PATCH, &job, e);
}

static int put(struct blob *b, bool with_body, struct err *e)
{
	struct transfer_job job = {
		.method = "PUT",
		.url = strf("%s%cdigest=%s", b->url, strchr(b->url, '?') ? '&' : '?', b->d->digest),
		.content_type = "application/octet-stream",
		.is_once = true,
		.is_elsewhere = is_elsewhere(b),
		.body_fd = b->fd,
		.body_bytes = with_body ? b->d->size_bytes : 0,
		.on_sent = with_body ? on_sent : NULL,
	};

	if (!with_body)
		job.text = "";
	else
		b->sent_bytes = 0;
	return begin(b, PUT, &job, e);
}

static int send_blob(struct blob *b, struct err *e)
{
	int r = take_location(b, e);

	if (r < 0)
		return r;
	b->is_resumed = false;
	if (parse_u64(b->t->piece_min, &b->piece_min_bytes) < 0)
		b->piece_min_bytes = 0;
	if (b->d->size_bytes <= MONOLITHIC_BYTES && !b->in_pieces)
		return put(b, true, e);
	return patch(b, 0, e);
}

static int done(struct blob *b, enum push_how how)
{
	b->state = DONE;
	transfer_free(b->t);
	b->t = NULL;
	b->p->job->tell(b->p->job->arg, b->d->digest, b->d->size_bytes, how);
	return 0;
}

/* Where the next byte goes, as "Range: 0-4095" says it; 0 where it says nothing that is of use.
 * Registries write 0-0 for nothing as well as for one byte. */
static uint64_t bytes_there(const struct blob *b)
{
	const char *range = b->t->range;
	uint64_t last;

	if (!strncmp(range, "bytes=", 6)) /* some write it as browsers do */
		range += 6;
	if (strncmp(range, "0-", 2) != 0 || parse_u64(range + 2, &last) < 0 || last == 0 ||
	    last >= b->d->size_bytes)
		return 0;
	return last + 1;
}

/* Once more from the first step on. */
static int begin_anew(struct blob *b, struct err *e)
{
	free(b->url);
	b->url = NULL;
	return check(b, e);
}

/* After ASK. What a registry cannot tell is sent anew. */
static int resume(struct blob *b, struct err *e)
{
	uint64_t there = b->r < 0 ? 0 : bytes_there(b);
	int r = 0;

	if (there == 0)
		return begin_anew(b, e);
	if (there >= b->there_bytes + PROGRESS_BYTES)
		b->tries = 0;
	b->there_bytes = MAX(b->there_bytes, there);
	b->is_resumed = true;
	if (b->t->location[0])
		r = take_location(b, e);
	if (r < 0)
		return r;
	return there < b->d->size_bytes ? patch(b, there, e) : put(b, false, e);
}

/* Answers that another try would only repeat. */
static bool is_hopeless(const struct blob *b)
{
	unsigned status = b->t->status;

	if (b->r == -EACCES || b->r == -ENOMEM)
		return true;
	/* Nobody has ever answered there: it may be reached in another way. */
	if (b->r == -EHOSTUNREACH && !b->p->reg->has_answered)
		return true;
	/* In one request it wants it in no case, in pieces another order. */
	if (status == 413)
		return b->in_pieces;
	if (status == 416 && b->state == PATCH)
		return false;
	/* What was put together does not have the digest: never again in parts. */
	if (status == 400 && b->state == PUT && b->is_resumed)
		return false;
	/* 404 while it is sent: the registry has forgotten the upload. */
	if (status == 404)
		return b->state != PATCH && b->state != PUT;
	return (status / 100 == 4 && status != 408 && status != 425 && status != 429) ||
	       status == 501 || status == 505;
}

static bool can_resume(const struct blob *b)
{
	unsigned status = b->t->status;

	return (b->state == PATCH || b->state == PUT || b->state == ASK) && !b->is_never_resumed &&
	       status != 413 && status != 404;
}

/* Later, unless that is hopeless. */
static int again(struct blob *b, struct err *e)
{
	uint64_t delay_ms = transfer_delay_ms(b->t, b->tries + 1);
	unsigned status = b->t->status;

	if (is_hopeless(b) || delay_ms == 0 || ++b->tries >= TRIES_MAX) {
		if (e)
			*e = b->e;
		return b->r;
	}
	if (status == 400)
		b->is_never_resumed = true;
	b->next = can_resume(b) ? ASK : CHECK;
	/* Some take no stream that does not say where it goes. */
	if ((status == 413 || status == 416) && !b->in_pieces) {
		b->in_pieces = true;
		b->next = CHECK;
	}
	b->not_before_ns = clock_monotonic_ns() + delay_ms * 1000000;
	b->state = WAIT;
	return 0;
}

/* The registry may have kept a part of what it got; who says anything else has got all. */
static int patched(struct blob *b, struct err *e)
{
	uint64_t there = bytes_there(b);
	int r = take_location(b, e);

	if (r < 0)
		return r;
	if (there < b->from + PROGRESS_BYTES || there > b->until)
		there = b->until;
	if (there < b->until)
		b->is_resumed = true;
	b->there_bytes = MAX(b->there_bytes, there);
	return there < b->d->size_bytes ? patch(b, there, e) : put(b, false, e);
}

static int step_ended(struct blob *b, struct err *e)
{
	b->has_ended = false;
	if (b->state == CHECK && b->r == -ENOENT)
		return open_upload(b, e);
	/* Not everybody knows mounting, or lets us. */
	if (b->state == OPEN && b->r < 0 && b->t->status / 100 == 4 && b->t->status != 429 &&
	    mount_of(b)) {
		b->no_mount = true;
		return open_upload(b, e);
	}
	if (b->state == ASK && (b->r >= 0 || is_hopeless(b)) && b->r != -ENOMEM)
		return resume(b, e);
	if (b->r < 0)
		return again(b, e);
	switch (b->state) {
	case CHECK:
		return done(b, PUSH_HAD);
	case OPEN:
		return b->t->status == 201 ? done(b, PUSH_MOUNTED) : send_blob(b, e);
	case PATCH:
		return patched(b, e);
	case PUT:
		return done(b, PUSH_SENT);
	case IDLE:
	case ASK:
	case WAIT:
	case DONE:
		break;
	}
	return 0;
}

/* --- all of them */

static int open_blob(struct push *p, struct blob *b, struct err *e)
{
	struct stat st;

	b->fd = openat(p->job->blobs_dirfd, b->d->digest + 7, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (b->fd < 0 || fstat(b->fd, &st) < 0)
		return err_sys(e, "cannot open blob %s", b->d->digest);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != b->d->size_bytes)
		return err_set(e, UCT_STORE_DAMAGED, -EUCLEAN, "blob %s in the store is damaged",
		               b->d->digest);
	return 0;
}

static bool is_running(const struct blob *b)
{
	return b->state != IDLE && b->state != DONE;
}

/* How long until something waits no more. */
static int move(struct push *p, int *ret_timeout_ms, struct err *e)
{
	uint64_t now = clock_monotonic_ns();
	size_t running = 0;
	int r = 0;

	/* What ends makes room for others at once: when all end together, nothing would be left
	 * that could end the next wait. */
	for (size_t i = 0; r >= 0 && i < p->n; i++) {
		if (p->blobs[i].has_ended)
			r = step_ended(&p->blobs[i], e);
		running += is_running(&p->blobs[i]);
	}
	for (size_t i = 0; r >= 0 && i < p->n; i++) {
		struct blob *b = &p->blobs[i];

		if (b->state == IDLE && running < AT_ONCE) {
			r = open_blob(p, b, e);
			if (r >= 0)
				r = check(b, e);
			running++;
		} else if (b->state == WAIT && b->not_before_ns <= now) {
			r = b->next == ASK ? ask(b, e) : begin_anew(b, e);
		}
		if (b->state == WAIT && b->not_before_ns > now) {
			uint64_t left_ms = (b->not_before_ns - now) / 1000000 + 1;

			if (left_ms < (uint64_t)*ret_timeout_ms)
				*ret_timeout_ms = (int)left_ms;
		}
	}
	return r;
}

static bool all_done(const struct push *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->blobs[i].state != DONE)
			return false;
	return true;
}

static int wait_step(struct push *p, int timeout_ms, struct err *e)
{
	struct pollfd cancel = { .fd = p->reg->base.cancel_fd, .events = POLLIN };
	int r = source_step(&p->reg->base, &cancel, cancel.fd >= 0, timeout_ms, e);

	if (r < 0)
		return r;
	return cancel.fd >= 0 && cancel.revents ? err_errno(e, -ECANCELED, "push was given up") : 0;
}

static int push_blobs(struct push *p, struct err *e)
{
	int r = 0, timeout_ms;

	while (r >= 0 && !all_done(p)) {
		timeout_ms = WAIT_MS;
		r = move(p, &timeout_ms, e);
		if (r >= 0 && !all_done(p))
			r = wait_step(p, timeout_ms, e);
	}
	return r;
}

static int push_manifest(struct push *p, struct err *e)
{
	const struct reference *ref = &p->reg->base.ref;
	const struct document *doc = p->job->document;
	struct descriptor d = { .size_bytes = doc->n };
	struct blob b = { .p = p, .d = &d, .fd = -EBADF, .answer = SBUF_INIT(ANSWER_MAX) };
	struct transfer_job job = {
		.method = "PUT",
		.url = strf("%s/v2/%s/manifests/%s", p->reg->url, ref->name,
		            ref->tag[0] ? ref->tag : doc->digest),
		.content_type = p->job->media_type,
		.text = doc->text,
	};
	int r;

	memcpy(d.digest, doc->digest, sizeof(d.digest));
	r = begin(&b, PUT, &job, e);
	while (r >= 0 && !b.has_ended)
		r = wait_step(p, WAIT_MS, e);
	transfer_free(b.t);
	sbuf_done(&b.answer);
	if (r >= 0 && b.r < 0) {
		if (e)
			*e = b.e;
		return b.r;
	}
	return r;
}

/* Each blob once: images have empty layers twice. */
static void add(struct push *p, const struct descriptor *d)
{
	for (size_t i = 0; i < p->n; i++)
		if (!strcmp(p->blobs[i].d->digest, d->digest))
			return;
	p->blobs[p->n++] = (struct blob){ .p = p, .d = d, .fd = -EBADF };
}

int source_push(struct source *s, const struct push_job *job, struct err *e)
{
	struct push p = { .reg = (struct registry *)s, .job = job };
	int r;

	p.blobs = calloc(job->manifest->n_layers + 1, sizeof(*p.blobs));
	if (!p.blobs)
		return err_oom(e);
	for (size_t i = 0; i < job->manifest->n_layers; i++)
		add(&p, &job->manifest->layers[i]);
	add(&p, &job->manifest->config);
	r = push_blobs(&p, e);
	if (r >= 0)
		r = push_manifest(&p, e);
	for (size_t i = 0; i < p.n; i++) {
		transfer_free(p.blobs[i].t);
		sbuf_done(&p.blobs[i].answer);
		cleanup_close(&p.blobs[i].fd);
		free(p.blobs[i].url);
	}
	free(p.blobs);
	return MIN(r, 0);
}
