/* SPDX-License-Identifier: Apache-2.0 */
/* token - answers a registry's 401 (distribution specification, "token authentication")
 *
 * A registry asks for Basic, which is our credentials themselves, or for Bearer: a token from
 * another service, which in turn may want our credentials or serve anybody. It is asked with GET,
 * or, where a login left a refresh token instead of a password, with an OAuth 2 form (distribution,
 * "Docker Registry v2 authentication using OAuth2"). One token serves all transfers, so it is asked
 * for all that they were refused for so far; when it expires in the middle of a pull, the first 401
 * fetches a new one and the others wait for it.
 */
#include "image/challenge.h"
#include "image/credentials.h"
#include "image/registry.h"
#include "image/token-answer.h"

#include <stdio.h>
#include <string.h>

enum { TOKEN_MAX_BYTES = 64 << 10, REFUSALS_MAX = 2, SCOPES_MAX = 32, CHALLENGES_MAX = 16 };

static void set_authorization(struct registry *reg, char *header)
{
	credentials_free(reg->authorization);
	reg->authorization = header;
	reg->generation++;
}

static void deny(struct transfer *t)
{
	struct err e = { 0 };
	int r = registry_denied(t, &e);

	transfer_end(t, r, &e);
}

static void end_waiting(struct registry *reg, int r, const struct err *e)
{
	for (struct transfer *t = reg->transfers; t; t = t->next) {
		if (t->state != TRANSFER_WAITS_TOKEN)
			continue;
		if (r < 0)
			transfer_end(t, r, e);
		else
			transfer_begin(t);
	}
}

/* The new authorization, and where a service takes each refresh token once, the next one. */
static int take_token(struct registry *reg, struct err *e)
{
	struct token_answer a = { 0 };
	int r = token_answer_parse(reg->token_answer.s, reg->token_answer.len, reg->host, &a, e);

	if (r == 0)
		set_authorization(reg, a.authorization);
	if (r == 0 && reg->identity && a.refresh) {
		credentials_free(reg->identity);
		reg->identity = TAKE_PTR(a.refresh);
	}
	credentials_free(a.refresh);
	return r;
}

static void on_token(void *arg, int r, const struct err *e)
{
	struct registry *reg = arg;
	struct err own = { 0 };

	if (r >= 0) {
		r = take_token(reg, &own);
		e = &own;
	}
	if (reg->token_answer.s)
		explicit_bzero(reg->token_answer.s, reg->token_answer.len);
	end_waiting(reg, r, e);
}

/* Where credentials may go: over TLS, or without leaving this machine. */
static bool is_safe_realm(const char *url)
{
	char host[300];
	size_t n;

	if (!strncmp(url, "https://", 8))
		return true;
	if (strncmp(url, "http://", 7) != 0)
		return false;
	n = strcspn(url + 7, "/?#");
	if (n >= sizeof(host))
		return false;
	memcpy(host, url + 7, n);
	host[n] = '\0';
	return host_is_loopback(host);
}

/* "repository:a:pull,push repository:b:pull". Registries ask so for a blob's second repository. */
static int remember_scopes(struct registry *reg, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, " "), i = 0;

		while (i < reg->scopes.n &&
		       (strlen(reg->scopes.v[i]) != n || strncmp(reg->scopes.v[i], text, n) != 0))
			i++;
		if (n && i == reg->scopes.n) {
			if (i == SCOPES_MAX)
				strv_done(&reg->scopes);
			if (strv_addf(&reg->scopes, "%.*s", (int)n, text) < 0)
				return -ENOMEM;
		}
		text += n + (text[n] == ' ');
	}
	return 0;
}

/* "scope=A&scope=B", each after the first with @between in front; NULL if out of memory. */
static char *scope_query(const struct registry *reg, const char *between)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TOKEN_MAX_BYTES);
	char *text = NULL;

	for (size_t i = 0; i < reg->scopes.n; i++) {
		_cleanup_free_ char *one = http_escape(reg->scopes.v[i]);

		if (!one)
			return NULL;
		sbuf_addf(&b, "%s%s", i ? between : "scope=", one);
	}
	return sbuf_take(&b, &text) < 0 ? NULL : text;
}

