/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct help, and the hidden commands that shells and the build call */
#include "cli/cli.h"

#include "base/sbuf.h"
#include "cli/complete.h"
#include "cli/help.h"
#include "cli/man.h"

#include <string.h>

enum { TEXT_MAX_BYTES = 4 << 20 };

static int help(struct cli *c, const struct args *a)
{
	return a->n_words ? cli_print_help(c, a->words[0], a->words[1]) : help_print_overview(c);
}

/* "system-df" is the page of "system df". */
static const struct command *command_of_page(const char *page)
{
	for (const struct command *const *v = commands_all(); *v; v++) {
		const char *a = (*v)->name, *b = page;

		for (; *a && (*a == *b || (*a == ' ' && *b == '-')); a++, b++)
			;
		if (!*a && !*b)
			return *v;
	}
	return NULL;
}

static int man(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEXT_MAX_BYTES);
	const struct command *cmd;

	if (args_flag(a, "list")) {
		for (const struct command *const *v = commands_all(); *v; v++)
			if (!(*v)->hidden)
				man_add_page_name(&b, *v);
	} else if (a->n_words == 0) {
		man_overview(&b, USRCT_VERSION);
	} else {
		cmd = command_of_page(a->words[0]);
		if (!cmd)
			return cli_fail_unknown(c, a->words[0], NULL);
		man_command(&b, cmd, USRCT_VERSION);
	}
	return cli_print(c, &b);
}

static int complete(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEXT_MAX_BYTES);

	if (a->n_words == 0)
		return EXIT_OUR_FAULT;
	complete_answer(a->words[0], a->words + 1, a->n_words - 1, &b);
	return cli_print(c, &b);
}

const struct command cmd_help = {
	.name = "help",
	.group = GROUP_SYSTEM,
	.summary = "Show the commands, or one's flags and examples",
	.args = (const struct positional[]){ { "COMMAND", COMPLETE_COMMAND, true, false },
	                                     { "SUBCOMMAND", COMPLETE_NONE, true, false },
	                                     { NULL } },
	.examples =
		(const struct example[]){ { "All about run", "usr-ct help run" }, { NULL, NULL } },
	.handler = help,
};

const struct command cmd_man = {
	.name = "__man",
	.group = GROUP_SYSTEM,
	.summary = "Print a manual page",
	.args = (const struct positional[]){ { "COMMAND", COMPLETE_COMMAND, true, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "list", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "List the commands that have one" },
	                                    { NULL } },
	.handler = man,
	.hidden = true,
};

const struct command cmd_complete = {
	.name = "__complete",
	.group = GROUP_SYSTEM,
	.summary = "Answer a shell's question for completions",
	.handler = complete,
	.hidden = true,
	.unparsed = true,
};
