/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct pull - fetch images */
#include "cli/cli.h"

#include "cli/progress.h"
#include "cli/registry-options.h"

#include <stdio.h>

static int pull(struct cli *c, const struct args *a)
{
	_cleanup_progress_ struct progress progress = { 0 };
	struct usrct_pull_options o = { .size = sizeof(o),
		                        .progress = progress_event,
		                        .arg = &progress,
		                        .platform = args_string(a, "platform") };
	struct usrct_registry_options registry;
	_cleanup_free_ char *id = NULL;
	struct usrct_err e = { 0 };
	char *text = NULL;
	struct err le;
	int r;

	if (registry_options_take(a, &registry, &text, &le) < 0)
		return cli_fail_local(c, &le);
	o.registry = &registry;
	progress_init(&progress, args_flag(a, "quiet") ? NULL : &c->err);
	r = usrct_image_pull(c->u, a->words[0], &o, &id, &e);
	progress_done(&progress);
	registry_options_done(&text);
	if (r < 0)
		return cli_fail(c, &e);
	(void)fprintf(c->out.f, "%s\n", id);
	return 0;
}

static const struct option *const shared[] = { registry_options, NULL };

const struct command cmd_pull = {
	.name = "pull",
	.aliases = (const char *const[]){ "image pull", NULL },
	.group = GROUP_IMAGES,
	.summary = "Fetch an image from a registry",
	.description =
		"IMAGE is [HOST[:PORT]/]NAME[:TAG][@DIGEST]; without a host it is Docker Hub's. "
		"oci:DIRECTORY[:TAG] reads an OCI image layout from disk instead.\n\n"
		"What goes on is shown on standard error; standard output gets the image's id. "
		"Layers that are here are not fetched again, and a pull that is interrupted leaves "
		"nothing behind.\n\n"
		"Where policy.json (containers-policy.json(5)) says so, only images that are "
		"signed "
		"with its keys are taken, as cosign signs them.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, false }, { NULL } },
	.options =
		(const struct option[]){
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Print only the id" },
			{ "platform", 0, OPTION_STRING, COMPLETE_VALUES, "OS/ARCH[/VARIANT]",
	                  "Variant of the image to fetch", "this machine's", NULL,
	                  (const char *const[]){ "linux/amd64", "linux/arm64", "linux/arm/v7",
	                                         "linux/386", "linux/ppc64le", "linux/riscv64",
	                                         "linux/s390x", NULL } },
			{ NULL },
		},
	.shared = shared,
	.examples = (const struct example[]){ { "The newest Alpine", "usr-ct pull alpine" },
	                                      { "Exactly this one, whatever the tag says later",
	                                        "usr-ct pull alpine@sha256:..." },
	                                      { "From a directory that skopeo wrote",
	                                        "usr-ct pull oci:./image" },
	                                      { NULL, NULL } },
	.handler = pull,
	.uses_store = true,
};
