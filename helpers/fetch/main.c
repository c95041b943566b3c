/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-fetch - moves one image's blobs from a registry (or a layout on disk) into the store
 *
 * Started by the engine with the protocol's socket as descriptor 3 (image/fetch-proto.h). It is the
 * only program of ours that loads libcurl and libcrypto, and the only one that reads what a
 * registry sent before its digest is known. One thread, one loop: the socket, the pipes, curl.
 *
 * Exit status: 0 the engine closed the socket, 1 FAIL was sent or could not be.
 */
#include "fetch.h"

#include "base/fd.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "image/digest.h"
#include "image/http.h"
#include "image/registries.h"
#include "image/trust.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { SOCK_FD = 3, IDLE_MS = 60000 }; /* idle: only a message wakes us */

enum {
	NOT_PULL = FETCH_PUSH | FETCH_LOGIN | FETCH_SEARCH | FETCH_TAGS | FETCH_CATALOG | FETCH_GET
};

int fetch_send(const struct fetch *f, const void *msg, size_t n, struct err *e)
{
	struct pollfd p = { .fd = f->sock_fd, .events = POLLOUT };
	int r;

	while ((r = sock_send(f->sock_fd, msg, n)) == -EAGAIN)
		if (poll(&p, 1, -1) < 0 && errno != EINTR)
			return err_sys(e, "cannot wait for the engine");
	return r < 0 ? err_errno(e, r, "cannot report to the engine") : 0;
}

void fetch_send_if_room(const struct fetch *f, const void *msg, size_t n)
{
	IGNORE(sock_send(f->sock_fd, msg, n)); /* progress is for watching */
}

static bool is_text(const char *s, size_t size)
{
	return memchr(s, '\0', size) != NULL;
}

/* The engine is trusted, but a message that got mixed up must not become a file name. */
static int check_start(const struct fetch *f, ssize_t n, struct err *e)
{
	const struct fetch_start *s = &f->start;

	if (n != sizeof(*s) || s->type != FETCH_START)
		return err_set(e, UCT_INTERNAL, -EPROTO, "fetch: START expected");
	if (!is_text(s->reference, sizeof(s->reference)) ||
	    !is_text(s->platform, sizeof(s->platform)) ||
	    !is_text(s->tmp_prefix, sizeof(s->tmp_prefix)) ||
	    !is_text(s->auth_file, sizeof(s->auth_file)) ||
	    !is_text(s->cert_dir, sizeof(s->cert_dir)))
		return err_set(e, UCT_INTERNAL, -EPROTO, "fetch: START has a text without end");
	if (s->flags & (FETCH_STORED | FETCH_PUSH) &&
	    (!is_text(s->digest, sizeof(s->digest)) || !digest_is_valid(s->digest)))
		return err_set(e, UCT_INTERNAL, -EPROTO, "fetch: START without a digest");
	if (s->flags & (NOT_PULL & ~FETCH_PUSH))
		return 0;
	if (!s->tmp_prefix[0] || s->tmp_prefix[0] == '.' || strchr(s->tmp_prefix, '/'))
		return err_set(e, UCT_INTERNAL, -EPROTO, "fetch: START has no usable prefix");
	if (f->blobs_dirfd < 0 || f->tmp_dirfd < 0)
		return err_set(e, UCT_INTERNAL, -EPROTO, "fetch: START without directories");
	return 0;
}

/* Who is asked: an image's registry, or a host alone. */
static int parse_reference(struct fetch *f, struct err *e)
{
	_cleanup_free_ char *with_name = NULL;
	int r;

	if (f->start.flags & FETCH_STORED) {
		f->ref.kind = REFERENCE_LAYOUT;
		return 0;
	}
	if (f->start.flags & FETCH_GET)
		return 0;
	if (f->start.flags & FETCH_SEARCH) {
		return 0; /* prepare() looks for whom to ask */
	}
	if (!(f->start.flags & (FETCH_LOGIN | FETCH_CATALOG)))
		return reference_parse(f->start.reference, &f->ref, e);
	with_name = strf("%s/x", f->start.reference);
	r = with_name ? reference_parse(with_name, &f->ref, e) : err_oom(e);
	f->ref.name[0] = f->ref.tag[0] = '\0';
	return r;
}

