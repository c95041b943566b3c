/* SPDX-License-Identifier: Apache-2.0 */
/* own-tree - another owner or SELinux label for all files of a mount: what U, z and Z ask for
 *
 * Stays on one file system and follows no link. Only what is different is changed.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct own_tree {
	bool chowns;
	uid_t uid;
	gid_t gid;
	char label[256]; /* "": stays */
};

/* @fd: a file or directory, which may be open with O_PATH. UCT_CHOWN_REFUSED, UCT_RELABEL_REFUSED.
 */
int own_tree(int fd, const struct own_tree *own, struct err *e);

/* The label that the machine's policy has for files of containers, for z ('z') or of one container
 * alone ('Z'; @salt tells containers apart). "" where SELinux is off. */
void own_label(char how, uint64_t salt, char buf[256]);
/* The same from the text of lxc_contexts, for tests. */
bool own_label_parse(const char *contexts, char how, uint64_t salt, char buf[256]);
