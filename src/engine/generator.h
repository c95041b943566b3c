/* SPDX-License-Identifier: Apache-2.0 */
/* generator - the file that a container is made from (docs/generator.md)
 *
 * Beside the container are kept generator.json, byte for byte, and generator.dir, the directory
 * that the sources of its copies are relative to.
 */
#pragma once

#include "base/json.h"

#include <usrct/container.h>
#include <usrct/limits.h>

#define GENERATOR_FILE     "generator.json"
#define GENERATOR_DIR_FILE "generator.dir"
enum { GENERATOR_MAX_BYTES = 1 << 20, GENERATOR_COPIES_MAX = 4096 };

struct generator_copy {
	const char *src, *dst;
};

struct generator {
	json_t *doc; /* the strings belong to it */
	const char *name, *image, *workdir;
	const char **cmd; /* NULL-terminated */
	struct generator_copy *copies;
	size_t n_copies;
	struct usrct_limits limits;
};

/* @file only names it in an error: FILE:LINE:COLUMN. UCT_BAD_GENERATOR. */
int generator_parse(const char *file, const char *text, size_t n, struct generator *ret,
                    struct err *e);
void generator_done(struct generator *g);
#define _cleanup_generator_ _cleanup_(generator_done)
