/* SPDX-License-Identifier: Apache-2.0 */
/* images - the list of images; `list images` prints it too */
#pragma once

struct cli;
struct args;

/* @name: a pattern; NULL: all. The exit status. */
int images_print(struct cli *c, const struct args *a, const char *name);
