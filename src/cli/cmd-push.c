/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct push - send images to a registry */
#include "cli/cli.h"

#include "base/json.h"
#include "cli/human.h"
#include "cli/platform-options.h"
#include "cli/progress.h"
#include "cli/registry-options.h"
#include "cli/transport.h"

#include <stdio.h>
#include <string.h>

#define NO_SIGNING "images are not signed here"
#define USE_COSIGN "sign what was pushed: cosign sign, or skopeo copy --sign-by"

static const char *const compressions[] = { "gzip", "zstd", "none", NULL };

static int write_digest(struct cli *c, const char *image, const char *file)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	struct usrct_err e = { 0 };

	if (!file)
		return 0;
	if (usrct_image_inspect(c->u, image, &text, &e) < 0)
		return cli_fail(c, &e);
	j = json_loads(text, 0, NULL);
	return cli_write_file(c, file, json_string_value(json_object_get(j, "Digest")));
}

/* To a place on disk, as save does it. */
static int push_place(struct cli *c, const struct args *a, const struct place *place)
{
	struct err e;
	int r = platform_check(c, a, a->words[0]);

	if (r)
		return r;
	if (args_has(a, "compression")) {
		r = err_set(&e, UCT_USAGE, -EINVAL,
		            "layers go to archives and directories as they are stored");
		(void)err_hint(&e, r, "push to a registry, or leave --compression out");
		return cli_fail_local(c, &e);
	}
	r = archive_save_at(c, a->words[0], place);
	return r ? r : write_digest(c, a->words[0], args_string(a, "digestfile"));
}

static int push_one(struct cli *c, const struct args *a, const char *image, const char *to,
                    const struct usrct_registry_options *registry)
{
	_cleanup_progress_ struct progress progress = { 0 };
	const struct usrct_push_options o = { .size = sizeof(o),
		                              .progress = progress_event,
		                              .arg = &progress,
		                              .registry = registry,
		                              .compression = args_string(a, "compression") };
	struct usrct_pushed done = { 0 };
	struct usrct_err e = { 0 };
	const char *tag;
	int r = platform_check(c, a, image);

	if (r)
		return r;
	progress_init(&progress, args_flag(a, "quiet") ? NULL : &c->err);
	progress.is_push = true;
	r = usrct_image_push(c->u, image, to, &o, &done, &e);
	progress_done(&progress);
	if (r < 0)
		return cli_fail(c, &e);
	tag = strrchr(done.name, ':');
	if (args_flag(a, "quiet"))
		(void)fprintf(c->out.f, "%s\n", done.name);
	else
		(void)fprintf(c->out.f, "%s: digest: %s size: %llu\n", tag ? tag + 1 : done.name,
		              done.digest, (unsigned long long)done.size_bytes);
	return cli_write_file(c, args_string(a, "digestfile"), done.digest);
}