/* NULL if out of memory. */
static char *token_url(const struct registry *reg, const struct challenge *c)
{
	_cleanup_free_ char *service = http_escape(c->service), *user = NULL, *account = NULL,
			    *scope = scope_query(reg, "&scope=");
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TOKEN_MAX_BYTES);
	char between = strchr(c->realm, '?') ? '&' : '?', *url = NULL;

	user = reg->basic ? credentials_user(reg->basic) : strdup("");
	account = user ? http_escape(user) : NULL;
	if (!service || !scope || !account)
		return NULL;
	sbuf_addf(&b, "%s", c->realm);
	/* A login asks for no scope: the token says only who it is. */
	if (*scope)
		sbuf_addf(&b, "%c%s", between, scope);
	between = *scope ? '&' : between;
	if (*service)
		sbuf_addf(&b, "%cservice=%s", between, service);
	between = *service ? '&' : between;
	/* As docker and podman do; docker_auth wants it to be whose password comes along. */
	if (*account)
		sbuf_addf(&b, "%caccount=%s", between, account);
	return sbuf_take(&b, &url) < 0 ? NULL : url;
}

static char *token_form(const struct registry *reg, const struct challenge *c)
{
	_cleanup_free_ char *service = http_escape(c->service), *scope = scope_query(reg, "%20");
	_cleanup_secret_ char *identity = http_escape(reg->identity);

	if (!service || !scope || !identity)
		return NULL;
	return strf("grant_type=refresh_token&client_id=usr-ct&service=%s%s%s&refresh_token=%s",
	            service, *scope ? "&" : "", scope, identity);
}

/* Whether one that waits for the token changes something. */
static bool is_writing(const struct registry *reg)
{
	for (const struct transfer *t = reg->transfers; t; t = t->next)
		if (t->state == TRANSFER_WAITS_TOKEN && t->job.method &&
		    strcmp(t->job.method, "GET") != 0 && strcmp(t->job.method, "HEAD") != 0)
			return true;
	return false;
}

static int request_token(struct registry *reg, const struct challenge *c, struct err *e)
{
	struct transfer_job job = {
		.accept = "application/json",
		.size_bytes = TOKEN_MAX_BYTES,
		.is_token = true,
		.document = &reg->token_answer,
		.sink = { .done = on_token, .arg = reg },
	};
	_cleanup_free_ char *own = NULL;

	if (!is_safe_realm(c->realm))
		return err_set(e, UCT_REGISTRY_ANSWER, -EPROTO,
		               "registry '%s' names a token service that is not reached over TLS",
		               reg->host);
	if (!c->scope[0] && reg->base.ref.name[0])
		own = strf("repository:%s:%s", reg->base.ref.name,
		           is_writing(reg) ? "pull,push" : "pull");
	if (remember_scopes(reg, own ? own : c->scope) < 0)
		return err_oom(e);
	transfer_free(reg->token); /* an earlier one, done */
	reg->token = NULL;
	sbuf_done(&reg->token_answer);
	reg->token_answer = (struct sbuf)SBUF_INIT(TOKEN_MAX_BYTES);
	(void)snprintf(job.what, sizeof(job.what), "'%s' (token service)", reg->base.ref.name);
	if (reg->identity) {
		credentials_free(reg->form);
		reg->form = token_form(reg, c);
		job.method = "POST";
		job.content_type = "application/x-www-form-urlencoded";
		job.text = reg->form;
		job.url = reg->form ? strdup(c->realm) : NULL;
	} else {
		job.url = token_url(reg, c);
	}
	return transfer_start(reg, &job, &reg->token, e);
}

/* Basic: true if it is something new. */
static bool use_basic(struct registry *reg)
{
	char *copy;

	/* No header without credentials: some servers take an empty Basic for a wrong one. */
	if (!reg->basic || (reg->authorization && !strcmp(reg->authorization, reg->basic)))
		return false;
	copy = strdup(reg->basic);
	if (!copy)
		return false;
	set_authorization(reg, copy);
	return true;
}

