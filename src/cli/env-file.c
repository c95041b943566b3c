/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/env-file.h"

#include "base/fd.h"

#include <fcntl.h>
#include <string.h>

enum { ENV_FILE_MAX_BYTES = 1 << 20 };

static int bad_line(struct err *e, const char *path, size_t line, const char *why)
{
	return err_set(e, UCT_BAD_VALUE, -EINVAL, "%s:%zu: %s", path, line, why);
}

static int add_line(const char *path, size_t number, const char *line, size_t n, struct strv *ret,
                    struct err *e)
{
	size_t skip = strspn(line, " \t"), name;
	_cleanup_free_ char *copy = NULL;

	if (n && line[n - 1] == '\r')
		n--;
	if (skip >= n || line[skip] == '#')
		return 0;
	copy = strndup(line + skip, n - skip);
	if (!copy)
		return err_oom(e);
	name = strcspn(copy, "=");
	if (name == 0)
		return bad_line(e, path, number, "no variable name before =");
	if (strcspn(copy, " \t") < name)
		return bad_line(e, path, number, "a variable's name cannot have spaces");
	return strv_add(ret, copy) < 0 ? err_oom(e) : 0;
}

int env_file_parse(const char *path, const char *text, struct strv *ret, struct err *e)
{
	size_t number = 1;
	int r = 0;

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) /* an editor's byte order mark */
		text += 3;
	for (; *text && r == 0; number++) {
		size_t n = strcspn(text, "\n");

		r = add_line(path, number, text, n, ret, e);
		text += n + (text[n] == '\n');
	}
	return r;
}

int env_file_read(const char *path, struct strv *ret, struct err *e)
{
	/* A pipe will do: --env-file <(...) */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return err_sys(e, "cannot open '%s'", path);
	text = malloc(ENV_FILE_MAX_BYTES + 1);
	if (!text)
		return err_oom(e);
	n = fd_read_full(fd, text, ENV_FILE_MAX_BYTES + 1);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read '%s'", path);
	if (n > ENV_FILE_MAX_BYTES)
		return err_set(e, UCT_BAD_VALUE, -EFBIG, "'%s' is larger than 1 MiB", path);
	if (memchr(text, '\0', (size_t)n))
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "'%s' is not a text file", path);
	text[n] = '\0';
	return env_file_parse(path, text, ret, e);
}
