/* SPDX-License-Identifier: Apache-2.0 */
/* help - what --help prints, made from the command table */
#pragma once

#include "cli/command.h"

struct cli;
struct sbuf;
struct term;

void help_overview(struct sbuf *b, const struct term *t);
void help_command(struct sbuf *b, const struct command *cmd, const struct term *t);
int help_print_overview(struct cli *c);
/* The commands "@first WORD", such as those of images. */
int help_print_words(struct cli *c, const char *first);
int help_print_command(struct cli *c, const struct command *cmd);

extern const char help_promise[]; /* what usr-ct is, in one line */
