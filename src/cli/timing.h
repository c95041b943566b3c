/* SPDX-License-Identifier: Apache-2.0 */
/* timing - the steps of a start, collected and shown as a table */
#pragma once

#include "cli/term.h"

#include <usrct/container.h>

struct sbuf;
struct timing_step;
struct timing {
	struct timing_step *steps;
	size_t n, cap;
};

void timing_add(const struct usrct_timing *t, void *arg); /* @arg: struct timing */
void timing_print(const struct timing *t, struct sbuf *b, const struct term *term);
void timing_done(struct timing *t);
#define _cleanup_timing_ _cleanup_(timing_done)
