/* SPDX-License-Identifier: Apache-2.0 */
#include "store/union-tree.h"

#include "base/array.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { SLOTS_MIN = 4096, LINKS_MAX = 40 };
#define NOTHING UINT32_MAX

void union_tree_done(struct union_tree *t)
{
	free(t->nodes);
	free(t->files);
	free(t->slots);
	free(t->path);
	free(t->named);
	*t = (struct union_tree){ 0 };
}

/* FNV-1a. Whoever makes collisions on purpose slows down the check of his own image. */
static uint32_t hash(uint32_t parent, const char *name, size_t n)
{
	uint32_t h = 2166136261u ^ parent * 2654435761u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h ^ h >> 15;
}

struct union_node *union_tree_find(const struct union_tree *t, uint32_t parent, const char *name,
                                   size_t n)
{
	uint32_t i = t->n_slots ? t->slots[hash(parent, name, n) & (t->n_slots - 1)] : 0;

	for (; i; i = t->nodes[i - 1].next) {
		struct union_node *x = &t->nodes[i - 1];

		if (!x->is_gone && x->parent == parent && i > t->nodes[parent].n_before &&
		    x->name_len == n && !memcmp(x->name, name, n))
			return x;
	}
	return NULL;
}

static void hang(struct union_tree *t, uint32_t number)
{
	struct union_node *x = &t->nodes[number];
	uint32_t *slot = &t->slots[hash(x->parent, x->name, x->name_len) & (t->n_slots - 1)];

	x->next = *slot;
	*slot = number + 1;
}

static int grow(struct union_tree *t, struct err *e)
{
	size_t n = t->n_slots ? t->n_slots * 2 : SLOTS_MIN;
	uint32_t *slots;

	if (t->n_nodes < t->n_slots)
		return 0;
	slots = calloc(n, sizeof(*slots));
	if (!slots)
		return err_oom(e);
	free(t->slots);
	t->slots = slots;
	t->n_slots = n;
	for (uint32_t i = 0; i < t->n_nodes; i++)
		hang(t, i);
	return 0;
}

static int add_file(struct union_tree *t, const struct layer_index *x, const struct layer_entry *l,
                    uint32_t *ret, struct err *e)
{
	struct union_file *f;

	if (t->n_files >= UINT32_MAX ||
	    array_grow(&t->files, t->n_files, &t->cap_files, sizeof(*t->files)) < 0)
		return err_oom(e);
	f = &t->files[t->n_files];
	*f = (struct union_file){ .entry = *l };
	if (l->type == LAYER_FILE && l->ref != LAYER_INDEX_NO_OBJECT) {
		layer_index_object(x, l->ref, &f->object);
		f->has_object = true;
	}
	*ret = (uint32_t)t->n_files++;
	return 0;
}

static void clear_node(struct union_tree *t, uint32_t number)
{
	t->nodes[number].n_before = (uint32_t)t->n_nodes;
	t->nodes[number].n_here = 0;
}

static uint32_t parent_of(const struct union_tree *t)
{
	return t->n_path ? t->path[t->n_path - 1] : 0;
}

static void hide(struct union_tree *t, const struct layer_entry *l)
{
	struct union_node *old = union_tree_find(t, parent_of(t), l->name, l->name_len);

	if (!old)
		return;
	old->is_gone = true;
	t->nodes[old->parent].n_here--;
}

static int add_node(struct union_tree *t, const struct layer_entry *l, uint32_t file, struct err *e)
{
	uint32_t parent = parent_of(t);

	hide(t, l);
	if (t->n_nodes >= UINT32_MAX - 1 ||
	    array_grow(&t->nodes, t->n_nodes, &t->cap_nodes, sizeof(*t->nodes)) < 0)
		return err_oom(e);
	t->nodes[t->n_nodes] = (struct union_node){
		.name = l->name, .name_len = l->name_len, .parent = parent, .file = file
	};
	if (t->n_nodes++ > 0)
		t->nodes[parent].n_here++;
	if (t->n_nodes > t->n_slots)
		return grow(t, e);
	hang(t, (uint32_t)t->n_nodes - 1);
	return 0;
}