static int receive_secret(struct fetch *f, struct err *e)
{
	struct fetch_secret m;
	ssize_t n = sock_recv(f->sock_fd, &m, sizeof(m), NULL, 0);

	if (n == sizeof(m) && m.type == FETCH_SECRET && is_text(m.basic, sizeof(m.basic)))
		f->basic = strdup(m.basic);
	explicit_bzero(&m, sizeof(m));
	return f->basic ? 0 : err_set(e, UCT_INTERNAL, -EPROTO, "fetch: SECRET expected");
}

/* 0: the engine has gone before it asked for anything. */
static int receive_start(struct fetch *f, struct err *e)
{
	int fds[2];
	ssize_t n = sock_recv(f->sock_fd, &f->start, sizeof(f->start), fds, 2);
	int r;

	f->blobs_dirfd = fds[0];
	f->tmp_dirfd = fds[1];
	if (n == 0)
		return 0;
	if (n < 0)
		return err_errno(e, (int)n, "fetch: cannot receive START");
	r = check_start(f, n, e);
	if (r >= 0)
		r = parse_reference(f, e);
	if (r >= 0 && f->start.flags & FETCH_HAS_SECRET)
		r = receive_secret(f, e);
	if (r >= 0)
		r = platform_parse(f->start.platform[0] ? f->start.platform : platform_native(),
		                   f->platform, sizeof(f->platform), e);
	return r < 0 ? r : 1;
}

/* One message if there is one; -ECANCELED at end of file. */
static int receive_layer(struct fetch *f, struct err *e)
{
	_cleanup_close_ int pipe_fd = -EBADF;
	struct fetch_layer m;
	ssize_t n = sock_recv(f->sock_fd, &m, sizeof(m), &pipe_fd, 1);

	if (n == -EAGAIN)
		return 0;
	if (n == 0 || n == -ECONNRESET)
		return -ECANCELED;
	if (n < 0)
		return err_errno(e, (int)n, "fetch: cannot receive");
	if (n != sizeof(m) || m.type != FETCH_LAYER || !is_text(m.digest, sizeof(m.digest)))
		return err_set(e, UCT_INTERNAL, -EPROTO, "fetch: LAYER expected");
	return layer_want(f, &m, TAKE_FD(pipe_fd), e);
}

static int wait_for_work(struct fetch *f, int timeout_ms, struct err *e)
{
	size_t n_max = 1 + layers_poll_max(f), n;
	_cleanup_free_ struct pollfd *fds = calloc(n_max, sizeof(*fds));

	if (!fds)
		return err_oom(e);
	fds[0] = (struct pollfd){ f->sock_fd, POLLIN, 0 };
	n = 1 + layers_poll(f, fds + 1);
	return source_step(f->source, fds, n, timeout_ms, e);
}

/* Returns -ECANCELED when the engine has closed the socket, which is how a pull ends. */
static int serve(struct fetch *f, struct err *e)
{
	int again = 0, r;

	for (;;) {
		r = wait_for_work(f, again ? 0 : IDLE_MS, e);
		if (r >= 0)
			r = receive_layer(f, e);
		if (r >= 0)
			r = again = layers_move(f, e);
		if (r < 0)
			return r;
	}
}

/* How to reach the registry, the best way first. */
struct way {
	bool is_insecure, is_plain;
};

/* A registry for which there are certificates speaks TLS, wherever it is. */
static bool has_certificates(const struct fetch *f)
{
	struct http_trust trust = { 0 };
	bool has = trust_find(f->start.cert_dir[0] ? f->start.cert_dir : NULL, f->ref.host, &trust,
	                      NULL) == 0 &&
	           (trust.authorities || trust.certificate);

	trust_done(&trust);
	return has;
}

