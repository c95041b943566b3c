/* SPDX-License-Identifier: Apache-2.0 */
/* ids - the container's id map, and what another map than ours asks for
 *
 * With the default map the first process builds its root by itself: it is root of the user's own
 * files. With others it may be nobody there: it could neither walk to the store nor read what the
 * overlay is made of. So the launcher, which is root of all the user's ids, mounts the overlay and
 * others that the document has, and clones what is bound, in the container's mount namespace but
 * with its own credentials, which overlayfs keeps and works with from then on. The first process
 * gets descriptors.
 *
 *      launcher             init
 *      MAPPED          ->
 *      MOUNT [container's directory] ->    only with a map of its own
 *      MOUNT [root]    ->                  not with fuse-overlayfs, which is mounted by init, so
 *                                          that the kernel shifts ids between the two
 *      MOUNT [source]  ->                  for each bind mount and overlay, in the document's order
 */
#pragma once

#include "launch/init.h"
#include "launch/launch.h"

/* Reads the map of the namespace that we are in. */
int ids_read_own(struct launch *l, struct err *e);
/* Writes the container's; nothing if it joins a namespace that has one. */
int ids_write(const struct launch *l, struct err *e);
/* Whether the launcher has to mount for it. */
static inline bool ids_are_mapped(const struct launch *l)
{
	return l->has_userns && l->spec.ids.uids.n > 0;
}
/* Before the first process is made: its root directory belongs to its root. */
int ids_give_root(const struct launch *l, struct err *e);
/* After MAPPED: makes the mounts and sends them. */
int ids_send_mounts(struct launch *l, const struct backend_root *src, struct err *e);

/* The other end, in init. */
struct ids_mounts {
	int container_fd; /* its directory */
	int root_fd;      /* the layers; -EBADF: init mounts them itself (fuse-overlayfs) */
	int *source_fds;  /* one for each mount of the document; -EBADF: init makes it */
	size_t n;
};
int ids_receive_mounts(const struct init_context *c, struct ids_mounts *ret, struct err *e);
