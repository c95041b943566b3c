/* SPDX-License-Identifier: Apache-2.0 */
/* plot - numbers over time as a line of characters */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

struct sbuf;

enum { PLOT_POINTS = 240 };

/* The last PLOT_POINTS values. Starts as { 0 }. */
struct plot {
	uint64_t v[PLOT_POINTS];
	unsigned n, next;
};

void plot_add(struct plot *p, uint64_t value);
/* The last @columns values, each as a block whose height is its part of @full (or of the highest
 * of them if that is more). Shorter histories are filled up from the left. */
void plot_print(struct sbuf *b, const struct plot *p, unsigned columns, uint64_t full,
                bool has_utf8);
