/* SPDX-License-Identifier: Apache-2.0 */
/* parse - words of a command line to flags and arguments, as a command's table entry says
 *
 * GNU style: --x=y, --x y, -x y, -xy, -x=y, -it for -i -t, flags and arguments in any order, --
 * ends the flags. A command that passes the rest on (run) stops at its first argument, so that
 * what follows the image keeps its own flags. Switches take =true and =false.
 *
 * Words are fed one at a time; completion feeds those before the cursor and then looks at the
 * state, so that both understand a command line in the same way.
 */
#pragma once

#include "base/err.h"
#include "cli/command.h"

struct arg_value {
	const struct option *option;
	const char *value; /* borrowed from argv; "true" or "false" for OPTION_FLAG */
};

struct args {
	const struct command *cmd;
	struct arg_value *values;
	size_t n_values, cap_values;
	const char **words; /* arguments that are not flags, NULL-terminated */
	size_t n_words, cap_words;
};

struct parser {
	struct args *args;
	const struct option *pending; /* the next word is its value */
	const struct foreign_option *pending_foreign;
	bool only_words; /* no flags any more */
	bool wants_help;
};

/* @args lives as long as the parser; the caller ends it with args_done(). */
void parser_init(struct parser *p, const struct command *cmd, struct args *args);
int parser_feed(struct parser *p, const char *word, struct err *e);
/* Checks what only the end can tell: a missing value, too few or too many arguments. */
int parser_end(const struct parser *p, struct err *e);
/* Whether --latest, or --cidfile, stands for the first argument of a command with takes_latest. */
bool parse_is_unnamed(const struct args *a);
/* How "--x=false" is read: 0 or -EINVAL. */
int parse_bool(const char *s, bool *ret);

void args_done(struct args *a);
#define _cleanup_args_ _cleanup_(args_done)

/* What was given. @name must be an option of the command. */
bool args_has(const struct args *a, const char *name); /* at all */
bool args_flag(const struct args *a, const char *name);
const char *args_string(const struct args *a, const char *name); /* the last; NULL if not given */
/* NULL also if it is empty, as --name "$NAME" may be: as if it was not given. */
const char *args_nonempty(const struct args *a, const char *name);
int args_number(const struct args *a, const char *name, int unset);
/* The same for an OPTION_LIMIT; INT_MAX: there shall be none. */
int args_limit(const struct args *a, const char *name, int unset);
/* NULL-terminated; @ret is freed by the caller and NULL if not given; 0 or -ENOMEM. */
int args_list(const struct args *a, const char *name, const char ***ret);
