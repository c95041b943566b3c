/* SPDX-License-Identifier: Apache-2.0 */
/* source - where an image comes from: a registry, or an OCI layout on disk
 *
 * Documents are asked for one after the other and waited for. Layers are streams: any number at
 * once, moved along by source_step(), which is the one place where a program waits. What comes out
 * is as long as it should be, but only whoever hashes it knows whether it is the right thing;
 * documents are hashed here.
 */
#pragma once

#include "image/config.h"
#include "image/reference.h"

#include <poll.h>

struct source;
struct stream;

struct source_options {
	const char *auth_file; /* NULL: the usual places */
	const char *cert_dir;  /* the same */
	const char *basic;     /* value of an Authorization header, a secret; NULL: looked for */
	bool is_insecure;      /* any certificate will do */
	bool is_plain;         /* no TLS at all */
	int cancel_fd;         /* waiting for a document ends with -ECANCELED when this is readable;
	                        * -EBADF: never */
};

/* Where a stream's bytes go. Neither function may start or free a stream. */
struct stream_sink {
	/* The next bytes in order; negative ends the stream with that error. */
	int (*data)(void *arg, const void *data, size_t n, struct err *e);
	/* Once: 0 all of it has come, or negative and why. */
	void (*done)(void *arg, int r, const struct err *e);
	void *arg;
	uint64_t from_bytes; /* so many are here already; a registry's only */
};

/* A manifest or config with the digest it has. */
struct document {
	char *text;
	size_t n;
	char digest[72];
	bool is_stored; /* it came from our own store */
};
void document_done(struct document *d);
#define _cleanup_document_ _cleanup_(document_done)

int source_open(const struct reference *ref, const struct source_options *o, struct source **ret,
                struct err *e);
/* Blobs in a directory, and the manifest of that digest among them. */
int source_open_blobs(int blobs_dirfd, const char *digest, struct source **ret, struct err *e);
void source_close(struct source *s); /* all streams must be freed before */
static inline void cleanup_source(struct source **s)
{
	source_close(*s);
}
#define _cleanup_source_ _cleanup_(cleanup_source)
/* The tag a layout's only image has, when the reference had none; may be "". */
const char *source_tag(const struct source *s);

/* The manifest or index the reference names, or, with @d, that one. */
int source_manifest(struct source *s, const struct descriptor *d, struct document *ret,
                    struct err *e);
/* Signatures of the manifest of that digest: their own manifest. -ENOENT is expected. */
int source_signatures(struct source *s, const char *digest, struct document *ret, struct err *e);
/* A small blob, whole. */
int source_blob(struct source *s, const struct descriptor *d, struct document *ret, struct err *e);
int source_stream(struct source *s, const struct descriptor *d, const struct stream_sink *sink,
                  struct stream **ret, struct err *e);
void stream_free(struct stream *t); /* ends it if need be, without a call of done */
/* Waits at most @timeout_ms for something to happen to streams or to @fds, whose revents are
 * filled; moves streams along. */
int source_step(struct source *s, struct pollfd *fds, size_t n, int timeout_ms, struct err *e);
