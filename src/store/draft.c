/* SPDX-License-Identifier: Apache-2.0 */
#include "store/draft.h"

#include "base/array.h"
#include "store/unpack.h"

#include <endian.h>
#include <search.h>
#include <string.h>

enum { LINKS_MAX = 40 }; /* path_resolution(7) */

static const struct tree_meta implied_meta = { .mode = 0755 };

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct draft_name *)a)->name, ((const struct draft_name *)b)->name);
}

struct draft_node *draft_node_new(enum layer_entry_type type, const struct tree_meta *meta)
{
	struct draft_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->type = type;
	n->meta = *meta;
	n->object = LAYER_INDEX_NO_OBJECT;
	return n;
}

/* Not of a directory that has names in it: drop_node(). */
void draft_node_free(struct draft_node *n)
{
	if (!n)
		return;
	if (n->type == LAYER_LINK)
		free(n->target);
	free(n->xattrs.data);
	free(n);
}

/* Any name of a directory, or NULL. */
static struct draft_name *any_name(const struct draft_node *dir)
{
	return dir->names ? *(struct draft_name **)dir->names : NULL;
}

static void unname(struct draft_node *dir, struct draft_name *x)
{
	(void)tdelete(x, &dir->names, by_name);
	x->node->n_names--;
	free(x);
}

/* A node that has lost a name; a directory goes with all that is in it. Without recursion: an
 * archive may nest directories as deep as it likes. */
static void drop_node(struct draft_node *n)
{
	struct draft_node *top = n;

	while (n) {
		struct draft_name *x = n->type == LAYER_DIR ? any_name(n) : NULL;

		if (x && x->node->type == LAYER_DIR && x->node->names) {
			n = x->node;
			continue;
		}
		if (x) {
			struct draft_node *child = x->node;

			unname(n, x);
			if (child->n_names == 0)
				draft_node_free(child);
			continue;
		}
		/* Emptied: its parent meets it as an empty directory. */
		if (n == top)
			break;
		n = n->parent;
	}
	if (top->n_names == 0)
		draft_node_free(top);
}

int draft_init(struct draft *d, struct err *e)
{
	memset(d, 0, sizeof(*d));
	d->root = draft_node_new(LAYER_DIR, &implied_meta);
	if (!d->root)
		return err_oom(e);
	d->root->flags = LAYER_IMPLIED;
	d->root->parent = d->root;
	return 0;
}

void draft_done(struct draft *d)
{
	if (d->root)
		drop_node(d->root);
	d->root = NULL;
}

struct draft_node *draft_find(const struct draft_node *dir, const char *name)
{
	const struct draft_name key = { .name = name };
	void *found = tfind(&key, &dir->names, by_name);

	return found ? (*(struct draft_name **)found)->node : NULL;
}

/* Takes over nothing on failure. */
static int add_name(struct draft_node *dir, const char *name, struct draft_node *n, struct err *e)
{
	size_t size = strlen(name) + 1;
	struct draft_name *x = malloc(sizeof(*x) + size);

	if (!x)
		return err_oom(e);
	x->node = n;
	x->name = memcpy(x + 1, name, size);
	if (!tsearch(x, &dir->names, by_name)) {
		free(x);
		return err_oom(e);
	}
	n->n_names++;
	if (n->type == LAYER_DIR)
		n->parent = dir;
	return 0;
}

static void remove_name(struct draft *d, struct draft_node *dir, const char *name)
{
	const struct draft_name key = { .name = name };
	void *found = tfind(&key, &dir->names, by_name);
	struct draft_node *n;

	if (!found)
		return;
	d->last = NULL; /* it may be, or be reached through, what goes */
	n = (*(struct draft_name **)found)->node;
	unname(dir, *(struct draft_name **)found);
	if (n->n_names == 0)
		drop_node(n);
}

static int make_directory(struct draft_node *dir, const char *name, uint8_t flags,
                          struct draft_node **ret, struct err *e)
{
	struct draft_node *n = draft_node_new(LAYER_DIR, &implied_meta);
	int r = n ? add_name(dir, name, n, e) : err_oom(e);

	if (r < 0) {
		draft_node_free(n);
		return r;
	}
	n->flags = LAYER_IMPLIED | flags; /* until an entry tells of it */
	*ret = n;
	return 0;
}

