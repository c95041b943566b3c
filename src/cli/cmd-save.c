/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct save - images as an archive */
#include "cli/cli.h"
#include "cli/platform-options.h"
#include "cli/transport.h"

#include <stdio.h>
#include <string.h>

#define AS_STORED "layers are written as they are stored, so that their digests stay"

static const char *const formats[] = { "docker-archive", "oci-archive",        "oci-dir",
	                               "docker-dir",     "docker-archive-old", NULL };

static enum usrct_save_format format_of(const struct args *a)
{
	static const enum usrct_save_format values[] = { USRCT_SAVE_DOCKER, USRCT_SAVE_OCI,
		                                         USRCT_SAVE_OCI_DIR, USRCT_SAVE_DOCKER_DIR,
		                                         USRCT_SAVE_DOCKER_OLD };
	const char *text = args_string(a, "format");

	for (size_t i = 0; text && i < ARRAY_SIZE(values); i++)
		if (!strcmp(text, formats[i]))
			return values[i];
	return USRCT_SAVE_DOCKER;
}

static int refuse(struct cli *c, const char *what, const char *hint)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "%s", what);

	(void)err_hint(&e, r, "%s", hint);
	return cli_fail_local(c, &e);
}

static int save(struct cli *c, const struct args *a)
{
	const char *file = args_string(a, "output");
	enum usrct_save_format format = format_of(a);
	struct usrct_err e = { 0 };
	int status = 0;

	for (size_t i = 0; i < a->n_words && status == 0; i++)
		status = platform_check(c, a, a->words[i]);
	if (status)
		return status;
	if (format == USRCT_SAVE_OCI_DIR || format == USRCT_SAVE_DOCKER_DIR)
		return file ? archive_save(c, a->words, format, file)
		            : refuse(c, "a directory needs a name", "use -o DIR");
	if (file)
		return archive_save(c, a->words, format, file);
	if (isatty(STDOUT_FILENO))
		return refuse(c, "a terminal is no place for an archive",
		              "use -o FILE, or redirect standard output");
	return usrct_image_save(c->u, a->words, format, STDOUT_FILENO, &e) < 0 ? cli_fail(c, &e)
	                                                                       : 0;
}

const struct command cmd_save = {
	.name = "save",
	.aliases = (const char *const[]){ "image save", NULL },
	.group = GROUP_IMAGES,
	.summary = "Write images to an archive",
	.description =
		"Several images go into one archive, with the layers that they share in it once. "
		"Layers are written as they are stored, so their digests stay the same, and the "
		"same images give the same bytes.\n\n"
		"docker-archive is what docker writes since version 25: an OCI layout with the "
		"lists that older ones look for; docker, podman and skopeo load it. oci-archive is "
		"the layout alone, oci-dir the same as a directory, docker-dir skopeo's dir: with "
		"one image. docker-archive-old is what docker wrote before 25, with layers as "
		"plain "
		"tars, and also for dockers before 1.10.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, true }, { NULL } },
	.options =
		(const struct option[]){
			{ "output", 'o', OPTION_STRING, COMPLETE_FILE, "FILE", "Where to write to",
	                  "standard output" },
			{ "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORMAT", "Kind of archive",
	                  "docker-archive", NULL, formats },
			{ "multi-image-archive", 'm', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "For scripts: several images are always possible" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "For scripts: nothing is printed" },
			{ NULL },
		},
	.shared = (const struct option *const[]){ platform_check_options, NULL },
	.foreign =
		(const struct foreign_option[]){ { "compress", 0, AS_STORED, NULL },
	                                         { "uncompressed", 0, AS_STORED,
	                                           "--format docker-archive-old has plain tars" },
	                                         { NULL, 0, NULL, NULL } },
	.examples = (const struct example[]){ { "Onto another machine",
	                                        "usr-ct save site db | ssh host usr-ct load" },
	                                      { NULL, NULL } },
	.handler = save,
	.uses_store = true,
};
