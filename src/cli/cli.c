/* SPDX-License-Identifier: Apache-2.0 */
/* cli - one command, from its words to its exit status */
#include "cli/cli.h"

#include "base/file.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/foreign-commands.h"
#include "cli/global.h"
#include "cli/help.h"
#include "cli/selection.h"
#include "cli/suggest.h"

#include <fcntl.h>
#include <string.h>

/* Text that may come from a registry or a container must not steer the terminal. */
static void print_clean(FILE *f, const char *s)
{
	for (; *s; s++)
		(void)fputc((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s, f);
}

static void report(struct cli *c, int number, const char *msg, const char *hint)
{
	const struct term *t = &c->err;

	(void)fflush(c->out.f); /* what was done stands before what was not */
	(void)fprintf(t->f, "%susr-ct:%s ", term_style(t, STYLE_ERROR), term_style(t, STYLE_PLAIN));
	print_clean(t->f, msg);
	if (number)
		(void)fprintf(t->f, " %s(UCT-%d)%s", term_style(t, STYLE_DIM), number,
		              term_style(t, STYLE_PLAIN));
	(void)fputc('\n', t->f);
	if (hint[0]) {
		(void)fprintf(t->f, "%shint:%s ", term_style(t, STYLE_HINT),
		              term_style(t, STYLE_PLAIN));
		print_clean(t->f, hint);
		(void)fputc('\n', t->f);
	}
	(void)fflush(t->f);
}

static int failure_status(const struct cli *c)
{
	return c->cmd && c->cmd->failure ? c->cmd->failure : 1;
}

int cli_fail(struct cli *c, const struct usrct_err *e)
{
	report(c, e->number, e->msg, e->hint);
	return failure_status(c);
}

int cli_fail_local(struct cli *c, const struct err *e)
{
	report(c, e->uct, e->msg, e->hint);
	return e->kind == ERR_USAGE ? EXIT_OUR_FAULT : failure_status(c);
}

int cli_fail_start(struct cli *c, const struct usrct_err *e)
{
	(void)cli_fail(c, e);
	if (e->number == UCT_COMMAND_NOT_FOUND)
		return EXIT_COMMAND_NOT_FOUND;
	if (e->number == UCT_WORKING_DIRECTORY)
		return e->code == -ENOENT ? EXIT_COMMAND_NOT_FOUND : EXIT_NOT_EXECUTABLE;
	return e->number == UCT_COMMAND_NOT_EXECUTABLE ? EXIT_NOT_EXECUTABLE : EXIT_OUR_FAULT;
}

int cli_fail_no_tty(struct cli *c)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -ENOTTY, "the input device is not a TTY");

	(void)err_hint(&e, r, "leave -t out where standard input is not a terminal");
	return cli_fail_local(c, &e);
}

int cli_fail_memory(struct cli *c)
{
	struct err e;

	(void)err_oom(&e);
	return cli_fail_local(c, &e);
}

int cli_read_answer(struct cli *c, const char *text, json_t **ret)
{
	struct err e;

	return json_parse(text, strlen(text), "answer of the library", ret, &e) < 0
	               ? cli_fail_local(c, &e)
	               : 0;
}

int cli_print(struct cli *c, struct sbuf *b)
{
	if (b->err)
		return cli_fail_memory(c);
	if (b->len > 0)
		(void)fwrite(b->s, 1, b->len, c->out.f); /* cli_run() looks at the stream's state */
	return 0;
}

int cli_for_each(struct cli *c, const struct args *a, bool echo,
                 int (*each)(struct cli *c, const char *word, const struct args *a,
                             struct usrct_err *e))
{
	struct usrct_err e = { 0 };
	int status = 0, r;

	for (size_t i = 0; i < a->n_words; i++) {
		r = each(c, a->words[i], a, &e);
		if (r < 0) {
			(void)cli_fail(c, &e);
			status = 1;
		} else if (echo && r == 0) {
			(void)fprintf(c->out.f, "%s\n", a->words[i]);
			(void)fflush(c->out.f); /* stopping the next one may take ten seconds */
		}
	}
	return status;
}

