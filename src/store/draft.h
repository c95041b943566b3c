/* SPDX-License-Identifier: Apache-2.0 */
/* draft - what a layer's archive comes to, in memory; only for unpack
 *
 * The objects driver needs no directory to unpack into: contents go to the objects as they come,
 * and of the rest only the index is wanted. But what that says is known at the end alone, since an
 * archive may do all that one can do to a tree: entries that replace others, links in the middle of
 * a path, directories out of order. So there is a tree here, of names and nodes. A node is what
 * names stand for: several, if there are hard links.
 *
 * Paths are resolved as openat2(2) does with RESOLVE_IN_ROOT, which is what the plain driver's
 * directory (unpack-tree.h) asks the kernel for; a fuzz target and a component test see to it that
 * both drivers think the same of an archive. Names lie in balanced trees, one for each directory:
 * no archive can make looking them up slow, and they come out sorted.
 */
#pragma once

#include "store/layer-index.h"
#include "store/unpack-tree.h"

struct draft_xattrs {
	uint8_t *data; /* as in the index; heap */
	uint32_t n_bytes;
	uint16_t n;
};

struct draft_node {
	enum layer_entry_type type;
	uint8_t flags;    /* of the index */
	uint32_t n_names; /* 0: nothing leads here any more */
	uint32_t object;  /* of a file: layer_notes_object(), or LAYER_INDEX_NO_OBJECT */
	uint32_t entry;   /* for whoever writes the index: its number, 0: none yet */
	struct tree_meta meta;
	struct draft_xattrs xattrs;
	union {
		char *target;                      /* of a link; heap */
		struct {                           /* of a directory */
			struct draft_node *parent; /* the root's: itself */
			void *names;               /* tsearch(3): struct draft_name */
		};
	};
};

struct draft_name {
	struct draft_node *node;
	const char *name; /* terminated; behind this struct */
};

struct draft {
	struct draft_node *root;
	/* Entries of an archive come in the order of a walk: the directory of the last one. */
	struct draft_node *last;
	size_t last_len;
	char last_path[PATH_MAX];
};

int draft_init(struct draft *d, struct err *e);
void draft_done(struct draft *d);

/* A node without a name, which draft_put() gives it; else draft_node_free(). */
struct draft_node *draft_node_new(enum layer_entry_type type, const struct tree_meta *meta);
void draft_node_free(struct draft_node *n);

/* The directory that @path (tree_clean()) lies in; what is missing is made. @ret_base points into
 * @path. UCT_BAD_LAYER if something else stands in the way. */
int draft_parent(struct draft *d, const char *path, struct draft_node **ret, const char **ret_base,
                 struct err *e);
/* Makes nothing: the directory or NULL. */
struct draft_node *draft_find_parent(const struct draft *d, const char *path,
                                     const char **ret_base);
/* NULL: there is no such name. */
struct draft_node *draft_find(const struct draft_node *dir, const char *name);
/* Gives @n a name, in place of whatever has it. -ENOENT: that took the last name of @n. */
int draft_put(struct draft *d, struct draft_node *dir, const char *name, struct draft_node *n,
              struct err *e);
/* The directory of this name, made or taken; what else has the name goes. */
int draft_mkdir(struct draft *d, struct draft_node *dir, const char *name, struct draft_node **ret,
                struct err *e);
/* Whether a file of this layer stands where a directory would have to be for @path to exist. */
bool draft_is_below_file(const struct draft *d, const char *path);
/* Adds an attribute, or replaces that of the same name. */
int draft_xattr(struct draft_xattrs *x, const char *name, const void *value, size_t size,
                struct err *e);
/* The names in a directory, sorted bytewise: heap, of pointers to what is in the draft. */
int draft_list(const struct draft_node *dir, const struct draft_name ***ret, size_t *ret_n,
               struct err *e);