static size_t find_ways(const struct fetch *f, bool is_insecure, struct way ways[2])
{
	if (f->start.flags & FETCH_INSECURE || (is_insecure && !(f->start.flags & FETCH_SECURE))) {
		ways[0] = (struct way){ true, false };
		ways[1] = (struct way){ true, true };
		return 2;
	}
	/* This machine's own registries speak plainly, unless TLS is asked for. */
	ways[0] = (struct way){ false, host_is_loopback(f->ref.host) &&
		                               !(f->start.flags & FETCH_SECURE) &&
		                               !has_certificates(f) };
	return 1;
}

static int open_source(struct fetch *f, const struct way *way, struct err *e)
{
	struct source_options o = {
		.auth_file = f->start.auth_file[0] ? f->start.auth_file : NULL,
		.cert_dir = f->start.cert_dir[0] ? f->start.cert_dir : NULL,
		.basic = f->basic,
		.is_insecure = way->is_insecure,
		.is_plain = way->is_plain,
		.cancel_fd = f->sock_fd,
	};

	return source_open(&f->ref, &o, &f->source, e);
}

static int begin(struct fetch *f, struct err *e)
{
	if (f->start.flags & FETCH_LOGIN)
		return fetch_login(f, e);
	if (f->start.flags & FETCH_SEARCH)
		return fetch_search(f, e);
	if (f->start.flags & (FETCH_TAGS | FETCH_CATALOG))
		return fetch_list(f, e);
	return f->start.flags & FETCH_PUSH ? fetch_push(f, e) : fetch_resolve(f, e);
}

/* Nothing came of it, and nothing was told yet. */
static bool is_worth_another(int r, bool is_mirror)
{
	return r == -EHOSTUNREACH || r == -ECONNRESET ||
	       (is_mirror &&
	        (r == -ENOENT || r == -EACCES || r == -EPROTO || r == -EBADMSG || r == -EFBIG));
}

static int prepare(struct fetch *f, struct err *e)
{
	const struct reference asked = f->ref;
	struct registry_place places[PLACES_MAX];
	struct way ways[2];
	size_t n_places = 1, n_ways;
	int r = 0;

	if (!(f->start.flags & NOT_PULL))
		r = policy_find(&asked, &f->policy, e);
	if (r >= 0)
		r = f->start.flags & FETCH_SEARCH
		            ? registries_find_search(places, e)
		            : registries_find(&asked, f->start.flags & NOT_PULL, places, &n_places,
		                              e);
	for (size_t i = 0; r >= 0 && i < n_places; i++) {
		if (places[i].is_mirror && f->start.flags & FETCH_NO_MIRRORS)
			continue;
		f->ref = places[i].ref;
		n_ways = find_ways(f, places[i].is_insecure, ways);
		for (size_t k = 0; r >= 0 && k < n_ways; k++) {
			r = open_source(f, &ways[k], e);
			if (r < 0)
				break;
			f->attempts[f->n_attempts++] =
				(struct attempt){ .source = TAKE_PTR(f->source),
				                  .is_mirror = places[i].is_mirror };
		}
	}
	/* An answer is told of by whom it came from. */
	f->ref = f->start.flags & FETCH_SEARCH ? f->ref : asked;
	return r;
}

/* The image is called as it was asked for, wherever it came from. */
static int ask_in_turn(struct fetch *f, struct err *e)
{
	int r = fetch_confine(f, e);

	for (size_t i = 0; r >= 0 && i < f->n_attempts; i++) {
		f->attempt = f->resolved_attempt = i;
		f->attempts[i].is_tried = true;
		f->source = f->attempts[i].source;
		r = begin(f, e);
		if (r >= 0 || i + 1 == f->n_attempts ||
		    !is_worth_another(r, f->attempts[i].is_mirror))
			break;
		manifest_done(&f->manifest);
		r = 0;
	}
	return r;
}

