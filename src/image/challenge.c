/* SPDX-License-Identifier: Apache-2.0 */
/* challenge - takes WWW-Authenticate apart
 *
 * The grammar is a comma-separated list of challenges, each of which is a scheme and a
 * comma-separated list of parameters. A word is a parameter if '=' follows, else it begins a new
 * challenge. A token68 ("Negotiate oRQw==") reads as a parameter nobody asks for.
 */
#include "image/challenge.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~/", c));
}

static const char *skip_spaces(const char *p)
{
	return p + strspn(p, " \t");
}

/* Copies a token or a quoted string; what does not fit leaves @buf empty, since half a URL or half
 * a scope would be another one. */
static const char *take_value(const char *p, char *buf, size_t size)
{
	bool quoted = *p == '"', fits = true;
	size_t n = 0;

	p += quoted;
	while (*p && (quoted ? *p != '"' : is_token_char(*p) || *p == '=' || *p == ':')) {
		if (quoted && *p == '\\' && p[1])
			p++;
		/* Control characters have no place in a URL or scope. */
		if ((unsigned char)*p < ' ' || *p == 0x7f || n + 1 >= size)
			fits = false;
		else
			buf[n++] = *p;
		p++;
	}
	buf[fits ? n : 0] = '\0';
	return p + (quoted && *p == '"');
}

static void set_param(struct challenge *c, const char *name, const char *value)
{
	if (!strcasecmp(name, "realm"))
		memcpy(c->realm, value, strnlen(value, sizeof(c->realm) - 1) + 1);
	else if (!strcasecmp(name, "service") && strlen(value) < sizeof(c->service))
		memcpy(c->service, value, strlen(value) + 1);
	else if (!strcasecmp(name, "scope"))
		memcpy(c->scope, value, strnlen(value, sizeof(c->scope) - 1) + 1);
}

static enum challenge_scheme scheme_of(const char *word)
{
	if (!strcasecmp(word, "Bearer"))
		return CHALLENGE_BEARER;
	return !strcasecmp(word, "Basic") ? CHALLENGE_BASIC : CHALLENGE_NONE;
}

/* A Bearer challenge without a token service is of no use. */
static void keep_better(struct challenge *best, const struct challenge *c)
{
	if (c->scheme > best->scheme && (c->scheme != CHALLENGE_BEARER || c->realm[0]))
		*best = *c;
}

void challenge_parse(const char *header, struct challenge *c)
{
	struct challenge now = { 0 };
	char word[64], value[1024];
	const char *p = header, *q;

	for (;;) {
		p += strspn(p, " \t,");
		if (!*p)
			break;
		if (!is_token_char(*p)) {
			p++;
			continue;
		}
		p = take_value(p, word, sizeof(word));
		/* take_value() also ends after '='; cut the word where the parameter begins. */
		q = strchr(word, '=');
		if (q) {
			p -= strlen(q);
			word[q - word] = '\0';
		}
		q = skip_spaces(p);
		if (*q == '=') {
			p = take_value(skip_spaces(q + 1), value, sizeof(value));
			set_param(&now, word, value);
			continue;
		}
		keep_better(c, &now);
		now = (struct challenge){ .scheme = scheme_of(word) };
	}
	keep_better(c, &now);
}
