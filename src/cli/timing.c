/* SPDX-License-Identifier: Apache-2.0 */
/* timing - the steps of a start, collected and shown as a table
 *
 * The chart shows which steps overlap and which one the others wait for.
 */
#include "cli/timing.h"

#include "base/sbuf.h"

#include <string.h>

enum { CHART_COLUMNS = 32, STEPS_MAX = 1000 };

struct timing_step {
	char process[16], name[40];
	uint64_t start_ns, end_ns;
};

void timing_add(const struct usrct_timing *t, void *arg)
{
	struct timing *all = arg;
	struct timing_step *s;
	size_t cap = all->cap ? all->cap * 2 : 32;

	if (all->n == STEPS_MAX)
		return;
	if (all->n == all->cap) {
		s = reallocarray(all->steps, cap, sizeof(*s));
		if (!s)
			return; /* a missing line in a table is no reason to stop a container */
		all->steps = s;
		all->cap = cap;
	}
	s = &all->steps[all->n++];
	*s = (struct timing_step){ .start_ns = t->start_ns, .end_ns = MAX(t->end_ns, t->start_ns) };
	(void)snprintf(s->process, sizeof(s->process), "%s", t->process ? t->process : "");
	(void)snprintf(s->name, sizeof(s->name), "%s", t->step ? t->step : "");
}

static void add_chart(struct sbuf *b, const struct timing_step *s, uint64_t total_ns,
                      const struct term *term)
{
	size_t from = (size_t)(s->start_ns * CHART_COLUMNS / total_ns);
	size_t to = (size_t)(s->end_ns * CHART_COLUMNS / total_ns);

	from = MIN(from, (size_t)CHART_COLUMNS - 1);
	to = MAX(to, from + 1);
	to = MIN(to, (size_t)CHART_COLUMNS);
	text_pad(b, from);
	sbuf_adds(b, term_style(term, STYLE_GOOD));
	for (size_t i = from; i < to; i++)
		sbuf_adds(b, term->has_utf8 ? "━" : "=");
	sbuf_adds(b, term_style(term, STYLE_PLAIN));
}

void timing_print(const struct timing *t, struct sbuf *b, const struct term *term)
{
	uint64_t total_ns = 1;
	size_t name = strlen("STEP");

	for (size_t i = 0; i < t->n; i++) {
		total_ns = MAX(total_ns, t->steps[i].end_ns);
		name = MAX(name, strlen(t->steps[i].name));
	}
	sbuf_addf(b, "%s%-9s  %-*s  %9s  %9s%s\n", term_style(term, STYLE_HEADING), "PROCESS",
	          (int)name, "STEP", "AT ms", "TOOK ms", term_style(term, STYLE_PLAIN));
	for (size_t i = 0; i < t->n; i++) {
		const struct timing_step *s = &t->steps[i];

		sbuf_addf(b, "%-9s  %-*s  %9.3f  %9.3f  ", s->process, (int)name, s->name,
		          (double)s->start_ns / 1e6, (double)(s->end_ns - s->start_ns) / 1e6);
		add_chart(b, s, total_ns, term);
		sbuf_addc(b, '\n');
	}
	sbuf_addf(b, "%-9s  %-*s  %9s  %9.3f\n", "all", (int)name, "", "", (double)total_ns / 1e6);
}

void timing_done(struct timing *t)
{
	free(t->steps);
	*t = (struct timing){ 0 };
}
