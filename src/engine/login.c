/* SPDX-License-Identifier: Apache-2.0 */
/* login - credentials for registries, in the file that podman, buildah and skopeo read too
 *
 * They are tried at the registry first, and only then written: {"auths": {"HOST": {"auth": ...}}}.
 * What else stands in the file stays. A file that gives its secrets to a program (credsStore,
 * credHelpers) is not written to: that program is asked to keep them.
 */
#include "engine/asking.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/libexec.h"
#include "base/proc.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX_BYTES = 1 << 20 };

/* Where secrets are written: where podman does. */
static char *auth_path(const struct usrct_registry_options *o)
{
	const char *named = o && o->auth_file ? o->auth_file : getenv("REGISTRY_AUTH_FILE");
	const char *run = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");

	if (named && *named)
		return strdup(named);
	if (run && *run)
		return strf("%s/containers/auth.json", run);
	return home ? strf("%s/.config/containers/auth.json", home) : NULL;
}

/* A missing file is an empty one. A link is followed: people keep their dot files elsewhere. */
static int read_auth(const char *path, char **ret_real, json_t **ret, struct err *e)
{
	_cleanup_secret_text_ char *text = NULL;
	size_t n = 0;
	int r;

	*ret_real = realpath(path, NULL);
	if (!*ret_real) {
		*ret_real = strdup(path);
		*ret = json_object();
		return *ret_real && *ret ? 0 : err_oom(e);
	}
	r = file_read_at(AT_FDCWD, *ret_real, FILE_MAX_BYTES, &text, &n, e);
	if (r < 0)
		return r;
	if (n == 0) {
		*ret = json_object();
		return *ret ? 0 : err_oom(e);
	}
	/* Without the parser's own words: it quotes what it stumbled over. */
	if (json_parse(text, n, "credentials", ret, NULL) < 0 || !json_is_object(*ret))
		return err_set(e, UCT_BAD_VALUE, -EBADMSG, "credentials '%s' are not valid JSON",
		               path);
	return 0;
}

static int write_auth(const char *path, const json_t *j, struct err *e)
{
	_cleanup_secret_text_ char *text = NULL;
	_cleanup_free_ char *dir = strdup(path);
	char *slash = dir ? strrchr(dir, '/') : NULL;
	int r;

	if (!dir)
		return err_oom(e);
	if (slash && slash > dir) {
		*slash = '\0';
		r = dir_make_at(AT_FDCWD, dir, 0700, e);
		if (r < 0)
			return r;
	}
	r = json_print(j, true, &text, e);
	return r < 0 ? r : file_write_at(AT_FDCWD, path, text, strlen(text), 0600, true, e);
}

/* "https://index.docker.io/v1/" and "docker.io" are one. */
static void normal(const char *key, char *buf, size_t size)
{
	size_t n;

	if (!strncmp(key, "https://", 8) || !strncmp(key, "http://", 7))
		key = strstr(key, "://") + 3;
	(void)snprintf(buf, size, "%s", key);
	n = strlen(buf);
	while (n && buf[n - 1] == '/')
		buf[--n] = '\0';
	if (n > 3 && (!strcmp(buf + n - 3, "/v1") || !strcmp(buf + n - 3, "/v2")))
		buf[n - 3] = '\0';
	if (!strcmp(buf, "index.docker.io") || !strcmp(buf, "registry-1.docker.io"))
		(void)snprintf(buf, size, "docker.io");
}

/* What the file calls this host; @fallback if it does not. */
static const char *key_of(const json_t *object, const char *host, const char *fallback)
{
	const json_t *value;
	const char *key;
	char n[600];

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		normal(key, n, sizeof(n));
		if (!strcmp(n, host))
			return key;
	}
	return fallback;
}

/* --- programs that keep secrets */

static const char *keeper_of(const json_t *j, const char *host)
{
	const json_t *helpers = json_object_get(j, "credHelpers");
	const char *key = key_of(helpers, host, NULL);
	const char *name = key ? json_string_value(json_object_get(helpers, key))
	                       : json_string_value(json_object_get(j, "credsStore"));

	return name && *name &&
	                       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                    "0123456789-_.") == strlen(name)
	               ? name
	               : NULL;
}

