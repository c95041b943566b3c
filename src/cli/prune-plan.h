/* SPDX-License-Identifier: Apache-2.0 */
/* prune-plan - prune --dry-run: what would go, and what that would give back */
#pragma once

#include "cli/cli.h"

/* @filters as given; @all: also images that have a name. */
struct prune_plan {
	bool containers, images, all;
	const char *const *filters;
};
int prune_plan_print(struct cli *c, const struct prune_plan *p);
