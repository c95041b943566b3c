/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct __cli-md - docs/cli.md: every command, flag and example, from the command table */
#include "cli/cli.h"

#include "base/sbuf.h"

#include <ctype.h>
#include <string.h>

enum { TEXT_MAX_BYTES = 4 << 20 };

/* Text in a table's cell: a bar would end it, and < begins HTML. */
static void add_cell(struct sbuf *b, const char *s)
{
	for (; *s; s++) {
		if (*s == '|')
			sbuf_adds(b, "\\|");
		else if (*s == '<')
			sbuf_adds(b, "&lt;");
		else
			sbuf_addc(b, *s);
	}
}

/* Braces and such keep their form; a line that starts with a space is an example. */
static void add_paragraphs(struct sbuf *b, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (*text == ' ')
			sbuf_adds(b, "   ");
		sbuf_add(b, text, n);
		sbuf_addc(b, '\n');
		text += n + (text[n] == '\n');
	}
}

static void add_option(struct sbuf *b, const struct option *o)
{
	sbuf_adds(b, "| `");
	if (o->letter)
		sbuf_addf(b, "-%c, ", o->letter);
	sbuf_addf(b, "--%s", o->name);
	if (o->metavar) {
		sbuf_addc(b, ' ');
		add_cell(b, o->metavar);
	}
	sbuf_adds(b, "` | ");
	add_cell(b, o->help);
	if (o->kind == OPTION_LIST)
		sbuf_adds(b, "; may be given several times");
	for (const char *const *v = o->kind == OPTION_ENUM ? o->values : NULL; v && *v; v++)
		sbuf_addf(b, "%s`%s`", v == o->values ? ": " : v[1] ? ", " : " or ", *v);
	if (o->preset) {
		sbuf_adds(b, " (default: ");
		add_cell(b, o->preset);
		sbuf_addc(b, ')');
	}
	if (o->alias)
		sbuf_addf(b, "; also `--%s`", o->alias);
	sbuf_adds(b, " |\n");
}

static void add_command(struct sbuf *b, const struct command *cmd)
{
	const struct option *o = NULL;

	sbuf_addf(b, "\n### %s\n\n%s.\n\n```\n", cmd->name, cmd->summary);
	command_add_usage(b, cmd);
	sbuf_adds(b, "\n```\n");
	for (const char *const *a = cmd->aliases; a && *a; a++)
		sbuf_addf(b, "%s`%s`%s", a == cmd->aliases ? "\nAlso: " : ", ", *a,
		          a[1] ? "" : ".\n");
	if (cmd->description) {
		sbuf_addc(b, '\n');
		add_paragraphs(b, cmd->description);
	}
	if (command_next_option(cmd, NULL))
		sbuf_adds(b, "\n| flag | meaning |\n|---|---|\n");
	while ((o = command_next_option(cmd, o)))
		add_option(b, o);
	if (cmd->exit_text) {
		sbuf_adds(b, "\nExit status: ");
		add_paragraphs(b, cmd->exit_text);
	}
	for (const struct example *x = cmd->examples; x && x->what; x++)
		sbuf_addf(b, "%s# %s\n%s\n%s", x == cmd->examples ? "\n```\n" : "", x->what,
		          x->line, x[1].what ? "" : "```\n");
}

/* "[system df](#system-df)" */
static void add_link(struct sbuf *b, const struct command *cmd)
{
	sbuf_addf(b, "| [%s](#", cmd->name);
	for (const char *s = cmd->name; *s; s++)
		sbuf_addc(b, *s == ' ' ? '-' : (char)tolower((unsigned char)*s));
	sbuf_adds(b, ") | ");
	add_cell(b, cmd->summary);
	sbuf_adds(b, " |\n");
}

static int cli_md(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEXT_MAX_BYTES);

	(void)a;
	sbuf_adds(&b,
	          "<!-- Made by `usr-ct __cli-md > docs/cli.md`; do not edit. -->\n"
	          "# The command line\n\n"
	          "`usr-ct COMMAND --help` and the manual pages say the same. Flags are given "
	          "as `--flag value`, `--flag=value`, `-f value` or `-fvalue`; letters of "
	          "switches may be joined. `--` ends the flags.\n\n"
	          "Exit status: 0 if all went well, 1 if something failed, 125 if the command "
	          "line was not right, unless a command says otherwise. Commands that take "
	          "several names go on after a failure and tell it at the end. Errors end with "
	          "a code; [errors.md](errors.md) explains them. [formats.md](formats.md) has "
	          "templates and filters.\n\n"
	          "Before the command may stand `--config DIR` (where log-ins to registries "
	          "are), `--root DIR` and `--runroot DIR` (where the store and the sockets "
	          "are), and, without effect, `-D`, `--debug`, `-l`, `--log-level LEVEL` and "
	          "`--context default`. `-H`, `--host` and other contexts name a daemon and are "
	          "refused.\n");
	for (int g = 0; g < N_COMMAND_GROUPS; g++) {
		sbuf_addf(&b, "\n## %s\n\n| command | what it does |\n|---|---|\n",
		          command_group_title((enum command_group)g));
		for (const struct command *const *v = commands_all(); *v; v++)
			if (!(*v)->hidden && (*v)->group == (enum command_group)g)
				add_link(&b, *v);
		for (const struct command *const *v = commands_all(); *v; v++)
			if (!(*v)->hidden && (*v)->group == (enum command_group)g)
				add_command(&b, *v);
	}
	return cli_print(c, &b);
}

const struct command cmd_cli_md = {
	.name = "__cli-md",
	.group = GROUP_SYSTEM,
	.summary = "Print docs/cli.md",
	.handler = cli_md,
	.hidden = true,
};
