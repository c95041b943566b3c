/* SPDX-License-Identifier: Apache-2.0 */
/* man - manual pages in man(7) markup, made from the command table
 *
 * Only the classic macros (TH, SH, TP, PP, EX), which groff and mandoc both know.
 */
#include "cli/man.h"

#include "base/sbuf.h"
#include "cli/cli.h"
#include "cli/help.h"

#include <ctype.h>
#include <string.h>

/* A dot or quote at the start of a line is a request, a backslash always speaks to roff, and a
 * plain hyphen may be typeset as one that cannot be pasted into a shell. */
static void add_bytes(struct sbuf *b, const char *s, size_t n)
{
	bool at_start = b->len == 0 || b->s[b->len - 1] == '\n';

	for (const char *end = s + n; s < end && !b->err; s++) {
		if (at_start && (*s == '.' || *s == '\''))
			sbuf_adds(b, "\\&");
		if (*s == '-')
			sbuf_adds(b, "\\-");
		else if (*s == '\\')
			sbuf_adds(b, "\\e");
		else if (*s == '\'')
			sbuf_adds(b, "\\(aq");
		else
			sbuf_addc(b, *s);
		at_start = *s == '\n';
	}
}

static void add_text(struct sbuf *b, const char *s)
{
	add_bytes(b, s, strlen(s));
}

/* Paragraphs divided by empty lines; a line that starts with a space keeps its form. */
static void add_paragraphs(struct sbuf *b, const char *text)
{
	bool is_verbatim = false;
	size_t n;

	for (const char *line = text; *line; line += n) {
		n = strcspn(line, "\n");
		if ((*line == ' ') != is_verbatim) {
			sbuf_adds(b, is_verbatim ? ".EE\n.RE\n" : ".RS 4\n.EX\n");
			is_verbatim = !is_verbatim;
		}
		if (n == 0 && !is_verbatim) {
			sbuf_adds(b, ".PP\n");
		} else {
			add_bytes(b, line + strspn(line, " "), n - strspn(line, " "));
			sbuf_addc(b, '\n');
		}
		if (line[n] == '\n')
			n++;
	}
	if (is_verbatim)
		sbuf_adds(b, ".EE\n.RE\n");
}

static void add_upper(struct sbuf *b, const char *s)
{
	for (; *s; s++)
		sbuf_addc(b, (char)toupper((unsigned char)*s));
}

static void add_title(struct sbuf *b, const char *page, const char *version)
{
	sbuf_adds(b, ".\\\" Made from the command table (src/cli); do not edit.\n.TH ");
	add_upper(b, page);
	/* No date: the same source makes the same bytes. */
	sbuf_addf(b, " 1 \"\" \"usr-ct %s\" \"User Commands\"\n.nh\n.ad l\n", version);
}

static void add_option(struct sbuf *b, const struct option *o)
{
	sbuf_adds(b, ".TP\n\\fB");
	if (o->letter)
		sbuf_addf(b, "\\-%c\\fR, \\fB", o->letter);
	sbuf_adds(b, "\\-\\-");
	add_text(b, o->name);
	sbuf_adds(b, "\\fR");
	if (o->metavar) {
		sbuf_adds(b, " \\fI");
		add_text(b, o->metavar);
		sbuf_adds(b, "\\fR");
	}
	sbuf_addc(b, '\n');
	add_text(b, o->help);
	sbuf_adds(b, ".\n");
	if (o->kind == OPTION_LIST)
		sbuf_adds(b, "May be repeated.\n");
	if (o->kind == OPTION_ENUM) {
		sbuf_adds(b, "One of");
		for (const char *const *v = o->values; *v; v++)
			sbuf_addf(b, " \\fB%s\\fR%s", *v, v[1] ? "," : ".\n");
	}
	if (o->preset) {
		sbuf_adds(b, "Default: ");
		add_text(b, o->preset);
		sbuf_adds(b, ".\n");
	}
}

