/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs - the container's file system, built inside its mount namespace by its first process
 *
 * Everything that is mounted here dies with the namespace. The order matters: the root (backend.h);
 * the document's mounts in their order; devices into /dev; masked and read-only paths; then the
 * root becomes /, and the host's tree is gone.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct backend_root;
struct spec;
struct spec_mount;
struct sync_times;

/* What somebody else has mounted already (launch/ids.h). */
struct rootfs_made {
	int root_fd;           /* the layers; -EBADF: not these */
	const int *source_fds; /* what each bind mount and overlay of the document shows */
};
/* Mounts everything below a new root. Returns a descriptor of the root. @made may be NULL. */
int rootfs_build(const struct backend_root *src, const struct rootfs_made *made,
                 const struct spec *spec, struct sync_times *times, struct err *e);
/* A volume that waits for the image's content gets it, from @root_fd, if that is not negative. An
 * empty one is given to @uid and @gid before, but not to UINT32_MAX. */
int rootfs_fill_source(int root_fd, const struct spec_mount *m, uid_t uid, gid_t gid,
                       struct err *e);
/* What a bind mount or overlay of the document shows, for a container with ids of its own, whose
 * root could not make it: a detached mount with its options, given away (U, z) if @root_fd, where
 * names of users are looked up, is not negative. -EBADF: another kind of mount. */
int rootfs_make_source(int root_fd, const struct spec *spec, const struct spec_mount *m, int *ret,
                       struct err *e);
/* What a bind mount of the document would show, as a detached mount with its options. */
int rootfs_clone_source(const struct spec_mount *m, struct err *e);
/* The same directory, seen through our own mount namespace: overlayfs takes layers only from mounts
 * of the namespace it is mounted in, and a descriptor from before the clone leads to the host's. */
int rootfs_reopen(int dirfd, struct err *e);
/* Makes @root_fd the root and lets go of the host's tree. */
int rootfs_enter(int root_fd, struct err *e);

/* Nobody may write to the root's own file system any more; what is mounted in it stays as it is. */
int rootfs_protect(int root_fd, struct err *e);

/* single-id.c: in a container with one id. */
#define ROOTFS_APT_DIR  "/etc/apt/apt.conf.d"
#define ROOTFS_APT_FILE ROOTFS_APT_DIR "/99usr-ct-one-id"
int rootfs_single_id(int root_fd, struct err *e);
/* devices.c */
int rootfs_devices(int root_fd, struct err *e);

/* A terminal of the container's own devpts. */
struct rootfs_terminal {
	int master_fd, slave_fd, pts_fd;
	unsigned number;
};
#define ROOTFS_TERMINAL_NONE                                              \
	{                                                                 \
		.master_fd = -EBADF, .slave_fd = -EBADF, .pts_fd = -EBADF \
	}
/* @ret is to be ROOTFS_TERMINAL_NONE before. The container may be running, and hostile. */
int rootfs_open_terminal(int root_fd, struct rootfs_terminal *ret, struct err *e);
void rootfs_terminal_done(struct rootfs_terminal *t);
#define _cleanup_rootfs_terminal_ _cleanup_(rootfs_terminal_done)
/* Puts it at /dev/console. */
int rootfs_console(int root_fd, const struct rootfs_terminal *t, struct err *e);
