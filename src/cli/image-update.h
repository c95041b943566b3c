/* SPDX-License-Identifier: Apache-2.0 */
/* image-update - image update, which update means too where no container is meant */
#pragma once

#include <stdbool.h>

struct cli;
struct args;
struct usrct_registry_options;

/* The images that the arguments name, or all. @registry may be NULL. The exit status. */
int image_update(struct cli *c, const struct args *a, bool quiet,
                 const struct usrct_registry_options *registry);
