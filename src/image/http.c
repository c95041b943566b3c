/* SPDX-License-Identifier: Apache-2.0 */
#include "image/http.h"

#include "base/num.h"
#include "base/sbuf.h"
#include "image/descriptor.h"

#include <curl/curl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum {
	CONNECT_TIMEOUT_S = 15,
	STALL_S = 30, /* less than one byte a second for so long */
	STALL_MAX_S = 3600,
	COMMIT_FACTOR = 10, /* a registry that has got all of a large blob may copy it about */
	REDIRECTS_MAX = 5,
	BUFFER_BYTES = 64 << 10, /* a quarter of the reads of curl's 16 KiB; more gains nothing */
	UPLOAD_BUFFER_BYTES = 1 << 20,
	ERROR_BODY_MAX = 64 << 10,
};

struct http {
	CURLM *multi;
	uint32_t stall_s;
	struct curl_waitfd *wait; /* room for what a caller wants to wait for */
	size_t wait_cap;
};

/* Go's programs read HTTP_PROXY as well, which libcurl leaves alone for the sake of CGI scripts,
 * and send nothing for this machine itself to a proxy. */
int http_set_proxies(struct err *e)
{
	static const char own[] = "localhost,127.0.0.1,127.0.0.0/8,::1,[::1]";
	const char *plain = getenv("HTTP_PROXY"), *without = getenv("no_proxy");
	_cleanup_free_ char *all = NULL;

	if (plain && *plain && !getenv("REQUEST_METHOD") && setenv("http_proxy", plain, 0) < 0)
		return err_oom(e);
	if (!without)
		without = getenv("NO_PROXY");
	if (without && !strcmp(without, "*"))
		return 0;
	all = without && *without ? strf("%s,%s", without, own) : strdup(own);
	return all && setenv("no_proxy", all, 1) == 0 ? 0 : err_oom(e);
}

static uint32_t stall_seconds(void)
{
	const char *text = getenv("USRCT_NETWORK_TIMEOUT");
	uint32_t n;

	return text && parse_u32(text, &n) == 0 && n > 0 && n <= STALL_MAX_S ? n : STALL_S;
}

int http_new(struct http **ret, struct err *e)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, UCT_SYSTEM, -ENOMEM, "cannot initialise libcurl");
	h = calloc(1, sizeof(*h));
	if (!h)
		return err_oom(e);
	h->multi = curl_multi_init();
	if (!h->multi) {
		free(h);
		return err_oom(e);
	}
	h->stall_s = stall_seconds();
	*ret = h;
	return 0;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	(void)curl_multi_cleanup(h->multi);
	free(h->wait);
	free(h);
	curl_global_cleanup();
}

char *http_escape(const char *s)
{
	char *escaped = curl_easy_escape(NULL, s, (int)strnlen(s, INT_MAX)), *copy;

	if (!escaped)
		return NULL;
	copy = strdup(escaped);
	curl_free(escaped);
	return copy;
}

const char *http_header(const struct http_request *q, const char *name, size_t i)
{
	struct curl_header *h;

	/* -1: of the last answer, after redirects. */
	return curl_easy_header(q->easy, name, i, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value
	                                                                             : NULL;
}

/* Where in the whole an answer begins: "bytes 100-199/200"; -EINVAL if a 206 does not say. */
static int content_start(const struct http_request *q, uint64_t *ret)
{
	const char *range = http_header(q, "Content-Range", 0);
	char number[24];
	size_t n;

	if (q->status != 206) {
		*ret = 0;
		return 0;
	}
	if (!range || strncmp(range, "bytes ", 6) != 0)
		return -EINVAL;
	n = strspn(range + 6, "0123456789");
	if (n >= sizeof(number) || range[6 + n] != '-')
		return -EINVAL;
	memcpy(number, range + 6, n);
	number[n] = '\0';
	return parse_u64(number, ret);
}

static unsigned status_of(CURL *easy)
{
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status); /* 0 says none */
	return status > 0 && status < 1000 ? (unsigned)status : 0;
}

/* An error page: its beginning is kept, an endless one ends the transfer. */
static size_t take_error_body(struct http_request *q, const char *data, size_t n)
{
	size_t room = sizeof(q->body) - 1 - q->body_n, take = MIN(n, room);

	memcpy(q->body + q->body_n, data, take);
	q->body_n += take;
	q->body_total += n;
	return q->body_total > ERROR_BODY_MAX ? 0 : n;
}

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
	struct http_request *q = arg;
	bool is_first = q->status == 0;

	n *= size;
	if (is_first)
		q->status = status_of(q->easy);
	if ((q->method && !q->wants_answer) || (q->status != 200 && q->status != 206))
		return take_error_body(q, data, n);
	if (is_first && content_start(q, &q->at) < 0) {
		q->failure = HTTP_BAD_RANGE;
		return 0;
	}
	if (q->on_data(q->arg, q->at, data, n) < 0) {
		q->failure = HTTP_SINK_REFUSED;
		return 0;
	}
	q->at += n;
	return n;
}

