/* SPDX-License-Identifier: Apache-2.0 */
/* help - what --help prints, made from the command table
 *
 * Help is cut to the terminal, but never wider than WIDTH_MAX: long lines are hard to read.
 */
#include "cli/help.h"

#include "base/sbuf.h"
#include "cli/cli.h"

#include <string.h>

enum { HELP_MAX_BYTES = 64 << 10, WIDTH_MAX = 100, INDENT = 2, LABEL_MAX = 30 };

const char help_promise[] = "containers as your own user: no root, no daemon, no configuration";

static size_t width_of(const struct term *t)
{
	return MIN((size_t)t->columns, (size_t)WIDTH_MAX);
}

static void heading(struct sbuf *b, const struct term *t, const char *title)
{
	sbuf_addf(b, "\n%s%s%s\n", term_style(t, STYLE_HEADING), title, term_style(t, STYLE_PLAIN));
}

/* "  label      text text", the text in a column of its own; below it if the label is too long. */
static void entry(struct sbuf *b, const struct term *t, const char *label, size_t text_at,
                  const char *text)
{
	size_t used = INDENT + text_columns(label);

	text_pad(b, INDENT);
	sbuf_adds(b, label);
	if (used + 2 > text_at) {
		sbuf_addc(b, '\n');
		used = 0;
	}
	text_pad(b, text_at - used);
	text_wrap(b, text, text_at, text_at, width_of(t));
	sbuf_addc(b, '\n');
}

static void add_examples(struct sbuf *b, const struct term *t, const struct example *x)
{
	for (; x->what; x++)
		sbuf_addf(b, "  %s# %s%s\n  %s\n", term_style(t, STYLE_DIM), x->what,
		          term_style(t, STYLE_PLAIN), x->line);
}

void help_overview(struct sbuf *b, const struct term *t)
{
	static const struct example first_steps[] = {
		{ "A shell in a container that is gone when you leave",
		  "usr-ct run -it --rm alpine" },
		{ "Build this directory with the image's tools; the results are yours",
		  "usr-ct run --rm -v .:/src -w /src gcc make" },
		{ "See whether this machine has what it takes", "usr-ct doctor" },
		{ NULL, NULL },
	};
	size_t text_at = 0;

	sbuf_addf(b, "%susr-ct%s - %s\n", term_style(t, STYLE_HEADING), term_style(t, STYLE_PLAIN),
	          help_promise);
	heading(b, t, "Usage");
	sbuf_adds(b, "  usr-ct COMMAND [OPTIONS] [ARGUMENTS]\n");
	for (int g = 0; g < N_COMMAND_GROUPS; g++) {
		heading(b, t, command_group_title((enum command_group)g));
		text_at = 0; /* each group its own: names of two words are in the last */
		for (const struct command *const *c = commands_all(); *c; c++)
			if (!(*c)->hidden && (*c)->group == (enum command_group)g)
				text_at = MAX(text_at, INDENT + strlen((*c)->name) + 3);
		for (const struct command *const *c = commands_all(); *c; c++)
			if (!(*c)->hidden && (*c)->group == (enum command_group)g)
				entry(b, t, (*c)->name, text_at, (*c)->summary);
	}
	heading(b, t, "Start here");
	add_examples(b, t, first_steps);
	sbuf_adds(b, "\nusr-ct COMMAND --help shows a command's flags and examples.\n"
	             "Docker's long forms, such as usr-ct container ls, work too.\n");
}

/* "-e, --env NAME[=VALUE]"; flags without a letter are indented to line up. */
static void add_label(struct sbuf *b, const struct option *o)
{
	if (o->letter)
		sbuf_addf(b, "-%c, --%s", o->letter, o->name);
	else
		sbuf_addf(b, "    --%s", o->name);
	if (o->metavar)
		sbuf_addf(b, " %s", o->metavar);
}

static void add_option_text(struct sbuf *b, const struct option *o)
{
	sbuf_adds(b, o->help);
	if (o->kind == OPTION_LIST)
		sbuf_adds(b, "; may be repeated");
	if (o->kind == OPTION_ENUM) {
		sbuf_adds(b, ": ");
		for (const char *const *v = o->values; *v; v++)
			sbuf_addf(b, "%s%s", v == o->values ? "" : v[1] ? ", " : " or ", *v);
	}
	if (o->preset)
		sbuf_addf(b, " (default: %s)", o->preset);
}

