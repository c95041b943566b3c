/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct commit - an image of what a container changed */
#include "cli/cli.h"

#include <string.h>

static const char *const formats[] = { "oci", "docker", NULL };

static int commit(struct cli *c, const struct args *a)
{
	_cleanup_free_ const char **changes = NULL;
	_cleanup_free_ char *id = NULL;
	const char *format = args_string(a, "format");
	struct usrct_commit_options opts = {
		.size = sizeof(opts),
		.name = a->n_words > 1 ? a->words[1] : NULL,
		.author = args_string(a, "author"),
		.message = args_string(a, "message"),
		.format = format && !strcmp(format, "docker") ? USRCT_MANIFEST_DOCKER
		                                              : USRCT_MANIFEST_OCI,
		.pause = !args_has(a, "pause") || args_flag(a, "pause"),
		.must_pause = args_flag(a, "pause"),
	};
	struct usrct_err e = { 0 };

	if (args_flag(a, "no-pause"))
		opts.pause = opts.must_pause = false;
	if (args_list(a, "change", &changes) < 0)
		return cli_fail_memory(c);
	opts.changes = changes;
	if (usrct_container_commit(c->u, a->words[0], &opts, &id, &e) < 0)
		return cli_fail(c, &e);
	(void)fprintf(c->out.f, "%s\n", id);
	return cli_write_file(c, args_string(a, "iidfile"), id);
}

const struct command cmd_commit = {
	.name = "commit",
	.aliases = (const char *const[]){ "container commit", NULL },
	.group = GROUP_CONTAINERS,
	.summary = "Make an image of what a container changed",
	.description =
		"The image has the layers of the container's own image and one more, and the "
		"container's command, environment, user and working directory. What is mounted in "
		"the container is not part of it. The image's id is printed.",
	.args = (const struct positional[]){ { "CONTAINER", COMPLETE_CONTAINER, false, false },
	                                     { "IMAGE", COMPLETE_IMAGE, true, false },
	                                     { NULL } },
	.options =
		(const struct option[]){ { "author", 'a', OPTION_STRING, COMPLETE_NONE, "TEXT",
	                                   "Who made it, for the image's history" },
	                                 { "change", 'c', OPTION_LIST, COMPLETE_NONE, "INSTRUCTION",
	                                   "Change the configuration, as a Containerfile would: "
	                                   "CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, "
	                                   "ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR" },
	                                 { "format", 'f', OPTION_ENUM, COMPLETE_VALUES, "FORM",
	                                   "Form of the manifest", "oci", NULL, formats },
	                                 { "iidfile", 0, OPTION_STRING, COMPLETE_FILE, "FILE",
	                                   "Write the image's id there as well" },
	                                 { "message", 'm', OPTION_STRING, COMPLETE_NONE, "TEXT",
	                                   "What was done, for the image's history" },
	                                 { "pause", 'p', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                   "Freeze the container meanwhile", "where possible" },
	                                 { "no-pause", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                                   "Do not freeze the container" },
	                                 { "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                   "Print nothing but the id; it is so anyway" },
	                                 { NULL } },
	.foreign =
		(const struct foreign_option[]){
			{ "include-volumes", 0, "what is mounted is not part of an image",
	                  "say -c 'VOLUME /PATH' for each" },
			{ "squash", 's', "the image's own layers stay shared with it",
	                  "use usr-ct export CONTAINER | usr-ct import - NAME" },
			{ NULL, 0, NULL, NULL },
		},
	.examples =
		(const struct example[]){
			{ "Keep what was installed by hand",
	                  "usr-ct commit -m 'with curl' box local/box:curl" },
			{ "With another command",
	                  "usr-ct commit -c 'CMD [\"serve\", \"--port=80\"]' box local/server" },
			{ NULL, NULL } },
	.handler = commit,
	.uses_store = true,
};
