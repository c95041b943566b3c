/* SPDX-License-Identifier: Apache-2.0 */
/* user - who the program runs as: names and numbers looked up in the image's passwd and group
 *
 * The files are the image's, so they are hostile: opened below the container's root without
 * following a last link, regular files only, bounded.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

enum { USER_GROUPS_MAX = 320 };

struct user {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_GROUPS_MAX]; /* supplementary */
	size_t n_groups;
	char home[256]; /* "/" if the image does not say */
};

/* @text: "", "NAME", "UID", "NAME:GROUP", "UID:GID" and mixtures; "" is root. A number needs no
 * entry. With an explicit group there are no supplementary groups, as in Docker. */
int user_resolve(int root_fd, const char *text, struct user *ret, struct err *e);
/* Further supplementary groups, by number and by name ("NAME,NAME"). */
int user_add_groups(struct user *u, const gid_t *groups, size_t n, struct err *e);
int user_add_group_names(int root_fd, const char *names, struct user *u, struct err *e);
int user_add_group_names_text(const char *group, const char *names, struct user *u, struct err *e);
/* The lookup in given file contents, for tests and fuzzing; NULL: no such file. */
int user_resolve_text(const char *passwd, const char *group, const char *text, struct user *ret,
                      struct err *e);