/* docker-credential-NAME ACTION, with @input; its output is not wanted. */
static int ask_keeper(const char *name, const char *action, const char *input, struct err *e)
{
	_cleanup_free_ char *program = strf("docker-credential-%s", name), *path = NULL;
	_cleanup_close_ int in_fd = -EBADF, null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	_cleanup_close_ int pidfd = -EBADF;
	char *argv[] = { program, (char *)(uintptr_t)action, NULL };
	struct spawn_fd fds[2];
	struct spawn s = { .argv = argv, .env = environ, .fds = fds, .n_fds = 2 };
	pid_t pid;
	int status = 0;

	path = program ? libexec_find_foreign(program) : NULL;
	if (!path)
		return err_set(e, UCT_HELPER_MISSING, -ENOENT,
		               "'docker-credential-%s', which keeps your passwords, is not in PATH",
		               name);
	in_fd = fd_sealed_memory("credentials", input, strlen(input), e);
	if (in_fd < 0)
		return in_fd;
	(void)lseek(in_fd, 0, SEEK_SET);
	fds[0] = (struct spawn_fd){ in_fd, 0 };
	fds[1] = (struct spawn_fd){ null_fd, 1 };
	s.path = path;
	pidfd = proc_spawn(&s, &pid, e);
	if (pidfd < 0)
		return pidfd;
	if (pidfd_wait(pidfd, &status) < 0 || status != 0)
		return err_set(e, UCT_REGISTRY_LOGIN, -EIO, "'%s %s' failed", program, action);
	return 0;
}

static int keep_elsewhere(const char *keeper, const char *host, const char *user,
                          const char *password, struct err *e)
{
	const char *url = strcmp(host, "docker.io") ? host : "https://index.docker.io/v1/";
	_cleanup_json_ json_t *j = json_pack("{s:s, s:s, s:s}", "ServerURL", url, "Username", user,
	                                     "Secret", password);
	_cleanup_secret_text_ char *text = NULL;
	int r = j ? json_print(j, false, &text, e) : err_oom(e);

	return r < 0 ? r : ask_keeper(keeper, "store", text, e);
}

/* --- login and logout */

static int host_of(const char *registry, char *buf, size_t size, struct err *e)
{
	normal(registry && *registry ? registry : "docker.io", buf, size);
	if (strchr(buf, '/') || strlen(buf) > 255)
		return err_set(e, UCT_BAD_REFERENCE, -EINVAL, "'%s' is not a registry's host",
		               registry);
	return 0;
}

static int try_it(const char *host, const struct usrct_registry_options *o, struct err *e)
{
	struct fetch_start m = { .flags = FETCH_LOGIN };
	_cleanup_libexec_ struct libexec fetcher = LIBEXEC_NONE;
	struct fetch_row done;
	int r = asking_start(&fetcher, &m, host, o, NULL, 0, e);

	return r < 0 ? r : asking_next(&fetcher, &done, sizeof(done), e);
}

static int remember(const char *host, const struct usrct_registry_options *o, struct err *e)
{
	_cleanup_free_ char *path = auth_path(o), *real = NULL;
	_cleanup_secret_text_ char *basic = NULL;
	_cleanup_json_ json_t *j = NULL;
	json_t *auths;
	int r = path ? read_auth(path, &real, &j, e) : err_oom(e);

	if (r < 0)
		return r;
	if (keeper_of(j, host))
		return keep_elsewhere(keeper_of(j, host), host, o->user, o->password, e);
	r = asking_basic(o->user, o->password, &basic, e);
	if (r < 0)
		return r;
	auths = json_object_get(j, "auths");
	if (!json_is_object(auths)) {
		auths = json_object();
		(void)json_object_set_new(j, "auths", auths);
	}
	if (json_object_set_new(auths, key_of(auths, host, host),
	                        json_pack("{s:s}", "auth", basic + strlen("Basic "))) < 0)
		return err_oom(e);
	return write_auth(real, j, e);
}

