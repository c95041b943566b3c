/* SPDX-License-Identifier: Apache-2.0 */
/* unpack - one layer: compressed stream in, directory tree out; runs only in usr-ct-unpack
 *
 * One pass: read, decompress (unpack-stream.c), hash the tar, parse it (libarchive), create the
 * entries (unpack-entry.c) below a held directory (unpack-tree.c). Everything read is hostile: an
 * archive may name any path, link anywhere and claim any size. No step follows a link that the
 * archive made, except inside the layer's own root (RESOLVE_IN_ROOT), and what an archive asks for
 * that cannot be done is an error naming the entry, with these exceptions:
 *
 * - device nodes are left out and counted: no rootless container could open them (the objects
 *   driver's index names them);
 * - of extended attributes only user.* and security.capability are kept. trusted.* cannot be set,
 *   and user.overlay.* would let an image steer the overlay that it becomes part of;
 * - names in .wh..wh.* other than the opaque mark are AUFS' own records and are left out, as
 *   Docker does.
 *
 * Whiteouts (image specification, layer.md) become what overlayfs understands when mounted by an
 * ordinary user with "userxattr": a character device 0:0, which needs no privilege since Linux
 * 5.8, and user.overlay.opaque=y on directories, since 5.11. A whiteout hides lower layers only: an
 * entry of the same name in the same archive stays, before or after it, and if that is a directory
 * it becomes opaque, since what the lower layers had in it must not come back.
 */
#pragma once

#include "base/err.h"

#include "base/id-map.h"

#include <stdbool.h>

struct unpack_job {
	int stream_fd;
	int dirfd; /* "fs" is made in here; unpack_into(): the root */
	bool single_id;
	/* The objects driver: contents go to @objects_dirfd, and "index" says all (layer-index.h);
	 * there is no "fs". */
	bool has_objects;
	int objects_dirfd;
	const int *shared_dirfds; /* objects that are there are not written again */
	uint32_t n_shared;
	uint64_t max_bytes; /* of the tar, and of any one file's size */
	uint64_t max_entries;
	/* unpack_into() only */
	const char *into; /* directory below the root, clean, no leading slash */
	bool owned_by_root, drops_setid;
	const struct id_maps *maps; /* from the archive's ids to our namespace's; NULL: the same */
};

struct unpack_result {
	uint64_t size_bytes; /* of file contents written */
	uint64_t n_entries;
	uint64_t n_skipped;   /* devices */
	uint64_t n_implied;   /* plain driver: unpack-implied.h */
	uint32_t shared_used; /* a bit for each of shared_dirfds */
	char diff_id[72];
};

/* Needs a UTF-8 locale: libarchive cannot give names otherwise. -EBADMSG with UCT_BAD_LAYER for
 * whatever is the archive's fault. */
int unpack_layer(const struct unpack_job *job, struct unpack_result *ret, struct err *e);

/* An archive that is no layer, into a tree that is in use (cp). Whiteouts have no meaning, mounts
 * are crossed, what exists is replaced; but a directory never by something else, nor the reverse.
 * Links that were there before are followed on the way, inside the root. */
int unpack_into(const struct unpack_job *job, struct unpack_result *ret, struct err *e);

/* Drops capabilities and confines this process to reading its descriptors and changing files below
 * @dirfds; opens nothing by name elsewhere afterwards. @is_layer: few descriptors are enough. */
int unpack_confine(const int *dirfds, size_t n, bool is_layer, struct err *e);

enum { NAME_SHOWN = 200 }; /* bytes of an entry's name in a message */
#define BAD_LAYER(e, ...) err_set(e, UCT_BAD_LAYER, -EBADMSG, __VA_ARGS__)
/* One that is over the limit of bytes, which its user may know better. */
int unpack_too_large(struct err *e, uint64_t max_bytes, const char *what);
