/* SPDX-License-Identifier: Apache-2.0 */
/* backend - the ways to make one writable root out of read-only layers
 *
 *	overlay		the kernel's overlayfs: the new mount API, or mount(2) before Linux 6.13
 *	fuse-overlayfs	the same by a program, where the kernel's does not work or ids are shifted
 *	copy		a directory of the container's own with all files of all layers
 *
 * Whoever mounts is in a user namespace and a mount namespace that die with the container. The
 * engine chooses (engine/backends.h), and the choice is kept in the container's plan.
 *
 * fuse-overlayfs: @serve is given the open /dev/fuse and has to start the program on it, with
 * fuse_server_start() or by asking somebody who can. The mount and the descriptor belong to the
 * caller's user namespace, and so do the ids in the program's requests, whereas the program makes
 * files with the ids of the namespace *it* is in. Where the two maps differ, that is the shift: the
 * layers stay as they are, and a container under any other map sees the ids of the image. The
 * descriptor must be nobody else's, so that the program's death ends the connection: then every
 * access fails with ENOTCONN and nothing hangs. Its end comes with that of the mount.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum mount_backend { BACKEND_OVERLAY, BACKEND_FUSE, BACKEND_COPY, BACKEND_COUNT };

const char *backend_name(enum mount_backend b);
int backend_parse(const char *name, enum mount_backend *ret); /* 0 or -EINVAL */

struct backend_root {
	enum mount_backend backend;
	int base_dirfd;      /* where the layer paths start */
	char *const *layers; /* lowest first, NULL-terminated */
	char *const *data;   /* data-only layers; NULL, or NULL-terminated */
	int container_dirfd; /* has upper, work and the empty directory root */
	const char *memory;  /* overlay: changes lie in a tmpfs with these options; NULL: on disk */
	bool is_volatile;    /* no sync when it ends: what it wrote is thrown away */
	/* For a while only: fuse-overlayfs writes nothing later by itself, and is put on a leash,
	 * for a caller that will not be allowed to signal anybody (Landlock). */
	bool is_brief;
	bool is_looked_at; /* nobody will write, several may look at the same time */
	int (*serve)(const struct backend_root *b, int dev_fd, void *arg, struct err *e);
	void *serve_arg;
};

/* Mounts it at "root" of the container's directory. Returns a descriptor of the root. */
int backend_mount(const struct backend_root *b, struct err *e);

/* fuse-overlayfs that runs, a child of ours. */
struct fuse_server {
	pid_t pid;
	int pidfd;
	int words_fd; /* what it has to say; memory */
	int leash_fd; /* closed, it ends; -EBADF: it ends when its mount is gone */
};
#define FUSE_SERVER_NONE                                                \
	{                                                               \
		.pidfd = -EBADF, .words_fd = -EBADF, .leash_fd = -EBADF \
	}
/* Starts it on @dev_fd. @userns_fd: the namespace whose ids the layers have; -EBADF: ours. The
 * caller has one thread. @b's descriptors are those of its own mount namespace. */
int fuse_server_start(const struct backend_root *b, int dev_fd, int userns_fd,
                      struct fuse_server *ret, struct err *e);
/* Something in its mount failed: if it is because the program ended, the error says why instead.
 * Returns @r, or the better reason. */
int fuse_server_failed(struct fuse_server *s, int r, struct err *e);
/* From now on nothing it says is kept. */
void fuse_server_shut_up(struct fuse_server *s);
/* At once. What was written is on the disk's way only if the root is a brief one. */
void fuse_server_kill(struct fuse_server *s);
/* It leaves when its mount is gone; after a while it is made to. Reaps it. */
void fuse_server_end(struct fuse_server *s);
