/* SPDX-License-Identifier: Apache-2.0 */
/* transfer - one GET of a registry's, as often as it takes
 *
 *	RUNS -> DONE               all of it is here, or it will never be
 *	RUNS -> WAITS_TIME         429, 5xx or a broken connection: another try, later
 *	RUNS -> WAITS_TOKEN        401: token.c finds out what is wanted
 *	WAITS_* -> RUNS            from the byte after the last one that came
 *
 * The size is enforced while bytes arrive: one byte too many ends the transfer. Too few count as a
 * broken connection, since that is what they are nine times out of ten; when the rest does not come
 * either, the content is not what was promised.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "image/descriptor.h"
#include "image/registry.h"

#include <stdio.h>
#include <string.h>

enum {
	TRIES_MAX = 4,
	BACKOFF_MS = 500,         /* doubled each time */
	PROGRESS_BYTES = 1 << 20, /* so many bytes make a try a success, and count starts anew */
	PATIENCE_S = 120,         /* a longer Retry-After is told instead */
};

static int on_data(void *arg, uint64_t at, const void *data, size_t n)
{
	struct transfer *t = arg;
	const char *p = data;
	size_t skip;
	int r;

	transfer_registry(t)->has_answered = true;
	t->is_wrong_range = at > t->got_bytes;
	if (t->is_wrong_range)
		return err_set(&t->e, UCT_REGISTRY_ANSWER, -EBADMSG,
		               "registry '%s' sent another range of %s than it was asked for",
		               transfer_registry(t)->host, t->job.what);
	/* A server that does not know ranges sends all of it again. */
	skip = (size_t)MIN(t->got_bytes - at, (uint64_t)n);
	p += skip;
	n -= skip;
	if (n == 0)
		return 0;
	if (n > t->job.size_bytes - t->got_bytes)
		return err_set(&t->e, t->job.is_exact ? UCT_BAD_DIGEST : UCT_REGISTRY_ANSWER,
		               -EFBIG, "%s from registry '%s' is longer than %llu bytes",
		               t->job.what, transfer_registry(t)->host,
		               (unsigned long long)t->job.size_bytes);
	if (t->job.document) {
		sbuf_add(t->job.document, p, n);
		r = t->job.document->err;
		if (r < 0)
			return err_errno(&t->e, r, "cannot receive %s", t->job.what);
	} else {
		r = t->job.sink.data(t->job.sink.arg, p, n, &t->e);
		if (r < 0)
			return r;
	}
	t->got_bytes += n;
	t->refusals = 0;
	return 0;
}

static void fail(struct transfer *t, const struct err *e)
{
	transfer_end(t, e->code, e);
}

/* "UNAUTHORIZED: access denied" out of a registry's JSON; "" if there is none. It may not repeat
 * to us the secret we sent. */
static void told_reason(const struct transfer *t, char *buf, size_t size)
{
	_cleanup_json_ json_t *j = NULL;
	const struct registry *reg = transfer_registry(t);
	const char *secret = t->job.is_token ? reg->basic : reg->authorization;
	const char *code, *message;
	const json_t *first;
	char text[400];

	buf[0] = '\0';
	if (json_parse(t->q.body, strlen(t->q.body), "answer", &j, NULL) < 0)
		return;
	first = json_array_get(json_at(j, "errors"), 0);
	code = json_string_value(json_object_get(first, "code"));
	message = json_string_value(json_object_get(first, "message"));
	/* Token services have words of their own: Docker Hub's, and RFC 6749's. */
	if (!code && !message && t->job.is_token)
		message = json_string_value(json_object_get(j, "details"));
	if (!code && !message && t->job.is_token)
		message = json_string_value(json_object_get(j, "error_description"));
	if (!code && !message)
		return;
	(void)snprintf(text, sizeof(text), ": %s%s%s", code ? code : "",
	               code && message ? ": " : "", message ? message : "");
	secret = secret ? strchr(secret, ' ') : NULL;
	if ((secret && strstr(text, secret + 1)) || (reg->identity && strstr(text, reg->identity)))
		return;
	(void)text_shown(text, buf, MIN(size, (size_t)200));
}

int registry_denied(const struct transfer *t, struct err *e)
{
	const struct registry *reg = transfer_registry(t);
	char told[200];

	told_reason(t, told, sizeof(told));
	return err_set(e, UCT_REGISTRY_DENIED, -EACCES, "registry '%s' refuses access to %s%s%s",
	               reg->host, t->job.what,
	               reg->basic ? " with the credentials it was given" : "", told);
}

static int hint_patience(const struct transfer *t, struct err *e)
{
	if (t->q.retry_after_s)
		return err_hint(e, e->code,
		                "it asks to come back in %llu seconds; logged-in users often have "
		                "a higher limit",
		                (unsigned long long)t->q.retry_after_s);
	return err_hint(e, e->code, "wait a while; logged-in users often have a higher limit");
}

