/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct tag, untag - names of images */
#include "cli/cli.h"

static int tag(struct cli *c, const struct args *a)
{
	struct usrct_err e = { 0 };

	for (size_t i = 1; i < a->n_words; i++)
		if (usrct_image_tag(c->u, a->words[0], a->words[i], &e) < 0)
			return cli_fail(c, &e);
	return 0;
}

static int untag(struct cli *c, const struct args *a)
{
	struct usrct_err e = { 0 };

	return usrct_image_untag(c->u, a->words[0], a->words + 1, &e) < 0 ? cli_fail(c, &e) : 0;
}

const struct command cmd_tag = {
	.name = "tag",
	.aliases = (const char *const[]){ "image tag", NULL },
	.group = GROUP_IMAGES,
	.summary = "Give an image another name",
	.description =
		"NAME is [HOST[:PORT]/]NAME[:TAG], where the tag is latest if it is left out. An "
		"image that has the name loses it. A name that reads like an id is refused.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, false },
	                                     { "NAME", COMPLETE_IMAGE, false, true },
	                                     { NULL } },
	.examples = (const struct example[]){ { "Before it is pushed",
	                                        "usr-ct tag site registry.example/team/site:2" },
	                                      { NULL, NULL } },
	.handler = tag,
	.uses_store = true,
};

const struct command cmd_untag = {
	.name = "untag",
	.aliases = (const char *const[]){ "image untag", NULL },
	.group = GROUP_IMAGES,
	.summary = "Take names away from an image",
	.description = "Without NAME all of them. The image stays, perhaps without a name; rmi "
		       "removes it.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, false },
	                                     { "NAME", COMPLETE_IMAGE, true, true },
	                                     { NULL } },
	.examples =
		(const struct example[]){ { "One of several names", "usr-ct untag site site:old" },
	                                  { NULL, NULL } },
	.handler = untag,
	.uses_store = true,
};
