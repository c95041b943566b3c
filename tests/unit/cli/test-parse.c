/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/commands.h"
#include "cli/parse.h"

#include <string.h>

struct outcome {
	struct args args;
	struct parser parser;
	struct err e;
	int r;
};

/* @line: words divided by one space; "''" is an empty one. */
static void parse(struct outcome *o, const struct command *cmd, char *line)
{
	char *word;

	memset(o, 0, sizeof(*o));
	parser_init(&o->parser, cmd, &o->args);
	while (o->r == 0 && (word = strsep(&line, " ")))
		o->r = parser_feed(&o->parser, strcmp(word, "''") == 0 ? "" : word, &o->e);
	if (o->r == 0)
		o->r = parser_end(&o->parser, &o->e);
}

/* What was understood, in one form: "name=value ... | word word". */
static void describe(const struct args *a, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < a->n_values; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s=%s ", a->values[i].option->name,
		                      a->values[i].value);
	n += (size_t)snprintf(buf + n, size - n, "|");
	for (size_t i = 0; i < a->n_words; i++)
		n += (size_t)snprintf(buf + n, size - n, " %s", a->words[i]);
}

static void understands(void **state)
{
	static const struct {
		const struct command *cmd;
		const char *line, *result;
	} table[] = {
		{ &cmd_run, "alpine", "| alpine" },
		{ &cmd_run, "-it --rm alpine", "interactive=true tty=true rm=true | alpine" },
		{ &cmd_run, "-e A=1 -eB=2 -e=C=3 x", "env=A=1 env=B=2 env=C=3 | x" },
		{ &cmd_run, "--env A=1 --env=B=2 x", "env=A=1 env=B=2 | x" },
		{ &cmd_run, "--env=A=b=c x", "env=A=b=c | x" },
		{ &cmd_run, "-ite A=1 x", "interactive=true tty=true env=A=1 | x" },
		{ &cmd_run, "-iteA=1 x", "interactive=true tty=true env=A=1 | x" },
		{ &cmd_run, "--rm=false x", "rm=false | x" },
		{ &cmd_run, "-d=0 x", "detach=0 | x" },
		{ &cmd_run, "x ls -l --rm --help", "| x ls -l --rm --help" },
		{ &cmd_run, "x -- y", "| x -- y" },
		{ &cmd_run, "-- -x -y", "| -x -y" },
		{ &cmd_run, "-h box x", "hostname=box | x" },
		{ &cmd_run, "--entrypoint '' x", "entrypoint= | x" },
		{ &cmd_run, "--entrypoint= x", "entrypoint= | x" },
		{ &cmd_run, "--name -n x", "name=-n | x" },
		{ &cmd_run, "--net none x", "network=none | x" },
		{ &cmd_run, "-v /a:/b --volume ./c:/d x", "volume=/a:/b volume=./c:/d | x" },
		{ &cmd_stop, "-t 3 a b", "timeout=3 | a b" },
		{ &cmd_stop, "a --time=3 b", "timeout=3 | a b" },
		{ &cmd_rm, "a -f b", "force=true | a b" },
		{ &cmd_rm, "-- -f", "| -f" },
		{ &cmd_rm, "- a", "| - a" },
		{ &cmd_explain, "--list", "list=true |" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *line = strdup(table[i].line), got[256];
		struct outcome o;

		parse(&o, table[i].cmd, line);
		if (o.r < 0)
			fail_msg("'%s': %s", table[i].line, o.e.msg);
		describe(&o.args, got, sizeof(got));
		assert_string_equal(got, table[i].result);
		args_done(&o.args);
		free(line);
	}
}

static void refuses(void **state)
{
	static const struct {
		const struct command *cmd;
		const char *line, *msg, *hint;
	} table[] = {
		{ &cmd_run, "--naem x", "unknown flag '--naem' for run", "did you mean '--name'?" },
		{ &cmd_run, "--naem=y x", "unknown flag '--naem' for run",
		  "did you mean '--name'?" },
		{ &cmd_run, "--interactiv", "unknown flag '--interactiv' for run",
		  "did you mean '--interactive'?" },
		{ &cmd_run, "--gpus all x",
		  "--gpus: descriptions of the Container Device Interface are not read yet",
		  "name the nodes: --device /dev/dri, --device /dev/nvidia0" },
		{ &cmd_run, "-p 80 x", "--publish: ports cannot be published yet",
		  "use --network host: what the program listens on is the host's then" },
		{ &cmd_run, "-name x", "unknown flag '-n' in '-name' for run",
		  "did you mean '--name'?" },
		{ &cmd_run, "-Z x", "unknown flag '-Z' for run", "see usr-ct run --help" },
		{ &cmd_run, "-iZ x", "unknown flag '-Z' in '-iZ' for run",
		  "see usr-ct run --help" },
		{ &cmd_run, "--rm=maybe x", "--rm is a switch: true or false, not 'maybe'",
		  "see usr-ct run --help" },
		{ &cmd_stop, "--timeout=x y", "--timeout takes a number, not 'x'",
		  "see usr-ct stop --help" },
		{ &cmd_stop, "--timeout=-2 y", "--timeout takes a number, not '-2'",
		  "see usr-ct stop --help" },
		{ &cmd_stop, "--timeout 2147483648 y", "--timeout takes a number, not '2147483648'",
		  "see usr-ct stop --help" },
		{ &cmd_run, "--pull=alwasy x",
		  "--pull takes missing, always, never or newer, not 'alwasy'",
		  "did you mean 'always'?" },
		{ &cmd_run, "--name", "flag '--name' needs a value (NAME)",
		  "see usr-ct run --help" },
		{ &cmd_run, "-e", "flag '--env' needs a value (NAME[=VALUE])",
		  "see usr-ct run --help" },
		{ &cmd_run, "-it", "run needs an IMAGE",
		  "usage: usr-ct run [OPTIONS] IMAGE [COMMAND] [ARG...]" },
		{ &cmd_export, "a b", "unexpected argument 'b' for export",
		  "usage: usr-ct export [OPTIONS] CONTAINER" },
		{ &cmd_rename, "a", "rename needs a NAME", "usage: usr-ct rename CONTAINER NAME" },
		{ &cmd_ps, "x", "unexpected argument 'x' for ps", "usage: usr-ct ps [OPTIONS]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *line = strdup(table[i].line);
		struct outcome o;

		parse(&o, table[i].cmd, line);
		assert_true(o.r < 0);
		assert_string_equal(o.e.msg, table[i].msg);
		assert_string_equal(o.e.hint, table[i].hint);
		assert_int_equal(o.e.kind, ERR_USAGE);
		args_done(&o.args);
		free(line);
	}
}

static void last_one_counts(void **state)
{
	char line[] = "--rm --name a --rm=false --name b -e X -e Y img";
	const char **list = NULL;
	struct outcome o;

	(void)state;
	parse(&o, &cmd_run, line);
	assert_int_equal(o.r, 0);
	assert_false(args_flag(&o.args, "rm"));
	assert_true(args_has(&o.args, "rm"));
	assert_false(args_flag(&o.args, "tty"));
	assert_string_equal(args_string(&o.args, "name"), "b");
	assert_null(args_string(&o.args, "user"));
	assert_int_equal(args_number(&o.args, "stop-timeout", -1), -1);
	assert_int_equal(args_list(&o.args, "env", &list), 0);
	assert_string_equal(list[0], "X");
	assert_string_equal(list[1], "Y");
	assert_null(list[2]);
	free(list);
	assert_int_equal(args_list(&o.args, "label", &list), 0);
	assert_null(list);
	args_done(&o.args);
}

static void help_is_seen(void **state)
{
	static const char *const lines[] = { "--help", "-h", "a --help", "-fh" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		char *line = strdup(lines[i]);
		struct outcome o;

		parse(&o, &cmd_rm, line);
		assert_true(o.parser.wants_help);
		args_done(&o.args);
		free(line);
	}
}

/* More words than the first allocation holds. */
static void many_words(void **state)
{
	struct parser p;
	struct args a;
	struct err e;

	(void)state;
	parser_init(&p, &cmd_rm, &a);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(parser_feed(&p, "x", &e), 0);
		assert_int_equal(parser_feed(&p, "-f", &e), 0);
	}
	assert_int_equal(a.n_words, 1000);
	assert_int_equal(a.n_values, 1000);
	assert_null(a.words[1000]);
	args_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understands),     cmocka_unit_test(refuses),
		cmocka_unit_test(last_one_counts), cmocka_unit_test(help_is_seen),
		cmocka_unit_test(many_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
