/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct image update - pull again, and say what changed */
#include "cli/cli.h"

#include "base/json.h"
#include "cli/human.h"
#include "cli/image-update.h"
#include "cli/progress.h"
#include "cli/registry-options.h"

#include <stdio.h>
#include <string.h>

/* NULL: it is not here, or cannot be read. */
static json_t *look_at(struct cli *c, const char *name)
{
	_cleanup_free_ char *text = NULL;
	json_t *j = NULL;

	if (usrct_image_inspect(c->u, name, &text, NULL) < 0 ||
	    json_parse(text, strlen(text), "answer of the library", &j, NULL) < 0)
		return NULL;
	return j;
}

static const char *id_of(const json_t *image)
{
	const char *id = json_string_value(json_object_get(image, "Id"));

	return id ? id : "";
}

static const json_t *chain_of(const json_t *image)
{
	return json_object_get(json_object_get(image, "Storage"), "Chain");
}

static size_t new_layers(const json_t *before, const json_t *after)
{
	const json_t *old = chain_of(before), *new = chain_of(after), *a, *b;
	size_t n = json_array_size(new), i, k;

	json_array_foreach(new, i, a)
	{
		json_array_foreach(old, k, b) if (json_equal(a, b))
		{
			n--;
			break;
		}
	}
	return n;
}

static void tell(struct cli *c, const char *name, const json_t *before, const json_t *after)
{
	char old[72], new[72];

	if (!strcmp(id_of(before), id_of(after)))
		(void)fprintf(c->out.f, "%s: up to date\n", human_image(name));
	else if (!before)
		(void)fprintf(c->out.f, "%s: new, %s\n", human_image(name),
		              human_id(id_of(after), true, new));
	else
		(void)fprintf(c->out.f, "%s: %s -> %s, %zu of %zu layers are new\n",
		              human_image(name), human_id(id_of(before), true, old),
		              human_id(id_of(after), true, new), new_layers(before, after),
		              json_array_size(chain_of(after)));
	(void)fflush(c->out.f);
}

static int update_one(struct cli *c, const char *name, bool quiet,
                      const struct usrct_registry_options *registry)
{
	_cleanup_progress_ struct progress progress = { 0 };
	const struct usrct_pull_options o = { .size = sizeof(o),
		                              .progress = progress_event,
		                              .arg = &progress,
		                              .registry = registry };
	_cleanup_json_ json_t *before = look_at(c, name), *after = NULL;
	struct usrct_err e = { 0 };
	int r;

	/* A whole progress display for each of many that did not change would hide what did. */
	progress_init(&progress, quiet || !c->err.is_tty ? NULL : &c->err);
	r = usrct_image_pull(c->u, name, &o, NULL, &e);
	progress_done(&progress);
	if (r < 0)
		return cli_fail(c, &e);
	after = look_at(c, name);
	tell(c, name, before, after);
	return 0;
}

/* Whether its repository is one that gave us the image, or got it. Somebody else's registry may
 * have quite another image under a name that was given here. */
static bool is_of_registry(const struct usrct_image *image, const char *name)
{
	const char *tag = strrchr(name, ':');
	size_t n = tag && !strchr(tag, '/') ? (size_t)(tag - name) : strlen(name);

	for (const char *const *d = image->repo_digests; d && *d; d++)
		if (!strncmp(*d, name, n) && (*d)[n] == '@')
			return true;
	return false;
}

static int update_names(struct cli *c, const struct usrct_image *image, bool quiet,
                        const struct usrct_registry_options *registry)
{
	int status = 0, one;

	for (const char *const *name = image->names; name && *name; name++) {
		if (!is_of_registry(image, *name))
			continue;
		one = update_one(c, *name, quiet, registry);
		status = one ? one : status;
	}
	return status;
}

static int update_all(struct cli *c, bool quiet, const struct usrct_registry_options *registry)
{
	struct usrct_image *list = NULL;
	struct usrct_err e = { 0 };
	int status = 0, one;
	size_t n = 0;

	if (usrct_image_list(c->u, NULL, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	for (size_t i = 0; i < n; i++) {
		one = update_names(c, &list[i], quiet, registry);
		status = one ? one : status;
	}
	usrct_image_list_free(list, n);
	return status;
}

/* Whether the word means this image as a part of its id, not as a name of it. */
static bool is_id_of(const struct usrct_image *image, const char *word)
{
	size_t n = strlen(word), skip = strlen("sha256:");

	for (const char *const *name = image->names; name && *name; name++) {
		const char *text = human_image(*name);

		if (!strncmp(text, word, n) && (!text[n] || !strcmp(text + n, ":latest")))
			return false;
	}
	return !strncmp(image->id, word, n) || !strncmp(image->id + skip, word, n);
}

/* All names that the image has from registries, if the word is its id: 1, with the exit status. */
static int update_id(struct cli *c, const char *word, bool quiet,
                     const struct usrct_registry_options *registry, int *ret_status)
{
	_cleanup_json_ json_t *here = look_at(c, word);
	struct usrct_image *list = NULL;
	int found = 0;
	size_t n = 0;

	if (!here || usrct_image_list(c->u, NULL, &list, &n, NULL) < 0)
		return 0;
	for (size_t i = 0; i < n && !found; i++) {
		found = !strcmp(list[i].id, id_of(here)) && is_id_of(&list[i], word);
		if (found)
			*ret_status = update_names(c, &list[i], quiet, registry);
	}
	usrct_image_list_free(list, n);
	return found;
}

int image_update(struct cli *c, const struct args *a, bool quiet,
                 const struct usrct_registry_options *registry)
{
	int status = 0, one;

	for (size_t i = 0; i < a->n_words; i++) {
		if (!strcmp(a->words[i], "all"))
			one = update_all(c, quiet, registry);
		else if (!update_id(c, a->words[i], quiet, registry, &one))
			one = update_one(c, a->words[i], quiet, registry);
		status = one ? one : status;
	}
	return status;
}

static int update(struct cli *c, const struct args *a)
{
	struct usrct_registry_options registry;
	char *text = NULL;
	struct err e;
	int status;

	if (registry_options_take(a, &registry, &text, &e) < 0)
		return cli_fail_local(c, &e);
	status = image_update(c, a, args_flag(a, "quiet"), &registry);
	registry_options_done(&text);
	return status;
}

const struct command cmd_image_update = {
	.name = "image update",
	.group = GROUP_IMAGES,
	.summary = "Pull images again and say what changed",
	.description =
		"One line for each name: up to date, or the old and the new id and how many layers "
		"are new. all is every name of every image that came from a registry, an id every "
		"such name of its image; names that were only given here are left alone. "
		"Containers "
		"keep the image they were made from; it loses its name if there is a newer one.",
	.args = (const struct positional[]){ { "IMAGE|all", COMPLETE_IMAGE, false, true },
	                                     { NULL } },
	.options = (const struct option[]){ { "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL,
	                                      "No progress" },
	                                    { NULL } },
	.shared = (const struct option *const[]){ registry_options, NULL },
	.examples =
		(const struct example[]){ { "All, then throw away what was replaced",
	                                    "usr-ct image update all && usr-ct image prune -f" },
	                                  { NULL, NULL } },
	.handler = update,
	.uses_store = true,
};
