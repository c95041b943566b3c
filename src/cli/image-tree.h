/* SPDX-License-Identifier: Apache-2.0 */
/* image-tree - which layers images share, as a tree; defined in cmd-image.c */
#pragma once

struct cli;

/* All layers there are, or those of the image @ref if it is not NULL; returns the exit status. */
int image_tree_print(struct cli *c, const char *ref);
