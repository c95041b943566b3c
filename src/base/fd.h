/* SPDX-License-Identifier: Apache-2.0 */
/* fd - reading, writing and copying whole things through descriptors */
#pragma once

#include "base/err.h"

#include <sys/types.h>

/* Writes all of it; -errno on failure (EPIPE and EAGAIN among them). */
int fd_write_all(int fd, const void *data, size_t n);
/* Reads until end of file or @n bytes; returns the count or -errno. */
ssize_t fd_read_full(int fd, void *data, size_t n);
int fd_set_nonblock(int fd);
int fd_set_cloexec(int fd, int on);
/* Every descriptor from @first on: closed now, or at the next exec. */
int fd_close_from(int first);
int fd_cloexec_from(int first);
/* Copies to the end of file, in the kernel where that is possible. */
int fd_copy_all(int from_fd, int to_fd, struct err *e);
/* Close-on-exec, with room for a megabyte where we may have it: fewer wake-ups. */
int fd_wide_pipe(int *ret_read_fd, int *ret_write_fd, struct err *e);
/* A sealed in-memory copy of @data; a reader can neither change nor shrink it. */
int fd_sealed_memory(const char *name, const void *data, size_t n, struct err *e);
/* The same for an executable's contents, so that nobody can write to the file it runs from. */
int fd_sealed_program(int program_fd, struct err *e);
