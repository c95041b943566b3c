/* SPDX-License-Identifier: Apache-2.0 */
/* progress - shows a pull while it goes on
 *
 * On a terminal: one line per layer and one for all of them, redrawn in place at most 20 times a
 * second, and replaced by a summary at the end. Elsewhere: one plain line per finished layer.
 * The cursor is never hidden, so that an interrupt leaves nothing to put right.
 */
#pragma once

#include "cli/term.h"

#include <usrct/image.h>

struct sbuf;
struct progress_layer;

enum { PROGRESS_SAMPLES = 16 };

struct progress {
	struct term *t; /* NULL: quiet */
	struct progress_layer *layers;
	unsigned n_layers;
	bool is_push; /* set after progress_init() */
	unsigned lines_drawn;
	uint64_t begun_ns, drawn_ns;
	struct {
		uint64_t at_ns, bytes;
	} samples[PROGRESS_SAMPLES]; /* a ring, for the rate */
	unsigned n_samples;
};

/* @t: where it is shown, usually c->err; NULL shows nothing. */
void progress_init(struct progress *p, struct term *t);
/* A usrct_pull_callback; @arg is the struct progress. */
void progress_event(const struct usrct_pull_progress *ev, void *arg);
/* The same with a given time, into a buffer; what progress_event() writes. */
void progress_step(struct progress *p, const struct usrct_pull_progress *ev, uint64_t now_ns,
                   struct sbuf *out);
/* Removes what is drawn. Also after a failure. */
void progress_done(struct progress *p);
#define _cleanup_progress_ _cleanup_(progress_done)