static void add_synopsis(struct sbuf *b, const struct command *cmd)
{
	_cleanup_sbuf_ struct sbuf args = SBUF_INIT(256);

	sbuf_addf(b, ".SH SYNOPSIS\n\\fBusr\\-ct %s\\fR", cmd->name);
	if (command_next_option(cmd, NULL))
		sbuf_adds(b, " [\\fIOPTIONS\\fR]");
	command_add_args(&args, cmd);
	if (args.len > 0) {
		sbuf_adds(b, " \\fI");
		add_text(b, args.s);
		sbuf_adds(b, "\\fR");
	}
	sbuf_addc(b, '\n');
}

static void add_description(struct sbuf *b, const struct command *cmd)
{
	sbuf_adds(b, ".SH DESCRIPTION\n");
	if (cmd->description) {
		add_paragraphs(b, cmd->description);
	} else {
		add_text(b, cmd->summary);
		sbuf_adds(b, ".\n");
	}
	if (cmd->aliases && *cmd->aliases) {
		sbuf_adds(b, ".PP\nOther names for this command:");
		for (const char *const *a = cmd->aliases; *a; a++)
			sbuf_addf(b, " \\fB%s\\fR%s", *a, a[1] ? "," : ".\n");
	}
}

static void add_examples(struct sbuf *b, const struct command *cmd)
{
	if (!cmd->examples || !cmd->examples->what)
		return;
	sbuf_adds(b, ".SH EXAMPLES\n");
	for (const struct example *x = cmd->examples; x->what; x++) {
		add_text(b, x->what);
		sbuf_adds(b, ":\n.PP\n.RS 4\n.EX\n");
		add_text(b, x->line);
		sbuf_adds(b, "\n.EE\n.RE\n.PP\n");
	}
}

/* What the tables of options have by now is no longer refused. */
static void add_foreign(struct sbuf *b, const struct command *cmd)
{
	const struct foreign_option *f = cmd->foreign;

	if (!f)
		return;
	sbuf_adds(b, ".SH \"REFUSED FLAGS\"\nFlags of Docker and podman that are errors here, and "
	             "the reason.\n");
	for (; f->name; f++) {
		if (command_option(cmd, f->name, strlen(f->name)))
			continue;
		sbuf_adds(b, ".TP\n\\fB\\-\\-");
		add_text(b, f->name);
		sbuf_adds(b, "\\fR\n");
		add_text(b, f->why);
		if (f->hint) {
			sbuf_adds(b, "; ");
			add_text(b, f->hint);
		}
		sbuf_adds(b, ".\n");
		if (f->harmless) {
			sbuf_adds(b, "Accepted with a value that changes nothing: ");
			add_text(b, f->harmless);
			sbuf_adds(b, ".\n");
		}
	}
}

void man_add_page_name(struct sbuf *b, const struct command *cmd)
{
	for (const char *s = cmd->name; *s; s++)
		sbuf_addc(b, *s == ' ' ? '-' : *s);
	sbuf_addc(b, '\n');
}

/* The same as part of a manual page's text. */
static char *page_name(const struct command *cmd)
{
	char *page = strf("usr-ct-%s", cmd->name);

	for (char *s = page; s && *s; s++)
		*s = *s == ' ' ? '-' : *s;
	return page;
}

void man_command(struct sbuf *b, const struct command *cmd, const char *version)
{
	_cleanup_free_ char *page = page_name(cmd);
	const struct option *o = NULL;

	if (!page) {
		b->err = -ENOMEM;
		return;
	}
	add_title(b, page, version);
	sbuf_adds(b, ".SH NAME\n");
	add_text(b, page);
	sbuf_adds(b, " \\- ");
	add_text(b, cmd->summary);
	sbuf_addc(b, '\n');
	add_synopsis(b, cmd);
	add_description(b, cmd);
	if (command_next_option(cmd, NULL))
		sbuf_adds(b, ".SH OPTIONS\n");
	while ((o = command_next_option(cmd, o)))
		add_option(b, o);
	add_foreign(b, cmd);
	sbuf_adds(b, ".SH \"EXIT STATUS\"\n");
	add_paragraphs(b, cmd->exit_text ? cmd->exit_text
	                                 : "0 if all went well, 1 if something failed, 125 if the "
	                                   "command line was not right.");
	add_examples(b, cmd);
	sbuf_adds(b, ".SH \"SEE ALSO\"\n\\fBusr\\-ct\\fR(1)\n");
}

