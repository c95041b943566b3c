/* SPDX-License-Identifier: Apache-2.0 */
/* global - the flags that Docker and podman take before the command */
#pragma once

struct cli;

/* How many words were taken; negative: a mistake, which was printed. --help and --version are left
 * to the caller. */
int global_flags(struct cli *c, int argc, char **argv);
