/* SPDX-License-Identifier: Apache-2.0 */
/* pack-place - what a path given to cp means inside a root
 *
 * Docker's rules: a path is cleaned by the letter; its directories may be links; the last component
 * is followed when copying to it, and when copying from it only on request or with a slash behind.
 */
#include "store/pack.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

enum { LINKS_MAX = 40 };

void place_done(struct place *p)
{
	cleanup_close(&p->fd);
	cleanup_close(&p->dir_fd);
	p->fd = p->dir_fd = -EBADF;
}

/* Crosses mounts: volumes are there to be seen. */
static int open_in_root(int root_fd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_PATH | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	do /* EAGAIN: something moved while it was looked for (openat2(2)) */
		fd = (int)syscall(SYS_openat2, root_fd, *path ? path : ".", &how, sizeof(how));
	while (fd < 0 && (errno == EAGAIN || errno == EINTR));
	return fd < 0 ? -errno : fd;
}

static int too_long(const char *text, struct err *e)
{
	return err_set(e, UCT_BAD_COPY_PATH, -ENAMETOOLONG, "the path '%.80s...' is too long",
	               text);
}

int place_clean(const char *text, char ret[PATH_MAX], struct err *e)
{
	size_t n = 0;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && p[0] == '.' && p[1] == '.') {
			while (n > 0 && ret[n - 1] != '/')
				n--;
			n -= n > 0;
		} else if (len > 0 && !(len == 1 && p[0] == '.')) {
			if (len > NAME_MAX || n + len + 2 > PATH_MAX)
				return too_long(text, e);
			if (n > 0)
				ret[n++] = '/';
			memcpy(ret + n, p, len);
			n += len;
		}
		p += len;
		p += *p == '/';
	}
	ret[n] = '\0';
	return 0;
}

static bool ends_in_dot(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && s[n - 1] == '.' && (n == 1 || s[n - 2] == '/');
}

static void split(struct place *p)
{
	const char *slash = strrchr(p->path, '/');
	const char *base = slash ? slash + 1 : p->path;
	size_t n = slash ? (size_t)(slash - p->path) : 0;

	memcpy(p->dir, p->path, n);
	p->dir[n] = '\0';
	memcpy(p->base, base, strlen(base) + 1); /* place_clean() has seen to it that it fits */
}

static int begin(const char *text, struct place *ret, struct err *e)
{
	size_t n = strlen(text);
	int r;

	*ret = (struct place)PLACE_NONE;
	r = place_clean(text, ret->path, e);
	if (r < 0)
		return r;
	ret->is_contents = ends_in_dot(text) || !ret->path[0];
	ret->wants_dir = ret->is_contents || (n > 0 && text[n - 1] == '/');
	split(ret);
	return 0;
}

static int look(struct place *p, struct err *e)
{
	if (fstat(p->fd, &p->st) < 0)
		return err_sys(e, "cannot look at '/%s'", p->path);
	p->exists = true;
	p->is_dir = S_ISDIR(p->st.st_mode);
	if (p->wants_dir && !p->is_dir)
		return err_set(e, UCT_BAD_COPY_PATH, -ENOTDIR, "'/%s' is not a directory", p->path);
	return 0;
}

int place_source(int root_fd, const char *text, bool follow, struct place *ret, struct err *e)
{
	int r = begin(text, ret, e);

	if (r < 0)
		return r;
	r = open_in_root(root_fd, ret->path, follow || ret->wants_dir ? 0 : O_NOFOLLOW);
	if (r == -ENOENT || r == -ENOTDIR || r == -ELOOP)
		return err_set(e, UCT_NO_SUCH_PATH, r, "'/%s' does not exist: %s", ret->path,
		               strerror(-r));
	if (r < 0)
		return err_errno(e, r, "cannot open '/%s'", ret->path);
	ret->fd = r;
	return look(ret, e);
}

/* One link further: the target replaces the path. */
static int follow_link(struct place *p, struct err *e)
{
	char target[PATH_MAX], joined[2 * PATH_MAX];
	ssize_t n = readlinkat(p->fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "cannot read the link '/%s'", p->path);
	target[n] = '\0';
	if (target[0] == '/')
		(void)snprintf(joined, sizeof(joined), "%s", target);
	else
		(void)snprintf(joined, sizeof(joined), "%s/%s", p->dir, target);
	cleanup_close(&p->fd);
	p->fd = -EBADF;
	return place_clean(joined, p->path, e);
}

/* The thing itself, at the end of all links; it need not exist. */
static int follow_links(int root_fd, struct place *p, struct err *e)
{
	for (int i = 0; i < LINKS_MAX; i++) {
		int r = open_in_root(root_fd, p->path, O_NOFOLLOW);

		if (r == -ENOENT)
			return 0;
		if (r < 0)
			return err_set(e, r == -ENOTDIR ? UCT_NO_SUCH_PATH : UCT_SYSTEM, r,
			               "cannot open '/%s': %s", p->path, strerror(-r));
		p->fd = r;
		if (fstat(p->fd, &p->st) < 0)
			return err_sys(e, "cannot look at '/%s'", p->path);
		if (!S_ISLNK(p->st.st_mode))
			return look(p, e);
		r = follow_link(p, e);
		if (r < 0)
			return r;
		split(p);
	}
	return err_set(e, UCT_BAD_COPY_PATH, -ELOOP, "'/%s' is a link that leads in circles",
	               p->path);
}

int place_target(int root_fd, const char *text, bool makes_dirs, struct place *ret, struct err *e)
{
	int r = begin(text, ret, e);

	if (r == 0)
		r = follow_links(root_fd, ret, e);
	if (r < 0)
		return r;
	ret->dir_fd = open_in_root(root_fd, ret->dir, O_DIRECTORY);
	if (ret->dir_fd == -ENOENT && makes_dirs)
		return 0;
	if (ret->dir_fd == -ENOENT || ret->dir_fd == -ENOTDIR)
		return err_set(e, UCT_NO_SUCH_PATH, ret->dir_fd,
		               "the directory '/%s' does not exist", ret->dir);
	return ret->dir_fd < 0 ? err_errno(e, ret->dir_fd, "cannot open '/%s'", ret->dir) : 0;
}
