/* SPDX-License-Identifier: Apache-2.0 */
/* credentials - reads auth.json and config.json
 *
 * Keys of "auths" are hosts, for podman also "host/namespace/repository", for Docker also URLs such
 * as "https://index.docker.io/v1/". The longest one that fits wins. A file that names programs
 * which keep secrets ("credHelpers" for one host, "credsStore" for all) has these asked first.
 *
 * A secret never gets into an error, so jansson's text, which quotes what it stumbled over, does
 * not either.
 */
#include "image/credentials.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/libexec.h"
#include "base/proc.h"
#include "base/sbuf.h"

#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX_BYTES = 1 << 20, SECRET_MAX = 16 << 10 };

void credentials_free(char *secret)
{
	if (!secret)
		return;
	explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* The file may be a link (people keep their dot files elsewhere), so file_read_at() would not do.
 * -ENOENT is expected. */
static int read_file(const char *path, char **ret, size_t *ret_n, struct err *e)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_secret_ char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot read credentials '%s'", path);
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES)
		return err_set(e, UCT_BAD_VALUE, -EINVAL,
		               "credentials '%s' are not a regular file of at most 1 MiB", path);
	text = calloc(1, (size_t)st.st_size + 1);
	if (!text)
		return err_oom(e);
	n = fd_read_full(fd, text, (size_t)st.st_size);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read credentials '%s'", path);
	*ret = TAKE_PTR(text);
	*ret_n = (size_t)n;
	return 0;
}

/* "https://index.docker.io/v1/" -> "docker.io" */
static void key_normal(const char *key, char *buf, size_t size)
{
	size_t n;

	if (!strncmp(key, "https://", 8))
		key += 8;
	else if (!strncmp(key, "http://", 7))
		key += 7;
	(void)snprintf(buf, size, "%s", key); /* a cut key fits no host */
	n = strlen(buf);
	while (n && buf[n - 1] == '/')
		buf[--n] = '\0';
	if (n > 3 && (!strcmp(buf + n - 3, "/v1") || !strcmp(buf + n - 3, "/v2")))
		buf[n - 3] = '\0';
	if (!strcmp(buf, "index.docker.io") || !strcmp(buf, "registry-1.docker.io"))
		(void)snprintf(buf, size, "docker.io");
}

/* How many characters of "host/name" the key covers; 0 if it is for something else. */
static size_t key_fit(const char *key, const char *wanted)
{
	char normal[600];
	size_t n;

	key_normal(key, normal, sizeof(normal));
	n = strlen(normal);
	if (n == 0 || strncmp(normal, wanted, n) != 0)
		return 0;
	return wanted[n] == '\0' || wanted[n] == '/' ? n : 0;
}

/* The text between the quotes of "auth" is itself what the header wants, once it is known to be
 * base64 of USER:PASSWORD and nothing that could break a header line. 1, or 0: of nobody. */
static int basic_of_base64(const char *b64, char **ret)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789+/=";
	_cleanup_secret_ char *plain = NULL;
	size_t n = strlen(b64);
	int len;

	if (n == 0 || n > SECRET_MAX || n % 4 || strspn(b64, alphabet) != n)
		return -EINVAL;
	plain = calloc(1, n + 1);
	if (!plain)
		return -ENOMEM;
	len = EVP_DecodeBlock((unsigned char *)plain, (const unsigned char *)b64, (int)n);
	if (len < 0 || !memchr(plain, ':', (size_t)len))
		return -EINVAL;
	/* Nobody at all: some servers take that for a wrong password. */
	if (!strcmp(plain, ":"))
		return 0;
	*ret = strf("Basic %s", b64);
	return *ret ? 1 : -ENOMEM;
}

char *credentials_user(const char *basic)
{
	const char *b64 = strncmp(basic, "Basic ", 6) ? "" : basic + 6;
	size_t n = strlen(b64);
	_cleanup_secret_ char *plain = calloc(1, n + 1);

	if (!plain)
		return NULL;
	if (n > INT_MAX ||
	    EVP_DecodeBlock((unsigned char *)plain, (const unsigned char *)b64, (int)n) < 0)
		return strdup("");
	return strndup(plain, strcspn(plain, ":"));
}

