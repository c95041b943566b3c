/* SPDX-License-Identifier: Apache-2.0 */
/* unpack-tree - the layer's directory while it is being filled; only for unpack
 *
 * Theory of operation. Entries of an archive come in the order of a tree walk, so the directory of
 * the next one is mostly that of the last. A small stack holds descriptors of the directories on
 * the current path; a lookup pops what does not fit and opens the rest, one component at a time and
 * without following links. A component that is a link (the "lib -> usr/lib" of merged-usr images)
 * is resolved by the kernel with the layer's root as its root, so it cannot leave it. Whenever
 * something that exists is removed, the stack is emptied: a descriptor of a removed or replaced
 * directory must not be used again.
 *
 * Directories are made writable for us first; their modes and times are set at the end (tree_seal),
 * deepest first, since every creation inside changes them.
 */
#pragma once

#include "base/err.h"
#include "base/strv.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

enum { TREE_DEPTH = 48 };

struct tree_dir; /* what tree_seal() will do */

struct tree {
	int fd[TREE_DEPTH];     /* fd[0] is the root; all may be O_PATH but that */
	size_t len[TREE_DEPTH]; /* of the path up to there */
	size_t n;
	char path[PATH_MAX];
	bool single_id, in_use; /* in use: somebody else's tree, with mounts */
	struct tree_dir *dirs;
	size_t n_dirs, cap_dirs;
	struct strv implied; /* made since something lies in them; unpack-implied.h */
};

int tree_open(struct tree *t, int dirfd, const char *name, bool single_id, struct err *e);
/* A root that exists and stays as it is. */
int tree_attach(struct tree *t, int dirfd, bool single_id, struct err *e);
void tree_done(struct tree *t);

/* Makes a clean relative path of an archive's name: no leading slash, no ".", no doubled slashes,
 * ".." resolved by the letter. "" stands for the root. UCT_BAD_LAYER when it would leave the root
 * or is too long. */
int tree_clean(const char *name, char ret[PATH_MAX], struct err *e);

/* The directory that @path (clean) lies in; borrowed, valid until the next call. Missing ones are
 * made, 0755 and root's, and listed in @t->implied.
 * @ret_base points into @path. */
int tree_parent(struct tree *t, const char *path, const char **ret_base, struct err *e);
/* The same for the target of a hard link: makes nothing; a descriptor to close. */
int tree_find_parent(struct tree *t, const char *path, const char **ret_base, struct err *e);

/* Makes the directory or takes the one that is there. */
int tree_mkdir(struct tree *t, int parent_fd, const char *base, const char *path, struct err *e);
/* Removes whatever has this name, so that something else can take it. */
int tree_clear(struct tree *t, int parent_fd, const char *base, struct err *e);
int tree_set_opaque(int parent_fd, const char *base, const char *path, struct err *e);
static inline bool is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == 0;
}

struct tree_meta {
	mode_t mode;
	uid_t uid;
	gid_t gid;
	struct timespec mtime; /* UTIME_OMIT in tv_nsec: unknown */
};
/* Remembers what a directory is to look like in the end. */
int tree_note(struct tree *t, const char *path, const struct tree_meta *meta, struct err *e);
/* The same of a directory that replaces one of the layers below without an entry of its own: it is
 * not @t->implied any more, and looks as if just made, unless an entry comes or came. */
int tree_note_anew(struct tree *t, const char *path, struct err *e);
/* The @i-th thing remembered; false behind the last one. */
bool tree_noted(const struct tree *t, size_t i, const char **ret_path, struct tree_meta *ret);
int tree_seal(struct tree *t, struct err *e);
/* Owner, mode and time of an open file or directory, in the order that keeps set-uid bits. */
int tree_apply(const struct tree *t, int fd, const struct tree_meta *meta, const char *path,
               struct err *e);
/* err_sys() for fchown(2) and its like, which say EINVAL for an id that is not mapped. */
int tree_chown_error(const struct tree_meta *meta, const char *path, struct err *e);

/* Whether a file of this layer stands where a directory would have to be for @path to exist. */
bool tree_is_below_file(struct tree *t, const char *path);
