/* SPDX-License-Identifier: Apache-2.0 */
#include "base/libexec.h"

#include "base/fd.h"
#include "base/proc.h"
#include "base/sbuf.h"
#include "base/sock.h"

#include <fcntl.h>

enum { SOCKET_FD = 3, PASSED_FD = 4 };

const char *libexec_dir(void)
{
	const char *dir = secure_getenv("USRCT_LIBEXEC_DIR");

	return dir && dir[0] == '/' ? dir : USRCT_LIBEXECDIR;
}

char *libexec_path(const char *name)
{
	return strf("%s/usr-ct-%s", libexec_dir(), name);
}

int libexec_open(const char *name, struct err *e)
{
	_cleanup_free_ char *path = libexec_path(name);
	int fd;

	if (!path)
		return err_oom(e);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_set(e, UCT_HELPER_MISSING, -errno, "cannot open '%s'", path) : fd;
}

int libexec_seal(const char *name, struct err *e)
{
	_cleanup_close_ int fd = libexec_open(name, e);

	return fd < 0 ? fd : fd_sealed_program(fd, e);
}

/* @fds has descriptor SOCKET_FD first; where it comes from is filled in here. */
static int start(const char *name, struct spawn *s, struct spawn_fd *fds, struct libexec *ret,
                 struct err *e)
{
	_cleanup_free_ char *path = libexec_path(name), *own_name = strf("usr-ct-%s", name);
	char *argv[] = { own_name, NULL };
	_cleanup_close_ int theirs = -EBADF;
	int pair[2], r;

	*ret = (struct libexec)LIBEXEC_NONE;
	if (!path || !own_name)
		return err_oom(e);
	r = sock_pair(pair, e);
	if (r < 0)
		return r;
	ret->sock_fd = pair[0];
	theirs = pair[1]; /* closed here, or its death would not read as end of file */
	fds[0] = (struct spawn_fd){ theirs, SOCKET_FD };
	s->path = path;
	s->argv = argv;
	s->env = environ;
	s->fds = fds;
	ret->pidfd = proc_spawn(s, NULL, e);
	if (ret->pidfd >= 0)
		return 0;
	r = ret->pidfd;
	libexec_done(ret);
	return r;
}

int libexec_start(const char *name, struct libexec *ret, struct err *e)
{
	struct spawn_fd fds[1];
	struct spawn s = { .n_fds = ARRAY_SIZE(fds) };

	return start(name, &s, fds, ret, e);
}

int libexec_start_apart(const char *name, int passed_fd, struct libexec *ret, struct err *e)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct spawn_fd fds[] = {
		{ -EBADF, SOCKET_FD },      { passed_fd, PASSED_FD },   { null_fd, STDIN_FILENO },
		{ null_fd, STDOUT_FILENO }, { null_fd, STDERR_FILENO },
	};
	struct spawn s = { .n_fds = ARRAY_SIZE(fds), .new_session = true };

	*ret = (struct libexec)LIBEXEC_NONE;
	if (null_fd < 0)
		return err_sys(e, "cannot open /dev/null");
	return start(name, &s, fds, ret, e);
}

void libexec_done(struct libexec *l)
{
	int saved = errno, status;

	cleanup_close(&l->sock_fd);
	if (l->pidfd >= 0)
		(void)pidfd_wait(l->pidfd, &status); /* it has told what matters, or never will */
	cleanup_close(&l->pidfd);
	*l = (struct libexec)LIBEXEC_NONE;
	errno = saved;
}

char *libexec_find_foreign(const char *program)
{
	const char *list = getenv("PATH");
	_cleanup_free_ char *dirs = strdup(list ? list : "/usr/bin:/bin");
	char *rest = dirs, *dir;

	while (rest && (dir = strsep(&rest, ":"))) {
		char *path = *dir == '/' ? strf("%s/%s", dir, program) : NULL;

		if (path && access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}
