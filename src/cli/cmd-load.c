/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct load, import - images from archives */
#include "cli/cli.h"
#include "cli/platform-options.h"
#include "cli/transport.h"

#include <stdio.h>
#include <string.h>

struct loading {
	struct cli *c;
	bool is_quiet;
};

static void print_loaded(const char *id, const char *name, void *arg)
{
	struct loading *l = arg;

	if (l->is_quiet)
		(void)fprintf(l->c->out.f, "%s\n", name ? name : id);
	else if (name)
		(void)fprintf(l->c->out.f, "Loaded image: %s\n", name);
	else
		(void)fprintf(l->c->out.f, "Loaded image ID: %s\n", id);
	(void)fflush(l->c->out.f);
}

static const struct option *const shared[] = { platform_options, NULL };

static int load(struct cli *c, const struct args *a)
{
	struct loading l = { c, args_flag(a, "quiet") };
	struct usrct_load_options o = { .size = sizeof(o), .loaded = print_loaded, .arg = &l };
	char platform[PLATFORM_SIZE];
	struct err bad;

	if (platform_options_take(a, platform, &o.platform, &bad) < 0)
		return cli_fail_local(c, &bad);
	return archive_load(c, args_string(a, "input"), &o);
}

const struct command cmd_load = {
	.name = "load",
	.aliases = (const char *const[]){ "image load", NULL },
	.group = GROUP_IMAGES,
	.summary = "Take in the images of an archive",
	.description =
		"Reads docker archives (docker save, podman save, skopeo) and OCI layouts, as tar "
		"archives compressed with gzip, zstd, xz, bzip2 or not at all, and OCI layouts and "
		"what save --format docker-dir writes as directories. An address that begins with "
		"http:// or https:// is fetched. All images of an archive are loaded, under the "
		"names it gives them, "
		"and checked as if they came from a registry.",
	.options =
		(const struct option[]){
			{ "input", 'i', OPTION_STRING, COMPLETE_FILE, "FILE",
	                  "The archive, a directory, or an address", "standard input" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Print names and ids alone" },
			{ NULL },
		},
	.shared = shared,
	.examples = (const struct example[]){ { "What docker saved",
	                                        "docker save alpine | usr-ct load" },
	                                      { NULL, NULL } },
	.handler = load,
	.uses_store = true,
};

static int import(struct cli *c, const struct args *a)
{
	_cleanup_close_ int fd = -EBADF;
	_cleanup_free_ const char **changes = NULL;
	_cleanup_free_ char *id = NULL;
	struct usrct_import_options o = { .size = sizeof(o),
		                          .name = a->n_words > 1 ? a->words[1] : NULL,
		                          .message = args_string(a, "message") };
	struct usrct_err e = { 0 };
	char platform[PLATFORM_SIZE];
	struct err bad;
	int status = 0;

	if (platform_options_take(a, platform, &o.platform, &bad) < 0)
		return cli_fail_local(c, &bad);
	if (args_list(a, "change", &changes) < 0)
		return cli_fail_memory(c);
	o.changes = changes;
	if (archive_is_url(a->words[0])) {
		if (usrct_image_import_url(c->u, a->words[0], &o, &id, &e) < 0)
			return cli_fail(c, &e);
	} else {
		fd = archive_open(c, a->words[0], &status);
		if (fd < 0)
			return status;
		if (usrct_image_import(c->u, fd, &o, &id, &e) < 0)
			return cli_fail(c, &e);
	}
	(void)fprintf(c->out.f, "%s\n", id);
	return 0;
}

const struct command cmd_import = {
	.name = "import",
	.aliases = (const char *const[]){ "image import", NULL },
	.group = GROUP_IMAGES,
	.summary = "Make an image of a root file system",
	.description =
		"FILE is a tar archive, compressed with gzip, zstd, xz, bzip2 or not at all; - is "
		"standard input, and an address that begins with http:// or https:// is fetched. "
		"It becomes the image's only layer. What export writes, import "
		"reads. The image's id is printed.",
	.args = (const struct positional[]){ { "FILE|URL|-", COMPLETE_FILE, false, false },
	                                     { "NAME", COMPLETE_IMAGE, true, false },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "change", 'c', OPTION_LIST, COMPLETE_NONE, "INSTRUCTION",
	                  "An instruction of a Containerfile: CMD, ENTRYPOINT, ENV, EXPOSE, "
	                  "LABEL, STOPSIGNAL, USER, VOLUME, WORKDIR" },
			{ "message", 'm', OPTION_STRING, COMPLETE_NONE, "TEXT",
	                  "A remark for the image's history" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "For scripts: only the id is printed" },
			{ NULL },
		},
	.shared = shared,
	.examples =
		(const struct example[]){
			{ "A container, flattened",
	                  "usr-ct export web | usr-ct import -c 'CMD [\"nginx\"]' - "
	                  "web:flat" },
			{ NULL, NULL } },
	.handler = import,
	.uses_store = true,
};
