/* SPDX-License-Identifier: Apache-2.0 */
/* process-options - flags of run and create about the program: what it is, as whom, with which
 * rights */
#pragma once

#include "cli/create-options.h"

extern const struct option process_options[];
int process_fill(struct create_request *q, const struct args *a, struct err *e);
