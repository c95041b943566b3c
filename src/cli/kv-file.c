/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/kv-file.h"

#include "base/fd.h"

#include <fcntl.h>
#include <string.h>

enum { FILE_MAX_BYTES = 4 << 20 };

static int bad(const char *path, size_t line, const char *why, struct err *e)
{
	return err_set(e, UCT_BAD_ENV_FILE, -EINVAL, "'%s', line %zu: %s", path, line, why);
}

static int add_line(const char *line, size_t n, struct strv *ret)
{
	char *copy = strndup(line, n);

	return strv_take(ret, copy);
}

int kv_file_parse(const char *text, size_t n, const char *path, struct strv *ret, struct err *e)
{
	const char *end = text + n, *next;
	size_t number = 0;

	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) /* some editors mark UTF-8 so */
		text += 3;
	for (; text < end; text = next) {
		const char *stop = memchr(text, '\n', (size_t)(end - text)), *eq;
		size_t len, name;

		number++;
		stop = stop ? stop : end;
		next = stop + 1;
		if (stop > text && stop[-1] == '\r')
			stop--;
		while (text < stop && (*text == ' ' || *text == '\t'))
			text++;
		len = (size_t)(stop - text);
		if (!len || *text == '#')
			continue;
		eq = memchr(text, '=', len);
		name = eq ? (size_t)(eq - text) : len;
		if (!name)
			return bad(path, number, "it has no name", e);
		if (memchr(text, ' ', name) || memchr(text, '\t', name))
			return bad(path, number, "the name has a space in it", e);
		if (memchr(text, '\0', len))
			return bad(path, number, "it has a NUL byte in it", e);
		if (add_line(text, len, ret) < 0)
			return err_oom(e);
	}
	return 0;
}

int kv_file_read(const char *path, struct strv *ret, struct err *e)
{
	/* A pipe will do: --env-file <(...) */
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = malloc(FILE_MAX_BYTES + 1);
	ssize_t n;

	if (!text)
		return err_oom(e);
	if (fd < 0)
		return err_set(e, UCT_BAD_ENV_FILE, -errno, "cannot open '%s': %s", path,
		               strerror(errno));
	n = fd_read_full(fd, text, FILE_MAX_BYTES + 1);
	if (n < 0)
		return err_set(e, UCT_BAD_ENV_FILE, (int)n, "cannot read '%s': %s", path,
		               strerror((int)-n));
	if (n > FILE_MAX_BYTES)
		return err_set(e, UCT_BAD_ENV_FILE, -EFBIG, "'%s' is larger than %d bytes", path,
		               FILE_MAX_BYTES);
	return kv_file_parse(text, (size_t)n, path, ret, e);
}

int kv_files_read(struct create_request *q, const struct args *a, const char *flag,
                  struct strv *ret, struct err *e)
{
	const char *const *list = NULL;
	int r = create_request_list(q, a, flag, &list, e);

	for (; r == 0 && list && *list; list++)
		r = kv_file_read(*list, ret, e);
	return r;
}

int kv_flags_read(struct create_request *q, const struct args *a, const char *flag,
                  struct strv *ret, struct err *e)
{
	const char *const *list = NULL;
	int r = create_request_list(q, a, flag, &list, e);

	if (r == 0 && strv_copy(ret, (char *const *)(uintptr_t)list) < 0)
		r = err_oom(e);
	return r;
}