static void read_challenges(const struct transfer *t, struct challenge *ret)
{
	const char *line;

	*ret = (struct challenge){ 0 };
	for (size_t i = 0; i < CHALLENGES_MAX && (line = http_header(&t->q, "WWW-Authenticate", i));
	     i++)
		challenge_parse(line, ret);
}

bool token_is_asked_for(const struct transfer *t)
{
	struct challenge c;

	if (t->job.is_token || t->job.is_elsewhere)
		return false;
	/* RFC 6750, 3.1: 403 with insufficient_scope. */
	if (t->q.status == 403 && t->refusals < REFUSALS_MAX) {
		read_challenges(t, &c);
		return c.scheme == CHALLENGE_BEARER;
	}
	return t->q.status == 401;
}

/* What is waiting for it gets what the challenge asks for. */
static void answer_challenge(struct registry *reg, const struct challenge *c)
{
	struct err e = { 0 };
	int r = 0;

	if (c->scheme == CHALLENGE_BEARER)
		r = request_token(reg, c, &e);
	else if (c->scheme == CHALLENGE_BASIC && use_basic(reg))
		end_waiting(reg, 0, NULL);
	else
		for (struct transfer *t = reg->transfers; t; t = t->next)
			if (t->state == TRANSFER_WAITS_TOKEN)
				deny(t);
	if (r < 0)
		end_waiting(reg, r, &e);
}

static void on_probed(void *arg, int r, const struct err *e)
{
	struct registry *reg = arg;

	if (r < 0) {
		end_waiting(reg, r, e);
		return;
	}
	read_challenges(reg->probe, &reg->probed);
	reg->has_probed = true;
	answer_challenge(reg, &reg->probed);
}

/* Some send a 401 without a word; /v2/, where every client used to begin, has it (distribution,
 * "API version check"). */
static void probe(struct registry *reg)
{
	struct transfer_job job = {
		.url = strf("%s/v2/", reg->url),
		.method = "GET",
		.is_probe = true,
		.sink = { .done = on_probed, .arg = reg },
	};
	struct err e = { 0 };
	int r;

	(void)snprintf(job.what, sizeof(job.what), "'%s'", reg->base.ref.name);
	r = transfer_start(reg, &job, &reg->probe, &e);
	if (r < 0)
		end_waiting(reg, r, &e);
}

static bool is_under_way(const struct transfer *t)
{
	return t && t->state != TRANSFER_DONE;
}

void token_needed(struct transfer *t)
{
	struct registry *reg = transfer_registry(t);
	struct challenge c;

	t->tries = 0; /* a 401 is no failed try */
	if (t->generation != reg->generation) {
		transfer_begin(t); /* somebody else has got a new token meanwhile */
		return;
	}
	if (t->refusals++ >= REFUSALS_MAX) {
		deny(t);
		return;
	}
	read_challenges(t, &c);
	t->state = TRANSFER_WAITS_TOKEN;
	if (is_under_way(reg->token) || is_under_way(reg->probe))
		return;
	if (c.scheme == CHALLENGE_NONE && !http_header(&t->q, "WWW-Authenticate", 0)) {
		if (!reg->has_probed) {
			probe(reg);
			return;
		}
		c = reg->probed;
	}
	answer_challenge(reg, &c);
}

void token_done(struct registry *reg)
{
	transfer_free(reg->token);
	transfer_free(reg->probe);
	reg->token = reg->probe = NULL;
	if (reg->token_answer.s)
		explicit_bzero(reg->token_answer.s, reg->token_answer.len);
	sbuf_done(&reg->token_answer);
	credentials_free(reg->authorization);
	credentials_free(reg->basic);
	credentials_free(reg->identity);
	credentials_free(reg->form);
	reg->authorization = reg->basic = reg->identity = reg->form = NULL;
	strv_done(&reg->scopes);
}
