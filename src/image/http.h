/* SPDX-License-Identifier: Apache-2.0 */
/* http - requests over one libcurl multi handle; private to image/
 *
 * Should: follow redirects within http(s), keep Authorization from other hosts, notice a stalled
 * transfer, tell what happened in plain fields.
 * Mustn't: retry, know about registries or tokens, decide what a status means.
 */
#pragma once

#include "base/err.h"

#include <poll.h>
#include <stdbool.h>

struct http;

enum http_failure {
	HTTP_FINE,        /* there is a status */
	HTTP_NO_CONNECT,  /* no connection: name, port, TLS */
	HTTP_BROKEN,      /* a connection broke or stalled */
	HTTP_NONSENSE,    /* not HTTP, a redirect to where we do not go */
	HTTP_BAD_RANGE,   /* a part, but not said of what */
	HTTP_SINK_REFUSED /* on_data said no */
};

/* How TLS decides. Texts in PEM; NULL: none. */
struct http_trust {
	bool is_insecure; /* whoever answers will do */
	char *authorities, *certificate, *key;
};

struct http_request {
	/* Set before http_start(); strings are copied. */
	const char *url;
	const char *authorization; /* value of the header, a secret; may be NULL */
	const char *accept;        /* value of the header; may be NULL */
	uint64_t offset;           /* asks for the content from here on */
	/* Static; NULL: GET that gives its answer to on_data. What sends nothing follows
	 * redirects. */
	const char *method;
	/* What is sent: text, or so many bytes of a file from an offset on. Kept by the caller.
	 * No other one's answer is given to on_data, unless it is wanted. */
	bool wants_answer;
	const char *content_type;  /* static; NULL: nothing is sent */
	const char *content_range; /* value of the header; may be NULL */
	const char *text;
	int body_fd;
	uint64_t body_offset, body_bytes;
	void (*on_sent)(void *arg, uint64_t n); /* so many bytes have gone out; may be NULL */
	const struct http_trust *trust;         /* may be NULL; kept by the caller */
	/* Content of a 200 or 206 answer, at @at in the whole. Negative ends the transfer. */
	int (*on_data)(void *arg, uint64_t at, const void *data, size_t n);
	/* Called once, from http_step(), when the result below is there. It may start others. */
	void (*on_done)(void *arg);
	void *arg;

	/* Result */
	enum http_failure failure;
	unsigned status;
	uint64_t retry_after_s; /* 0: not said */
	char reason[256];       /* failures: curl's words */
	char body[2048];        /* of an answer that is neither 200 nor 206; NUL-terminated */

	/* Private */
	void *easy, *headers;
	uint64_t at, body_total, body_n, sent;
};

/* Makes libcurl read the proxies' variables as other container tools do. Before any thread. */
int http_set_proxies(struct err *e);
int http_new(struct http **ret, struct err *e);
void http_free(struct http *h);
int http_start(struct http *h, struct http_request *q, struct err *e);
/* Ends a request without calling on_done; harmless for one that has ended or never began. */
void http_cancel(struct http *h, struct http_request *q);
/* The i-th header of that name in a finished answer; NULL: no more. Valid in on_done only. */
const char *http_header(const struct http_request *q, const char *name, size_t i);
/* Percent-encodes for a query; NULL if out of memory. */
char *http_escape(const char *s);
/* Waits at most @timeout_ms for the network or for one of @fds, whose revents are filled; then
 * moves data and ends what is finished. */
int http_step(struct http *h, struct pollfd *fds, size_t n, int timeout_ms, struct err *e);
