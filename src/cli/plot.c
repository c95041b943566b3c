/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/plot.h"

#include "base/sbuf.h"

void plot_add(struct plot *p, uint64_t value)
{
	p->v[p->next] = value;
	p->next = (p->next + 1) % PLOT_POINTS;
	p->n = MIN(p->n + 1, (unsigned)PLOT_POINTS);
}

static uint64_t at(const struct plot *p, unsigned back)
{
	return p->v[(p->next + PLOT_POINTS - 1 - back) % PLOT_POINTS];
}

void plot_print(struct sbuf *b, const struct plot *p, unsigned columns, uint64_t full,
                bool has_utf8)
{
	static const char *const blocks[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const plain[] = { "_", ".", "-", "~", "=", "+", "*", "#" };
	const char *const *levels = has_utf8 ? blocks : plain;
	unsigned n = MIN(columns, p->n);

	for (unsigned i = 0; i < n; i++)
		full = MAX(full, at(p, i));
	full = MAX(full, (uint64_t)1);
	for (unsigned i = n; i < columns; i++)
		sbuf_addc(b, ' ');
	/* The full height is for the full value alone. */
	for (unsigned i = n; i > 0; i--)
		sbuf_adds(b, levels[(unsigned)((double)at(p, i - 1) * 7 / (double)full)]);
}
