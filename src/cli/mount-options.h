/* SPDX-License-Identifier: Apache-2.0 */
/* mount-options - flags of run and create about what is mounted */
#pragma once

#include "cli/create-options.h"

extern const struct option mount_options[];
int mounts_fill(struct create_request *q, const struct args *a, struct err *e);