static int remember(struct union_tree *t, const struct layer_index *x, const struct layer_entry *l,
                    uint32_t file, struct err *e)
{
	if (!(l->flags & LAYER_NAMED_AGAIN))
		return 0;
	if (array_grow(&t->named, t->n_named, &t->cap_named, sizeof(*t->named)) < 0)
		return err_oom(e);
	t->named[t->n_named++] = (struct union_named){ (uint32_t)(x->entry - 1), file };
	return 0;
}

static int by_entry(const void *key, const void *element)
{
	uint32_t k = *(const uint32_t *)key, x = ((const struct union_named *)element)->entry;

	return k < x ? -1 : k > x;
}

static int add_same(struct union_tree *t, const struct layer_entry *l, struct err *e)
{
	const struct union_named *x =
		t->n_named ? bsearch(&l->ref, t->named, t->n_named, sizeof(*t->named), by_entry)
			   : NULL;

	return x ? add_node(t, l, x->file, e)
	         : err_set(e, UCT_INDEX_DAMAGED, -EUCLEAN,
	                   "the layer's index has a hard link to what is no file of it");
}

/* Puts the target of the link @l before what is left of the way, in @text. */
static int put_before(const struct layer_entry *l, const char *rest, char text[PATH_MAX])
{
	char more[PATH_MAX];
	int n = snprintf(more, sizeof(more), "%.*s/%s", (int)l->target_len, l->target,
	                 rest ? rest : "");

	if (n < 0 || (size_t)n >= sizeof(more))
		return -ENAMETOOLONG;
	memcpy(text, more, (size_t)n + 1);
	return 0;
}

/* Where a link leads, below the root and through other links; NULL: to no directory. As meta-tree.c
 * has the kernel look. */
static struct union_node *follow(const struct union_tree *t, const struct union_node *link)
{
	const struct layer_entry *l = &t->files[link->file].entry;
	char text[PATH_MAX], *rest = text, *part;
	uint32_t at = link->parent;
	int links = 0;

	if (l->target_len >= sizeof(text))
		return NULL;
	memcpy(text, l->target, l->target_len);
	text[l->target_len] = '\0';
	at = *text == '/' ? 0 : at;
	while ((part = strsep(&rest, "/"))) {
		struct union_node *x;

		if (!*part || !strcmp(part, "."))
			continue;
		if (!strcmp(part, "..")) {
			at = t->nodes[at].parent;
			continue;
		}
		x = union_tree_find(t, at, part, strlen(part));
		l = x ? &t->files[x->file].entry : NULL;
		if (l && l->type == LAYER_LINK && links++ < LINKS_MAX) {
			if (put_before(l, rest, text) < 0)
				return NULL;
			rest = text;
			at = *text == '/' ? 0 : at;
			continue;
		}
		if (!l || l->type != LAYER_DIR)
			return NULL;
		at = (uint32_t)(x - t->nodes);
	}
	return &t->nodes[at];
}

static struct union_node *find_place(const struct union_tree *t, const struct layer_entry *l)
{
	struct union_node *old = t->n_path ? union_tree_find(t, parent_of(t), l->name, l->name_len)
	                         : t->n_nodes ? &t->nodes[0]
	                                      : NULL,
			  *there;

	if (!old || !(l->flags & LAYER_IMPLIED) || t->files[old->file].entry.type != LAYER_LINK)
		return old;
	there = follow(t, old);
	return there ? there : old;
}

/* One that is there keeps what it has, unless this one is opaque, and looks like this one, unless
 * that is only implied. */