int cli_write_file(struct cli *c, const char *file, const char *text)
{
	struct err e;

	if (!file || file_write_at(AT_FDCWD, file, text, strlen(text), 0644, false, &e) == 0)
		return 0;
	return cli_fail_local(c, &e);
}

int cli_say_exists(struct cli *c, int r, const struct usrct_err *e)
{
	if (r == -ENOENT)
		return 1;
	if (r == 0)
		return 0;
	(void)cli_fail(c, e);
	return EXIT_OUR_FAULT;
}

static int unknown_second(struct cli *c, const char *first, const char *word)
{
	const char *near = suggest_second(first, word);
	struct err e;
	int r;

	r = err_set(&e, UCT_USAGE, -EINVAL, "unknown %s '%s' for %s",
	            word[0] == '-' ? "flag" : "command", word, first);
	if (near)
		(void)err_hint(&e, r, "did you mean '%s %s'?", first, near);
	else
		(void)err_hint(&e, r, "see usr-ct %s --help", first);
	return cli_fail_local(c, &e);
}

static int refuse_foreign(struct cli *c, const struct foreign_command *f)
{
	struct err e;
	int r = err_set(&e, UCT_COMMAND_REFUSED, -EOPNOTSUPP, "%s%s%s: %s",
	                f->first ? f->first : "", f->first ? " " : "", f->name, f->why);

	if (f->hint)
		(void)err_hint(&e, r, "%s", f->hint);
	return cli_fail_local(c, &e);
}

int cli_fail_unknown(struct cli *c, const char *first, const char *second)
{
	const struct foreign_command *foreign = foreign_command_find(first, second);
	const char *near;
	struct err e;
	int r;

	if (foreign)
		return refuse_foreign(c, foreign);
	if (second && command_is_first_word(first))
		return unknown_second(c, first, second);
	near = suggest_command(first);
	r = err_set(&e, UCT_USAGE, -EINVAL, "unknown %s '%s'", first[0] == '-' ? "flag" : "command",
	            first);
	if (near)
		(void)err_hint(&e, r, "did you mean '%s'?", near);
	else
		(void)err_hint(&e, r, "see usr-ct --help");
	return cli_fail_local(c, &e);
}

static int feed_all(const struct command *cmd, struct args *a, char **words, bool *ret_help,
                    struct err *e)
{
	struct parser p;
	int r;

	parser_init(&p, cmd, a);
	for (; *words; words++) {
		r = parser_feed(&p, *words, e);
		if (r < 0)
			return r;
		if (p.wants_help) {
			*ret_help = true;
			return 0;
		}
	}
	return parser_end(&p, e);
}

