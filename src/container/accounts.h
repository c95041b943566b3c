/* SPDX-License-Identifier: Apache-2.0 */
/* accounts - lines that the container's passwd and group get, so that its user has a name
 *
 * The files are the image's or the container's, so they are hostile: opened below the container's
 * root without following a last link, regular files only, bounded. One that is mounted there is
 * somebody else's and left alone.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>

/* @wishes: {"passwd": [...], "group": [...]} or NULL. A line whose name or number has an entry
 * already is not added, so it may be asked for again. What cannot be written stays as it is, but
 * for a full disk. */
int accounts_add(int root_fd, const json_t *wishes, struct err *e);
/* What is to be appended to a file with that content; for tests. Heap, "" if nothing is; NULL: out
 * of memory. */
char *accounts_missing(const char *text, const json_t *lines);