static size_t option_column(const struct command *cmd)
{
	const struct option *o = NULL;
	size_t n = 0;

	while ((o = command_next_option(cmd, o))) {
		_cleanup_sbuf_ struct sbuf label = SBUF_INIT(256);

		add_label(&label, o);
		if (label.len <= LABEL_MAX)
			n = MAX(n, label.len);
	}
	return INDENT + n + 2;
}

static void add_options(struct sbuf *b, const struct command *cmd, const struct term *t)
{
	size_t text_at = option_column(cmd);
	const struct option *o = NULL;

	if (!command_next_option(cmd, NULL))
		return;
	heading(b, t, "Options");
	while ((o = command_next_option(cmd, o))) {
		_cleanup_sbuf_ struct sbuf label = SBUF_INIT(256);
		_cleanup_sbuf_ struct sbuf text = SBUF_INIT(1024);

		add_label(&label, o);
		add_option_text(&text, o);
		entry(b, t, label.s ? label.s : "", text_at, text.s ? text.s : "");
	}
}

static void add_paragraphs(struct sbuf *b, const char *text, size_t width)
{
	text_pad(b, INDENT);
	text_wrap(b, text, INDENT, INDENT, width);
	sbuf_addc(b, '\n');
}

/* Only those in one word: that "container ls" works too is said once, in the overview. */
static void add_aliases(struct sbuf *b, const struct command *cmd)
{
	for (const char *const *a = cmd->aliases; a && *a; a++)
		if (!strchr(*a, ' '))
			sbuf_addf(b, "  usr-ct %s is the same\n", *a);
}

void help_command(struct sbuf *b, const struct command *cmd, const struct term *t)
{
	size_t width = width_of(t);

	sbuf_addf(b, "%susr-ct %s%s - ", term_style(t, STYLE_HEADING), cmd->name,
	          term_style(t, STYLE_PLAIN));
	text_wrap(b, cmd->summary, strlen("usr-ct  - ") + strlen(cmd->name), INDENT, width);
	sbuf_addc(b, '\n');
	heading(b, t, "Usage");
	text_pad(b, INDENT);
	command_add_usage(b, cmd);
	sbuf_addc(b, '\n');
	add_aliases(b, cmd);
	if (cmd->description) {
		sbuf_addc(b, '\n');
		add_paragraphs(b, cmd->description, width);
	}
	add_options(b, cmd, t);
	if (cmd->exit_text) {
		heading(b, t, "Exit status");
		add_paragraphs(b, cmd->exit_text, width);
	}
	if (cmd->examples && cmd->examples->what) {
		heading(b, t, "Examples");
		add_examples(b, t, cmd->examples);
	}
}

static size_t word_column(const char *first)
{
	size_t n = 0;

	for (const struct command *const *c = commands_all(); *c; c++) {
		const char *word = NULL;

		while (!(*c)->hidden && (word = command_next_word(*c, first, word)))
			n = MAX(n, strlen(word));
	}
	return INDENT + n + 3;
}

static void help_words(struct sbuf *b, const char *first, const struct term *t)
{
	size_t text_at = word_column(first);

	sbuf_addf(b, "%susr-ct %s%s - commands that begin with this word\n",
	          term_style(t, STYLE_HEADING), first, term_style(t, STYLE_PLAIN));
	heading(b, t, "Usage");
	sbuf_addf(b, "  usr-ct %s COMMAND [OPTIONS] [ARGUMENTS]\n", first);
	heading(b, t, "Commands");
	for (const struct command *const *c = commands_all(); *c; c++) {
		const char *word = NULL;

		while (!(*c)->hidden && (word = command_next_word(*c, first, word)))
			entry(b, t, word, text_at, (*c)->summary);
	}
	sbuf_addf(b, "\nusr-ct %s COMMAND --help shows a command's flags and examples.\n", first);
}

int help_print_overview(struct cli *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(HELP_MAX_BYTES);

	help_overview(&b, &c->out);
	return cli_print(c, &b);
}

int help_print_words(struct cli *c, const char *first)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(HELP_MAX_BYTES);

	help_words(&b, first, &c->out);
	return cli_print(c, &b);
}

int help_print_command(struct cli *c, const struct command *cmd)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(HELP_MAX_BYTES);

	help_command(&b, cmd, &c->out);
	return cli_print(c, &b);
}
