/* SPDX-License-Identifier: Apache-2.0 */
/* meta-tree - the files of some layers without their contents; only for unpack
 *
 * A metadata tree has each file of a stack of layers with its owner, mode, times, attributes and
 * size, and no block of data: the file says by user.overlay.metacopy and user.overlay.redirect
 * which object has its contents. Mounted above the objects as data-only lower layer with
 * "userxattr", it is the image. Owners are those of one id map, so another id
 * map is another tree, of about 90 bytes, an inode and 10 microseconds a file.
 *
 * One tree for all layers together: for ordinary users Linux (6.16 to 6.18 at least) follows a
 * redirect to a data-only layer from the lowest of the other layers alone, and refuses files that
 * have one in any layer above (EPERM, "refusing to follow metacopy"). Layers are put upon each
 * other here, as overlayfs would show them: whiteouts and opaque directories take effect and are
 * gone.
 *
 * All of it can be made again from the layers' indexes at any time.
 */
#pragma once

#include "base/id-map.h"
#include "store/object.h"

#include <stdbool.h>

/* Points the open, empty file at an object. It must be writable by its mode: xattr(7). */
int meta_set_content(int fd, uint64_t size_bytes, const char *object, struct err *e);
/* Whom the files belong to. */
struct meta_tree_owners {
	bool single_id;             /* us; who it should be stands in OWNER_XATTR */
	const struct id_maps *maps; /* from the image's ids to our namespace's; NULL: the same */
};
/* Puts the layer of an index upon what is in "fs" in @dirfd; makes that if it is not there. */
int meta_tree_add(const void *index, size_t n, int dirfd, const struct meta_tree_owners *owners,
                  struct err *e);
/* Adds what every container mounts something on and the image does not have: files in an /etc that
 * is there. Else each start would make them in the container's own layer, which costs more than
 * mounting all of them; Docker keeps them in a layer of their own for that reason. */
int meta_tree_add_mount_points(int dirfd, const struct meta_tree_owners *owners, struct err *e);
