/* SPDX-License-Identifier: Apache-2.0 */
/* union-tree - layers put upon each other in memory; only for check-tree
 *
 * A node is a name in a directory; several nodes may share one file. Whatever a layer above hides
 * becomes unreachable and stays in memory.
 */
#pragma once

#include "store/layer-index.h"

struct union_file {
	struct layer_entry entry; /* borrowed from the index's bytes */
	struct object_id object;
	bool has_object;
	uint64_t ino; /* for whoever compares; 0 at first */
};

struct union_node {
	const char *name;
	uint16_t name_len;
	uint32_t parent, file;
	uint32_t next; /* of the same slot, + 1 */
	/* If it is a directory: names in it; nodes that were there when it was emptied, so none of
	 * them is in it. */
	uint32_t n_here, n_before;
	bool is_gone;
};

struct union_named {
	uint32_t entry, file;
};

struct union_tree {
	struct union_node *nodes; /* the first is the root */
	struct union_file *files;
	uint32_t *slots; /* node + 1 */
	size_t n_nodes, cap_nodes, n_files, cap_files, n_slots;
	/* While a layer is added. */
	uint32_t *path;
	size_t n_path, cap_path;
	struct union_named *named;
	size_t n_named, cap_named;
	bool is_cleared; /* its opaque directories are empty already */
};

/* Puts the layer of an index, whose bytes must stay, upon what is there. */
int union_tree_add(struct union_tree *t, const void *index, size_t n, struct err *e);
/* NULL: there is no such name. */
struct union_node *union_tree_find(const struct union_tree *t, uint32_t parent, const char *name,
                                   size_t n);
void union_tree_done(struct union_tree *t);