static int basic_of_pair(const char *user, const char *password, char **ret)
{
	_cleanup_secret_ char *pair = strf("%s:%s", user, password), *b64 = NULL;
	size_t n;

	if (!pair)
		return -ENOMEM;
	n = strlen(pair);
	if (n > SECRET_MAX)
		return -EINVAL;
	b64 = calloc(1, (n + 2) / 3 * 4 + 1);
	if (!b64)
		return -ENOMEM;
	EVP_EncodeBlock((unsigned char *)b64, (const unsigned char *)pair, (int)n);
	*ret = strf("Basic %s", b64);
	return *ret ? 0 : -ENOMEM;
}

/* What a login to Azure's registry, say, leaves instead of a password. */
static int identity_of(const char *token, char **ret)
{
	size_t n = strlen(token);

	for (size_t i = 0; i < n; i++)
		if (token[i] <= ' ' || token[i] >= 0x7f)
			return -EINVAL;
	if (n == 0 || n > SECRET_MAX)
		return -EINVAL;
	*ret = strf(CREDENTIALS_IDENTITY "%s", token);
	return *ret ? 1 : -ENOMEM;
}

/* 1 found, 0 the entry says nothing (docker writes {} for what a credential helper keeps). */
static int basic_of_entry(const json_t *entry, char **ret)
{
	const char *auth = json_string_value(json_object_get(entry, "auth"));
	const char *user = json_string_value(json_object_get(entry, "username"));
	const char *password = json_string_value(json_object_get(entry, "password"));
	const char *identity = json_string_value(json_object_get(entry, "identitytoken"));
	int r;

	if (identity && *identity)
		return identity_of(identity, ret);
	if (auth && *auth)
		return basic_of_base64(auth, ret);
	if (!user || !*user || !password)
		return 0;
	r = basic_of_pair(user, password, ret);
	return r < 0 ? r : 1;
}

static bool is_program_name(const char *name)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return name && *name && strspn(name, allowed) == strlen(name);
}

/* docker-credential-NAME get: the host on standard input, JSON on standard output. 1 it has it, 0
 * it has not, or does not work: then what else there is counts, as with docker. */