static int add_header(struct http_request *q, const char *name, const char *value)
{
	_cleanup_free_ char *line = NULL;
	struct curl_slist *list;

	if (!value)
		return 0;
	line = strf("%s:%s%s", name, *value ? " " : "", value); /* "X:" takes curl's own away */
	list = line ? curl_slist_append(q->headers, line) : NULL;
	if (line)
		explicit_bzero(line, strlen(line)); /* curl keeps its own copy */
	if (!list)
		return -ENOMEM;
	q->headers = list;
	return 0;
}

/* setopt fails for lack of memory, or because this libcurl was built without the option. */
#define OPT(option, value)                                                      \
	do {                                                                    \
		if (rc == CURLE_OK)                                             \
			rc = curl_easy_setopt(easy, CURLOPT_##option, (value)); \
	} while (0)

static CURLcode set_blob(CURL *easy, CURLoption option, const char *text)
{
	struct curl_blob blob = { .data = (void *)(uintptr_t)text,
		                  .len = text ? strlen(text) : 0,
		                  .flags = CURL_BLOB_COPY };

	return text ? curl_easy_setopt(easy, option, &blob) : CURLE_OK;
}

static CURLcode set_trust(CURL *easy, const struct http_trust *trust)
{
	CURLcode rc = CURLE_OK;

	if (!trust)
		return rc;
	if (trust->is_insecure) {
		OPT(SSL_VERIFYPEER, 0L);
		OPT(SSL_VERIFYHOST, 0L);
	}
	if (rc == CURLE_OK)
		rc = set_blob(easy, CURLOPT_CAINFO_BLOB, trust->authorities);
	if (rc == CURLE_OK)
		rc = set_blob(easy, CURLOPT_SSLCERT_BLOB, trust->certificate);
	return rc == CURLE_OK ? set_blob(easy, CURLOPT_SSLKEY_BLOB, trust->key) : rc;
}

static CURLcode set_limits(CURL *easy, const struct http_request *q, uint32_t stall_s)
{
	const char *ca_file = getenv("SSL_CERT_FILE"), *ca_dir = getenv("SSL_CERT_DIR");
	bool is_tls = !strncmp(q->url, "https://", 8);
	CURLcode rc = CURLE_OK;

	if (q->method && !strcmp(q->method, "PUT"))
		stall_s *= COMMIT_FACTOR;

	OPT(NOSIGNAL, 1L);
	OPT(CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	OPT(LOW_SPEED_LIMIT, 1L);
	OPT(LOW_SPEED_TIME, (long)stall_s);
	OPT(BUFFERSIZE, (long)BUFFER_BYTES);
	/* Never file:, ftp: and so on; never from TLS back to plain text. curl itself drops our
	 * Authorization header when a redirect leaves the host, port or scheme (since 7.83). */
	OPT(PROTOCOLS_STR, is_tls ? "https" : "http");
	OPT(REDIR_PROTOCOLS_STR, is_tls ? "https" : "http,https");
	OPT(FOLLOWLOCATION, 1L);
	OPT(UNRESTRICTED_AUTH, 0L);
	OPT(MAXREDIRS, (long)REDIRECTS_MAX);
	OPT(HTTP09_ALLOWED, 0L);
	/* OpenSSL and Go programs know these two; libcurl leaves them to its users. */
	if (ca_file && *ca_file)
		OPT(CAINFO, ca_file);
	if (ca_dir && *ca_dir)
		OPT(CAPATH, ca_dir);
	return rc;
}

static size_t on_read(char *buf, size_t size, size_t n, void *arg)
{
	struct http_request *q = arg;
	size_t want = (size_t)MIN(q->body_bytes - q->sent, (uint64_t)(size * n));
	ssize_t got = (ssize_t)want;

	if (q->text)
		memcpy(buf, q->text + q->sent, want);
	else
		got = RETRY_EINTR(pread(q->body_fd, buf, want, (off_t)(q->body_offset + q->sent)));
	if (got < 0 || (got == 0 && want > 0))
		return CURL_READFUNC_ABORT; /* the file shrank */
	q->sent += (uint64_t)got;
	if (q->on_sent)
		q->on_sent(q->arg, (uint64_t)got);
	return (size_t)got;
}

/* curl sends again when a kept connection turns out to be closed. The part of a blob that the other
 * side may have got by then it would get twice: who uploads has to ask first. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct http_request *q = arg;

	if (!q->text && q->sent > 0)
		return CURL_SEEKFUNC_FAIL;
	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > q->body_bytes)
		return CURL_SEEKFUNC_FAIL;
	q->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static CURLcode set_method(CURL *easy, struct http_request *q)
{
	CURLcode rc = CURLE_OK;

	if (!q->method)
		return rc;
	if (!strcmp(q->method, "GET"))
		return rc;
	if (!strcmp(q->method, "HEAD")) {
		/* Registries that keep blobs elsewhere send HEAD there as well as GET. */
		OPT(NOBODY, 1L);
		return rc;
	}
	OPT(FOLLOWLOCATION, 0L);
	OPT(UPLOAD, 1L);
	OPT(CUSTOMREQUEST, q->method);
	OPT(READFUNCTION, on_read);
	OPT(READDATA, q);
	OPT(SEEKFUNCTION, on_seek);
	OPT(SEEKDATA, q);
	OPT(INFILESIZE_LARGE, (curl_off_t)q->body_bytes);
	OPT(UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER_BYTES);
	return rc;
}

