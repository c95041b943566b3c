/* SPDX-License-Identifier: Apache-2.0 */
/* sock - messages and descriptors over AF_UNIX sockets of type SOCK_SEQPACKET
 *
 * One packet is one message. End of file means that the other process is gone.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

enum { SOCK_FDS_MAX = 8 };

/* A connected pair, both close-on-exec. */
int sock_pair(int ret_fds[2], struct err *e);
/* Sends one packet; 0 or -errno. */
int sock_send(int fd, const void *data, size_t n);
/* The same with up to SOCK_FDS_MAX descriptors. */
int sock_send_fds(int fd, const void *data, size_t n, const int *fds, size_t n_fds);
/* Receives one packet; returns its length, 0 at end of file, -errno, -EMSGSIZE if it did not fit.
 * Descriptors arrive close-on-exec; those beyond @max_fds are closed. @ret_fds is filled with
 * -EBADF where none came. */
ssize_t sock_recv(int fd, void *buf, size_t n, int *ret_fds, size_t max_fds);
/* Listens on, or connects to, a path below a directory, however long that directory's name is. */
int sock_listen_at(int dirfd, const char *name, struct err *e);
int sock_connect_at(int dirfd, const char *name); /* descriptor or -errno */
/* Whether the peer runs as our own user (SO_PEERCRED): 1 yes, 0 no. */
int sock_peer_is_me(int fd);
