/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sbuf.h"
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/man.h"

#include <ctype.h>
#include <string.h>

static const struct term plain = { .columns = 80, .rows = 24 };

static void assert_has(const struct sbuf *b, const char *what)
{
	if (!strstr(b->s, what))
		fail_msg("'%s' is missing in:\n%s", what, b->s);
}

/* A table entry that would read badly, or cannot be completed. */
static void check_option(const struct command *cmd, const struct option *o)
{
	size_t n = strlen(o->help);

	assert_true(n > 3);
	assert_true(isupper((unsigned char)o->help[0]));
	assert_true(o->help[n - 1] != '.');
	assert_true((o->kind == OPTION_FLAG) == (o->metavar == NULL));
	if (o->kind == OPTION_ENUM)
		assert_true(o->values && o->values[0]);
	assert_ptr_equal(command_option(cmd, o->name, strlen(o->name)), o); /* no name twice */
	if (o->letter)
		assert_ptr_equal(command_letter(cmd, o->letter), o);
}

static void every_command_is_described(void **state)
{
	(void)state;
	for (const struct command *const *c = commands_all(); *c; c++) {
		struct sbuf help = SBUF_INIT(65536), man = SBUF_INIT(65536);
		const struct option *o = NULL;

		assert_non_null((*c)->handler);
		assert_true(strlen((*c)->summary) > 5);
		assert_ptr_equal(command_find((*c)->name, NULL, NULL), *c);
		if (!(*c)->hidden)
			assert_non_null((*c)->examples);
		help_command(&help, *c, &plain);
		man_command(&man, *c, "1.2.3");
		assert_int_equal(help.err | man.err, 0);
		assert_has(&help, (*c)->summary);
		assert_has(&man, "\n.SH SYNOPSIS\n");
		while ((o = command_next_option(*c, o))) {
			_cleanup_free_ char *flag = strf("--%s", o->name);

			check_option(*c, o);
			assert_has(&help, flag);
		}
		sbuf_done(&help);
		sbuf_done(&man);
	}
}

static void nothing_is_wider_than_the_terminal(void **state)
{
	static const unsigned widths[] = { 60, 80, 100, 300 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		struct term t = { .columns = widths[i] };

		for (const struct command *const *c = commands_all(); *c; c++) {
			struct sbuf b = SBUF_INIT(65536);
			char *end;

			help_command(&b, *c, &t);
			/* Examples are for pasting, so they are never broken. */
			end = strstr(b.s, "\nExamples\n");
			if (end)
				*end = '\0';
			for (char *s = b.s, *line; (line = strsep(&s, "\n"));)
				if (strlen(line) > MIN(widths[i], 100U) && !strstr(line, "usr-ct "))
					fail_msg("%s: %s", (*c)->name, line);
			sbuf_done(&b);
		}
	}
}

static void colours_only_if_wanted(void **state)
{
	struct term t = { .columns = 80, .has_colour = true };
	struct sbuf with = SBUF_INIT(65536), without = SBUF_INIT(65536);

	(void)state;
	help_overview(&with, &t);
	help_overview(&without, &plain);
	assert_non_null(strchr(with.s, '\033'));
	assert_null(strchr(without.s, '\033'));
	sbuf_done(&with);
	sbuf_done(&without);
}

static void overview_lists_the_visible(void **state)
{
	struct sbuf b = SBUF_INIT(65536);

	(void)state;
	help_overview(&b, &plain);
	for (const struct command *const *c = commands_all(); *c; c++)
		if (!(*c)->hidden)
			assert_has(&b, (*c)->summary);
	assert_null(strstr(b.s, "__"));
	sbuf_done(&b);
}

/* What roff would take for a request, or eat. */
static void man_markup_is_safe(void **state)
{
	const struct command cmd = {
		.name = "x",
		.summary = "Do",
		.description =
			".dot first\n'quote first\nback\\slash --flag\n\n  verbatim -x\nplain",
	};
	struct sbuf b = SBUF_INIT(65536);

	(void)state;
	man_command(&b, &cmd, "1");
	assert_has(&b, "\n\\&.dot first\n");
	assert_has(&b, "\n\\&\\(aqquote first\n");
	assert_has(&b, "\nback\\eslash \\-\\-flag\n.PP\n");
	assert_has(&b, ".RS 4\n.EX\nverbatim \\-x\n.EE\n.RE\nplain\n");
	sbuf_done(&b);
	man_overview(&b, "1");
	assert_has(&b, "usr\\-ct\\-run");
	sbuf_done(&b);
}

static void wrapping(void **state)
{
	struct sbuf b = SBUF_INIT(1000);

	(void)state;
	text_wrap(&b, "one two  three\n\n  kept as  it is\nabcdefghijklmnop x", 0, 2, 10);
	assert_string_equal(b.s, "one two\n  three\n\n    kept as  it is\n  abcdefghijklmnop\n  x");
	sbuf_clear(&b);
	text_clip(&b, "größer", 6);
	text_clip(&b, "größere", 6);
	assert_string_equal(b.s, "größergröße…");
	sbuf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_command_is_described),
		cmocka_unit_test(nothing_is_wider_than_the_terminal),
		cmocka_unit_test(colours_only_if_wanted),
		cmocka_unit_test(overview_lists_the_visible),
		cmocka_unit_test(man_markup_is_safe),
		cmocka_unit_test(wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