static CURLcode set_request(CURL *easy, struct http_request *q)
{
	CURLcode rc = CURLE_OK;
	char range[32];

	OPT(URL, q->url);
	OPT(USERAGENT, "usr-ct/" USRCT_VERSION);
	OPT(HTTPHEADER, (struct curl_slist *)q->headers);
	OPT(WRITEFUNCTION, on_write);
	OPT(WRITEDATA, q);
	OPT(ERRORBUFFER, q->reason);
	OPT(PRIVATE, q);
	if (rc == CURLE_OK)
		rc = set_method(easy, q);
	if (rc == CURLE_OK)
		rc = set_trust(easy, q->trust);
	if (q->offset) {
		(void)snprintf(range, sizeof(range), "%llu-", (unsigned long long)q->offset);
		OPT(RANGE, range);
	}
	return rc;
}

_Static_assert(sizeof(((struct http_request *)0)->reason) >= CURL_ERROR_SIZE, "curl writes that");

static void forget(struct http *h, struct http_request *q)
{
	if (q->easy) {
		(void)curl_multi_remove_handle(h->multi, q->easy); /* not added is fine, too */
		curl_easy_cleanup(q->easy);
		q->easy = NULL;
	}
	curl_slist_free_all(q->headers);
	q->headers = NULL;
}

int http_start(struct http *h, struct http_request *q, struct err *e)
{
	CURLcode rc;

	forget(h, q); /* an earlier try */
	q->failure = HTTP_FINE;
	q->status = 0;
	q->retry_after_s = 0;
	q->at = q->body_total = q->body_n = q->sent = 0;
	if (q->text)
		q->body_bytes = strlen(q->text);
	memset(q->reason, 0, sizeof(q->reason));
	memset(q->body, 0, sizeof(q->body));
	q->easy = curl_easy_init();
	/* No "Expect: 100-continue": registries that do not know it cost a second each time. */
	if (!q->easy || add_header(q, "Accept", q->accept) < 0 ||
	    add_header(q, "Content-Type", q->content_type) < 0 ||
	    add_header(q, "Content-Range", q->content_range) < 0 ||
	    (q->method && add_header(q, "Expect", "") < 0) ||
	    add_header(q, "Authorization", q->authorization) < 0) {
		forget(h, q);
		return err_oom(e);
	}
	rc = set_limits(q->easy, q, h->stall_s);
	if (rc == CURLE_OK)
		rc = set_request(q->easy, q);
	if (rc == CURLE_OK && curl_multi_add_handle(h->multi, q->easy) != CURLM_OK)
		rc = CURLE_OUT_OF_MEMORY;
	if (rc != CURLE_OK) {
		forget(h, q);
		return err_set(e, UCT_SYSTEM, -EIO, "cannot set up a transfer: %s",
		               curl_easy_strerror(rc));
	}
	return 0;
}

void http_cancel(struct http *h, struct http_request *q)
{
	forget(h, q);
}

