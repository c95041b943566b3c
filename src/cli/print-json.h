/* SPDX-License-Identifier: Apache-2.0 */
/* print-json - what several commands print as JSON */
#pragma once

#include <jansson.h>

struct sbuf;

extern const char *const print_formats[]; /* of --format */

/* One object on one line; consumes it. NULL counts as out of memory. */
void print_json_line(struct sbuf *b, json_t *j);
/* The same, indented as Docker's inspect. */
void print_json_pretty(struct sbuf *b, json_t *j);
