/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct rmi - remove images */
#include "cli/cli.h"

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

	if (r != -ENOENT || !force)
		return r;
	/* As with rm -f: said, but what should be gone is gone. */
	(void)cli_fail(c, e);
	return CLI_NOTHING_DONE;
}

static int rmi(struct cli *c, const struct args *a)
{
	return cli_for_each(c, a, /* echo= */ false, remove_one);
}

const struct command cmd_rmi = {
	.name = "rmi",
	.aliases = (const char *const[]){ "image rm", "image remove", NULL },
	.group = GROUP_IMAGES,
	.summary = "Remove images",
	.description = "A name is removed, and with its last name the image and those of its "
		       "layers that no other image uses. An id removes the image with all its "
		       "names.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, true }, { NULL } },
	.options = (const struct option[]){ { "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Also when a stopped container was made from it" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "Remove all that no container needs",
	                                        "usr-ct rmi $(usr-ct images -q)" },
	                                      { NULL, NULL } },
	.handler = rmi,
	.uses_store = true,
};
