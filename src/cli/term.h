/* SPDX-License-Identifier: Apache-2.0 */
/* term - where text goes: a stream, and what the device behind it can show
 *
 * Colour only on a terminal that has it, and not if NO_COLOR is set (no-color.org).
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>
#include <stdio.h>

struct term {
	FILE *f;
	bool is_tty, has_colour, has_utf8;
	unsigned columns, rows;
};

enum style {
	STYLE_PLAIN,
	STYLE_HEADING,
	STYLE_ERROR,
	STYLE_HINT,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_DIM
};

void term_init(struct term *t, FILE *f);
/* Looks at the size again; it may have changed since. */
void term_measure(struct term *t);
/* The escape sequence that starts a style; "" without colour. STYLE_PLAIN ends any. */
const char *term_style(const struct term *t, enum style s);

struct sbuf;
/* Breaks text at spaces so that lines end before @columns. The first line goes on where the output
 * stands (@at columns are used up), the others start with @indent spaces. An empty line in the
 * text stays one; a line that starts with a space is not touched. Ends without a newline. */
void text_wrap(struct sbuf *b, const char *text, size_t at, size_t indent, size_t columns);
/* Columns a UTF-8 string takes, counting code points. */
size_t text_columns(const char *s);
/* At most @columns of it; cut text ends in an ellipsis. */
void text_clip(struct sbuf *b, const char *s, size_t columns);
void text_pad(struct sbuf *b, size_t n);