/* "host/name" or "host/name:tag": all names of that repository. */
static int push_all(struct cli *c, const struct args *a,
                    const struct usrct_registry_options *registry)
{
	const char *name = a->words[0];
	struct usrct_image *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0, len = strlen(name);
	int status = 0, found = 0, one;
	struct err none;

	if (usrct_image_list(c->u, NULL, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n; i++)
		for (const char *const *at = list[i].names; at && *at; at++) {
			const char *shown = human_image(*at);

			if (strncmp(shown, name, len) != 0 || shown[len] != ':')
				continue;
			found++;
			one = push_one(c, a, *at, NULL, registry);
			status = one ? one : status;
		}
	usrct_image_list_free(list, n);
	if (found)
		return status;
	(void)err_set(&none, UCT_IMAGE_UNKNOWN, -ENOENT, "no image of repository '%s'", name);
	return cli_fail_local(c, &none);
}

static int push(struct cli *c, const struct args *a)
{
	_cleanup_place_ struct place place = { 0 };
	struct usrct_registry_options registry;
	char *text = NULL;
	struct err e;
	int status;

	if (a->n_words > 1 && place_parse(a->words[1], &place, &e) < 0)
		return cli_fail_local(c, &e);
	if (place.path)
		return push_place(c, a, &place);
	if (registry_options_take(a, &registry, &text, &e) < 0)
		return cli_fail_local(c, &e);
	status = args_flag(a, "all-tags")
	                 ? push_all(c, a, &registry)
	                 : push_one(c, a, a->words[0], a->n_words > 1 ? a->words[1] : NULL,
	                            &registry);
	registry_options_done(&text);
	return status;
}

static const struct option *const shared[] = { platform_check_options, registry_options, NULL };

const struct command cmd_push = {
	.name = "push",
	.aliases = (const char *const[]){ "image push", NULL },
	.group = GROUP_IMAGES,
	.summary = "Send an image to a registry",
	.description =
		"IMAGE goes to the place that its name says, or to DESTINATION. Layers that the "
		"registry has, in this or in another repository, are not sent again; layers that "
		"were pulled are sent as they came, so their digests stay the same. With "
		"--compression "
		"they are converted first, and the manifest has another digest then; the image's "
		"id "
		"stays. A DESTINATION of docker-archive:FILE[:NAME], oci-archive:FILE[:NAME], "
		"oci:DIRECTORY[:NAME] or dir:DIRECTORY is written as save does it.\n\n"
		"What goes on is shown on standard error; standard output gets tag, digest and "
		"size "
		"of the manifest.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, false },
	                                     { "DESTINATION", COMPLETE_IMAGE, true, false },
	                                     { NULL } },
	.options =
		(const struct option[]){
			{ "all-tags", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "All tags of the repository IMAGE" },
			{ "compression", 0, OPTION_ENUM, COMPLETE_VALUES, "KIND",
	                  "Convert layers that are compressed otherwise", "as they are",
	                  "compression-format", compressions },
			{ "digestfile", 0, OPTION_STRING, COMPLETE_FILE, "FILE",
	                  "Write the manifest's digest there" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Print only the full name" },
			{ "disable-content-trust", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Accepted for Docker's sake: nothing is signed" },
			{ "force-compression", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Accepted for podman's sake: --compression converts in any case" },
			{ "retry", 0, OPTION_NUMBER, COMPLETE_NONE, "N",
	                  "Accepted for podman's sake: what fails is tried again in any case" },
			{ "retry-delay", 0, OPTION_STRING, COMPLETE_NONE, "TIME",
	                  "Accepted for podman's sake: registries say, or it is half a second, "
	                  "doubled each time" },
			{ "remove-signatures", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Accepted for podman's sake: no signatures are sent" },
			{ NULL },
		},
	.foreign =
		(const struct foreign_option[]){
			{ "compression-level", 0, "each compression has one level here", NULL },
			{ "compress", 0, "that is for directories of layers",
	                  "use --compression gzip" },
			{ "format", 'f', "the manifest goes as it is, so that its digest stays",
	                  "use commit --format, or save --format and skopeo copy" },
			{ "sign-by", 0, NO_SIGNING, USE_COSIGN },
			{ "sign-by-sigstore", 0, NO_SIGNING, USE_COSIGN },
			{ "sign-by-sigstore-private-key", 0, NO_SIGNING, USE_COSIGN },
			{ "sign-passphrase-file", 0, NO_SIGNING, USE_COSIGN },
			{ "encryption-key", 0, "layers cannot be encrypted", NULL },
			{ "encrypt-layer", 0, "layers cannot be encrypted", NULL },
			{ NULL, 0, NULL, NULL },
		},
	.shared = shared,
	.examples = (const struct example[]){ { "Under another name",
	                                        "usr-ct push site registry.example/team/site:2" },
	                                      { NULL, NULL } },
	.handler = push,
	.uses_store = true,
};
