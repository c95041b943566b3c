/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/asking.h"

#include "base/sbuf.h"
#include "base/sock.h"

#include <stdio.h>
#include <string.h>

void secret_free(char *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, strlen(secret));
	free(secret);
}

static void encode(const unsigned char *in, size_t n, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)in[i] << 16 | (uint32_t)(i + 1 < n ? in[i + 1] : 0) << 8 |
		             (uint32_t)(i + 2 < n ? in[i + 2] : 0);

		*out++ = digits[v >> 18];
		*out++ = digits[v >> 12 & 63];
		*out++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*out = '\0';
}

int asking_basic(const char *user, const char *password, char **ret, struct err *e)
{
	enum { PAIR_MAX = 16 << 10 };
	_cleanup_secret_text_ char *pair = strf("%s:%s", user, password), *text = NULL;
	size_t n = pair ? strlen(pair) : 0;

	if (strchr(user, ':') || n > PAIR_MAX)
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "a user name has no colon, and with its password at most 16 KiB");
	text = pair ? calloc(1, 6 + (n + 2) / 3 * 4 + 1) : NULL;
	if (!text)
		return err_oom(e);
	memcpy(text, "Basic ", 6);
	encode((const unsigned char *)pair, n, text + 6);
	*ret = TAKE_PTR(text);
	return 0;
}

static int put(char *to, size_t size, const char *from, const char *what, struct err *e)
{
	if (snprintf(to, size, "%s", from ? from : "") >= (int)size)
		return err_set(e, UCT_BAD_VALUE, -ENAMETOOLONG, "%s is too long", what);
	return 0;
}

int asking_options(const struct usrct_registry_options *o, struct fetch_start *m, char **ret_secret,
                   struct err *e)
{
	int r;

	if (!o)
		return 0;
	r = put(m->auth_file, sizeof(m->auth_file), o->auth_file, "the path of --authfile", e);
	if (r == 0)
		r = put(m->cert_dir, sizeof(m->cert_dir), o->cert_dir, "the path of --cert-dir", e);
	if (o->tls == USRCT_TLS_ANY)
		m->flags |= FETCH_INSECURE;
	else if (o->tls == USRCT_TLS_ALWAYS)
		m->flags |= FETCH_SECURE;
	if (r == 0 && o->user) {
		r = asking_basic(o->user, o->password ? o->password : "", ret_secret, e);
		m->flags |= FETCH_HAS_SECRET;
	}
	return r;
}

int asking_send_secret(int sock_fd, const char *secret, struct err *e)
{
	struct fetch_secret m = { .type = FETCH_SECRET };
	int r;

	if (!secret)
		return 0;
	(void)snprintf(m.basic, sizeof(m.basic), "%s", secret);
	r = sock_send(sock_fd, &m, sizeof(m));
	explicit_bzero(&m, sizeof(m));
	return r < 0 ? err_errno(e, r, "cannot talk to the fetcher") : 0;
}

int asking_start(struct libexec *fetcher, struct fetch_start *m, const char *reference,
                 const struct usrct_registry_options *o, const int *fds, size_t n_fds,
                 struct err *e)
{
	_cleanup_secret_text_ char *secret = NULL;
	int r = put(m->reference, sizeof(m->reference), reference, "the reference", e);

	m->type = FETCH_START;
	if (r == 0)
		r = asking_options(o, m, &secret, e);
	if (r == 0)
		r = libexec_start("fetch", fetcher, e);
	if (r < 0)
		return r;
	r = sock_send_fds(fetcher->sock_fd, m, sizeof(*m), fds, n_fds);
	if (r < 0)
		return err_errno(e, r, "cannot talk to the fetcher");
	return asking_send_secret(fetcher->sock_fd, secret, e);
}

int asking_next(struct libexec *fetcher, void *buf, size_t size, struct err *e)
{
	union {
		struct fetch_fail fail;
		struct fetch_row row;
		struct fetch_blob blob;
	} m;
	ssize_t n = sock_recv(fetcher->sock_fd, &m, sizeof(m), NULL, 0);

	if (n == 0 || n == -ECONNRESET)
		return err_set(e, UCT_LAUNCHER_DIED, -EPIPE, "the fetcher ended unexpectedly");
	if (n == sizeof(m.fail) && m.fail.type == FETCH_FAIL && m.fail.e.code < 0) {
		if (e)
			*e = m.fail.e;
		return m.fail.e.code;
	}
	if (n != (ssize_t)size)
		return err_set(e, UCT_INTERNAL, -EPROTO, "the fetcher said something odd");
	memcpy(buf, &m, size);
	return 0;
}
