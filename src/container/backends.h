/* SPDX-License-Identifier: Apache-2.0 */
/* backends - what the back ends share among themselves */
#pragma once

#include "container/backend.h"

/* Directories of the store, in the order given. */
struct layer_fds {
	int *fds;
	size_t n;
};
/* There is room for one more at the end. */
int layer_fds_open(int base_dirfd, char *const *paths, struct layer_fds *ret, struct err *e);
/* Data-only ones, which may be links to where they lie. */
int data_fds_open(int base_dirfd, char *const *paths, struct layer_fds *ret, struct err *e);
void layer_fds_done(struct layer_fds *l);
#define _cleanup_layer_fds_ _cleanup_(layer_fds_done)

int backend_mount_overlay(const struct backend_root *b, struct err *e);
int backend_mount_fuse(const struct backend_root *b, struct err *e);
int backend_mount_copy(const struct backend_root *b, struct err *e);
