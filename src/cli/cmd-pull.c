/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct pull - fetch images */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/platform-options.h"
#include "cli/progress.h"
#include "cli/registry-options.h"
#include "cli/transport.h"

#include <stdio.h>
#include <string.h>

struct pulling {
	struct cli *c;
	const char *platform, *policy;
	struct usrct_registry_options registry;
	bool is_quiet;
};

static const char *const policies[] = { "always", "missing", "never", "newer", NULL };

static void print_id(const char *id, const char *name, void *arg)
{
	(void)name;
	(void)fprintf(((struct cli *)arg)->out.f, "%s\n", id);
}

/* An archive: all that is in it, or the one image that is named. */
static int pull_place(const struct pulling *p, const struct place *place)
{
	const struct usrct_load_options o = { .size = sizeof(o),
		                              .platform = p->platform,
		                              .loaded = print_id,
		                              .arg = p->c,
		                              .only = place->name[0] ? place->name : NULL };

	return archive_load(p->c, place->path, &o);
}

/* What is here under that name, printed: 1; 0: nothing. */
static int print_local(const struct pulling *p, const char *image, struct usrct_err *e)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ json_t *j = NULL;
	int r = usrct_image_inspect(p->c->u, image, &text, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	j = json_loads(text, 0, NULL);
	(void)fprintf(p->c->out.f, "%s\n", json_string_value(json_object_get(j, "Id")));
	return 1;
}

static bool has_policy(const struct pulling *p, const char *policy)
{
	return p->policy && strcmp(p->policy, policy) == 0;
}

static int fetch_one(const struct pulling *p, const char *image)
{
	_cleanup_progress_ struct progress progress = { 0 };
	const struct usrct_pull_options o = { .size = sizeof(o),
		                              .progress = progress_event,
		                              .arg = &progress,
		                              .registry = &p->registry,
		                              .platform = p->platform };
	_cleanup_free_ char *id = NULL;
	struct usrct_err e = { 0 };
	int r;

	progress_init(&progress, p->is_quiet ? NULL : &p->c->err);
	r = usrct_image_pull(p->c->u, image, &o, &id, &e);
	progress_done(&progress);
	/* newer: what is here will do if nobody has a newer one. */
	if (r < 0 && has_policy(p, "newer") && print_local(p, image, NULL) > 0)
		return 0;
	if (r < 0)
		return cli_fail(p->c, &e);
	(void)fprintf(p->c->out.f, "%s\n", id);
	(void)fflush(p->c->out.f); /* the next one may take minutes */
	return 0;
}

static int pull_one(const struct pulling *p, const char *image)
{
	_cleanup_place_ struct place place = { 0 };
	struct usrct_err e = { 0 };
	struct err bad;
	int r = 0;

	/* A layout is the engine's to read: it knows names in it. */
	if (strncmp(image, "oci:", 4) != 0 && place_parse(image, &place, &bad) < 0)
		return cli_fail_local(p->c, &bad);
	if (place.path)
		return pull_place(p, &place);
	if (has_policy(p, "missing") || has_policy(p, "never"))
		r = print_local(p, image, &e);
	if (r < 0 || (r == 0 && has_policy(p, "never")))
		return cli_fail(p->c, &e);
	return r > 0 ? 0 : fetch_one(p, image);
}

static int refuse_tag(struct cli *c, const char *image)
{
	struct err e;
	int r = err_set(&e, UCT_USAGE, -EINVAL, "--all-tags takes a repository, not '%s'", image);

	(void)err_hint(&e, r, "leave the tag or digest out");
	return cli_fail_local(c, &e);
}

