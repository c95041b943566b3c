/* SPDX-License-Identifier: Apache-2.0 */
/* platform - which images run where; private to image/ */
#pragma once

#include "base/macro.h"

struct platform {
	char os[32], architecture[32], variant[32];
};

/* "os/arch[/variant]" in an index's spelling; 0 or -EINVAL. */
int platform_split(const char *text, struct platform *ret);
/* How well an image for @have runs on @want: 0 not at all, else the larger the better. */
unsigned platform_fit(const struct platform *want, const struct platform *have);
