/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct list, usr-ct delete - two words that say what they mean to: containers, or images */
#include "cli/cli.h"

#include "base/strv.h"
#include "cli/images.h"
#include "cli/ps.h"

#include <stdio.h>
#include <string.h>

static int unknown(struct cli *c, const char *word, const char *hint)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "%s does not know '%s'", c->cmd->name, word);

	(void)err_hint(&e, r, "%s", hint);
	return cli_fail_local(c, &e);
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int list(struct cli *c, const struct args *a)
{
	const char *what = a->n_words ? a->words[0] : "containers";

	if (args_flag(a, "images") || is_one_of(what, "images", "image"))
		return images_print(c, a, NULL);
	if (!is_one_of(what, "containers", "container"))
		return unknown(c, what, "usr-ct list [containers|images]");
	return ps_print(c, a, /* all= */ true);
}

const struct command cmd_list = {
	.name = "list",
	.group = GROUP_CONTAINERS,
	.summary = "List all containers, or images",
	.description = "list and list containers are ps -a; list images and list --images are "
		       "images.",
	.args = (const struct positional[]){ { "containers|images", COMPLETE_NONE, true, false },
	                                     { NULL } },
	.options = (const struct option[]){ { "images", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "List images, not containers" },
	                                    { "digests", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Of images: also the manifests' digests" },
	                                    { NULL } },
	.shared = (const struct option *const[]){ ps_options, NULL },
	.examples = (const struct example[]){ { "Images that are here", "usr-ct list images" },
	                                      { NULL, NULL } },
	.handler = list,
	.uses_store = true,
};

static void print_line(const char *line, void *arg)
{
	(void)fprintf(((struct cli *)arg)->out.f, "%s\n", line);
}

static int delete_image(struct cli *c, const char *ref, const struct args *a, struct usrct_err *e)
{
	int r = usrct_image_remove(c->u, ref, args_flag(a, "force"), print_line, c, e);

	return r < 0 ? r : CLI_NOTHING_DONE;
}

static int delete_container(struct cli *c, const char *ref, const struct args *a,
                            struct usrct_err *e)
{
	return usrct_container_remove(c->u, ref, args_flag(a, "force"), e);
}

static int all_images(struct cli *c, struct strv *ret)
{
	struct usrct_image *images = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int r = 0;

	if (usrct_image_list(c->u, NULL, &images, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = strv_add(ret, images[i].id);
	usrct_image_list_free(images, n);
	return r < 0 ? cli_fail_memory(c) : 0;
}

static int all_containers(struct cli *c, struct strv *ret)
{
	const struct usrct_list_options o = { .size = sizeof(o), .all = true };
	struct usrct_container *list_of = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int r = 0;

	if (usrct_container_list(c->u, &o, &list_of, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n && r == 0; i++)
		r = strv_add(ret, list_of[i].name);
	usrct_container_list_free(list_of, n);
	return r < 0 ? cli_fail_memory(c) : 0;
}

/* Whether a container of this name exists: then the word means that, not what it says. */
static bool is_container(struct cli *c, const char *word)
{
	_cleanup_free_ char *json = NULL;

	return usrct_container_inspect(c->u, word, &json, NULL) == 0;
}

static int delete (struct cli *c, const struct args *a)
{
	_cleanup_strv_ struct strv refs = { 0 };
	bool images = is_one_of(a->words[0], "image", "images") && a->n_words > 1 &&
	              !is_container(c, a->words[0]);
	struct args chosen = *a;
	int status = 0;

	chosen.words += images;
	chosen.n_words -= images;
	if (chosen.n_words == 1 && strcmp(chosen.words[0], "all") == 0 &&
	    (images || !is_container(c, "all"))) {
		status = images ? all_images(c, &refs) : all_containers(c, &refs);
		chosen.words = (const char **)(uintptr_t)refs.v;
		chosen.n_words = refs.n;
	}
	if (status)
		return status;
	return cli_for_each(c, &chosen, /* echo= */ !images,
	                    images ? delete_image : delete_container);
}

const struct command cmd_delete = {
	.name = "delete",
	.group = GROUP_CONTAINERS,
	.summary = "Delete containers or images, by name or all",
	.description = "delete NAME... and delete all remove containers; delete image NAME... and "
		       "delete image all remove images. What is in use is refused without "
		       "--force. A container that is called image or all is meant before the word "
		       "is.",
	.args = (const struct positional[]){ { "NAME", COMPLETE_OBJECT, false, true }, { NULL } },
	.options = (const struct option[]){ { "force", 'f', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "Also what runs, or is in use" },
	                                    { NULL } },
	.examples = (const struct example[]){ { "One container", "usr-ct delete web" },
	                                      { "All images that no container needs",
	                                        "usr-ct delete image all" },
	                                      { NULL, NULL } },
	.handler = delete,
	.uses_store = true,
};