/* Of each tag the registry has; what cannot be pulled is told, and the others are. */
static int pull_all_tags(const struct pulling *p, const char *repository)
{
	const struct usrct_search_options o = { .size = sizeof(o),
		                                .kind = USRCT_SEARCH_TAGS,
		                                .what = repository,
		                                .registry = &p->registry };
	const char *slash = strrchr(repository, '/');
	_cleanup_free_ char *json = NULL;
	_cleanup_json_ json_t *hits = NULL;
	struct usrct_err e = { 0 };
	int status, one;
	json_t *hit;
	size_t i;

	if (strpbrk(slash ? slash : repository, ":@"))
		return refuse_tag(p->c, repository);
	if (usrct_registry_search(p->c->u, &o, &json, &e) < 0)
		return cli_fail(p->c, &e);
	status = cli_read_answer(p->c, json, &hits);
	json_array_foreach(hits, i, hit)
	{
		const char *tag = json_string_value(json_object_get(hit, "Name"));
		_cleanup_free_ char *image = strf("%s:%s", repository, tag ? tag : "");

		one = image ? pull_one(p, image) : cli_fail_memory(p->c);
		status = one ? one : status;
	}
	return status;
}

static int pull(struct cli *c, const struct args *a)
{
	struct pulling p = { .c = c,
		             .is_quiet = args_flag(a, "quiet"),
		             .policy = args_string(a, "policy") };
	char platform[PLATFORM_SIZE], *text = NULL;
	int status = 0, one;
	struct err e;

	if (platform_options_take(a, platform, &p.platform, &e) < 0 ||
	    registry_options_take(a, &p.registry, &text, &e) < 0)
		return cli_fail_local(c, &e);
	for (size_t i = 0; i < a->n_words; i++) {
		one = args_flag(a, "all-tags") ? pull_all_tags(&p, a->words[i])
		                               : pull_one(&p, a->words[i]);
		status = one ? one : status;
	}
	registry_options_done(&text);
	return status;
}

static const struct option *const shared[] = { platform_options, registry_options, NULL };

const struct command cmd_pull = {
	.name = "pull",
	.aliases = (const char *const[]){ "image pull", NULL },
	.group = GROUP_IMAGES,
	.summary = "Fetch an image from a registry",
	.description =
		"IMAGE is [HOST[:PORT]/]NAME[:TAG][@DIGEST]; without a host it is Docker Hub's. "
		"oci:DIRECTORY[:TAG] reads an OCI image layout from disk instead; "
		"docker-archive:FILE, oci-archive:FILE and dir:DIRECTORY take in what load "
		"would; with :NAME or :@N (counted from 0) behind FILE one image of several.\n\n"
		"What goes on is shown on standard error; standard output gets the image's id. "
		"Layers that are here are not fetched again, and a pull that is interrupted leaves "
		"nothing behind.\n\n"
		"Where policy.json (containers-policy.json(5)) says so, only images that are "
		"signed with its keys are taken, as cosign signs them.",
	.args = (const struct positional[]){ { "IMAGE", COMPLETE_IMAGE, false, true }, { NULL } },
	.options =
		(const struct option[]){
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Print only the ids" },
			{ "all-tags", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "IMAGE is a repository: all that it has" },
			{ "disable-content-trust", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Accepted for Docker's sake: digests are checked in any case" },
			{ "policy", 0, OPTION_ENUM, COMPLETE_VALUES, "POLICY",
	                  "Ask the registry always, only for what is missing, never, or (newer) "
	                  "always "
	                  "but be content with what is here",
	                  "always", NULL, policies },
			{ "retry", 0, OPTION_NUMBER, COMPLETE_NONE, "N",
	                  "Accepted for podman's sake: what fails is tried again in any case" },
			{ "retry-delay", 0, OPTION_STRING, COMPLETE_NONE, "TIME",
	                  "Accepted for podman's sake: registries say, or it is half a second, "
	                  "doubled each time" },
			{ NULL },
		},
	.foreign = (const struct foreign_option[]){ { "decryption-key", 0,
	                                              "encrypted images cannot be read", NULL },
	                                            { "signature-policy", 0,
	                                              "policy.json is read where "
	                                              "containers-policy.json(5) says",
	                                              NULL },
	                                            { NULL, 0, NULL, NULL } },
	.shared = shared,
	.examples =
		(const struct example[]){
			{ "The newest Alpine", "usr-ct pull alpine" },
			{ "Exactly this one, whatever the tag says later",
	                  "usr-ct pull alpine@sha256:..." },
			{ "Every release of a tool", "usr-ct pull -a registry.example/team/tool" },
			{ "From a directory that skopeo wrote", "usr-ct pull oci:./image" },
			{ NULL, NULL } },
	.handler = pull,
	.uses_store = true,
};
