/* SPDX-License-Identifier: Apache-2.0 */
/* global - the flags that Docker and podman take before the command
 *
 * Scripts have them, so each does what it means here: --config and --root say where things are,
 * --debug and --log-level have nothing to act on, and what names a daemon is refused, since there
 * is none.
 */
#include "cli/global.h"

#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

enum meaning { NOTHING, LEVEL, CONFIG, ROOT, RUNROOT, CONTEXT, HOST };

static const struct global {
	const char *name;
	char letter;
	bool has_value;
	enum meaning meaning;
} globals[] = {
	{ "debug", 'D', false, NOTHING }, { "log-level", 'l', true, LEVEL },
	{ "config", 0, true, CONFIG },    { "root", 0, true, ROOT },
	{ "runroot", 0, true, RUNROOT },  { "context", 'c', true, CONTEXT },
	{ "host", 'H', true, HOST },
};

/* Whether @word is this flag; *@ret_value: what stands behind an equals sign, or NULL. */
static bool is_flag(const struct global *g, const char *word, const char **ret_value)
{
	size_t n = strlen(g->name);

	*ret_value = NULL;
	if (g->letter && word[0] == '-' && word[1] == g->letter) {
		*ret_value = word[2] == '=' ? word + 3 : word[2] ? word + 2 : NULL;
		return !word[2] || g->has_value;
	}
	if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, g->name, n) != 0)
		return false;
	if (word[2 + n] == '=')
		*ret_value = word + 2 + n + 1;
	return word[2 + n] == '\0' || word[2 + n] == '=';
}

static int check_level(const char *value, struct err *e)
{
	static const char *const levels[] = { "trace",   "debug", "info",  "warn",
		                              "warning", "error", "fatal", "panic" };
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
		if (strcmp(levels[i], value) == 0)
			return 0;
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "unknown log level '%s'", value);
	return err_hint(e, r, "levels are debug, info, warn, error and fatal");
}

static int refuse(const char *flag, const char *value, struct err *e)
{
	int r = err_set(e, UCT_NO_DAEMON, -ENOTSUP, "--%s '%s' names a daemon", flag, value);

	return err_hint(e, r, "leave --%s out: usr-ct does the work itself, as your own user",
	                flag);
}

static int apply(struct cli *c, const struct global *g, const char *value, struct err *e)
{
	value = value ? value : ""; /* a flag without one */
	switch (g->meaning) {
	case LEVEL:
		return check_level(value, e);
	case CONFIG: /* where log-ins to registries are looked for */
		return setenv("DOCKER_CONFIG", value, 1) < 0 ? err_oom(e) : 0;
	case ROOT:
		c->places.data_dir = value;
		return 0;
	case RUNROOT:
		c->places.runtime_dir = value;
		return 0;
	case CONTEXT:
		return strcmp(value, "default") ? refuse(g->name, value, e) : 0;
	case HOST:
		return refuse(g->name, value, e);
	case NOTHING:
		break;
	}
	return 0;
}

static const struct global *find(const char *word, const char **ret_value)
{
	for (size_t i = 0; i < ARRAY_SIZE(globals); i++)
		if (is_flag(&globals[i], word, ret_value))
			return &globals[i];
	return NULL;
}

int global_flags(struct cli *c, int argc, char **argv)
{
	int n = 0;

	c->places = (struct usrct_options){ .size = sizeof(c->places) };
	while (n + 1 < argc && argv[n + 1][0] == '-') {
		const char *value = NULL;
		const struct global *g = find(argv[n + 1], &value);
		struct err e;

		if (!g)
			break;
		n++;
		if (g->has_value && !value) {
			if (n + 1 >= argc) {
				(void)err_set(&e, UCT_USAGE, -EINVAL, "flag '--%s' needs a value",
				              g->name);
				(void)cli_fail_local(c, &e);
				return -EINVAL;
			}
			value = argv[++n];
		}
		if (apply(c, g, value, &e) < 0) {
			(void)cli_fail_local(c, &e);
			return -EINVAL;
		}
	}
	return n;
}
