/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

enum { MAX_WORDS = 12 };

struct result {
	char *out, *err;
	int status;
};

/* Runs a command over the double of the library. @line: words divided by one space. */
static struct result run(const char *line)
{
	char *copy = strdup(line), *rest = copy, *argv[MAX_WORDS + 2] = { (char[]){ "usr-ct" } };
	struct result res = { 0 };
	size_t n_out, n_err;
	struct cli c = { .out = { .f = open_memstream(&res.out, &n_out), .columns = 80 },
		         .err = { .f = open_memstream(&res.err, &n_err), .columns = 80 } };
	int argc = 1;

	while (rest && *rest && argc <= MAX_WORDS)
		argv[argc++] = strsep(&rest, " ");
	res.status = cli_run(&c, argc, argv);
	assert_int_equal(fclose(c.out.f), 0);
	assert_int_equal(fclose(c.err.f), 0);
	free(copy);
	return res;
}

static void result_done(struct result *r)
{
	free(r->out);
	free(r->err);
}

#define HASH(c) c "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

/* What is printed and returned, letter for letter. */
static const struct {
	const char *line;
	int status;
	const char *out, *err;
} outcome_table[] = {
	{ "rnu", 125, "", "usr-ct: unknown command 'rnu' (UCT-1101)\nhint: did you mean 'run'?\n" },
	{ "image lss", 125, "",
	  "usr-ct: unknown command 'lss' for image (UCT-1101)\nhint: did you mean 'image ls'?\n" },
	{ "container nosuch", 125, "",
	  "usr-ct: unknown command 'nosuch' for container (UCT-1101)\n"
	  "hint: see usr-ct container --help\n" },
	{ "help image nosuch", 125, "",
	  "usr-ct: unknown command 'nosuch' for image (UCT-1101)\nhint: see usr-ct image "
	  "--help\n" },
	{ "--nosuch", 125, "",
	  "usr-ct: unknown flag '--nosuch' (UCT-1101)\nhint: see usr-ct --help\n" },
	{ "run --naem x", 125, "",
	  "usr-ct: unknown flag '--naem' for run (UCT-1101)\nhint: did you mean "
	  "'--name'?\n" },
	{ "run -d alpine", 0, HASH("e") "\n", "" },
	{ "run -q alpine exit 7", 7, "", "" },
	{ "run missing", 125, "",
	  "usr-ct: no such image 'missing' (UCT-1202)\n"
	  "hint: check the spelling; usr-ct images lists what is here\n" },
	{ "run alpine nosuch", 127, "",
	  "usr-ct: cannot find 'nosuch' (UCT-1408)\n"
	  "hint: check the spelling, the image and its PATH\n" },
	{ "run alpine noexec", 126, "",
	  "usr-ct: cannot execute 'noexec' (UCT-1409)\n"
	  "hint: check its mode, its #! line and its architecture\n" },
	{ "create --name new alpine", 0, HASH("e") "\n", "" },
	{ "create --name web alpine", 1, "",
	  "usr-ct: name is in use: 'web' (UCT-1403)\n"
	  "hint: remove the other container (usr-ct rm NAME) or choose another name\n" },
	{ "start made job", 0, "made\njob\n", "" },
	{ "start -a job", 3, "", "" },
	{ "start -a job made", 125, "",
	  "usr-ct: only one container can be attached to at a time (UCT-1101)\n"
	  "hint: start the others without -a and -i\n" },
	{ "rm job nosuch made", 1, "job\nmade\n",
	  "usr-ct: no such container 'nosuch' (UCT-1401)\n"
	  "hint: usr-ct ps -a lists all containers\n" },
	{ "rm -f nosuch job", 0, "job\n",
	  "usr-ct: no such container 'nosuch' (UCT-1401)\n"
	  "hint: usr-ct ps -a lists all containers\n" },
	{ "rm web", 1, "",
	  "usr-ct: running: 'web' (UCT-1404)\nhint: stop it first, or use rm -f\n" },
	{ "container rm -f web", 0, "web\n", "" },
	{ "stop -t 1 web db", 0, "web\ndb\n", "" },
	{ "kill -s HUP web", 0, "web\n", "" },
	{ "kill -s FOO web", 125, "",
	  "usr-ct: unknown signal 'FOO' (UCT-1102)\n"
	  "hint: give a name such as TERM, or a number from 1 to 64\n" },
	{ "logs --tail x web", 125, "",
	  "usr-ct: --tail takes a number of lines or all, not 'x' (UCT-1102)\n"
	  "hint: see usr-ct logs --help\n" },
	{ "logs --since never web", 125, "",
	  "usr-ct: --since takes a time, not 'never' (UCT-1102)\n"
	  "hint: write it as 10m, 2h30m, 2026-01-31 or 2026-01-31T12:34:56Z\n" },
	{ "ps -q", 0, "a0123456789a\nb0123456789a\n", "" },
	{ "pull -q alpine", 0, "sha256:" HASH("3") "\n", "" },
	{ "rmi alpine", 0, "Untagged: alpine:latest\nDeleted: sha256:" HASH("3") "\n", "" },
	{ "rmi -i nosuch alpine", 0, "Untagged: alpine:latest\nDeleted: sha256:" HASH("3") "\n",
	  "" },
	{ "rmi", 125, "",
	  "usr-ct: rmi takes either names of images or --all (UCT-1101)\n"
	  "hint: see usr-ct COMMAND --help\n" },
	{ "tag alpine a:b", 0, "", "" },
	{ "untag nosuch", 1, "",
	  "usr-ct: no such image 'nosuch' (UCT-1202)\nhint: see usr-ct images\n" },
	{ "image exists alpine", 0, "", "" },
	{ "image exists nosuch", 1, "", "" },
	{ "history -q alpine", 0, "3456789abcde\n<missing>\n", "" },
	{ "history --format {{.CreatedBy}} alpine", 0,
	  "CMD [\"sh\"]\nADD a-rather-long-name-of-an-archive.tar.xz …\n", "" },
	{ "history --human=false --format {{.Size}} alpine", 0, "0\n7800000\n", "" },
	{ "push alpine", 0, "1: digest: sha256:7 size: 1234\n", "" },
	{ "push -q alpine r.example/x", 0, "r.example/x:1\n", "" },
	{ "login -p secret", 125, "",
	  "usr-ct: --password: everybody can read a command line (UCT-1120)\n"
	  "hint: use --password-stdin\n" },
	{ "login --get-login", 0, "me\n", "" },
	{ "logout r.example", 0, "Removed login credentials for r.example\n", "" },
	{ "search -n --format {{.Name}} alpine", 0, "0 alpine 0\n", "" },
	{ "search --format {{.Tag}} r.example/x/y 7", 0, "1 r.example/x/y 7\n", "" },
	{ "search --format {{.Name}} localhost:5000/", 0, "2 localhost:5000 0\n", "" },
	{ "search --format {{.Tag}} r.example/x:1", 0, "1 r.example/x 0\n", "" },
	{ "search -f stars=6 --format {{.Name}} x", 0, "", "" },
	{ "load -i /dev/null", 0,
	  "Loaded image: alpine:latest\nLoaded image ID: sha256:4456789abcdef0\n", "" },
	{ "load -q -i /dev/null", 0, "alpine:latest\nsha256:4456789abcdef0\n", "" },
	{ "import /dev/null x:y", 0, "sha256:3456789abcdef0\n", "" },
	{ "save -o /dev/null nosuch", 1, "",
	  "usr-ct: no such image 'nosuch' (UCT-1202)\nhint: see usr-ct images\n" },
	{ "save --format oci-dir alpine", 125, "",
	  "usr-ct: a directory needs a name (UCT-1101)\nhint: use -o DIR\n" },
	{ "image tree", 0,
	  "aaaaaaaaaaaa 7.8MB (3 images)  3456789abcde alpine:latest\n"
	  "├── bbbbbbbbbbbb 100B  4456789abcde\n"
	  "│   └── cccccccccccc 5B\n"
	  "└── dddddddddddd 5B\n",
	  "" },
	{ "inspect job alpine", 0,
	  "[\n    {\n        \"Id\": \"" HASH("c") "\",\n        \"Name\": \"/job\"\n    },\n"
	                                           "    {\n        \"Id\": \"sha256:" HASH(
							   "3") "\"\n    }\n]\n",
	  "" },
	{ "inspect nosuch", 1, "[]\n",
	  "usr-ct: no container, image or volume 'nosuch' (UCT-1401)\n"
	  "hint: usr-ct ps -a, usr-ct images and usr-ct volume ls list what there is\n" },
	{ "explain 9999", 1, "",
	  "usr-ct: no such error code: '9999' (UCT-1105)\n"
	  "hint: see usr-ct explain --list\n" },
	{ "help nosuch", 125, "",
	  "usr-ct: unknown command 'nosuch' (UCT-1101)\nhint: see usr-ct --help\n" },
	{ "--version", 0, "usr-ct version " USRCT_VERSION "\n", "" },
};

