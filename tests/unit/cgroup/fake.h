/* SPDX-License-Identifier: Apache-2.0 */
/* fake - a directory with files named like a cgroup's */
#pragma once

#include "testing.h"

#include "base/fd.h"
#include "base/file.h"

static inline void put(const struct scratch *s, const char *name, const char *text)
{
	int fd = openat(s->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
	(void)close(fd);
}

static inline void assert_has(const struct scratch *s, const char *name, const char *text)
{
	_cleanup_free_ char *got = NULL;

	assert_int_equal(file_read_at(s->fd, name, 4096, &got, NULL, NULL), 0);
	assert_string_equal(got, text);
}

static inline void drop(const struct scratch *s)
{
	(void)close(s->fd);
	assert_int_equal(tree_remove_at(AT_FDCWD, s->path, NULL), 0);
}