static void add_environment(struct sbuf *b)
{
	static const struct example variables[] = {
		{ "XDG_DATA_HOME",
		  "The store is its subdirectory usr-ct; ~/.local/share/usr-ct if it is not set" },
		{ "XDG_RUNTIME_DIR",
		  "Sockets are in its subdirectory usr-ct; without it in /run/user/UID, else below "
		  "/tmp" },
		{ "USRCT_STORAGE_DRIVER", "How new layers are stored: objects, plain, or auto, "
		                          "which takes objects where the "
		                          "kernel can mount them" },
		{ "USRCT_SHARED_DIRS",
		  "Directories of shared layers, divided by colons, instead of "
		  "those that are configured" },
		{ "NO_COLOR", "If set to anything, output has no colours" },
		{ "COLUMNS", "The width of text where the output is not a terminal" },
		{ NULL, NULL },
	};

	sbuf_adds(b, ".SH ENVIRONMENT\n");
	for (const struct example *v = variables; v->what; v++) {
		sbuf_addf(b, ".TP\n\\fB%s\\fR\n", v->what);
		add_text(b, v->line);
		sbuf_adds(b, ".\n");
	}
}

static void add_command_list(struct sbuf *b)
{
	sbuf_adds(b, ".SH COMMANDS\n");
	for (int g = 0; g < N_COMMAND_GROUPS; g++) {
		sbuf_addf(b, ".SS %s\n", command_group_title((enum command_group)g));
		for (const struct command *const *c = commands_all(); *c; c++) {
			if ((*c)->hidden || (*c)->group != (enum command_group)g)
				continue;
			_cleanup_free_ char *page = page_name(*c);

			sbuf_adds(b, ".TP\n\\fB");
			add_text(b, page ? page : "");
			sbuf_adds(b, "\\fR(1)\n");
			add_text(b, (*c)->summary);
			sbuf_adds(b, ".\n");
		}
	}
}

void man_overview(struct sbuf *b, const char *version)
{
	add_title(b, "usr-ct", version);
	sbuf_adds(b, ".SH NAME\nusr\\-ct \\- ");
	add_text(b, help_promise);
	sbuf_adds(b, "\n.SH SYNOPSIS\n\\fBusr\\-ct\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR] "
	             "[\\fIARGUMENTS\\fR]\n.br\n\\fBusr\\-ct\\fR \\fB\\-\\-help\\fR | "
	             "\\fB\\-\\-version\\fR\n.SH DESCRIPTION\n");
	add_paragraphs(
		b, "usr-ct fetches OCI and Docker images and runs containers from them. "
		   "Everything it does, it does with the rights of the user who calls it: there "
		   "is no daemon, nothing is set-uid, and files that a container writes to your "
		   "directories are yours.\n\n"
		   "Commands and flags are Docker's wherever Docker has them. Errors carry a "
		   "stable code such as UCT-1202, which usr-ct explain describes.");
	add_command_list(b);
	sbuf_adds(b, ".SH \"EXIT STATUS\"\n");
	add_paragraphs(
		b, "0 if all went well, 1 if something failed, 125 if the command line was not "
		   "right. run and start -a give the container's own status, 128 plus the "
		   "signal's number if it was killed, 126 if its command cannot be executed, 127 "
		   "if it does not exist, and 125 if it was not started for another reason.");
	add_environment(b);
	sbuf_adds(b, ".SH \"SEE ALSO\"\n\\fBuser_namespaces\\fR(7), \\fBsubuid\\fR(5), "
	             "\\fBnewuidmap\\fR(1), \\fBslirp4netns\\fR(1), \\fBpasta\\fR(1)\n");
}
