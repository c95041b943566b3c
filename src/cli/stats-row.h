/* SPDX-License-Identifier: Apache-2.0 */
/* stats-row - what stats shows of one container, made from two samples */
#pragma once

#include "cli/plot.h"

#include <jansson.h>
#include <usrct/stats.h>

struct term;

struct stats_row {
	char *ref; /* as the user named it; heap */
	struct usrct_stats before, now;
	bool has_before, has_now; /* has_now: it runs */
	struct plot cpu, memory, pressure;
};

/* Takes over a new sample; NULL: it does not run. */
void stats_row_sample(struct stats_row *r, const struct usrct_stats *s);
/* Hundredths of a percent of one processor: between the samples, or since its start. */
uint64_t stats_row_cpu(const struct stats_row *r);

/* Docker's fields in *ret, podman's and our own in *ret_extra; NULL when out of memory.
 * @mark_estimated: "~" before what is a sum over processes. */
json_t *stats_row_fields(const struct stats_row *r, bool truncated, bool mark_estimated);
json_t *stats_row_extra(const struct stats_row *r);
/* Three lines with sparklines, and one with the name. */
void stats_row_plot(const struct stats_row *r, const struct term *t, struct sbuf *b);
