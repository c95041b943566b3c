/* SPDX-License-Identifier: Apache-2.0 */
/* platform-options - for which machines an image is: Docker's --platform, podman's parts of it */
#pragma once

#include "cli/command.h"
#include "cli/parse.h"

struct cli;

enum { PLATFORM_SIZE = 64 };

/* --platform, --arch, --os, --variant. */
extern const struct option platform_options[];
/* What they say, as OS/ARCH[/VARIANT], in @buf or borrowed from the arguments; NULL: nothing. */
int platform_options_take(const struct args *a, char buf[PLATFORM_SIZE], const char **ret,
                          struct err *e);

/* --platform alone, for commands on images that are here. Those are kept for one platform each, so
 * that it can only be the right one: 0, or the exit status of what was printed. */
extern const struct option platform_check_options[];
int platform_check(struct cli *c, const struct args *a, const char *image);
