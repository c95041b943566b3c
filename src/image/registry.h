/* SPDX-License-Identifier: Apache-2.0 */
/* registry - a registry as a source; what its three files share (private to image/)
 *
 *	registry.c   URLs, and the doors of a source
 *	transfer.c   one GET with its retries, resumed where it broke
 *	token.c      what a 401 asks for, and the token that answers it
 */
#pragma once

#include "base/sbuf.h"
#include "base/strv.h"
#include "image/challenge.h"
#include "image/http.h"
#include "image/source-ops.h"

struct transfer;

struct registry {
	struct source base;
	struct http *http;
	struct http_trust trust;
	char host[260];    /* of the URLs, with port: for errors */
	char url[280];     /* "https://host", no slash at the end */
	bool has_answered; /* then a refused connection is worth another try */
	struct transfer *transfers;

	/* Who we are. Secrets. */
	char *basic;         /* "Basic ...", from the credentials; NULL: anonymous */
	char *identity;      /* or a refresh token, for the token service; NULL: none */
	char *form;          /* sent to the token service; holds it */
	char *authorization; /* what requests carry now; NULL: nothing yet */
	unsigned generation; /* counts changes of it */
	struct transfer *token;
	struct transfer *probe; /* of what a 401 without a word leaves open */
	struct challenge probed;
	bool has_probed;
	struct sbuf token_answer;
	struct strv scopes; /* all that challenges named so far */
};

enum transfer_state {
	TRANSFER_RUNS,
	TRANSFER_WAITS_TIME,  /* until not_before_ns, before another try */
	TRANSFER_WAITS_TOKEN, /* until token.c calls transfer_begin() */
	TRANSFER_DONE,
};

/* What a transfer is to do. */
struct transfer_job {
	char *url;          /* consumed */
	const char *accept; /* static; may be NULL */
	uint64_t size_bytes;
	bool is_exact;      /* size_bytes is what it has to be; else the most that is taken */
	bool is_token;      /* goes to the token service, with our credentials */
	bool is_once;       /* no other try but after 401: the caller begins anew */
	bool is_probe;      /* without credentials; any answer will do */
	bool is_elsewhere;  /* the URL is another host's, who gets no credentials */
	const char *method; /* as in struct http_request, also what follows */
	const char *content_type;
	char content_range[64];
	const char *text;
	int body_fd;
	uint64_t body_offset, body_bytes;
	void (*on_sent)(void *arg, uint64_t n); /* with the sink's arg */
	struct sbuf *document;   /* collects here, from the start again at each try; or else: */
	struct stream_sink sink; /* data may be NULL with a document */
	char what[400];          /* for errors: "'library/debian:12'" */
};

struct transfer {
	struct stream base;
	struct transfer *next;
	struct transfer_job job;
	struct http_request q;
	enum transfer_state state;
	unsigned tries;      /* since there was progress */
	unsigned refusals;   /* 401 answers since there was progress */
	unsigned generation; /* of the authorization it was sent with */
	uint64_t got_bytes, got_before_bytes;
	uint64_t not_before_ns;
	bool is_whole; /* ranges do not work there: from the start, what is known is skipped */
	bool is_wrong_range;             /* what came was not what was asked for */
	unsigned status;                 /* of the last answer */
	char location[2048], link[2048]; /* headers of the last answer; may be empty */
	char digest[72];                 /* Docker-Content-Digest; may be empty */
	char range[64], piece_min[24];   /* Range, OCI-Chunk-Min-Length; the same */
	struct err e;                    /* why the sink refused */
};

int transfer_start(struct registry *reg, const struct transfer_job *job, struct transfer **ret,
                   struct err *e);
void transfer_free(struct transfer *t);
void transfer_begin(struct transfer *t); /* (again), now */
void transfer_end(struct transfer *t, int r, const struct err *e);
/* Starts what has waited long enough; returns how long the others wait, at most @timeout_ms. */
int transfers_wake(struct registry *reg, int timeout_ms);
static inline struct registry *transfer_registry(const struct transfer *t)
{
	return (struct registry *)t->base.source;
}

/* How long to wait before the next try; 0: the registry wants more patience than we have. */
uint64_t transfer_delay_ms(const struct transfer *t, unsigned tries);
/* Whether an answer asks for credentials: a 401, or a 403 with a challenge that a token meets. */
bool token_is_asked_for(const struct transfer *t);
/* A transfer got such an answer: it will be begun again with a token, or ended. Called in its
 * on_done. */
void token_needed(struct transfer *t);
void token_done(struct registry *reg);
/* Fills @e with "registry ... refuses ..."; returns the errno. */
int registry_denied(const struct transfer *t, struct err *e);