static void fail_status(struct transfer *t)
{
	struct registry *reg = transfer_registry(t);
	struct err e = { 0 };
	char told[200];

	told_reason(t, told, sizeof(told));
	if (t->q.status == 403 || (t->q.status == 401 && t->job.is_token))
		(void)registry_denied(t, &e);
	else if (t->q.status == 404 && !t->job.is_token)
		(void)err_set(&e, UCT_IMAGE_UNKNOWN, -ENOENT, "registry '%s' does not have %s%s",
		              reg->host, t->job.what, told);
	else if (t->q.status == 416)
		(void)err_set(&e, UCT_BAD_DIGEST, -EBADMSG,
		              "%s from registry '%s' ends after %llu bytes of %llu", t->job.what,
		              reg->host, (unsigned long long)t->got_bytes,
		              (unsigned long long)t->job.size_bytes);
	else
		(void)err_set(&e, UCT_REGISTRY_ANSWER, -EPROTO,
		              "registry '%s' answers with status %u for %s%s", reg->host,
		              t->q.status, t->job.what, told);
	if (t->q.status == 429 || t->q.retry_after_s > PATIENCE_S)
		(void)hint_patience(t, &e);
	if (t->q.status == 407)
		(void)err_hint(&e, e.code,
		               "the proxy wants a name and a password: "
		               "http_proxy=http://NAME:PASSWORD@HOST:PORT");
	fail(t, &e);
}

static void fail_connection(struct transfer *t)
{
	struct registry *reg = transfer_registry(t);
	const char *reason = t->q.reason;
	struct err e = { 0 };

	if (t->q.failure == HTTP_FINE)
		(void)err_set(&e, UCT_BAD_DIGEST, -EBADMSG,
		              "%s from registry '%s' ends after %llu bytes of %llu", t->job.what,
		              reg->host, (unsigned long long)t->got_bytes,
		              (unsigned long long)t->job.size_bytes);
	else if (t->q.failure == HTTP_NO_CONNECT)
		(void)err_set(&e, UCT_REGISTRY_UNREACHABLE, -EHOSTUNREACH,
		              "cannot reach registry '%s': %s", reg->host, reason);
	else if (t->q.failure == HTTP_BROKEN)
		(void)err_set(&e, UCT_REGISTRY_UNREACHABLE, -ECONNRESET,
		              "the connection to registry '%s' broke: %s", reg->host, reason);
	else
		(void)err_set(&e, UCT_REGISTRY_ANSWER, -EPROTO,
		              "registry '%s' does not answer as it should: %s", reg->host, reason);
	if (strstr(reason, "wrong version number")) /* OpenSSL's words for "this is not TLS" */
		(void)err_hint(&e, e.code,
		               "the registry seems to speak plain HTTP, which is used for this "
		               "machine's own registries only");
	fail(t, &e);
}

uint64_t transfer_delay_ms(const struct transfer *t, unsigned tries)
{
	if (t->q.retry_after_s > PATIENCE_S)
		return 0;
	return t->q.retry_after_s ? t->q.retry_after_s * 1000
	                          : (uint64_t)BACKOFF_MS << (tries ? tries - 1 : 0);
}

static bool retry_later(struct transfer *t)
{
	uint64_t delay_ms;

	if (t->job.is_once)
		return false;
	if (t->got_bytes - t->got_before_bytes >= PROGRESS_BYTES)
		t->tries = 1;
	delay_ms = transfer_delay_ms(t, t->tries);
	if (t->tries >= TRIES_MAX || delay_ms == 0)
		return false;
	t->not_before_ns = clock_monotonic_ns() + delay_ms * 1000000;
	t->state = TRANSFER_WAITS_TIME;
	return true;
}

/* A server whose ranges are of no use is asked for all of it, and what is here is skipped. */
static bool retry_whole(struct transfer *t)
{
	if (t->is_whole || !t->q.offset)
		return false;
	t->is_whole = true;
	return retry_later(t);
}

/* 416: the server has less than we have already, and says so ("bytes" and the length). */
static bool is_shorter(const struct transfer *t)
{
	const char *range = http_header(&t->q, "Content-Range", 0);
	uint64_t total;

	return range && !strncmp(range, "bytes */", 8) && parse_u64(range + 8, &total) == 0 &&
	       total < t->job.size_bytes;
}

/* It may be over soon. */
static bool is_passing(unsigned status)
{
	return status == 408 || status == 425 || status == 429 ||
	       (status >= 500 && status != 501 && status != 505);
}

static void on_status(struct transfer *t)
{
	unsigned status = t->q.status;

	transfer_registry(t)->has_answered = true;
	if ((status / 100 == 2 && t->job.method) || (t->job.is_probe && !is_passing(status))) {
		transfer_end(t, 0, NULL);
	} else if (status == 200 || status == 206) {
		if (!t->job.is_exact)
			transfer_end(t, 0, NULL);
		else if (!retry_later(t)) /* it ended too early */
			fail_connection(t);
	} else if (token_is_asked_for(t)) {
		token_needed(t);
	} else if (!(status == 416 ? !is_shorter(t) && retry_whole(t)
	                           : is_passing(status) && retry_later(t))) {
		fail_status(t);
	}
}

