/* SPDX-License-Identifier: Apache-2.0 */
/* mount - the new mount interface (fsopen(2), open_tree(2), mount_setattr(2); Linux 5.12)
 *
 * Everything is done with descriptors: a file system is made detached, and attached to a place that
 * was opened before, so that no path is resolved twice.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* One "key=value" or "key" for fsconfig(2); the list ends with NULL. */
int mount_new(const char *type, const char *const *config, unsigned attrs, struct err *e);
/* A detached copy of what is mounted at a path, with everything below it. */
int mount_clone(int dirfd, const char *path, struct err *e);
/* The same without what is mounted below it; -EINVAL where that would uncover what it hides. */
int mount_clone_alone(int dirfd, const char *path, struct err *e);
/* Adds MOUNT_ATTR_* to a detached mount and all below it. */
int mount_restrict(int mount_fd, unsigned attrs, struct err *e);
/* Sets the propagation type (MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE of mount(2)), also below it if
 * @recursive. */
int mount_propagate(int mount_fd, unsigned long type, bool recursive, struct err *e);
/* Puts a detached mount onto what @target_fd is open for (O_PATH). */
int mount_attach(int mount_fd, int target_fd, const char *what, struct err *e);
/* The same below what is mounted there already, whose removal then uncovers it (Linux 6.5).
 * -EINVAL without an error text: this kernel cannot. */
int mount_attach_beneath(int mount_fd, int target_fd);
/* Whether something is mounted on what @fd is open for. */
bool mount_is_root(int fd);

/* The overlay: lower directories lowest first, upper and work above them. Without an upper
 * directory
 * (-EBADF) nobody can write to it, and there must be two lower ones. */
struct mount_overlay {
	const int *lower_fds;
	size_t n_lower;
	const int *data_fds; /* data-only layers, below all others (Linux 6.16 for users) */
	size_t n_data;
	int upper_fd, work_fd;
	bool is_volatile;
};
/* Mounts it at @name below @parent_dirfd and returns a descriptor of its root. */
int mount_overlay(const struct mount_overlay *o, int parent_dirfd, const char *name, struct err *e);

/* Opens (O_PATH) a path inside @root_fd; no link leads out of it. Descriptor or -errno. */
int mount_lookup(int root_fd, const char *path);

/* Finds, and where missing makes, a mount target inside @root_fd. Returns an O_PATH descriptor. */
enum {
	MOUNT_TARGET_DIR = 1,      /* make a directory, not a file */
	MOUNT_TARGET_NO_LINKS = 2, /* refuse links on the way: an image must not move /proc away */
};
int mount_target(int root_fd, const char *path, unsigned flags, struct err *e);
