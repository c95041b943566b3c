/* SPDX-License-Identifier: Apache-2.0 */
/* confirm - ask before something is removed */
#pragma once

struct cli;

/* Prints @warning and asks on standard output, as Docker does; the answer comes from standard
 * input, which may be a pipe (`yes |`). 1 yes, 0 no; negative: nobody answered, which was told. */
int confirm(struct cli *c, const char *warning);