static int add_directory(struct union_tree *t, const struct layer_index *x,
                         const struct layer_entry *l, struct err *e)
{
	struct union_node *old = find_place(t, l);
	bool is_reached = old && t->n_path &&
	                  (old->parent != parent_of(t) || old->name_len != l->name_len ||
	                   memcmp(old->name, l->name, l->name_len) != 0);
	bool keeps = old && t->files[old->file].entry.type == LAYER_DIR && l->flags & LAYER_IMPLIED;
	const struct layer_entry looks = keeps ? t->files[old->file].entry : *l;
	uint32_t file = 0, number;
	int r = 0;

	if (old && t->files[old->file].entry.type == LAYER_DIR &&
	    (!(l->flags & LAYER_OPAQUE) || is_reached || t->is_cleared)) {
		t->files[old->file].entry = looks;
		number = (uint32_t)(old - t->nodes);
	} else if (old && t->n_path == 0) { /* an opaque root: all is gone but itself */
		t->files[old->file].entry = looks;
		clear_node(t, 0);
		number = 0;
	} else {
		r = add_file(t, x, &looks, &file, e);
		if (r == 0)
			r = add_node(t, l, file, e);
		number = (uint32_t)t->n_nodes - 1;
	}
	if (r == 0 && array_grow(&t->path, t->n_path, &t->cap_path, sizeof(*t->path)) < 0)
		r = err_oom(e);
	if (r == 0)
		t->path[t->n_path++] = number;
	return r;
}

static int add_entry(struct union_tree *t, const struct layer_index *x, const struct layer_entry *l,
                     struct err *e)
{
	uint32_t file = 0;
	int r;

	t->n_path -= MIN((size_t)l->up, t->n_path); /* layer_index_next() has counted */
	switch (l->type) {
	case LAYER_CHAR:
	case LAYER_BLOCK: /* no tree has them */
		return 0;
	case LAYER_DIR:
		return add_directory(t, x, l, e);
	case LAYER_SAME:
		return add_same(t, l, e);
	case LAYER_WHITEOUT:
		hide(t, l);
		return 0;
	case LAYER_FILE:
	case LAYER_LINK:
	case LAYER_FIFO:
		break;
	}
	r = add_file(t, x, l, &file, e);
	if (r == 0)
		r = add_node(t, l, file, e);
	return r < 0 ? r : remember(t, x, l, file, e);
}

/* --- opaque directories, as in meta-opaque.c: before anything of the layer is there */

/* The directory that the layers below have there; NOTHING: none that this layer goes on with. */
static uint32_t lower_of(const struct union_tree *t, const struct layer_entry *l)
{
	const struct union_node *x;

	if (t->n_path && parent_of(t) == NOTHING)
		return NOTHING;
	x = find_place(t, l);
	return x && t->files[x->file].entry.type == LAYER_DIR ? (uint32_t)(x - t->nodes) : NOTHING;
}

static int clear_opaque(struct union_tree *t, struct layer_index x, struct err *e)
{
	struct layer_entry l;
	uint32_t lower;
	int r = 0;

	t->is_cleared = t->n_nodes > 0 && layer_index_clears_first(x);
	while (t->is_cleared && r >= 0 && (r = layer_index_next(&x, &l, e)) == 1) {
		t->n_path -= MIN((size_t)l.up, t->n_path);
		if (l.type != LAYER_DIR)
			continue;
		lower = lower_of(t, &l);
		if (lower != NOTHING && l.flags & LAYER_OPAQUE) {
			clear_node(t, lower);
			lower = NOTHING;
		}
		if (array_grow(&t->path, t->n_path, &t->cap_path, sizeof(*t->path)) < 0)
			r = err_oom(e);
		else
			t->path[t->n_path++] = lower;
	}
	layer_index_done(&x);
	t->n_path = 0;
	return r;
}

int union_tree_add(struct union_tree *t, const void *index, size_t n, struct err *e)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	struct layer_entry l;
	int r = layer_index_open(index, n, &x, e);

	t->n_path = t->n_named = 0;
	if (r == 0)
		r = grow(t, e);
	if (r == 0)
		r = clear_opaque(t, x, e);
	while (r == 0 && (r = layer_index_next(&x, &l, e)) > 0)
		r = add_entry(t, &x, &l, e);
	return r;
}
