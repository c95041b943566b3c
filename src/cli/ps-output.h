/* SPDX-License-Identifier: Apache-2.0 */
/* ps-output - what the host's ps printed, cut down to the processes of a container */
#pragma once

#include "base/err.h"

struct sbuf;

/* Docker's rules: the column PID says whose a line is; a line with "-" there is a thread of the
 * process above it. Changes @text. UCT_NO_PS without such a column. */
int ps_output_filter(char *text, const int *pids, size_t n_pids, struct sbuf *b, struct err *e);
/* Cells divided by tabs, padded as Docker pads them: at least 20 columns, three between. */
void ps_output_align(char *rows, struct sbuf *b);