int usrct_registry_login(struct usrct *u, const char *registry,
                         const struct usrct_registry_options *opts, struct usrct_err *out)
{
	struct err e = { 0 };
	char host[600];
	int r = host_of(registry, host, sizeof(host), &e);

	(void)u;
	/* What is kept, tried once more. */
	if (r == 0 && opts && !opts->user && !opts->password) {
		r = try_it(host, opts, &e);
		return ENGINE_RETURN(r, out, &e);
	}
	if (r == 0 && (!opts || !opts->user || !*opts->user || !opts->password))
		r = err_set(&e, UCT_REGISTRY_LOGIN, -EINVAL, "a login needs a name and a password");
	if (r == 0) {
		/* The file is where they go, not where they come from. */
		struct usrct_registry_options o = *opts;

		o.auth_file = NULL;
		r = try_it(host, &o, &e);
	}
	if (r == 0)
		r = remember(host, opts, &e);
	return ENGINE_RETURN(r, out, &e);
}

static int logout(const char *registry, const struct usrct_registry_options *o, struct err *e)
{
	_cleanup_free_ char *path = auth_path(o), *real = NULL;
	_cleanup_json_ json_t *j = NULL;
	const char *key, *keeper;
	char host[600] = "";
	json_t *auths;
	int r = registry ? host_of(registry, host, sizeof(host), e) : 0;

	if (r == 0)
		r = path ? read_auth(path, &real, &j, e) : err_oom(e);
	if (r < 0)
		return r;
	auths = json_object_get(j, "auths");
	if (!registry) {
		(void)json_object_clear(auths);
		return write_auth(real, j, e);
	}
	key = key_of(auths, host, NULL);
	keeper = keeper_of(j, host);
	if (keeper)
		return ask_keeper(keeper, "erase",
		                  strcmp(host, "docker.io") ? host : "https://index.docker.io/v1/",
		                  e);
	if (!key)
		return err_set(e, UCT_REGISTRY_LOGIN, -ENOENT, "not logged in to '%s'", host);
	(void)json_object_del(auths, key);
	return write_auth(real, j, e);
}

int usrct_registry_logout(struct usrct *u, const char *registry,
                          const struct usrct_registry_options *opts, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = logout(registry, opts, &e);

	(void)u;
	return ENGINE_RETURN(r, out, &e);
}

static int decode_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* The name alone, up to the colon. */
static char *user_of(const char *b64)
{
	char *out = calloc(1, strlen(b64) + 1), *colon;
	uint32_t v = 0;
	size_t n = 0;
	int bits = 0;

	for (; out && *b64 && decode_digit(*b64) >= 0; b64++) {
		v = v << 6 | (uint32_t)decode_digit(*b64);
		bits += 6;
		if (bits >= 8)
			out[n++] = (char)(v >> (bits -= 8));
	}
	colon = out ? memchr(out, ':', n) : NULL;
	if (!colon) {
		secret_free(out);
		return NULL;
	}
	explicit_bzero(colon, n - (size_t)(colon - out));
	return out;
}

int usrct_registry_get_login(struct usrct *u, const char *registry,
                             const struct usrct_registry_options *opts, char **ret_user,
                             struct usrct_err *out)
{
	_cleanup_free_ char *path = auth_path(opts), *real = NULL;
	_cleanup_json_ json_t *j = NULL;
	const char *key, *auth;
	struct err e = { 0 };
	char host[600];
	int r = host_of(registry, host, sizeof(host), &e);

	(void)u;
	if (r == 0)
		r = path ? read_auth(path, &real, &j, &e) : err_oom(&e);
	if (r == 0) {
		const json_t *auths = json_object_get(j, "auths");

		key = key_of(auths, host, NULL);
		auth = key ? json_string_value(json_object_get(json_object_get(auths, key), "auth"))
		           : NULL;
		*ret_user = auth ? user_of(auth) : NULL;
		if (!*ret_user)
			r = err_set(&e, UCT_REGISTRY_LOGIN, -ENOENT, "not logged in to '%s'", host);
	}
	return ENGINE_RETURN(r, out, &e);
}
