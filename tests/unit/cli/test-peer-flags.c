/* SPDX-License-Identifier: Apache-2.0 */
/* Each flag that docker or podman have for a command of ours is known: it works, or is refused with
 * a reason. The list was printed by those programs (tests/fixtures/peer-flags.sh). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct foreign_option *foreign(const struct command *cmd, const char *name)
{
	const struct foreign_option *f = cmd->foreign;

	while (f && f->name && strcmp(f->name, name) != 0)
		f++;
	return f && f->name ? f : NULL;
}

/* "docker run -a --attach": NULL, or what is wrong. */
static const char *judge(char *line)
{
	char *words[6] = { NULL }, *save = NULL;
	size_t n = 0;
	int taken = 0;

	for (char *w = strtok_r(line, " \n", &save); w && n < 5; w = strtok_r(NULL, " \n", &save))
		words[n++] = w;
	if (n < 3)
		return "bad line";
	const struct command *cmd = command_find(words[1], words[2], &taken);
	char letter = words[n - 2][1] && words[n - 2][1] != '-' && words[n - 2][0] == '-'
	                      ? words[n - 2][1]
	                      : '\0';
	const char *name = words[n - 1] + 2;

	if (!cmd)
		return "no such command";
	const struct option *o = command_option(cmd, name, strlen(name));
	const struct foreign_option *f = foreign(cmd, name);

	if (!o && !f)
		return "unknown flag";
	/* Docker's own -n is --tail. */
	if (!strcmp(cmd->name, "logs") && letter == 'n')
		return NULL;
	if (letter && o && command_letter(cmd, letter) != o)
		return "unknown letter";
	if (letter && !o && f->letter != letter && !command_letter(cmd, letter))
		return "unknown letter of a flag that is refused";
	return NULL;
}

static void test_all_are_known(void **state)
{
	FILE *f = fopen(PEER_FLAGS, "r");
	char *line = NULL;
	size_t size = 0, n = 0, n_bad = 0;

	(void)state;
	assert_non_null(f);
	while (getline(&line, &size, f) > 0) {
		char *shown;
		const char *why;

		if (line[0] == '#')
			continue;
		shown = strdup(line);
		why = judge(line);
		if (why) {
			print_error("%s: %s", why, shown);
			n_bad++;
		}
		free(shown);
		n++;
	}
	free(line);
	(void)fclose(f);
	assert_true(n > 800);
	assert_int_equal(n_bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_all_are_known) };

	return cmocka_run_group_tests_name("peer-flags", tests, NULL, NULL);
}
