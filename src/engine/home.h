/* SPDX-License-Identifier: Apache-2.0 */
/* home - a store on a file system that cannot carry containers
 *
 * Changes of containers and metadata trees need files of other ids, attributes that begin with
 * "user.", and a file system that overlayfs accepts below its upper directory: not NFS, CIFS, FUSE,
 * 9p and their like, nor what has no attributes. There the store is divided: all of it lies in a
 * local directory, but for objects/, the bulk, which stays in the home as objects@HOST if the home
 * tells names like "a" and "A" apart. The link local@HOST in the home names the directory, so that
 * each machine that shares the home has its own, and no machine collects another one's garbage.
 *
 * The local directory: $USRCT_LOCAL_DIR/usr-ct, or /var/tmp/usr-ct-UID, or memory in the runtime
 * directory. It must be the user's own and nobody else's to write.
 */
#pragma once

#include "engine/engine.h"

/* Why the file system that @path is on, or would be on, cannot carry containers; NULL: it can.
 * @ret_keeps_objects: it can have the contents. Makes nothing that stays. */
const char *home_trouble(const char *path, bool *ret_keeps_objects);
/* Divides the store if it must be, and lets @u->data_dir be where it lies. STORE_READ makes
 * nothing. */
int home_settle(struct usrct *u, enum store_mode mode, struct err *e);
