/* SPDX-License-Identifier: Apache-2.0 */
/* object - contents of a file, stored once below objects/ under the name of its digest
 *
 * objects/xx/YYYYYYYYYYYYYYYYYYYY: xx is the digest's first byte in hex, the rest its next 15 bytes
 * in base64url. So the path that a metadata tree's file points to, "/xx/YYYYYYYYYYYYYYYYYYYY", has
 * 24 bytes: with two more ext4 would keep it outside the inode, in a block of 4 KB for each file.
 * 128 bits name an object; the whole digest stands in the layer index, and in the object's
 * attribute user.usrct.digest where the file system has such, so that a clash is an error and never
 * mixes contents up.
 *
 * An object belongs to the user whatever owner an image gives its files, and nobody writes to it:
 * mode 0400. Large ones appear by rename, small ones are written in place with one call. One that
 * is too short is being written, or a kill or a power cut ended that: whoever wants it replaces it
 * by rename. So two who write the same one at the same time need not know of each other, and a
 * layer is committed only when all that it needs is there.
 */
#pragma once

#include "base/err.h"

#define OBJECT_DIR   "objects"
#define OBJECT_XATTR "user.usrct.digest"

enum { OBJECT_DIGEST_SIZE = 32, OBJECT_NAME_SIZE = 24 };

/* The digest is SHA-256 of the contents. A file with holes may be larger than anybody would like to
 * hash: its digest is SHA-512/256 of its size, then offset and bytes of each 64 KiB block that is
 * not all zeros (numbers: 64 bits, little endian). */
enum object_flags { OBJECT_SPARSE = 1 };

struct object_id {
	uint8_t digest[OBJECT_DIGEST_SIZE];
	uint64_t size_bytes;
	uint32_t flags;
};

/* "xx/YYYYYYYYYYYYYYYYYYYY" */
void object_name(const uint8_t digest[OBJECT_DIGEST_SIZE], char ret[OBJECT_NAME_SIZE]);
