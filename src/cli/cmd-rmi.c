/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct rmi - remove images */
#include "cli/cli.h"
#include "cli/platform-options.h"

#include <ctype.h>
#include <stdio.h>

/* "untagged: NAME" as Docker prints it, with a capital. */
static void print_removed(const char *line, void *arg)
{
	struct cli *c = arg;

	(void)fprintf(c->out.f, "%c%s\n", toupper((unsigned char)line[0]), line[0] ? line + 1 : "");
}

static int remove_one(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	bool force = args_flag(a, "force");
	int r = usrct_image_remove(c->u, ref, force, print_removed, c, e);

	if (r != -ENOENT || (!force && !args_flag(a, "ignore")))
		return r;
	/* As with rm -f: said, but what should be gone is gone. */
	if (!args_flag(a, "ignore"))
		(void)cli_fail(c, e);
	return CLI_NOTHING_DONE;
}

/* Name by name: none is overlooked, and an image goes with its last one. */
static int remove_each_name(struct cli *c, const struct usrct_image *image, const struct args *a)
{
	const char *const *name = image->names;
	struct usrct_err e = { 0 };
	int r;

	do {
		r = remove_one(c, name && *name ? *name : image->id, a, &e);
	} while (r >= 0 && name && *name && *++name);
	/* Somebody else may have been faster. */
	return r < 0 && r != -ENOENT ? cli_fail(c, &e) : 0;
}

static int remove_all(struct cli *c, const struct args *a)
{
	struct usrct_image *list = NULL;
	struct usrct_err e = { 0 };
	int status = 0, one;
	size_t n = 0;

	if (usrct_image_list(c->u, NULL, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n; i++) {
		one = remove_each_name(c, &list[i], a);
		status = one ? one : status;
	}
	usrct_image_list_free(list, n);
	return status;
}

static int rmi(struct cli *c, const struct args *a)
{
	int status = 0;
	struct err e;

	if (args_flag(a, "all") && a->n_words == 0)
		return remove_all(c, a);
	if (args_flag(a, "all") || a->n_words == 0) {
		(void)err_set(&e, UCT_USAGE, -EINVAL, "rmi takes either names of images or --all");
		return cli_fail_local(c, &e);
	}
	/* Before the first is gone. */
	for (size_t i = 0; i < a->n_words && status == 0; i++)
		status = platform_check(c, a, a->words[i]);
	return status ? status : cli_for_each(c, a, /* echo= */ false, remove_one);
}

const struct command cmd_rmi = {
	.name = "rmi",
	.aliases = (const char *const[]){ "image rm", "image remove", NULL },
	.group = GROUP_IMAGES,
	.summary = "Remove images",
	.description = "A name is removed, and with its last name the image and those of its "
		       "layers that no other image uses. An id removes the image with all its "
		       "names; one that has names in several repositories only with --force.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, true, true }, { NULL } },
	.options =
		(const struct option[]){
			{ "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Also when a stopped container was made from it, and by an id also when "
	                  "it has names in several repositories" },
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL, "All there are" },
			{ "ignore", 'i', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "What is not here is no error" },
			{ "no-prune", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "For scripts: there are no unnamed parents that could be kept" },
			{ NULL },
		},
	.shared = (const struct option *const[]){ platform_check_options, NULL },
	.examples = (const struct example[]){ { "Remove all that no container needs",
	                                        "usr-ct rmi $(usr-ct images -q)" },
	                                      { NULL, NULL } },
	.handler = rmi,
	.uses_store = true,
};