/* In place of what a whiteout removes: nothing of it is kept, so it is as if it had an entry. */
static int make_anew(struct draft_node *dir, const char *name, struct draft_node **ret,
                     struct err *e)
{
	int r = make_directory(dir, name, LAYER_OPAQUE, ret, e);

	if (r == 0)
		(*ret)->flags = LAYER_OPAQUE;
	return r;
}

/* Resolves @path as openat2(2) with RESOLVE_IN_ROOT. The depth of the recursion is that of links in
 * links, and bounded. */
static int walk(const struct draft *d, struct draft_node *from, const char *path, bool follows_last,
                unsigned *n_links, struct draft_node **ret)
{
	struct draft_node *n = *path == '/' ? d->root : from;

	while (*path) {
		size_t len = strcspn(path, "/");
		const char *next = path + len;
		struct draft_node *dir = n;
		char name[NAME_MAX + 1];
		int r;

		if (len == 0) {
			path++;
			continue;
		}
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		if (dir->type != LAYER_DIR)
			return -ENOTDIR;
		(void)mempcpy(name, path, len);
		name[len] = '\0';
		path = next;
		if (!strcmp(name, "."))
			continue;
		n = strcmp(name, "..") != 0 ? draft_find(dir, name) : dir->parent;
		if (!n)
			return -ENOENT;
		if (n->type != LAYER_LINK || (!*next && !follows_last))
			continue;
		if (++*n_links > LINKS_MAX)
			return -ELOOP;
		r = walk(d, dir, n->target, true, n_links, &n);
		if (r < 0)
			return r;
	}
	if (path[-1] == '/' && n->type != LAYER_DIR)
		return -ENOTDIR;
	*ret = n;
	return 0;
}

static int resolve(const struct draft *d, const char *path, bool follows_last,
                   struct draft_node **ret)
{
	unsigned n_links = 0;

	*ret = d->root;
	return *path ? walk(d, d->root, path, follows_last, &n_links, ret) : 0;
}

/* The directory @name in @dir, at @upto; made if it is missing. */
static int step(struct draft *d, struct draft_node *dir, const char *name, const char *upto,
                struct draft_node **ret, struct err *e)
{
	struct draft_node *n = draft_find(dir, name);

	if (!n)
		return make_directory(dir, name, 0, ret, e);
	switch (n->type) {
	case LAYER_DIR:
		*ret = n;
		return 0;
	case LAYER_LINK:
		if (resolve(d, upto, true, ret) == 0 && (*ret)->type == LAYER_DIR)
			return 0;
		return BAD_LAYER(e, "'%.*s' is a link that leads to no directory", NAME_SHOWN,
		                 upto);
	case LAYER_WHITEOUT: /* it gives way to a directory that hides what is below */
		remove_name(d, dir, name);
		return make_anew(dir, name, ret, e);
	case LAYER_FILE:
	case LAYER_FIFO:
	case LAYER_SAME:
	case LAYER_CHAR:
	case LAYER_BLOCK:
	default:
		return BAD_LAYER(e, "'%.*s' is not a directory but has entries below it",
		                 NAME_SHOWN, upto);
	}
}

int draft_parent(struct draft *d, const char *path, struct draft_node **ret, const char **ret_base,
                 struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0, at = 0;
	char upto[PATH_MAX], name[NAME_MAX + 1];
	struct draft_node *n = d->root;

	*ret_base = slash ? slash + 1 : path;
	if (d->last && d->last_len <= len && !memcmp(d->last_path, path, d->last_len) &&
	    (path[d->last_len] == '/' || d->last_len == len)) {
		n = d->last;
		at = d->last_len;
	}
	memcpy(upto, path, len);
	while (at < len) {
		size_t from = at ? at + 1 : 0, part = strcspn(path + from, "/");
		int r;

		memcpy(name, path + from, part); /* tree_clean() has seen to it that it fits */
		name[part] = '\0';
		at = from + part;
		upto[at] = '\0';
		r = step(d, n, name, upto, &n, e);
		if (r < 0)
			return r;
		upto[at] = '/';
	}
	d->last = len ? n : NULL;
	d->last_len = len;
	memcpy(d->last_path, path, len);
	*ret = n;
	return 0;
}