/* All others are nonsense: not HTTP, too many redirects, a scheme we do not speak. */
static const struct {
	CURLcode rc;
	enum http_failure failure;
} failures[] = {
	{ CURLE_OK, HTTP_FINE },
	{ CURLE_COULDNT_RESOLVE_PROXY, HTTP_NO_CONNECT },
	{ CURLE_COULDNT_RESOLVE_HOST, HTTP_NO_CONNECT },
	{ CURLE_COULDNT_CONNECT, HTTP_NO_CONNECT },
	{ CURLE_PROXY, HTTP_NO_CONNECT },
	{ CURLE_SSL_CONNECT_ERROR, HTTP_NO_CONNECT },
	{ CURLE_PEER_FAILED_VERIFICATION, HTTP_NO_CONNECT },
	{ CURLE_SSL_CACERT_BADFILE, HTTP_NO_CONNECT },
	{ CURLE_OPERATION_TIMEDOUT, HTTP_BROKEN },
	{ CURLE_PARTIAL_FILE, HTTP_BROKEN },
	{ CURLE_SEND_ERROR, HTTP_BROKEN },
	{ CURLE_SEND_FAIL_REWIND, HTTP_BROKEN },
	{ CURLE_RECV_ERROR, HTTP_BROKEN },
	{ CURLE_GOT_NOTHING, HTTP_BROKEN },
	{ CURLE_HTTP2, HTTP_BROKEN },
	{ CURLE_HTTP2_STREAM, HTTP_BROKEN },
};

static enum http_failure failure_of(CURLcode rc)
{
	for (size_t i = 0; i < ARRAY_SIZE(failures); i++)
		if (failures[i].rc == rc)
			return failures[i].failure;
	return HTTP_NONSENSE;
}

static void finish(struct http *h, struct http_request *q, CURLcode rc)
{
	curl_off_t retry_after = 0;
	curl_off_t connected = 0;
	long proxy_status = 0;
	char shown[sizeof(q->reason)];

	if (!q->status)
		q->status = status_of(q->easy);
	/* An error page that was cut off is still an answer. */
	if (q->failure == HTTP_FINE && q->status < 400)
		q->failure = failure_of(rc);
	/* A time-out before there was a connection is no broken one. */
	(void)curl_easy_getinfo(q->easy, CURLINFO_CONNECT_TIME_T, &connected);
	if (rc == CURLE_OPERATION_TIMEDOUT && connected == 0)
		q->failure = HTTP_NO_CONNECT;
	/* A proxy that opens no tunnel. */
	(void)curl_easy_getinfo(q->easy, CURLINFO_HTTP_CONNECTCODE, &proxy_status);
	if (q->failure == HTTP_BROKEN && proxy_status >= 300)
		q->failure = HTTP_NO_CONNECT;
	/* Seconds or a date; libcurl reads both. */
	(void)curl_easy_getinfo(q->easy, CURLINFO_RETRY_AFTER, &retry_after);
	if (retry_after > 0)
		q->retry_after_s = (uint64_t)retry_after;
	if (rc != CURLE_OK && !q->reason[0])
		(void)snprintf(q->reason, sizeof(q->reason), "%s", curl_easy_strerror(rc));
	memcpy(q->reason, text_shown(q->reason, shown, sizeof(shown)), sizeof(q->reason) - 1);
	(void)curl_multi_remove_handle(h->multi, q->easy);
}

/* Takes the request out of curl before on_done, which may start it again. */
static void end_finished(struct http *h)
{
	struct http_request *q = NULL;
	CURLMsg *m;
	CURL *easy;
	int left;

	while ((m = curl_multi_info_read(h->multi, &left))) {
		CURLcode rc = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		easy = m->easy_handle;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &q);
		finish(h, q, rc); /* @m is gone after that */
		q->on_done(q->arg);
	}
}

static int room_for(struct http *h, size_t n, struct err *e)
{
	struct curl_waitfd *wait;

	if (n <= h->wait_cap)
		return 0;
	wait = realloc(h->wait, n * sizeof(*wait));
	if (!wait)
		return err_oom(e);
	h->wait = wait;
	h->wait_cap = n;
	return 0;
}

int http_step(struct http *h, struct pollfd *fds, size_t n, int timeout_ms, struct err *e)
{
	CURLMcode mc;
	int running, r;

	r = room_for(h, n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		h->wait[i] = (struct curl_waitfd){
			.fd = fds[i].fd,
			.events = (short)((fds[i].events & POLLIN ? CURL_WAIT_POLLIN : 0) |
			                  (fds[i].events & POLLOUT ? CURL_WAIT_POLLOUT : 0)),
		};
	/* Waiting comes first: what then arrives is passed on by the caller before the next wait. A
	 * request that was just started makes curl's own timer run out at once. */
	mc = curl_multi_poll(h->multi, h->wait, (unsigned)n, timeout_ms, NULL);
	if (mc == CURLM_OK)
		mc = curl_multi_perform(h->multi, &running);
	if (mc != CURLM_OK)
		return err_set(e, UCT_SYSTEM, -EIO, "libcurl failed: %s", curl_multi_strerror(mc));
	for (size_t i = 0; i < n; i++)
		fds[i].revents = (short)((h->wait[i].revents & CURL_WAIT_POLLIN ? POLLIN : 0) |
		                         (h->wait[i].revents & CURL_WAIT_POLLOUT ? POLLOUT : 0));
	end_finished(h);
	return 0;
}
