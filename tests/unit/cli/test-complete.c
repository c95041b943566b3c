/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sbuf.h"
#include "cli/complete.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 12 };

/* @line: the command line after the program's name; what follows the last space is completed. */
static char *answer(const char *shell, const char *line)
{
	char *copy = strdup(line), *rest = copy, *result;
	struct sbuf b = SBUF_INIT(65536);
	const char *words[MAX_WORDS];
	size_t n = 0;

	while (rest && n < MAX_WORDS)
		words[n++] = strsep(&rest, " ");
	complete_answer(shell, words, n, &b);
	assert_int_equal(sbuf_take(&b, &result), 0);
	free(copy);
	return result;
}

static void answers_bash(void **state)
{
	static const struct {
		const char *line, *result;
	} table[] = {
		{ "sto", "stop\n" },
		{ "--v", "--version\n" },
		{ "nosuch ", "" },
		{ "stop ", "web\ndb\n" },
		{ "stop d", "db\n" },
		{ "stop web ", "db\n" },
		{ "stop a01", "a0123456789a\n" },
		{ "start ", "job\nmade\n" },
		{ "kill ", "web\ndb\n" },
		{ "kill -s TE", "TERM\n" },
		{ "kill --signal=TE", "--signal=TERM\n" },
		{ "rm ", "job\nmade\nweb\ndb\n" },
		{ "rm -f job w", "web\n" },
		{ "logs ", "web\ndb\njob\nmade\n" },
		{ "logs web ", "db\njob\nmade\n" },
		{ "run --pu", "--pull\n" },
		{ "run --pull ", "missing\nalways\nnever\nnewer\n" },
		{ "run --pull=n", "--pull=never\n--pull=newer\n" },
		{ "run --rm=", "--rm=true\n--rm=false\n" },
		{ "run --rm --re", "--replace\n--read-only\n--read-only-tmpfs\n--restart\n" },
		{ "run -e A --en", "--env\n--env-file\n--env-host\n--entrypoint\n" },
		{ "run --network private:", "private:slirp4netns\nprivate:pasta\n" },
		{ "run --network no", "none\n" },
		{ "run al", "alpine:latest\nalpine:3.20\n" },
		{ "run alpine:3", "alpine:3.20\n" },
		{ "run docker.io/library/alpine:l", "docker.io/library/alpine:latest\n" },
		{ "run registry.example:5", "registry.example:5000/team/db:9\n" },
		{ "run 401", "40123456789a\n" },
		{ "run alpine ", "" },
		{ "run alpine ls --", "" },
		{ "run --name al", "" },
		{ "run -v ./x", ":file \n" },
		{ "run --volume=./x", ":file --volume=\n" },
		{ "run -v ./x:/y", "" },
		{ "run -v ./x:/y:", "./x:/y:ro\n./x:/y:rw\n" },
		{ "run -e USRCT_TEST_VAR", "USRCT_TEST_VARIABLE\n" },
		{ "run --unknown al", "alpine:latest\nalpine:3.20\n" },
		{ "-- x", "" },
		{ "explain UCT-1101", "UCT-1101\n" },
		{ "explain 1101 1105", "1105\n" },
		{ "explain --", "--list\n--help\n" },
		{ "help in", "inspect\ninit\ninfo\n" },
		{ "container l", "ls\nlist\nlogs\n" },
		{ "container stop d", "db\n" },
		{ "image ls --q", "--quiet\n" },
		{ "images --format=j", "--format=json\n" },
		{ "inspect ", "web\ndb\njob\nmade\nalpine:latest\nalpine:3.20\n"
		              "registry.example:5000/team/db:9\n40123456789a\n" },
		{ "inspect --type ", "container\nimage\nvolume\nall\n" },
		{ "__complete ", "" },
	};

	(void)state;
	(void)setenv("USRCT_TEST_VARIABLE", "x", 1);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *got = answer("bash", table[i].line);

		if (strcmp(got, table[i].result) != 0)
			fail_msg("'%s' gives:\n%s", table[i].line, got);
		free(got);
	}
}

static void describes(void **state)
{
	static const struct {
		const char *line, *part;
	} table[] = {
		{ "", "run\tRun a command in a new container\n" },
		{ "stop ", "web\tnginx:1.27, Up 2 minutes\n" },
		{ "rm ", "job\talpine, Exited (3) 5 minutes ago\n" },
		{ "run ", "alpine:latest\t7.8MB, pulled 5 minutes ago\n" },
		{ "run -", "-e\tSet an environment variable, or pass on your own\n" },
		{ "run --", "--detach\tRun in the background and print the id\n" },
		{ "explain ", "UCT-1202\tno such image\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *got = answer("fish", table[i].line);

		if (!strstr(got, table[i].part))
			fail_msg("'%s' gives:\n%s", table[i].line, got);
		free(got);
	}
}

static void no_words_at_all(void **state)
{
	struct sbuf b = SBUF_INIT(65536);

	(void)state;
	complete_answer("zsh", NULL, 0, &b);
	assert_non_null(strstr(b.s, "run\t"));
	sbuf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(answers_bash),
		                            cmocka_unit_test(describes),
		                            cmocka_unit_test(no_words_at_all) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
