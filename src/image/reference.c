/* SPDX-License-Identifier: Apache-2.0 */
/* reference - takes image references apart by the distribution grammar
 *
 * The text is cut from the right (digest, then tag) and from the left (host), and what is left must
 * be a name. Each part is checked where it is cut off, so that the error can say which one is
 * wrong.
 */
#include "image/reference.h"

#include "base/num.h"
#include "image/digest.h"
#include "image/registries.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define REGISTRY_TRANSPORT "docker://"

enum { TEXT_MAX = 4096, ECHO_MAX = 200 };

/* What the user wrote, for an error: cut to a readable length, control characters replaced, since
 * a reference may come from a file somebody else wrote. */
static int bad(struct err *e, const char *text, const char *why)
{
	char echo[ECHO_MAX + 1];
	size_t n = MIN(strlen(text), (size_t)ECHO_MAX);

	for (size_t i = 0; i < n; i++)
		echo[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	echo[n] = '\0';
	return err_set(e, UCT_BAD_REFERENCE, -EINVAL, "invalid reference '%s%s': %s", echo,
	               text[n] ? "..." : "", why);
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_lower(c) || is_upper(c) || is_digit(c);
}

/* The part of the grammar that is wrong, or NULL. */
static const char *check_tag(const char *tag)
{
	size_t n = strlen(tag);

	if (n == 0)
		return "the tag after ':' is empty";
	if (n > 128)
		return "the tag has more than 128 characters";
	if (!is_alnum(tag[0]) && tag[0] != '_')
		return "a tag must start with a letter, a digit or '_'";
	for (size_t i = 1; i < n; i++)
		if (!is_alnum(tag[i]) && !strchr("_.-", tag[i]))
			return "a tag may only have letters, digits, '_', '.' and '-'";
	return NULL;
}

static const char *check_digest(const char *digest)
{
	if (strncmp(digest, "sha256:", 7) != 0)
		return strchr(digest, ':') ? "only sha256 digests are known"
		                           : "the digest after '@' must be sha256:HEX";
	if (strlen(digest) != 7 + 64)
		return "the digest must have 64 hex digits";
	if (!digest_is_valid(digest))
		return "the digest must be lower-case hex digits";
	return NULL;
}

/* One separator of a name component: . _ __ or any number of -; returns its length or 0. */
static size_t separator(const char *s)
{
	if (*s == '-')
		return strspn(s, "-");
	if (*s == '_')
		return s[1] == '_' ? 2 : 1;
	return *s == '.';
}

static const char *check_name(const char *name)
{
	const char *p = name;

	if (!*name)
		return "the repository name is empty";
	if (strlen(name) > 255)
		return "the repository name has more than 255 characters";
	for (const char *q = name; *q; q++)
		if (is_upper(*q))
			return "repository name must be lower case";
	for (;;) {
		size_t n = 0;

		while (is_lower(p[n]) || is_digit(p[n]))
			n++;
		if (n == 0 && (*p == '/' || !*p))
			return p > name && p[-1] != '/'
			               ? "a name component must end with a letter or digit"
			               : "the repository name has an empty component";
		if (n == 0)
			return "a name component must start with a lower-case letter or digit, and "
			       "have one separator ('.', '_', '__' or dashes) between them";
		p += n;
		if (!*p)
			return NULL;
		n = *p == '/' ? 1 : separator(p);
		if (n == 0)
			return "the repository name has a character that is not allowed";
		p += n;
	}
}

static const char *check_port(const char *port)
{
	uint32_t v;

	if (strlen(port) > 5 || parse_u32(port, &v) < 0 || v == 0 || v > 65535)
		return "the port must be a number from 1 to 65535";
	return NULL;
}

/* "[::1]" or "[::1]:5000" */
static const char *check_host_v6(const char *host)
{
	const char *end = strchr(host, ']');
	struct in6_addr a;
	char addr[INET6_ADDRSTRLEN];

	if (!end || (size_t)(end - host - 1) >= sizeof(addr))
		return "the IPv6 address in '[' and ']' is not valid";
	memcpy(addr, host + 1, (size_t)(end - host - 1));
	addr[end - host - 1] = '\0';
	if (inet_pton(AF_INET6, addr, &a) != 1)
		return "the IPv6 address in '[' and ']' is not valid";
	if (!end[1])
		return NULL;
	return end[1] == ':' ? check_port(end + 2) : "after ']' only a port may follow";
}

static const char *check_host(const char *host)
{
	const char *p = host;

	if (!*host)
		return "the host before '/' is empty";
	if (*host == '[')
		return check_host_v6(host);
	for (;;) {
		size_t n = 0;

		while (is_alnum(p[n]) || p[n] == '-')
			n++;
		if (n == 0)
			return "the host name has an empty label or a character that is not "
			       "allowed";
		if (p[0] == '-' || p[n - 1] == '-')
			return "a label of the host name must not start or end with '-'";
		p += n;
		if (*p == ':')
			return check_port(p + 1);
		if (!*p)
			return NULL;
		if (*p != '.')
			return "the host name has a character that is not allowed";
		p++;
	}
}

/* What precedes the first slash is a host if it looks like one. Docker also takes a word with upper
 * case for a host; far more often somebody has misspelt a name, and should be told so. */
static bool is_host(const char *s, size_t n)
{
	if (n == 9 && strncasecmp(s, "localhost", 9) == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (s[i] == '.' || s[i] == ':')
			return true;
	return n == 0;
}

/* Host names have no case; one spelling makes one key in the store. */
static void set_host(struct reference *r, const char *host)
{
	size_t i;

	for (i = 0; host[i]; i++)
		r->host[i] = (char)(is_upper(host[i]) ? host[i] | 0x20 : host[i]);
	r->host[i] = '\0';
	if (!strcmp(r->host, "index.docker.io") || !strcmp(r->host, "registry-1.docker.io"))
		memcpy(r->host, "docker.io", sizeof("docker.io"));
}

/* @name is "[HOST/]NAME" and gets cut. */
static const char *split_host(struct reference *r, char *name)
{
	char *slash = strchr(name, '/');
	const char *why, *host = "docker.io";
	bool is_short;

	if (slash && is_host(name, (size_t)(slash - name))) {
		*slash = '\0';
		host = name;
		name = slash + 1;
		if (strlen(host) >= sizeof(r->host))
			return "the host name is too long";
		why = check_host(host);
		if (why)
			return why;
	}
	set_host(r, host);
	why = check_name(name);
	if (why)
		return why;
	is_short = !strcmp(r->host, "docker.io") && !strchr(name, '/');
	if (strspn(name, "0123456789abcdef") == 64 && !name[64] && is_short)
		return "64 hex digits are an id, not a name; write NAME@sha256:HEX";
	if (snprintf(r->name, sizeof(r->name), "%s%s", is_short ? "library/" : "", name) >=
	    (int)sizeof(r->name))
		return "the repository name has more than 255 characters";
	return NULL;
}

static const char *parse_registry(char *text, struct reference *r)
{
	char *at = strchr(text, '@'), *colon;
	const char *why;

	if (at) {
		*at = '\0';
		why = check_digest(at + 1);
		if (why)
			return why;
		memcpy(r->digest, at + 1, strlen(at + 1) + 1);
	}
	/* A colon before the last slash belongs to a port. */
	colon = strrchr(text, ':');
	if (colon && !strchr(colon, '/')) {
		*colon = '\0';
		why = check_tag(colon + 1);
		if (why)
			return why;
		memcpy(r->tag, colon + 1, strlen(colon + 1) + 1);
	} else if (!at) {
		memcpy(r->tag, "latest", sizeof("latest"));
	}
	return split_host(r, text);
}

/* The first colon ends the directory, as in skopeo's oci: transport. The tag is what the layout's
 * org.opencontainers.image.ref.name says, which is often a whole reference. */
static const char *parse_layout(const char *text, struct reference *r)
{
	size_t n = strcspn(text, ":");

	r->kind = REFERENCE_LAYOUT;
	if (n == 0)
		return "the directory after 'oci:' is empty";
	memcpy(r->path, text, n);
	r->path[n] = '\0';
	if (!text[n])
		return NULL;
	text += n + 1;
	if (!*text)
		return "the tag after ':' is empty";
	if (strlen(text) >= sizeof(r->tag))
		return "the tag has more than 128 characters";
	for (const char *p = text; *p; p++)
		if (!is_alnum(*p) && !strchr("_.-+:/@", *p))
			return "the tag has a character that is not allowed";
	memcpy(r->tag, text, strlen(text) + 1);
	return NULL;
}

/* What podman and skopeo write before a path. "dir:1" may be an image of that name. */
static bool is_archive(const char *text)
{
	static const char *const transports[] = { "docker-archive:", "oci-archive:",
		                                  "docker-daemon:", "containers-storage:" };

	for (size_t i = 0; i < ARRAY_SIZE(transports); i++)
		if (!strncmp(text, transports[i], strlen(transports[i])))
			return true;
	return !strncmp(text, "dir:", 4) && (text[4] == '/' || text[4] == '.');
}

/* Without "docker://", which says only that it is a registry's. */
static const char *without_transport(const char *text)
{
	return text + (strncmp(text, REGISTRY_TRANSPORT, strlen(REGISTRY_TRANSPORT))
	                       ? 0
	                       : strlen(REGISTRY_TRANSPORT));
}

int reference_parse(const char *text, struct reference *ret, struct err *e)
{
	struct reference r = { 0 };
	char copy[TEXT_MAX];
	const char *why, *rest = without_transport(text);
	size_t n = strnlen(rest, TEXT_MAX);

	if (n == TEXT_MAX)
		return bad(e, text, "it is too long");
	if (n == 0)
		return bad(e, text, "it is empty");
	memcpy(copy, rest, n + 1);
	if (!strncmp(text, "oci:", 4))
		why = parse_layout(text + 4, &r);
	else if (is_archive(text))
		why = "images come from registries and oci: directories; load takes archives in";
	else if (strstr(rest, "://"))
		why = "it must not start with a URL scheme";
	else
		why = parse_registry(copy, &r);
	if (why)
		return bad(e, text, why);
	*ret = r;
	return 0;
}

bool reference_has_host(const char *text)
{
	const char *slash = strchr(text, '/');

	return !strncmp(text, "oci:", 4) || without_transport(text) != text ||
	       (slash && is_host(text, (size_t)(slash - text)));
}

int reference_full_name(const struct reference *r, char *buf, size_t size, struct err *e)
{
	struct reference inner = { 0 };
	int n;

	if (r->kind == REFERENCE_LAYOUT) {
		if (!r->tag[0]) {
			buf[0] = '\0';
			return 0;
		}
		if (!strncmp(r->tag, "oci:", 4))
			return bad(e, r->tag, "a layout's tag cannot name a layout");
		n = reference_parse(r->tag, &inner, e);
		if (n < 0)
			return n;
		r = &inner;
	}
	if (r->tag[0])
		n = snprintf(buf, size, "%s/%s:%s", r->host, r->name, r->tag);
	else
		n = snprintf(buf, size, "%s/%s@%s", r->host, r->name, r->digest);
	if (n < 0 || (size_t)n >= size)
		return bad(e, r->name, "host, name and tag together are too long");
	return 0;
}

/* Whether the short form, written by a user, means what the full name means. It does not for
 * "docker.io/localhost/x" (another registry), "docker.io/library/oci:x" (a layout), a repository
 * named like an id, and where short names are configured to mean something else. */
static bool means_the_same(const char *full_name, const char *text)
{
	struct reference r = { 0 };
	char again[512];

	return reference_resolve(text, &r, NULL) == 0 &&
	       reference_full_name(&r, again, sizeof(again), NULL) == 0 &&
	       !strcmp(again, full_name);
}

void reference_familiar(const char *full_name, char *buf, size_t size)
{
	const char *s = full_name;

	if (!strncmp(s, "docker.io/", 10)) {
		s += 10;
		if (!strncmp(s, "library/", 8) && !strchr(s + 8, '/'))
			s += 8;
		if (!means_the_same(full_name, s))
			s = full_name;
	}
	(void)snprintf(buf, size, "%s", s); /* a cut name is for display only */
}
