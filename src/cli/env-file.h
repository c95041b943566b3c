/* SPDX-License-Identifier: Apache-2.0 */
/* env-file - --env-file: a file of variables, as Docker reads it
 *
 * One NAME=VALUE or NAME per line, the value as it stands, without quotes or escapes having a
 * meaning; NAME alone passes on the caller's own. Empty lines and those that start with # do not
 * count.
 */
#pragma once

#include "base/err.h"
#include "base/strv.h"

/* Appends to @ret what is there. */
int env_file_read(const char *path, struct strv *ret, struct err *e);
/* The parser alone; @path is for errors. */
int env_file_parse(const char *path, const char *text, struct strv *ret, struct err *e);
