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
