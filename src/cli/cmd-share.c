/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct image share - images for all users of a machine */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"

#include <string.h>

enum { OUTPUT_MAX = 1 << 20 };

static void show(const char *image, size_t i, size_t n, void *arg)
{
	struct cli *c = arg;

	(void)fprintf(c->err.f, "%s  layer %zu/%zu\n", image, i, n);
	(void)fflush(c->err.f);
}

static int print_result(struct cli *c, const char *text, const char *format)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(OUTPUT_MAX);
	_cleanup_json_ json_t *j = NULL;
	char size[HUMAN_SIZE];
	int status;

	status = cli_read_answer(c, text, &j);
	if (status)
		return status;
	human_bytes((uint64_t)json_integer_value(json_object_get(j, "NewBytes")), size);
	if (format && !strcmp(format, "json"))
		sbuf_addf(&b, "%s\n", text);
	else
		sbuf_addf(&b, "%lld layers are in %s, %lld new objects of %s\n",
		          (long long)json_integer_value(json_object_get(j, "Layers")),
		          json_string_value(json_object_get(j, "Directory")),
		          (long long)json_integer_value(json_object_get(j, "NewObjects")), size);
	return cli_print(c, &b);
}

static int share(struct cli *c, const struct args *a)
{
	struct usrct_share_options o = { .size = sizeof(o),
		                         .seal = args_flag(a, "seal"),
		                         .progress = c->err.is_tty ? show : NULL,
		                         .arg = c };
	_cleanup_free_ char *text = NULL;
	const char *dir = args_string(a, "to");
	struct usrct_err e = { 0 };
	struct err bad;

	if (!dir) {
		(void)err_set(&bad, UCT_USAGE, -EINVAL, "--to DIRECTORY is missing");
		return cli_fail_local(c, &bad);
	}
	if (usrct_image_share(c->u, a->words, dir, &o, &text, &e) < 0)
		return cli_fail(c, &e);
	return print_result(c, text, args_string(a, "format"));
}

const struct command cmd_image_share = {
	.name = "image share",
	.group = GROUP_IMAGES,
	.summary = "Put images where all users of this machine can use them",
	.description =
		"Writes the layers of images, without their owners' ids, into a directory that "
		"others only read. Whoever pulls an image with such layers downloads and stores "
		"none "
		"of their contents, and all containers of the machine share them in memory.\n\n"
		"The directory must be empty or be one made so. It should be root's, or its user's "
		"whom all trust: usr-ct takes nothing from a directory that belongs to anybody "
		"else "
		"or that others may write to. Layers are looked for in /var/lib/usr-ct, in the "
		"directories named in /etc/usr-ct/shared-dirs and ~/.config/usr-ct/shared-dirs, "
		"one a "
		"line, or instead of all these in those of USRCT_SHARED_DIRS, divided by colons. "
		"Behind a name may stand verify=hash (contents are compared with their digests "
		"when "
		"a layer is taken, the default), verify=sealed (they must be under fs-verity too) "
		"or "
		"verify=none.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, true }, { NULL } },
	.options =
		(const struct option[]){
			{ "to", 0, OPTION_STRING, COMPLETE_DIR, "DIRECTORY", "Where to put them" },
			{ "seal", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Put objects under fs-verity, so that nobody can change them any more" },
			{ "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORMAT", "How to print it",
	                  "text", NULL, (const char *const[]){ "text", "json", NULL } },
			{ NULL } },
	.examples = (const struct example[]){ { "As root, for everybody",
	                                        "usr-ct image share debian --to /var/lib/usr-ct" },
	                                      { NULL, NULL } },
	.handler = share,
	.uses_store = true,
};
