/* SPDX-License-Identifier: Apache-2.0 */
/* garbage - what a collection would remove, told instead of done */
#pragma once

#include "store/store.h"

enum garbage_kind {
	GARBAGE_LAYER, /* a layer that no image has: a directory of layers/ */
	GARBAGE_TREE,  /* a metadata tree that no image and no container uses */
	GARBAGE_FORM,  /* what a layer was under the other driver, before a migration */
	GARBAGE_OBJECT,
	GARBAGE_BLOB,
};
const char *garbage_name(enum garbage_kind kind);

/* @path: below the data directory. @disk_bytes: as du(1) counts; 0 for the first three, which may
 * have files of other ids: usage_of_tree() knows. */
typedef int (*garbage_fn)(enum garbage_kind kind, const char *path, uint64_t disk_bytes, void *arg,
                          struct err *e);

/* NULL-terminated ids of things that shall be taken for removed; may be NULL. */
struct garbage_query {
	char *const *images, *const *containers;
};

/* Calls @found for all that the next collection would remove, under the write lock. 1; 0: somebody
 * pulls or builds, so that nobody knows what is garbage. Our own pin does not count. */
int garbage_find(struct store *s, const struct garbage_query *q, garbage_fn found, void *arg,
                 struct err *e);
