/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct recreate - a container anew from its generator file; and create's way to make one */
#include "cli/generator.h"
#include "cli/progress.h"

#include <string.h>
#include <sys/stat.h>

static const char *const pull_policies[] = { "missing", "always", "never", NULL };

const char *generator_named(const struct args *a)
{
	const char *file = args_string(a, "file"), *word = a->n_words ? a->words[0] : "";
	size_t n = strlen(word);
	struct stat st;

	if (file)
		return file;
	return n > 5 && !strcmp(word + n - 5, ".json") && stat(word, &st) == 0 ? word : NULL;
}

static int refuse(struct cli *c, const char *why, const char *what, const char *hint)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "%s%s", why, what);

	(void)err_hint(&e, r, "%s", hint);
	return cli_fail_local(c, &e);
}

int generator_missing(struct cli *c)
{
	return refuse(c, "create needs IMAGE", "", "see usr-ct create --help");
}

/* The file says it all; a flag that it would silently win over is a mistake. */
static const char *foreign_flag(const struct args *a)
{
	static const char *const fine[] = { "file", "pull", "quiet", "force", NULL };

	for (size_t i = 0; i < a->n_values; i++) {
		const char *name = a->values[i].option->name;
		size_t k = 0;

		while (fine[k] && strcmp(fine[k], name) != 0)
			k++;
		if (!fine[k])
			return name;
	}
	return NULL;
}

static enum usrct_pull_policy pull_policy(const struct args *a)
{
	const char *s = args_string(a, "pull");

	if (s && !strcmp(s, "always"))
		return USRCT_PULL_ALWAYS;
	return s && !strcmp(s, "never") ? USRCT_PULL_NEVER : USRCT_PULL_MISSING;
}

/* @file or @ref. */
static int make(struct cli *c, const struct args *a, const char *file, const char *ref, bool force)
{
	struct progress progress;
	struct usrct_pull_options pull = { .size = sizeof(pull),
		                           .progress = progress_event,
		                           .arg = &progress };
	struct usrct_generate_options opts = {
		.size = sizeof(opts), .pull = pull_policy(a), .pull_options = &pull, .force = force
	};
	_cleanup_free_ char *id = NULL;
	struct usrct_err e = { 0 };
	int r;

	progress_init(&progress, args_flag(a, "quiet") ? NULL : &c->err);
	r = file ? usrct_container_generate(c->u, file, &opts, &id, &e)
	         : usrct_container_recreate(c->u, ref, &opts, &id, &e);
	progress_done(&progress);
	if (r < 0)
		return cli_fail(c, &e);
	(void)fprintf(c->out.f, "%s\n", id);
	return 0;
}

int generator_create(struct cli *c, const struct args *a, const char *file)
{
	const char *flag = foreign_flag(a);

	if (flag)
		return refuse(c, "a generator file cannot be used together with --", flag,
		              "write it into the file, or name an image instead of the file");
	if (a->n_words > (args_string(a, "file") ? 0 : 1))
		return refuse(c, "a generator file has its own command; there is no place for ",
		              a->words[a->n_words - 1], "change cmd in the file");
	return make(c, a, file, NULL, false);
}

static int recreate(struct cli *c, const struct args *a)
{
	return make(c, a, NULL, a->words[0], args_flag(a, "force"));
}

const struct command cmd_recreate = {
	.name = "recreate",
	.aliases = (const char *const[]){ "container recreate", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Make a container anew from its generator file",
	.description =
		"The file that was given to create was kept. The image is looked up again, the "
		"sources are copied again, and when the new container is complete it takes the "
		"place of the old one, with all that one wrote. If anything fails the old one "
		"stays "
		"as it was. If that one ran the new one is started. Its id is printed.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_REMOVABLE, false, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Also if it runs: it is killed in the end, and the "
	                                      "new one started" },
	                                    { "pull", 0, OPTION_ENUM, COMPLETE_VALUES, "WHEN",
	                                      "Whether to fetch the image", "missing", NULL,
	                                      pull_policies },
	                                    { "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Show nothing while an image is fetched" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "With the newest image",
	                                        "usr-ct recreate -f --pull always web" },
	                                      { NULL, NULL } },
	.handler = recreate,
	.uses_store = true,
};
