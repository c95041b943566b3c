/* SPDX-License-Identifier: Apache-2.0 */
/* trash - throwing a directory away in one step, to be deleted later; only for this folder */
#pragma once

#include "store/store.h"

/* Renames @from (relative to the store) to a fresh name in trash/, which is copied to @ret_name
 * without that prefix (may be NULL). */
int trash_move(int store_dirfd, const char *from, char ret_name[STORE_NAME_MAX], struct err *e);