struct draft_node *draft_find_parent(const struct draft *d, const char *path, const char **ret_base)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = "";
	struct draft_node *n;

	*ret_base = slash ? slash + 1 : path;
	if (slash)
		memcpy(dir, path, (size_t)(slash - path));
	return resolve(d, dir, true, &n) == 0 && n->type == LAYER_DIR ? n : NULL;
}

int draft_put(struct draft *d, struct draft_node *dir, const char *name, struct draft_node *n,
              struct err *e)
{
	bool had_names = n->n_names > 0;

	n->n_names++; /* it stays whatever goes */
	remove_name(d, dir, name);
	n->n_names--;
	if (had_names && n->n_names == 0) {
		draft_node_free(n);
		return err_errno(e, -ENOENT, "cannot create '%s'", name);
	}
	return add_name(dir, name, n, e);
}

int draft_mkdir(struct draft *d, struct draft_node *dir, const char *name, struct draft_node **ret,
                struct err *e)
{
	struct draft_node *n = draft_find(dir, name);
	uint8_t flags = 0;

	if (n && n->type == LAYER_DIR) {
		*ret = n;
		return 0;
	}
	if (n) {
		flags = n->type == LAYER_WHITEOUT ? LAYER_OPAQUE : 0;
		remove_name(d, dir, name);
	}
	return make_directory(dir, name, flags, ret, e);
}

bool draft_is_below_file(const struct draft *d, const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[PATH_MAX] = "";
	struct draft_node *n;
	int r;

	if (!slash)
		return false;
	memcpy(dir, path, (size_t)(slash - path));
	r = resolve(d, dir, false, &n);
	if (r < 0)
		return r == -ENOTDIR;
	return n->type != LAYER_DIR && n->type != LAYER_LINK && n->type != LAYER_WHITEOUT;
}

static void drop_xattr(struct draft_xattrs *x, const char *name)
{
	struct layer_entry left = { .xattrs = x->data,
		                    .xattr_bytes = x->n_bytes,
		                    .n_xattrs = x->n };
	const uint8_t *at = left.xattrs;
	struct layer_xattr a;

	for (; layer_xattr_next(&left, &a) == 1; at = left.xattrs) {
		if (a.name_len != strlen(name) || memcmp(a.name, name, a.name_len) != 0)
			continue;
		memmove(x->data + (at - x->data), left.xattrs, left.xattr_bytes);
		x->n_bytes -= (uint32_t)(left.xattrs - at);
		x->n--;
		return;
	}
}

int draft_xattr(struct draft_xattrs *x, const char *name, const void *value, size_t size,
                struct err *e)
{
	size_t name_len = strlen(name), more = 8 + name_len + size;
	uint32_t sizes[2] = { htole32((uint32_t)name_len), htole32((uint32_t)size) };
	uint8_t *p;

	drop_xattr(x, name);
	if (x->n == UINT16_MAX || x->n_bytes + more > INT32_MAX)
		return err_errno(e, -E2BIG, "there are too many attributes");
	p = realloc(x->data, x->n_bytes + more);
	if (!p)
		return err_oom(e);
	x->data = p;
	p = mempcpy(p + x->n_bytes, sizes, sizeof(sizes));
	p = mempcpy(p, name, name_len);
	if (size)
		memcpy(p, value, size);
	x->n_bytes += (uint32_t)more;
	x->n++;
	return 0;
}

struct listing {
	const struct draft_name **v;
	size_t n, cap;
	int r;
};

static void list_one(const void *node, VISIT when, void *arg)
{
	struct listing *l = arg;

	if ((when != postorder && when != leaf) || l->r < 0)
		return;
	l->r = array_grow(&l->v, l->n, &l->cap, sizeof(void *));
	if (l->r == 0)
		l->v[l->n++] = *(const struct draft_name *const *)node;
}

int draft_list(const struct draft_node *dir, const struct draft_name ***ret, size_t *ret_n,
               struct err *e)
{
	struct listing l = { 0 };

	twalk_r(dir->names, list_one, &l);
	if (l.r < 0) {
		free(l.v);
		return err_oom(e);
	}
	*ret = l.v;
	*ret_n = l.n;
	return 0;
}
