/* SPDX-License-Identifier: Apache-2.0 */
/* images - the index of images: rows by config digest, names that point to them, their layers */
#pragma once

#include "store/store.h"

#include <stdbool.h>

enum { DIGEST_SIZE = 72 }; /* "sha256:" + 64 hex + NUL */
enum { CHAIN_SIZE = 65 };  /* 64 hex + NUL */

struct image_row {
	char id[DIGEST_SIZE];       /* digest of the config blob */
	char manifest[DIGEST_SIZE]; /* digest of the manifest blob */
	uint64_t created_ns, pulled_ns, size_bytes;
	char **names;               /* NULL-terminated, heap; full "host/name:tag" */
	char **digests;             /* the same, "host/name@sha256:..." as registries said */
	char (*chains)[CHAIN_SIZE]; /* lowest layer first, heap */
	size_t n_chains;
	char (*blobs)[DIGEST_SIZE]; /* every blob it needs: manifest, config, layers; heap */
	size_t n_blobs;
};
void image_row_done(struct image_row *row);

/* Adds or replaces a row, and moves @name (may be NULL) and row->digests (may be NULL) to it, in
 * one transaction; rewrites oci/index.json. All layers and blobs must be committed before. */
int image_put(struct store *s, const struct image_row *row, const char *name, struct err *e);
/* By exact full name, by "host/name@sha256:HEX", by "sha256:HEX", by HEX or a unique prefix of it
 * (at least 3 digits). 1 found, 0 not, -ENOTUNIQ. */
int image_find(struct store *s, const char *name_or_id, struct image_row *ret, struct err *e);
/* Newest pulled first, without chains and blobs; free each with image_row_done and the array with
 * free. */
int image_list(struct store *s, struct image_row **ret, size_t *ret_n, struct err *e);
/* How many containers (rows whose directory exists) use it; ids of the first few in @ret_id. */
int image_users(struct store *s, const char *id, size_t *ret_n, char ret_id[CHAIN_SIZE],
                struct err *e);
/* Makes @name (full) a name of the image; whichever had it loses it. 1 it is new, 0 it was there.
 */
int image_tag(struct store *s, const char *id, const char *name, struct err *e);
/* Remembers "host/name@sha256:..." as a registry's name of the image. */
int image_note_digest(struct store *s, const char *id, const char *text, struct err *e);
/* A name or a "host/name@sha256:..."; 1 removed, 0 there was none. */
int image_untag(struct store *s, const char *name, struct err *e);
/* The same, but 0 also where the image would be left without any. */
int image_untag_spare(struct store *s, const char *name, struct err *e);
/* Removes the row with all its names, then the layers and blobs that nothing needs any more. Calls
 * @remove_tree for layer directories. Refuses (-EBUSY, UCT_IMAGE_IN_USE) while a container uses it,
 * and
 * (-ESTALE) if it has a name that is not in @names, which may be NULL; check and removal are one
 * step. */
int image_delete(struct store *s, const char *id, char *const *names, store_remove_fn remove_tree,
                 void *arg, struct err *e);

/* Whether an image goes, asked with nothing able to change it: 1, 0 or negative. Of @row->names it
 * leaves those that go; if that is not all of them, the image stays. */
typedef int (*image_decide_fn)(struct image_row *row, void *arg, struct err *e);
struct image_pruning {
	image_decide_fn decide;
	void *arg;
	store_remove_fn remove_tree;
	void *remove_arg;
};
enum { IMAGE_STAYS, IMAGE_UNTAGGED, IMAGE_GONE };
/* Asks and acts in one step. @ret is what was decided on (free it in any case). Refuses (-EBUSY,
 * UCT_IMAGE_IN_USE) while a container uses it; one that is not there stays. */
int image_prune(struct store *s, const char *id, struct image_row *ret,
                const struct image_pruning *p, struct err *e);
