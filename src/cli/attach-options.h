/* SPDX-License-Identifier: Apache-2.0 */
/* attach-options - the flags of all that attach: run, start, attach */
#pragma once

#include "cli/cli.h"

extern const struct option attach_options[];
extern const struct option *const attach_tables[]; /* just these */

/* Our own standard streams, as the flags say. */
struct usrct_stdio attach_stdio(const struct args *a, bool with_stdin);
