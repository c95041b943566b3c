/* SPDX-License-Identifier: Apache-2.0 */
/* pack - trees to tar streams, and what a container changed; runs only in usr-ct-pack
 *
 * Trees are hostile: whoever runs in the container may change them while they are read. So each
 * thing is opened once as itself (O_PATH, no link followed), looked at, and only then opened for
 * reading through that very descriptor. Devices, FIFOs and sockets are never opened. What vanishes
 * meanwhile is left out; a file that shrinks is filled with zeros, one that grows is cut, since a
 * tar's header says the size first.
 *
 * Files: pack-tar.c writes entries, pack-walk.c visits a tree, pack-lower.c looks into the layers
 * below, pack-tree.c, pack-layer.c, pack-diff.c and pack-copy.c are the users of these;
 * pack-place.c finds what a path means.
 */
#pragma once

#include "base/err.h"

#include "base/id-map.h"
#include <limits.h>
#include <stdbool.h>

#include <sys/stat.h>

/* --- pack-tar.c */

struct packer;

struct pack_sums {
	uint64_t data_bytes, n_entries, n_skipped, tar_bytes, blob_bytes;
	char diff_id[72], digest[72]; /* only of a layer */
};
/* What the tar says of owners. */
struct pack_owners {
	const struct id_maps *maps; /* to the ids that stat(2) tells; NULL: the same */
	bool noted;                 /* owner-note.h, and root where nothing is noted */
};
/* @is_layer: digests are wanted. @is_compressed: gzip. @proc_fd: /proc/self/fd, borrowed. */
struct pack_options {
	int out_fd, proc_fd;
	bool is_layer, is_compressed;
	struct pack_owners owners;
};
/* Needs a UTF-8 locale: libarchive cannot take names otherwise. */
int packer_new(const struct pack_options *o, struct packer **ret, struct err *e);
/* One entry; @fd is O_PATH. Another name for a file that was packed before becomes a hard link. */
int packer_add(struct packer *p, int fd, const struct stat *st, const char *path, struct err *e);
/* An empty file of root's: a whiteout. */
int packer_add_mark(struct packer *p, const char *path, const struct stat *like, struct err *e);
/* The end mark; what is written after it is complete. */
int packer_finish(struct packer *p, struct pack_sums *ret, struct err *e);
void packer_free(struct packer *p);
static inline void cleanup_packer(struct packer **p)
{
	packer_free(*p);
}
#define _cleanup_packer_ _cleanup_(cleanup_packer)

/* --- pack-lower.c: the directories that overlayfs merges below one of the upper directory */

struct lower {
	int *fds; /* O_PATH, topmost first */
	size_t n;
};
void lower_done(struct lower *l);
/* What lies below under this name: 1 and its stat, or 0. @ret_child (may be NULL) receives the
 * directories to look into for its children, if it is one. */
int lower_find(const struct lower *l, const char *name, struct stat *ret, struct lower *ret_child,
               struct err *e);
/* The layer of a descriptor that can be read, for attributes; -ENOENT. */
int lower_open(const struct lower *l, const char *name, int proc_fd);
/* Visible names; sorted, each once. */
struct strv;
int lower_names(const struct lower *l, int proc_fd, struct strv *ret, struct err *e);
bool is_opaque(int dir_fd); /* readable descriptor */

/* --- pack-walk.c */

struct walk_entry {
	const char *path; /* relative to the root, "" for itself */
	const char *name;
	int fd; /* O_PATH */
	struct stat st;
	dev_t parent_dev;
	const struct lower *parent_lower; /* NULL if nothing lies below the parent */
	struct lower *lower;              /* to be filled for a directory's children */
};
struct walk_ops {
	/* Before what is in it; 1: go into this directory, 0: do not. */
	int (*visit)(void *arg, const struct walk_entry *x, struct err *e);
	/* A directory that was gone into, once it is open (@dir_fd can be read from); may be NULL.
	 */
	int (*enter)(void *arg, const char *path, int dir_fd, const struct lower *lower,
	             struct err *e);
};
/* In the order of names; parents before children. Takes over @lower. */
int walk_tree(int root_fd, int proc_fd, struct lower *lower, const struct walk_ops *ops, void *arg,
              struct err *e);
