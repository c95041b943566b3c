/* SPDX-License-Identifier: Apache-2.0 */
/* registry - manifests, configs and layers over the distribution protocol (OCI distribution-spec
 * 1.1, "Pull") */
#include "image/registry.h"

#include "image/credentials.h"
#include "image/descriptor.h"
#include "image/digest.h"
#include "image/trust.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { LIST_MAX_BYTES = 8 << 20 };
enum { WAIT_MS = 60000 }; /* curl wants a limit; nothing depends on it */

#define ACCEPT_MANIFESTS \
	MEDIA_OCI_INDEX ", " MEDIA_OCI_MANIFEST ", " MEDIA_DOCKER_LIST ", " MEDIA_DOCKER_MANIFEST

bool host_is_loopback(const char *host)
{
	char name[256];
	struct in6_addr v6;
	struct in_addr v4;
	size_t n;

	if (*host == '[') {
		n = strcspn(++host, "]");
		if (host[n] != ']' || (host[n + 1] && host[n + 1] != ':'))
			return false;
	} else {
		n = strcspn(host, ":");
	}
	if (n >= sizeof(name))
		return false;
	memcpy(name, host, n);
	name[n] = '\0';
	if (!strcmp(name, "localhost"))
		return true;
	if (inet_pton(AF_INET, name, &v4) == 1)
		return (ntohl(v4.s_addr) >> 24) == 127;
	return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static void registry_close(struct source *s)
{
	struct registry *reg = (struct registry *)s;

	token_done(reg);
	http_free(reg->http);
	trust_done(&reg->trust);
	free(reg);
}

static int registry_step(struct source *s, struct pollfd *fds, size_t n, int timeout_ms,
                         struct err *e)
{
	struct registry *reg = (struct registry *)s;

	timeout_ms = transfers_wake(reg, timeout_ms);
	return http_step(reg->http, fds, n, timeout_ms, e);
}

/* A document that is waited for. */
struct wait {
	bool is_done;
	int r;
	struct err e;
};

static void on_document(void *arg, int r, const struct err *e)
{
	struct wait *w = arg;

	w->is_done = true;
	w->r = r;
	w->e = *e;
}

static int wait_for(struct registry *reg, const struct wait *w, struct err *e)
{
	struct pollfd cancel = { .fd = reg->base.cancel_fd, .events = POLLIN };
	int r;

	while (!w->is_done) {
		r = registry_step(&reg->base, &cancel, cancel.fd >= 0, WAIT_MS, e);
		if (r < 0)
			return r;
		if (cancel.fd >= 0 && cancel.revents)
			return err_errno(e, -ECANCELED, "pull was given up");
	}
	if (w->r < 0 && e)
		*e = w->e;
	return w->r;
}

/* What the registry says of the document: proxies and caches answer with another one now and then,
 * which a tag alone would not show. Other kinds of digests are not looked at. */
static int check_told(const struct registry *reg, const char *what, const char *told,
                      const struct sbuf *b, struct err *e)
{
	char digest[72];
	int r;

	if (!digest_is_valid(told))
		return 0;
	r = digest_of(b->s ? b->s : "", b->len, digest, e);
	if (r == 0 && strcmp(digest, told) != 0)
		return err_set(e, UCT_BAD_DIGEST, -EBADMSG,
		               "%s hashes to %s where registry '%s' says %s", what, digest,
		               reg->host, told);
	return r;
}

static int get_document(struct registry *reg, struct transfer_job *job, struct document *ret,
                        struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(job->size_bytes);
	struct wait w = { 0 };
	struct transfer *t;
	size_t n;
	int r;

	job->document = &b;
	job->sink = (struct stream_sink){ .done = on_document, .arg = &w };
	r = transfer_start(reg, job, &t, e);
	if (r < 0)
		return r;
	r = wait_for(reg, &w, e);
	if (r >= 0)
		r = check_told(reg, job->what, t->digest, &b, e);
	transfer_free(t);
	if (r < 0)
		return r;
	n = b.len;
	r = sbuf_take(&b, &ret->text);
	if (r < 0)
		return err_errno(e, r, "cannot receive %s", job->what);
	ret->n = n;
	return 0;
}

/* A manifest by a tag or digest; with @d, exactly that. */
static int get_manifest(struct registry *reg, const char *which, const struct descriptor *d,
                        struct document *ret, struct err *e)
{
	const char *name = reg->base.ref.name;
	struct transfer_job job = {
		.url = strf("%s/v2/%s/manifests/%s", reg->url, name, which),
		.accept = ACCEPT_MANIFESTS,
		.size_bytes = d ? d->size_bytes : MANIFEST_MAX_BYTES,
		.is_exact = d != NULL,
	};

	(void)snprintf(job.what, sizeof(job.what), "'%s%c%s'", name, strchr(which, ':') ? '@' : ':',
	               which);
	return get_document(reg, &job, ret, e);
}

static int registry_manifest(struct source *s, const struct descriptor *d, struct document *ret,
                             struct err *e)
{
	const struct reference *ref = &s->ref;
	const char *which = d ? d->digest : ref->digest[0] ? ref->digest : ref->tag;

	return get_manifest((struct registry *)s, which, d, ret, e);
}

int registry_manifest_at(struct source *s, const char *tag, struct document *ret, struct err *e)
{
	return get_manifest((struct registry *)s, tag, NULL, ret, e);
}

static void blob_job(const struct registry *reg, const struct descriptor *d,
                     struct transfer_job *job)
{
	*job = (struct transfer_job){
		.url = strf("%s/v2/%s/blobs/%s", reg->url, reg->base.ref.name, d->digest),
		.size_bytes = d->size_bytes,
		.is_exact = true,
	};
	(void)snprintf(job->what, sizeof(job->what), "blob %s", d->digest);
}

static int registry_blob(struct source *s, const struct descriptor *d, struct document *ret,
                         struct err *e)
{
	struct registry *reg = (struct registry *)s;
	struct transfer_job job;

	blob_job(reg, d, &job);
	return get_document(reg, &job, ret, e);
}

static int registry_stream(struct source *s, const struct descriptor *d,
                           const struct stream_sink *sink, struct stream **ret, struct err *e)
{
	struct registry *reg = (struct registry *)s;
	struct transfer_job job;
	struct transfer *t;
	int r;

	blob_job(reg, d, &job);
	job.sink = *sink;
	r = transfer_start(reg, &job, &t, e);
	if (r < 0)
		return r;
	t->got_bytes = sink->from_bytes;
	*ret = &t->base;
	return 0;
}

static void registry_stream_free(struct stream *t)
{
	transfer_free((struct transfer *)t);
}

/* "<https://host/v2/x/tags/list?last=b>; rel=\"next\"" -> what follows the host. */
static char *next_page(const struct registry *reg, const char *link)
{
	const char *url = strchr(link, '<'), *end = url ? strchr(url, '>') : NULL, *path;

	if (!end || !strstr(end, "next"))
		return NULL;
	url++;
	path = *url == '/' ? url : strstr(url, "://");
	if (path && *url != '/')
		path = strchr(path + 3, '/');
	if (!path || path >= end || path[1] == '/')
		return NULL;
	return strf("%s%.*s", reg->url, (int)(end - path), path);
}

int registry_get(struct source *s, const char *path, struct document *ret, char **ret_next,
                 struct err *e)
{
	struct registry *reg = (struct registry *)s;
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(LIST_MAX_BYTES);
	struct transfer_job job = {
		.url = strncmp(path, "http", 4) ? strf("%s%s", reg->url, path) : strdup(path),
		.accept = "application/json",
		.size_bytes = LIST_MAX_BYTES,
		.document = &b,
	};
	struct wait w = { 0 };
	struct transfer *t;
	int r;

	(void)snprintf(job.what, sizeof(job.what), "'%s'",
	               reg->base.ref.name[0] ? reg->base.ref.name : reg->base.ref.host);
	job.sink = (struct stream_sink){ .done = on_document, .arg = &w };
	r = transfer_start(reg, &job, &t, e);
	if (r < 0)
		return r;
	r = wait_for(reg, &w, e);
	if (r >= 0 && ret_next)
		*ret_next = next_page(reg, t->link);
	transfer_free(t);
	if (r < 0)
		return r;
	ret->n = b.len;
	r = sbuf_take(&b, &ret->text);
	return r < 0 ? err_errno(e, r, "cannot receive a list") : 0;
}

static const struct source_ops registry_ops = {
	.close = registry_close,
	.manifest = registry_manifest,
	.blob = registry_blob,
	.stream = registry_stream,
	.stream_free = registry_stream_free,
	.step = registry_step,
};

static void set_url(struct registry *reg, const char *host, bool is_plain)
{
	const char *after = strchr(host, ']');
	bool has_port = strchr(after ? after : host, ':');

	/* The name people use is not the name of the machine. */
	if (!strcmp(host, "docker.io"))
		host = "registry-1.docker.io";
	(void)snprintf(reg->url, sizeof(reg->url), "%s://%s", is_plain ? "http" : "https", host);
	(void)snprintf(reg->host, sizeof(reg->host), "%s%s", host,
	               has_port   ? ""
	               : is_plain ? ":80"
	                          : ":443");
}

int registry_open(const struct reference *ref, const struct source_options *o, struct source **ret,
                  struct err *e)
{
	struct registry *reg = calloc(1, sizeof(*reg));
	size_t identity = strlen(CREDENTIALS_IDENTITY);
	int r;

	if (!reg)
		return err_oom(e);
	reg->base.ops = &registry_ops;
	reg->base.ref = *ref;
	reg->token_answer = (struct sbuf)SBUF_INIT(0);
	set_url(reg, ref->host, o->is_plain);
	reg->trust.is_insecure = o->is_insecure;
	r = trust_find(o->cert_dir, ref->host, &reg->trust, e);
	if (r >= 0 && o->basic) {
		reg->basic = strdup(o->basic);
		r = reg->basic ? 0 : err_oom(e);
	} else if (r >= 0) {
		r = credentials_find(o->auth_file, ref->host, ref->name, &reg->basic, e);
	}
	if (r >= 0 && reg->basic && !strncmp(reg->basic, CREDENTIALS_IDENTITY, identity)) {
		reg->identity = strdup(reg->basic + identity);
		credentials_free(reg->basic);
		reg->basic = NULL;
		r = reg->identity ? 0 : err_oom(e);
	}
	if (r >= 0)
		r = http_new(&reg->http, e);
	if (r < 0) {
		credentials_free(reg->basic);
		credentials_free(reg->identity);
		trust_done(&reg->trust);
		free(reg);
		return r;
	}
	*ret = &reg->base;
	return 0;
}
