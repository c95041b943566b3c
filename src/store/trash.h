/* SPDX-License-Identifier: Apache-2.0 */
/* trash - throwing a directory away in one step, to be deleted later; only for this folder */
#pragma once

#include "store/store.h"

/* In a layer: what could not be moved there, and is being deleted where it is. */
#define GONE_NAME "gone"

/* Renames @from (relative to the store) to a fresh name in trash/, which is copied to @ret_name
 * without that prefix (may be NULL). */
int trash_move(int store_dirfd, const char *from, char ret_name[STORE_NAME_MAX], struct err *e);

enum trash_state {
	TRASH_LEFT,     /* nobody is at work on it */
	TRASH_EMPTY,    /* nor is anything in it: what a monitor leaves */
	TRASH_EMPTYING, /* its monitor, which holds the container's lock to its end, empties it */
};
/* What has become of a container in trash/. Two that delete the same files get in each other's way
 * in the kernel, which costs both more than the work. */
enum trash_state trash_look(int trash_dirfd, const char *id);
