/* SPDX-License-Identifier: Apache-2.0 */
/* generator - containers from generator files; for create */
#pragma once

#include "cli/cli.h"

/* The generator file that the words name: --file, or a first word that ends in .json and is the
 * name of a file. NULL: none. */
const char *generator_named(const struct args *a);
int generator_create(struct cli *c, const struct args *a, const char *file);
/* Neither an image nor a file was named. */
int generator_missing(struct cli *c);