/* --latest, or --cidfile, instead of a name. */
static int find_latest(struct cli *c, char **ret)
{
	const struct usrct_list_options o = { .size = sizeof(o), .all = true, .last = 1 };
	struct usrct_container *list = NULL;
	struct usrct_err e = { 0 };
	struct err bad;
	size_t n = 0;
	int r;

	if (usrct_container_list(c->u, &o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	*ret = n ? strdup(list[0].name) : NULL;
	usrct_container_list_free(list, n);
	if (*ret)
		return 0;
	if (n)
		return cli_fail_memory(c);
	r = err_set(&bad, UCT_CONTAINER_UNKNOWN, -ENOENT, "there is no container");
	(void)err_hint(&bad, r, "usr-ct run makes one");
	return cli_fail_local(c, &bad);
}

static int add_unnamed(struct cli *c, struct args *a)
{
	const char **words;
	struct err bad;
	int status;

	if (a->n_words > 0 && command_arg(c->cmd, 0)->many) {
		(void)err_hint(&bad,
		               err_set(&bad, UCT_USAGE, -EINVAL,
		                       "%s takes either names or --latest", c->cmd->name),
		               "leave one of them out");
		return cli_fail_local(c, &bad);
	}
	status = args_flag(a, "latest")
	                 ? find_latest(c, &c->unnamed)
	                 : selection_read_cidfile(c, args_string(a, "cidfile"), false, &c->unnamed);
	if (status != 0)
		return status;
	words = calloc(a->n_words + 2, sizeof(*words));
	if (!words)
		return cli_fail_memory(c);
	words[0] = c->unnamed;
	if (a->n_words)
		memcpy(words + 1, a->words, a->n_words * sizeof(*words));
	free(a->words);
	a->words = words;
	a->n_words++;
	return 0;
}

static int call_handler(struct cli *c, struct args *a)
{
	struct usrct_err e = { 0 };
	int status = 0;

	if (c->cmd->uses_store && usrct_open(&c->places, &c->u, &e) < 0)
		return cli_fail(c, &e);
	if (parse_is_unnamed(a))
		status = add_unnamed(c, a);
	if (status == 0)
		status = c->cmd->handler(c, a);
	cleanup_free(&c->unnamed);
	if (usrct_notice(c->u))
		(void)fprintf(c->err.f, "usr-ct: note: %s\n", usrct_notice(c->u));
	usrct_close(c->u);
	c->u = NULL;
	return status;
}

static int run_command(struct cli *c, char **words)
{
	_cleanup_args_ struct args a = { 0 };
	bool wants_help = false;
	struct err e;

	if (c->cmd->unparsed) {
		/* Completion and the like: every word counts, also those that look like flags. */
		a.cmd = c->cmd;
		for (; words[a.n_words]; a.n_words++)
			;
		a.words = calloc(a.n_words + 1, sizeof(*a.words));
		if (!a.words)
			return cli_fail_memory(c);
		memcpy(a.words, words, a.n_words * sizeof(*a.words));
		return call_handler(c, &a);
	}
	if (feed_all(c->cmd, &a, words, &wants_help, &e) < 0)
		return cli_fail_local(c, &e);
	return wants_help ? help_print_command(c, c->cmd) : call_handler(c, &a);
}

static bool is_help_flag(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int cli_print_help(struct cli *c, const char *first, const char *second)
{
	const struct command *cmd = command_find(first, second, NULL);

	if (cmd)
		return help_print_command(c, cmd);
	if (!second && command_is_first_word(first))
		return help_print_words(c, first);
	return cli_fail_unknown(c, first, second);
}

/* No command begins like that; but "image" alone asks what there is for images. */
static int no_command(struct cli *c, const char *first, const char *second)
{
	if (command_is_first_word(first) &&
	    (!second || is_help_flag(second) || strcmp(second, "help") == 0))
		return help_print_words(c, first);
	return cli_fail_unknown(c, first, second);
}

static int dispatch(struct cli *c, int argc, char **argv)
{
	const char *first;
	int n_words = 0, skipped = global_flags(c, argc, argv);

	if (skipped < 0)
		return EXIT_OUR_FAULT;
	argc -= skipped;
	argv += skipped;
	first = argc > 1 ? argv[1] : NULL;

	if (!first)
		return help_print_overview(c);
	if (is_help_flag(first))
		return argc > 2 ? cli_print_help(c, argv[2], argc > 3 ? argv[3] : NULL)
		                : help_print_overview(c);
	if (strcmp(first, "--version") == 0 || strcmp(first, "-v") == 0) {
		(void)fprintf(c->out.f, "usr-ct version %s\n", usrct_version());
		return 0;
	}
	c->cmd = command_find(first, argc > 2 ? argv[2] : NULL, &n_words);
	return c->cmd ? run_command(c, argv + 1 + n_words)
	              : no_command(c, first, argc > 2 ? argv[2] : NULL);
}

int cli_run(struct cli *c, int argc, char **argv)
{
	int status = dispatch(c, argc, argv);
	struct err e;
	int r = 0;

	errno = 0;
	if (fflush(c->out.f) != 0)
		r = -errno;
	else if (ferror(c->out.f))
		r = -EIO; /* an earlier write failed, its errno is gone */
	if (r == 0)
		return status;
	/* A reader that left has what it wanted; everything else is worth a message. */
	if (r != -EPIPE) {
		(void)err_errno(&e, r, "cannot write to standard output");
		e.hint[0] = '\0'; /* that of a full disk is about the store */
		(void)cli_fail_local(c, &e);
	}
	return status ? status : failure_status(c);
}
