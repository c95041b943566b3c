/* SPDX-License-Identifier: Apache-2.0 */
#include "container/accounts.h"

#include "base/fd.h"
#include "base/passwd-line.h"
#include "base/sbuf.h"
#include "container/mount.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { FILE_MAX_BYTES = 1 << 20, ADDED_MAX_BYTES = 64 * 1024 };

static bool same_field(const char *a, const char *b, unsigned i)
{
	size_t n, m;
	const char *x = passwd_field(a, i, &n), *y = passwd_field(b, i, &m);

	return n > 0 && n == m && !memcmp(x, y, n);
}

/* By name (the first field) or number (the third). */
static bool has_entry(const char *text, const char *line)
{
	while (*text) {
		if (same_field(text, line, 0) || same_field(text, line, 2))
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

char *accounts_missing(const char *text, const json_t *lines)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(ADDED_MAX_BYTES);
	size_t n = strlen(text), i;
	const json_t *v;
	char *added = NULL;

	json_array_foreach(lines, i, v)
	{
		const char *line = json_string_value(v);

		if (!line || strchr(line, '\n') || has_entry(text, line) ||
		    (b.s && has_entry(b.s, line)))
			continue;
		if (b.len == 0 && n > 0 && text[n - 1] != '\n')
			sbuf_addc(&b, '\n');
		sbuf_addf(&b, "%s\n", line);
	}
	if (b.len == 0 && !b.err)
		return strdup("");
	return sbuf_take(&b, &added) < 0 ? NULL : added;
}

static uint64_t mount_of(int fd)
{
	struct statx st;

	return syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) == 0 &&
	                       st.stx_mask & STATX_MNT_ID
	               ? st.stx_mnt_id
	               : 0;
}

/* Opened for reading first: who only opens for writing has an overlay copy the file up. */
static int open_file(int root_fd, int etc_fd, const char *name)
{
	_cleanup_close_ int fd =
		openat(etc_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		fd = openat(etc_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd >= 0)
			(void)fchmod(fd, 0644);
	}
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES ||
	    mount_of(fd) != mount_of(root_fd))
		return -EINVAL;
	return TAKE_FD(fd);
}

static char *read_all(int fd)
{
	char *text = calloc(1, FILE_MAX_BYTES + 1);
	ssize_t n = text ? pread(fd, text, FILE_MAX_BYTES, 0) : -1;

	if (n < 0 || memchr(text, 0, (size_t)n)) {
		free(text);
		return NULL;
	}
	return text;
}

static int add_to(int root_fd, int etc_fd, const char *name, const json_t *lines, struct err *e)
{
	_cleanup_close_ int fd = -EBADF, out_fd = -EBADF;
	_cleanup_free_ char *text = NULL, *added = NULL;
	int r;

	if (!json_array_size(lines))
		return 0;
	fd = open_file(root_fd, etc_fd, name);
	text = fd < 0 ? NULL : read_all(fd);
	if (!text)
		return fd == -ENOSPC || fd == -EDQUOT
		               ? err_errno(e, fd, "cannot make '/etc/%s'", name)
		               : 0;
	added = accounts_missing(text, lines);
	if (!added)
		return err_oom(e);
	if (!*added)
		return 0;
	out_fd = openat(etc_fd, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	r = out_fd < 0 ? -errno : fd_write_all(out_fd, added, strlen(added));
	return r == -ENOSPC || r == -EDQUOT ? err_errno(e, r, "cannot add to '/etc/%s'", name) : 0;
}

int accounts_add(int root_fd, const json_t *wishes, struct err *e)
{
	_cleanup_close_ int etc_fd = -EBADF, real_fd = -EBADF;
	int r;

	if (!wishes)
		return 0;
	etc_fd = mount_lookup(root_fd, "/etc");
	if (etc_fd < 0 || mount_of(etc_fd) != mount_of(root_fd))
		return 0; /* no directory, or somebody else's */
	real_fd = openat(etc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (real_fd < 0)
		return 0;
	r = add_to(root_fd, real_fd, "passwd", json_object_get(wishes, "passwd"), e);
	return r < 0 ? r : add_to(root_fd, real_fd, "group", json_object_get(wishes, "group"), e);
}