int read_names(int dir_fd, struct strv *ret, struct err *e); /* sorted, without . and .. */
/* The same thing, opened for reading or, if it is a link or worse, refused. */
int open_again(int proc_fd, int path_fd, int flags);
/* Whether @r is how a file system says that others have removed what is open here: FUSE and NFS
 * say it at any call. */
bool has_vanished(int r);

/* --- the three users */

struct pack_tree_job {
	int root_fd, proc_fd, out_fd;
	const char *name; /* in the tar; "." for contents; "" for these without "./" */
	struct pack_owners owners;
	bool stays; /* on this mount */
};
int pack_tree(const struct pack_tree_job *job, struct pack_sums *ret, struct err *e);

struct pack_upper_job {
	int upper_fd, proc_fd, out_fd;
	struct lower lower;  /* of the root; taken over */
	char *const *hidden; /* absolute paths, NULL-terminated */
	bool is_plain;       /* the layer is not to be compressed */
	struct pack_owners owners;
	/* It has everything; what is below and not here was removed. With owners.maps its ids are
	 * those, whereas the layers' are not (pack_copy_job). */
	bool is_whole;
	bool is_fuse; /* it has the marks of fuse-overlayfs (pack_fuse_mark()) */
};
int pack_layer(struct pack_upper_job *job, struct pack_sums *ret, struct err *e);
int pack_diff(struct pack_upper_job *job, struct err *e);

struct pack_compare_job {
	int proc_fd, out_fd;
	struct lower then, now; /* the same list as of pack_diff() */
};
int pack_compare(const struct pack_compare_job *job, struct err *e);
/* Whether it is a place that we made for a mount, and nothing else. */
bool pack_is_hidden(const struct pack_upper_job *job, const struct walk_entry *x);

/* Whether what @x was removed or emptied is told by fuse-overlayfs' own marks: the name that was
 * removed, "" for a mark of another kind, NULL: an ordinary entry. */
const char *pack_fuse_mark(const struct pack_upper_job *job, const char *name);
/* Whether nothing that lies below a directory of the upper one is to be seen. */
bool pack_is_opaque(const struct pack_upper_job *job, int dir_fd);
/* Whether the container changed what was there: @x against @then. */
bool pack_differs(const struct pack_upper_job *job, const struct walk_entry *x,
                  const struct stat *then);

/* --- pack-copy.c */

struct pack_copy_job {
	int to_fd, proc_fd;
	int objects_fd, shared_fd; /* contents of metadata trees, in this order; -EBADF */
	bool is_single_id;
	/* The layers have an image's ids as they are, the copy's files those that these make of
	 * them; NULL: the same. */
	const struct id_maps *maps;
};
/* Takes over @lower. */
int pack_copy(const struct pack_copy_job *job, struct lower *lower, struct err *e);

/* --- pack-place.c */

struct place {
	int fd;     /* O_PATH of the thing; -EBADF if it does not exist */
	int dir_fd; /* O_PATH of the directory it lies in; WRITE only */
	struct stat st;
	bool exists, is_dir, wants_dir, is_contents;
	char dir[PATH_MAX];      /* of dir_fd, relative to the root, clean */
	char path[PATH_MAX];     /* of itself, likewise */
	char base[NAME_MAX + 1]; /* "" for the root */
};
#define PLACE_NONE                              \
	{                                       \
		.fd = -EBADF, .dir_fd = -EBADF, \
	}
void place_done(struct place *p);
/* No dots, no doubled slashes, ".." by the letter and not beyond the root, no leading slash. */
int place_clean(const char *text, char ret[PATH_MAX], struct err *e);
/* A path to copy from. UCT_NO_SUCH_PATH. */
int place_source(int root_fd, const char *text, bool follow, struct place *ret, struct err *e);
/* A path to copy to: links are followed, the last one too, even if it leads nowhere. @makes_dirs:
 * the directory need not exist. */
int place_target(int root_fd, const char *text, bool makes_dirs, struct place *ret, struct err *e);
