/* SPDX-License-Identifier: Apache-2.0 */
/* top-fields - podman's words for the columns of top, filled from /proc */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

struct sbuf;
struct top_field;

/* "huser"; NULL: no such word. */
const struct top_field *top_field(const char *name, size_t n);
const char *top_field_heading(const struct top_field *f);
/* Appends the value for one process; false: it is gone. */
bool top_field_print(const struct top_field *f, int pid, struct sbuf *b);
/* The same from the texts of /proc/PID/stat and status, for fuzzing. */
bool top_field_print_texts(const struct top_field *f, int pid, const char *stat, const char *status,
                           struct sbuf *b);
/* "args, capamb, ..."; how many there are. */
size_t top_field_names(struct sbuf *b);