/* A mirror may have the manifest and not all blobs, or go away halfway. What comes from elsewhere
 * instead has the same digest, so each blob goes on where it was. */
bool fetch_fall_back(struct fetch *f, int r)
{
	const struct attempt *now = &f->attempts[f->attempt];

	/* The second way to a registry is for when the first one never answered. */
	if (f->attempt + 1 >= f->n_attempts || !is_worth_another(r, now->is_mirror) ||
	    (!now->is_mirror && f->attempt == f->resolved_attempt))
		return false;
	f->attempt++;
	f->attempts[f->attempt].is_tried = true;
	f->source = f->attempts[f->attempt].source;
	return true;
}

static int fetch_from_registry(struct fetch *f, struct err *e)
{
	int r = prepare(f, e);

	if (r >= 0)
		r = ask_in_turn(f, e);
	return r >= 0 && !(f->start.flags & NOT_PULL) ? serve(f, e) : r;
}

static int fetch(struct fetch *f, struct err *e)
{
	int r;

	if (fd_set_nonblock(f->sock_fd) < 0)
		return err_sys(e, "cannot use the engine's socket");
	if (f->start.flags & FETCH_GET) {
		r = fetch_confine(f, e);
		return r < 0 ? r : fetch_get(f, e);
	}
	if (!(f->start.flags & FETCH_STORED))
		return fetch_from_registry(f, e);
	r = source_open_blobs(f->blobs_dirfd, f->start.digest, &f->source, e);
	f->attempts[f->n_attempts++].source = f->source;
	if (r >= 0)
		r = fetch_confine(f, e);
	if (r >= 0)
		r = fetch_resolve(f, e);
	return r >= 0 ? serve(f, e) : r;
}

static void send_fail(const struct fetch *f, const struct err *e)
{
	struct fetch_fail m = { .type = FETCH_FAIL, .e = *e };
	char rest[sizeof(struct fetch_layer)];

	/* Bytes of a mirror's that were wrong have gone to an unpacker already. */
	for (size_t i = 0; i < f->n_attempts && e->uct == UCT_BAD_DIGEST; i++)
		m.is_mirrors_fault |= f->attempts[i].is_mirror && f->attempts[i].is_tried;
	(void)fetch_send(f, &m, sizeof(m), NULL); /* nobody is left to tell */
	/* LAYER messages that nobody reads would turn the engine's next read into ECONNRESET
	 * (af_unix.c, unix_release_sock), before it sees FAIL. So no more are let in, and those
	 * that are there are read. */
	(void)shutdown(f->sock_fd, SHUT_RD); /* fails only if the engine has gone */
	while (sock_recv(f->sock_fd, rest, sizeof(rest), NULL, 0) > 0)
		;
}

int main(void)
{
	struct fetch f = { .sock_fd = SOCK_FD, .blobs_dirfd = -EBADF, .tmp_dirfd = -EBADF };
	struct err e = { 0 };
	int r;

	(void)signal(SIGPIPE, SIG_IGN); /* a reader that goes away is EPIPE, and no reason to die */
	if (fd_set_cloexec(f.sock_fd, 1) < 0) {
		(void)fprintf(stderr, "usr-ct-fetch: started by usr-ct pull, not by hand\n");
		return 1;
	}
	r = http_set_proxies(&e);
	if (r >= 0)
		r = receive_start(&f, &e);
	if (r > 0)
		r = fetch(&f, &e);
	if (r == -ECANCELED)
		r = 0;
	if (r < 0)
		send_fail(&f, &e);
	layers_drop(&f); /* after FAIL, so that a pipe's end comes second */
	for (size_t i = 0; i < f.n_attempts; i++)
		source_close(f.attempts[i].source);
	if (f.basic)
		explicit_bzero(f.basic, strlen(f.basic));
	free(f.basic);
	free(f.mounts);
	manifest_done(&f.manifest);
	policy_done(&f.policy);
	cleanup_close(&f.blobs_dirfd);
	cleanup_close(&f.tmp_dirfd);
	return r < 0;
}
