/* SPDX-License-Identifier: Apache-2.0 */
#include "image/trust.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "base/strv.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PEM_MAX_BYTES = 1 << 20, ALL_MAX_BYTES = 8 << 20 };

void trust_done(struct http_trust *t)
{
	if (t->key)
		explicit_bzero(t->key, strlen(t->key));
	free(t->authorities);
	free(t->certificate);
	free(t->key);
	*t = (struct http_trust){ .is_insecure = t->is_insecure };
}

static bool ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), k = strlen(suffix);

	return n > k && !strcmp(name + n - k, suffix);
}

/* Of many, in the order of their names. */
static int list_files(int dirfd, struct strv *ret, struct err *e)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;
	int r = 0;

	if (!d) {
		if (fd >= 0)
			(void)close(fd);
		return err_sys(e, "cannot read a directory of certificates");
	}
	while (r == 0 && (de = readdir(d)))
		if (ends_with(de->d_name, ".crt") || ends_with(de->d_name, ".cert"))
			r = strv_add(ret, de->d_name);
	(void)closedir(d);
	for (size_t i = 1; i < ret->n; i++)
		for (size_t k = i; k > 0 && strcmp(ret->v[k - 1], ret->v[k]) > 0; k--) {
			char *swap = ret->v[k];

			ret->v[k] = ret->v[k - 1];
			ret->v[k - 1] = swap;
		}
	return r < 0 ? err_oom(e) : 0;
}

/* Files may be links here, unlike elsewhere: into /etc/ssl, say. */
static int read_pem(int dirfd, const char *name, char **ret, struct err *e)
{
	_cleanup_close_ int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *path = strf("/proc/self/fd/%d", fd), *real = NULL;

	if (fd < 0)
		return err_sys(e, "cannot read certificate '%s'", name);
	real = path ? realpath(path, NULL) : NULL;
	if (!real)
		return err_sys(e, "cannot read certificate '%s'", name);
	return file_read_at(AT_FDCWD, real, PEM_MAX_BYTES, ret, NULL, e);
}

static int take_own(int dirfd, const char *name, struct http_trust *t, struct err *e)
{
	_cleanup_free_ char *key = strf("%.*s.key", (int)(strlen(name) - strlen(".cert")), name);
	int r;

	if (t->certificate)
		return 0;
	if (!key)
		return err_oom(e);
	r = read_pem(dirfd, name, &t->certificate, e);
	return r < 0 ? r : read_pem(dirfd, key, &t->key, e);
}

static int read_dir(int dirfd, struct http_trust *t, struct err *e)
{
	_cleanup_sbuf_ struct sbuf all = SBUF_INIT(ALL_MAX_BYTES);
	_cleanup_strv_ struct strv names = { 0 };
	int r = list_files(dirfd, &names, e);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		_cleanup_free_ char *pem = NULL;

		if (ends_with(names.v[i], ".cert")) {
			r = take_own(dirfd, names.v[i], t, e);
			continue;
		}
		r = read_pem(dirfd, names.v[i], &pem, e);
		if (r == 0)
			sbuf_addf(&all, "%s\n", pem);
	}
	if (r == 0 && all.len) {
		r = sbuf_take(&all, &t->authorities);
		if (r < 0)
			return err_errno(e, r, "cannot read certificates");
	}
	return r;
}

static char *usual_place(unsigned n, const char *host)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	switch (n) {
	case 0:
		if (config && *config)
			return strf("%s/containers/certs.d/%s", config, host);
		return home ? strf("%s/.config/containers/certs.d/%s", home, host) : NULL;
	case 1:
		return strf("/etc/containers/certs.d/%s", host);
	case 2:
		return strf("/etc/docker/certs.d/%s", host);
	default:
		return NULL;
	}
}
enum { USUAL_PLACES = 3 };

int trust_find(const char *cert_dir, const char *host, struct http_trust *ret, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (cert_dir) {
		fd = open(cert_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "cannot open '%s'", cert_dir);
		return read_dir(fd, ret, e);
	}
	for (unsigned i = 0; i < USUAL_PLACES && fd < 0; i++) {
		_cleanup_free_ char *path = usual_place(i, host);

		if (path)
			fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return fd < 0 ? 0 : read_dir(fd, ret, e);
}