static void outcomes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outcome_table); i++) {
		struct result r = run(outcome_table[i].line);

		assert_string_equal(r.out, outcome_table[i].out);
		assert_string_equal(r.err, outcome_table[i].err);
		assert_int_equal(r.status, outcome_table[i].status);
		result_done(&r);
	}
}

static void contents(void **state)
{
	static const struct {
		const char *line;
		int status;
		const char *part;
	} table[] = {
		{ "", 0, "\nContainers\n  run " },
		{ "--help run", 0, "usr-ct run - " },
		{ "help container ls", 0, "usr-ct ps - " },
		{ "stop --help", 0, "--timeout SECONDS" },
		{ "ps -a", 0, "c0123456789a   alpine   " },
		{ "ps -a", 0, "Exited (3) 5 minutes ago               job\n" },
		{ "ps -a --no-trunc", 0, "\"sh -c \\\"echo a; exit 3\\\"\\x1b[31m\"" },
		{ "ps --format json", 0,
		  "\"RunningFor\":\"2 minutes ago\",\"Size\":\"0B\",\"State\":\"running\"" },
		{ "images", 0,
		  "alpine                          3.20      30123456789a   3 weeks ago " },
		{ "images", 0, "registry.example:5000/team/db   9 " },
		{ "images", 0, "<none>                          <none> " },
		{ "images --digests", 0, " DIGEST " },
		{ "images --format json", 0,
		  "\"Repository\":\"alpine\",\"SharedSize\":\"N/"
		  "A\",\"Size\":\"7.8MB\",\"Tag\":\"latest\"" },
		{ "info", 0, "  Size: 1.25GB\n" },
		{ "info", 0, "Network helpers: pasta, slirp4netns\n" },
		{ "info --format json", 0, "\"SizeBytes\":1247800000" },
		{ "version --format json", 0, "{\"Client\":{\"Version\":" },
		{ "doctor", 1, "\nsudo sh -eux <<'EOF'\n# subids\nusermod " },
		{ "doctor", 1, "5 checks: 2 ok, 2 notes, 1 failed\n" },
		{ "doctor --json", 1, "\"state\": \"note\"" },
		{ "explain uct-1202", 0, "UCT-1202  no such image\n" },
		{ "explain UCT1408 1409", 0, "UCT-1409  " },
		{ "explain --list", 0, "UCT-1801  " },
		{ "__errors-md", 0, "\n## Images and registries\n\n### UCT-1201: " },
		{ "__man run", 0, ".TH USR-CT-RUN 1 " },
		{ "__complete bash run --pul", 0, "--pull\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct result r = run(table[i].line);

		if (!strstr(r.out, table[i].part))
			fail_msg("'%s' prints:\n%s%s", table[i].line, r.out, r.err);
		assert_int_equal(r.status, table[i].status);
		result_done(&r);
	}
}

static void timing_goes_to_stderr(void **state)
{
	struct result r = run("run -d --timing alpine");

	(void)state;
	assert_string_equal(r.out, HASH("e") "\n");
	assert_non_null(strstr(r.err, "launcher   user namespace "));
	result_done(&r);
}

/* A full disk is not success. */
static void write_errors_count(void **state)
{
	char *argv[] = { (char[]){ "usr-ct" }, (char[]){ "ps" }, NULL };
	struct result res = { 0 };
	size_t n;
	struct cli c = { .out = { .f = fopen("/dev/full", "we"), .columns = 80 },
		         .err = { .f = open_memstream(&res.err, &n), .columns = 80 } };

	(void)state;
	assert_non_null(c.out.f);
	assert_int_equal(cli_run(&c, 2, argv), 1);
	(void)fclose(c.out.f); /* fails again, as it should */
	assert_int_equal(fclose(c.err.f), 0);
	assert_string_equal(res.err,
	                    "usr-ct: cannot write to standard output: No space left on device "
	                    "(UCT-1005)\n");
	result_done(&res);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(contents),
		cmocka_unit_test(timing_goes_to_stderr),
		cmocka_unit_test(write_errors_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
