/* SPDX-License-Identifier: Apache-2.0 */
/* isolation-options - flags of run and create about namespaces, network and names */
#pragma once

#include "cli/create-options.h"

extern const struct option isolation_options[];
int isolation_fill(struct create_request *q, const struct args *a, struct err *e);
