/* SPDX-License-Identifier: Apache-2.0 */
/* source-ops - what a kind of source implements; private to image/ */
#pragma once

#include "image/source.h"

struct source_ops {
	void (*close)(struct source *s);
	int (*manifest)(struct source *s, const struct descriptor *d, struct document *ret,
	                struct err *e);
	int (*blob)(struct source *s, const struct descriptor *d, struct document *ret,
	            struct err *e);
	int (*stream)(struct source *s, const struct descriptor *d, const struct stream_sink *sink,
	              struct stream **ret, struct err *e);
	void (*stream_free)(struct stream *t);
	int (*step)(struct source *s, struct pollfd *fds, size_t n, int timeout_ms, struct err *e);
};

/* First member of each kind's struct. */
struct source {
	const struct source_ops *ops;
	struct reference ref;
	int cancel_fd;
};
struct stream {
	struct source *source;
};

int registry_open(const struct reference *ref, const struct source_options *o, struct source **ret,
                  struct err *e);
/* A JSON document by its path, or a whole URL of the same host; @ret_next (may be NULL): where the
 * list goes on, heap, or NULL. */
int registry_get(struct source *s, const char *path, struct document *ret, char **ret_next,
                 struct err *e);
/* The manifest that a tag of the same repository names. -ENOENT is expected. */
int registry_manifest_at(struct source *s, const char *tag, struct document *ret, struct err *e);
int layout_open(const struct reference *ref, struct source **ret, struct err *e);
int layout_open_blobs(int blobs_dirfd, const char *digest, struct source **ret, struct err *e);
