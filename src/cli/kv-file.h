/* SPDX-License-Identifier: Apache-2.0 */
/* kv-file - files of NAME=VALUE lines, as --env-file and --label-file read them
 *
 * Docker's rules: a line is taken as it is, quotes included; space before the name is dropped,
 * behind the value it counts; empty lines and those that start with # are passed over. NAME alone
 * is the caller's own variable, or a label without a value.
 */
#pragma once

#include "cli/create-options.h"

/* Adds a file's entries. UCT_BAD_ENV_FILE. */
int kv_file_read(const char *path, struct strv *ret, struct err *e);
/* The parser alone. @path names it in errors. */
int kv_file_parse(const char *text, size_t n, const char *path, struct strv *ret, struct err *e);

/* All files, or all values, of a flag. */
int kv_files_read(struct create_request *q, const struct args *a, const char *flag,
                  struct strv *ret, struct err *e);
int kv_flags_read(struct create_request *q, const struct args *a, const char *flag,
                  struct strv *ret, struct err *e);
