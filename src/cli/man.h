/* SPDX-License-Identifier: Apache-2.0 */
/* man - manual pages in man(7) markup, made from the command table */
#pragma once

#include "cli/command.h"

struct sbuf;

/* usr-ct(1) */
void man_overview(struct sbuf *b, const char *version);
/* usr-ct-NAME(1) */
void man_command(struct sbuf *b, const struct command *cmd, const char *version);
/* "system-df" of "system df", and a newline: what follows "usr-ct-" in the page's name. */
void man_add_page_name(struct sbuf *b, const struct command *cmd);
