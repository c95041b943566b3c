/* SPDX-License-Identifier: Apache-2.0 */
/* load - what the files of usr-ct-load share; the protocol stands in image/load-proto.h
 *
 *	main.c     the protocol
 *	archive.c  a stream to entries: contents become blobs, small documents are kept
 *	spool.c    bytes to a blob
 *	layout.c   what an OCI layout's index.json names
 *	flat.c     what skopeo's dir: has
 *	docker.c   what a docker archive's manifest.json names
 *	old.c      what docker before 1.10 wrote instead
 *	convert.c  a layer under another compression
 */
#pragma once

#include "base/json.h"
#include "image/config.h"
#include "image/load-proto.h"

#include <stdbool.h>

struct archive;

/* One thing in the archive. */
struct entry {
	char *name;   /* without "./" */
	char *target; /* of a link, from the archive's root; else NULL */
	char *text;   /* a small document; else NULL: a blob */
	size_t text_len;
	char digest[72]; /* of the blob */
	uint64_t size_bytes;
	unsigned char magic[4];
};

struct load {
	int sock_fd, blobs_dirfd, tmp_dirfd, input_fd;
	struct load_start start;
	struct entry *entries;
	size_t n_entries, cap_entries;
	size_t kept_bytes; /* of names, targets and texts */
	uint64_t done_bytes, told_ns;
	size_t n_images;
	uint32_t number; /* of the image at hand, in the archive's list */
	bool is_flat;    /* blobs stand beside the manifest */
};

/* A blob on its way. */
struct spool {
	struct load *l;
	struct digest *hash;
	int fd;
	char tmp_name[192];
	char digest[72]; /* after spool_end() */
	uint64_t size_bytes;
	unsigned char magic[4];
};
int spool_begin(struct spool *s, struct load *l, struct err *e);
int spool_add(struct spool *s, const void *data, size_t n, struct err *e);
int spool_end(struct spool *s, struct err *e);
void spool_done(struct spool *s); /* throws away what did not end */
#define _cleanup_spool_ _cleanup_(spool_done)
/* All of a document at once. */
int spool_text(struct load *l, const char *text, size_t n, char ret_digest[72], struct err *e);
/* A blob of the layout's directory, checked; does nothing for one that is there. */
int spool_copy(struct load *l, const struct descriptor *d, struct err *e);
/* The text of a blob in the store. */
int blob_text(const struct load *l, const char *digest, size_t max, char **ret, size_t *ret_n,
              struct err *e);

/* What a blob's first bytes say of it. */
enum load_compression magic_compression(const unsigned char magic[4]);
/* A decompressing reader of the input. @raw: the bytes as they are, for LOAD_ROOT. */
int archive_begin(struct load *l, bool raw, struct archive **ret, struct err *e);
void archive_end(struct archive **a);
#define _cleanup_archive_ _cleanup_(archive_end)
int archive_fails(struct archive *a, struct err *e);
int archive_take_apart(struct load *l, struct err *e);
/* LOAD_ROOT: input to blob, as it is if layers may be compressed so. */
int archive_take_root(struct load *l, struct err *e);
int archive_send_root(struct load *l, const struct spool *s, struct err *e);
/* LOAD_CONVERT: input, a layer's blob, to another blob of it. */
int archive_convert(struct load *l, struct err *e);
/* Of the tar in an entry's blob. */
int blob_plain_digest(struct load *l, const struct entry *x, char ret[72], struct err *e);
/* By name, through links; NULL: there is none. */
struct entry *entry_find(const struct load *l, const char *name);
struct entry *entry_of_blob(const struct load *l, const char *digest);
void entries_drop(struct load *l);

/* Each tells of all images. 0, or -ENOENT if this archive is of another kind. */
int layout_images(struct load *l, struct err *e);
int flat_images(struct load *l, struct err *e);
int docker_images(struct load *l, struct err *e);
int old_images(struct load *l, struct err *e);
/* The manifest of a config's blob and of layers, files in the archive. */
int docker_manifest(struct load *l, const struct entry *config, const json_t *names,
                    char ret_digest[72], struct err *e);
/* Adds names of manifest.json to an image of a layout: how many. */
int docker_names(struct load *l, const char *manifest, const char *config, struct err *e);
int send_image(struct load *l, const char *manifest, const char *name, struct err *e);
int load_send(const struct load *l, const void *msg, size_t n, struct err *e);
#define NO_ARCHIVE(e, ...) err_set(e, UCT_IMAGE_ARCHIVE, -EINVAL, __VA_ARGS__)
