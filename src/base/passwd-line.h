/* SPDX-License-Identifier: Apache-2.0 */
/* passwd-line - the fields of a line of passwd(5) and group(5) */
#pragma once

#include "base/macro.h"

/* Field @i, from 0, of the line that begins at @line and ends at a line end or NUL; not terminated.
 * One that is not there has no bytes. */
const char *passwd_field(const char *line, unsigned i, size_t *ret_n);
