/* SPDX-License-Identifier: Apache-2.0 */
/* object-write - turning a file's contents into an object; only for unpack
 *
 * Contents that fit into memory are hashed before anything is written, so that an object which
 * exists already is not written at all. Larger ones go to a temporary file in the stage, hashed on
 * the way, and are renamed.
 */
#pragma once

#include "store/object.h"

#include <stdbool.h>

struct object_writer;

/* Both directories are borrowed; temporary files lie in @stage_dirfd. */
int object_writer_new(int objects_dirfd, int stage_dirfd, struct object_writer **ret,
                      struct err *e);
/* Contents come from this stream, whose digest is made along with theirs; borrowed. */
struct stream;
void object_writer_hash_with(struct object_writer *w, struct stream *from);
/* Borrowed: directories whose objects need not be written again if their contents are the same. */
void object_writer_share(struct object_writer *w, const int *dirfds, uint32_t n);
/* A bit for each of them of which something was taken. */
uint32_t object_writer_shared(const struct object_writer *w);
void object_writer_free(struct object_writer *w);
static inline void cleanup_object_writer(struct object_writer **w)
{
	object_writer_free(*w);
}
#define _cleanup_object_writer_ _cleanup_(cleanup_object_writer)

/* One object: begin, any number of additions, finish. What is left out is a hole. */
int object_begin(struct object_writer *w, uint64_t size_bytes, struct err *e);
int object_add(struct object_writer *w, const void *data, size_t n, uint64_t offset, struct err *e);
/* @ret_name is what object_name() says. */
int object_finish(struct object_writer *w, struct object_id *ret, char ret_name[OBJECT_NAME_SIZE],
                  struct err *e);

/* The digest of an open file, as its flags want it. */
int object_digest(int fd, uint64_t size_bytes, uint32_t flags, uint8_t ret[OBJECT_DIGEST_SIZE],
                  struct err *e);
