/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs - the container's file system, built inside its mount namespace by its first process
 *
 * Everything that is mounted here dies with the namespace. The order matters: the overlay; the
 * document's mounts in their order; devices into /dev; masked and read-only paths; then the root
 * becomes /, and the host's tree is gone.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct spec;
struct sync_times;

struct rootfs_source {
	int base_dirfd;      /* where the layer paths start */
	char *const *layers; /* lowest first, NULL-terminated */
	char *const *data;   /* data-only layers; NULL, or NULL-terminated */
	int container_dirfd; /* has upper, work and the empty directory root */
	bool is_volatile;    /* no sync when it ends: what it wrote is thrown away */
};

/* Mounts everything below a new root. Returns a descriptor of the root. */
int rootfs_build(const struct rootfs_source *src, const struct spec *spec, struct sync_times *times,
                 struct err *e);
/* Opens a terminal in the container's own devpts and puts it at /dev/console. @ret_slave_fd is the
 * program's side. Returns the master. */
int rootfs_terminal(int root_fd, int *ret_slave_fd, struct err *e);
/* Makes @root_fd the root and lets go of the host's tree. */
int rootfs_enter(int root_fd, struct err *e);

/* Nobody may write to the root's own file system any more; what is mounted in it stays as it is. */
int rootfs_protect(int root_fd, struct err *e);

/* devices.c */
int rootfs_devices(int root_fd, struct err *e);
