/* SPDX-License-Identifier: Apache-2.0 */
/* ps - the list of containers; `list` prints it too */
#pragma once

#include "cli/command.h"

extern const struct option ps_options[];

/* @all: also those that do not run, whether -a was given or not; the exit status. */
int ps_print(struct cli *c, const struct args *a, bool all);