static void keep_header(const struct transfer *t, const char *name, char *buf, size_t size)
{
	const char *value = http_header(&t->q, name, 0);

	(void)snprintf(buf, size, "%s", value && strlen(value) < size ? value : "");
}

static void on_done(void *arg)
{
	struct transfer *t = arg;
	enum http_failure failure = t->q.failure;

	t->status = t->q.status;
	keep_header(t, "Location", t->location, sizeof(t->location));
	keep_header(t, "Link", t->link, sizeof(t->link));
	keep_header(t, "Docker-Content-Digest", t->digest, sizeof(t->digest));
	keep_header(t, "Range", t->range, sizeof(t->range));
	keep_header(t, "OCI-Chunk-Min-Length", t->piece_min, sizeof(t->piece_min));
	if (t->job.is_exact && t->got_bytes == t->job.size_bytes && failure != HTTP_SINK_REFUSED &&
	    (t->q.status == 200 || t->q.status == 206))
		transfer_end(t, 0, NULL); /* how the connection ended does not matter any more */
	else if (failure == HTTP_FINE)
		on_status(t);
	else if ((t->is_wrong_range || failure == HTTP_BAD_RANGE) && retry_whole(t))
		return;
	else if (failure == HTTP_SINK_REFUSED)
		fail(t, &t->e);
	else if (failure == HTTP_NONSENSE || failure == HTTP_BAD_RANGE ||
	         (failure == HTTP_NO_CONNECT && !transfer_registry(t)->has_answered) ||
	         !retry_later(t))
		fail_connection(t);
}

static void on_sent(void *arg, uint64_t n)
{
	const struct transfer *t = arg;

	if (t->job.on_sent)
		t->job.on_sent(t->job.sink.arg, n);
}

void transfer_begin(struct transfer *t)
{
	struct registry *reg = transfer_registry(t);
	struct err e = { 0 };

	if (t->job.document) {
		sbuf_clear(t->job.document);
		t->got_bytes = 0;
	}
	t->got_before_bytes = t->got_bytes;
	t->tries++;
	t->generation = reg->generation;
	t->state = TRANSFER_RUNS;
	t->q.url = t->job.url;
	t->q.accept = t->job.accept;
	t->q.authorization = t->job.is_elsewhere || t->job.is_probe ? NULL
	                     : t->job.is_token                      ? reg->basic
	                                                            : reg->authorization;
	t->q.method = t->job.method;
	t->q.content_type = t->job.content_type;
	t->q.content_range = t->job.content_range[0] ? t->job.content_range : NULL;
	t->q.text = t->job.text;
	t->q.body_fd = t->job.body_fd;
	t->q.body_offset = t->job.body_offset;
	t->q.body_bytes = t->job.body_bytes;
	t->q.on_sent = on_sent;
	t->q.trust = &reg->trust;
	t->q.offset = t->is_whole ? 0 : t->got_bytes;
	t->q.wants_answer = t->job.is_token;
	t->is_wrong_range = false;
	t->q.on_data = on_data;
	t->q.on_done = on_done;
	t->q.arg = t;
	if (http_start(reg->http, &t->q, &e) < 0)
		fail(t, &e);
}

void transfer_end(struct transfer *t, int r, const struct err *e)
{
	static const struct err none;

	if (t->state == TRANSFER_DONE)
		return;
	t->state = TRANSFER_DONE;
	t->job.sink.done(t->job.sink.arg, r, e ? e : &none);
}

int transfer_start(struct registry *reg, const struct transfer_job *job, struct transfer **ret,
                   struct err *e)
{
	struct transfer *t = job->url ? calloc(1, sizeof(*t)) : NULL;

	if (!t) {
		free(job->url);
		return err_oom(e);
	}
	t->base.source = &reg->base;
	t->job = *job;
	t->next = reg->transfers;
	reg->transfers = t;
	/* Not begun here: a failure would call done before the caller knows the transfer. */
	t->state = TRANSFER_WAITS_TIME;
	*ret = t;
	return 0;
}

void transfer_free(struct transfer *t)
{
	struct registry *reg;

	if (!t)
		return;
	reg = transfer_registry(t);
	for (struct transfer **p = &reg->transfers; *p; p = &(*p)->next)
		if (*p == t) {
			*p = t->next;
			break;
		}
	http_cancel(reg->http, &t->q);
	free(t->job.url);
	free(t);
}

int transfers_wake(struct registry *reg, int timeout_ms)
{
	uint64_t now = clock_monotonic_ns(), left_ms;

	for (struct transfer *t = reg->transfers; t; t = t->next) {
		if (t->state != TRANSFER_WAITS_TIME)
			continue;
		if (t->not_before_ns <= now) {
			transfer_begin(t);
			if (t->state ==
			    TRANSFER_DONE) /* could not: whoever waits for it is to look */
				timeout_ms = 0;
			continue;
		}
		left_ms = (t->not_before_ns - now) / 1000000 + 1;
		if (timeout_ms < 0 || left_ms < (uint64_t)timeout_ms)
			timeout_ms = (int)left_ms;
	}
	return timeout_ms;
}
