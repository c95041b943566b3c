/* SPDX-License-Identifier: Apache-2.0 */
/* measure - the size of a tree */
#pragma once

#include "base/err.h"

struct sweep_done;

/* Changes the working directory. What cannot be read is counted, what is gone meanwhile is not. */
int measure_tree(int dirfd, const char *name, struct sweep_done *ret, struct err *e);
