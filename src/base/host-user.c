/* SPDX-License-Identifier: Apache-2.0 */
#include "base/host-user.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "base/passwd-line.h"
#include "base/proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum { FILE_MAX_BYTES = 16 << 20, LINE_MAX_BYTES = 64 << 10, FIELDS_MAX = 7 };

static bool is_field(const char *line, unsigned i, const char *key)
{
	size_t n;
	const char *f = passwd_field(line, i, &n);

	return n == strlen(key) && !memcmp(f, key, n);
}

char *host_user_line(const char *text, const char *key)
{
	unsigned i = key[0] && !key[strspn(key, "0123456789")] ? 2 : 0;

	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n > 0 && n < LINE_MAX_BYTES && is_field(text, i, key))
			return strndup(text, n);
		text += n + (text[n] == '\n');
	}
	return NULL;
}

static char *from_file(const char *database, const char *key)
{
	_cleanup_free_ char *text = NULL;
	char path[32];

	(void)snprintf(path, sizeof(path), "/etc/%s", database);
	if (file_read_at(AT_FDCWD, path, FILE_MAX_BYTES, &text, NULL, NULL) < 0)
		return NULL;
	return host_user_line(text, key);
}

static int start_getent(const char *database, const char *key, int *ret_fd)
{
	char path[64], *argv[] = { (char *)(uintptr_t) "getent", (char *)(uintptr_t)database,
		                   (char *)(uintptr_t)key, NULL };
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC), out_fd = -EBADF;
	int fds[2], pidfd;

	if (null_fd < 0 || proc_find_program("getent", path, sizeof(path)) < 0 ||
	    pipe2(fds, O_CLOEXEC) < 0)
		return -ENOENT;
	out_fd = fds[1];
	const struct spawn_fd map[] = { { null_fd, 0 }, { out_fd, 1 }, { null_fd, 2 } };
	const struct spawn s = {
		.path = path, .argv = argv, .env = environ, .fds = map, .n_fds = ARRAY_SIZE(map)
	};

	pidfd = proc_spawn(&s, NULL, NULL);
	if (pidfd < 0)
		(void)close(fds[0]);
	else
		*ret_fd = fds[0];
	return pidfd;
}

static char *from_getent(const char *database, const char *key)
{
	_cleanup_close_ int fd = -EBADF, pidfd = start_getent(database, key, &fd);
	_cleanup_free_ char *text = calloc(1, LINE_MAX_BYTES + 1);
	int status = 0;
	ssize_t n = 0;

	if (pidfd < 0)
		return NULL;
	if (text)
		n = fd_read_full(fd, text, LINE_MAX_BYTES);
	cleanup_close(&fd); /* more than that it would wait to write for ever */
	fd = -EBADF;
	(void)pidfd_wait(pidfd, &status);
	return text && n > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0
	               ? host_user_line(text, key)
	               : NULL;
}

static char *find_line(const char *database, const char *key)
{
	char *line;

	if (!*key || strpbrk(key, ":\n") || key[0] == '-')
		return NULL;
	line = from_file(database, key);
	return line ? line : from_getent(database, key);
}

static void take(const char *line, unsigned i, char ret[HOST_USER_FIELD])
{
	size_t n;
	const char *f = passwd_field(line, i, &n);

	(void)snprintf(ret, HOST_USER_FIELD, "%.*s", (int)n, f);
}

int host_user_find(const char *name_or_number, struct host_user *ret)
{
	_cleanup_free_ char *line = find_line("passwd", name_or_number);
	struct host_user u = { .uid = 0 };
	char uid[HOST_USER_FIELD], gid[HOST_USER_FIELD];
	size_t n_colons = 0;

	for (const char *p = line; p && *p; p++)
		n_colons += *p == ':';
	if (n_colons != FIELDS_MAX - 1)
		return 0;
	take(line, 0, u.name);
	take(line, 2, uid);
	take(line, 3, gid);
	take(line, 4, u.gecos);
	take(line, 5, u.home);
	take(line, 6, u.shell);
	if (parse_u32(uid, &u.uid) < 0 || parse_u32(gid, &u.gid) < 0)
		return 0;
	*ret = u;
	return 1;
}

int host_user_own(struct host_user *ret)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", (unsigned)geteuid());
	return host_user_find(number, ret);
}

int host_group_name(uint32_t gid, char ret[HOST_USER_FIELD])
{
	_cleanup_free_ char *line = NULL;
	char number[16];

	(void)snprintf(number, sizeof(number), "%u", (unsigned)gid);
	line = find_line("group", number);
	if (!line)
		return 0;
	take(line, 0, ret);
	return ret[0] != '\0';
}
