/* SPDX-License-Identifier: Apache-2.0 */
/* cli - one command, from its words to its exit status
 *
 * Handlers print to c->out.f and c->err.f, so that a test can read what they print, and return the
 * exit status. Only this folder prints.
 */
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/parse.h"
#include "cli/term.h"

#include <usrct/usrct.h>

/* Exit statuses that Docker has taught everybody. */
enum {
	EXIT_OUR_FAULT = 125, /* usage errors; run: the container was not started */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_COMMAND_NOT_FOUND = 127,
};

struct cli {
	struct usrct *u; /* open if the command asks for it */
	const struct command *cmd;
	char *unnamed; /* what --latest or --cidfile stands for */
	struct term out, err;
	struct usrct_options places; /* --root and --runroot */
};

/* Runs argv[1]...; argv[0] is not looked at. */
int cli_run(struct cli *c, int argc, char **argv);

/* Prints an error; returns the command's exit status for it. */
int cli_fail(struct cli *c, const struct usrct_err *e);
/* The same for a command in a container that was not executed: 125, 126 or 127, as Docker's. */
int cli_fail_start(struct cli *c, const struct usrct_err *e);
/* -t and -i were given, but standard input is no terminal. */
int cli_fail_no_tty(struct cli *c);
/* The same for one that was found here. Usage errors are 125. */
int cli_fail_local(struct cli *c, const struct err *e);
/* Out of memory. */
int cli_fail_memory(struct cli *c);
/* Writes a text to a file of the user's; NULL: to none. 0, or the failure status. */
int cli_write_file(struct cli *c, const char *file, const char *text);
/* What "exists" commands say of the @r and @e of looking it up: 0, 1, or 125 if it cannot be told.
 */
int cli_say_exists(struct cli *c, int r, const struct usrct_err *e);
/* There is no command of that name; @second is the next word, or NULL. */
int cli_fail_unknown(struct cli *c, const char *first, const char *second);
/* The help of a command, or of the commands that begin with @first; @second may be NULL. */
int cli_print_help(struct cli *c, const char *first, const char *second);
/* Reads JSON that a call of the library returned; 0, or the exit status of what was printed. */
int cli_read_answer(struct cli *c, const char *text, json_t **ret);
/* Prints what was collected to stdout; 0, or the failure status. */
struct sbuf;
int cli_print(struct cli *c, struct sbuf *b);

/* Calls @each for every argument, goes on after an error; 0, or 1 if any failed. @each returns 0,
 * and the name is printed if @echo; a negative errno, and @e is; or CLI_NOTHING_DONE. */
enum { CLI_NOTHING_DONE = 1 };
int cli_for_each(struct cli *c, const struct args *a, bool echo,
                 int (*each)(struct cli *c, const char *word, const struct args *a,
                             struct usrct_err *e));
