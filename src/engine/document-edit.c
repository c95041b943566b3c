/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/document-edit.h"

#include "base/file.h"
#include "container/spec.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

/* A document is replaced by rename, so whoever waited for its lock may hold an old one. */
int document_lock(int container_dirfd, struct err *e)
{
	for (;;) {
		int fd = openat(container_dirfd, SPEC_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		struct stat held, now;

		if (fd < 0 || RETRY_EINTR(flock(fd, LOCK_EX)) < 0 || fstat(fd, &held) < 0 ||
		    fstatat(container_dirfd, SPEC_FILE, &now, AT_SYMLINK_NOFOLLOW) < 0) {
			int r = err_sys(e, "cannot lock '%s'", SPEC_FILE);

			cleanup_close(&fd);
			return r;
		}
		if (held.st_ino == now.st_ino)
			return fd;
		(void)close(fd);
	}
}

int document_write(int container_dirfd, const char *name, const json_t *doc, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	int r = json_print(doc, true, &text, e);

	return r < 0 ? r : file_write_at(container_dirfd, name, text, strlen(text), 0600, false, e);
}