static int ask_keeper(const char *name, const char *url, char **ret)
{
	_cleanup_free_ char *program = strf("docker-credential-%s", name), *path = NULL;
	_cleanup_secret_ char *answer = calloc(1, SECRET_MAX + 1);
	_cleanup_close_ int in_fd = -EBADF, out_fd = -EBADF, write_fd = -EBADF, pidfd = -EBADF;
	char *argv[] = { program, (char *)(uintptr_t) "get", NULL };
	const char *user, *secret;
	_cleanup_json_ json_t *j = NULL;
	struct spawn_fd fds[2];
	struct spawn s = { .argv = argv, .env = environ, .fds = fds, .n_fds = 2 };
	int pipe_fds[2], status = 0, r;
	ssize_t n;
	pid_t pid;

	path = program ? libexec_find_foreign(program) : NULL;
	if (!path || !answer || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return 0;
	out_fd = pipe_fds[0];
	write_fd = pipe_fds[1];
	in_fd = fd_sealed_memory("registry", url, strlen(url), NULL);
	if (in_fd < 0 || lseek(in_fd, 0, SEEK_SET) < 0)
		return 0;
	fds[0] = (struct spawn_fd){ in_fd, 0 };
	fds[1] = (struct spawn_fd){ write_fd, 1 };
	s.path = path;
	pidfd = proc_spawn(&s, &pid, NULL);
	if (pidfd < 0)
		return 0;
	cleanup_close(&write_fd);
	write_fd = -EBADF;
	n = fd_read_full(out_fd, answer, SECRET_MAX);
	/* One that says more would wait for us to read it. */
	cleanup_close(&out_fd);
	out_fd = -EBADF;
	r = pidfd_wait(pidfd, &status);
	if (n <= 0 || r < 0 || status != 0 || json_parse(answer, (size_t)n, "answer", &j, NULL) < 0)
		return 0;
	user = json_string_value(json_object_get(j, "Username"));
	secret = json_string_value(json_object_get(j, "Secret"));
	if (!user || !secret)
		return 0;
	if (!strcmp(user, "<token>")) {
		r = identity_of(secret, ret);
		return r == -EINVAL ? 0 : r;
	}
	r = basic_of_pair(user, secret, ret);
	return r < 0 ? r : 1;
}

/* Keys of "credHelpers" are hosts; docker's own is asked for under its old URL. */
static int find_with_keeper(const json_t *j, const char *wanted, char **ret)
{
	_cleanup_free_ char *host = strndup(wanted, strcspn(wanted, "/"));
	const char *name, *key;
	const json_t *value;
	char normal[600];

	name = json_string_value(json_object_get(j, "credsStore"));
	json_object_foreach(json_object_get(j, "credHelpers"), key, value)
	{
		key_normal(key, normal, sizeof(normal));
		if (host && !strcmp(normal, host))
			name = json_string_value(value);
	}
	if (!host || !is_program_name(name))
		return 0;
	return ask_keeper(name, strcmp(host, "docker.io") ? host : "https://index.docker.io/v1/",
	                  ret);
}

static int find_in_file(const char *path, const char *wanted, char **ret, struct err *e)
{
	_cleanup_secret_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	const json_t *entry = NULL, *value;
	json_t *auths;
	const char *key;
	size_t n, best = 0, fit;
	int r;

	r = read_file(path, &text, &n, e);
	if (r < 0)
		return r;
	if (json_parse(text, n, path, &j, NULL) < 0)
		return err_set(e, UCT_BAD_VALUE, -EBADMSG, "credentials '%s' are not valid JSON",
		               path);
	r = find_with_keeper(j, wanted, ret);
	if (r != 0)
		return r < 0 ? err_oom(e) : r;
	auths = json_object_get(j, "auths");
	json_object_foreach(auths, key, value)
	{
		fit = key_fit(key, wanted);
		if (fit > best) {
			best = fit;
			entry = value;
		}
	}
	if (!entry)
		return 0;
	r = basic_of_entry(entry, ret);
	if (r == -ENOMEM)
		return err_oom(e);
	if (r < 0)
		return err_set(e, UCT_BAD_VALUE, r,
		               "credentials '%s' have an entry for this registry that is not "
		               "base64 of USER:PASSWORD",
		               path);
	return r;
}

/* The n-th usual place; NULL if it has no name here (a variable is not set). */
static char *usual_place(unsigned n)
{
	const char *home = getenv("HOME"), *run = getenv("XDG_RUNTIME_DIR");
	const char *config = getenv("XDG_CONFIG_HOME"), *docker = getenv("DOCKER_CONFIG");

	switch (n) {
	case 0:
		return run ? strf("%s/containers/auth.json", run)
		           : strf("/run/containers/%u/auth.json", (unsigned)geteuid());
	case 1:
		if (config && *config)
			return strf("%s/containers/auth.json", config);
		return home ? strf("%s/.config/containers/auth.json", home) : NULL;
	case 2:
		if (docker && *docker)
			return strf("%s/config.json", docker);
		return home ? strf("%s/.docker/config.json", home) : NULL;
	default:
		return NULL;
	}
}
enum { USUAL_PLACES = 3 };

int credentials_find(const char *auth_file, const char *host, const char *name, char **ret_basic,
                     struct err *e)
{
	char wanted[520];
	int r = 0;

	if (snprintf(wanted, sizeof(wanted), "%s/%s", host, name) >= (int)sizeof(wanted))
		return err_errno(e, -ENAMETOOLONG, "cannot look for credentials");
	if (!auth_file)
		auth_file = getenv("REGISTRY_AUTH_FILE");
	if (auth_file && *auth_file) /* asked for by name: then it has to be there */
		return find_in_file(auth_file, wanted, ret_basic, e);
	for (unsigned i = 0; r == 0 && i < USUAL_PLACES; i++) {
		_cleanup_free_ char *path = usual_place(i);

		if (!path || access(path, F_OK) < 0)
			continue;
		r = find_in_file(path, wanted, ret_basic, e);
		if (r == -ENOENT) /* removed meanwhile */
			r = 0;
	}
	return r;
}
