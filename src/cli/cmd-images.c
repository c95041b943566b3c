/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct images - list images */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/sbuf.h"
#include "base/strv.h"
#include "cli/human.h"
#include "cli/image-columns.h"
#include "cli/image-tree.h"
#include "cli/images.h"

#include <string.h>

enum { LIST_MAX_BYTES = 64 << 20 };

static const char *const sort_keys[] = { "created", "id", "repository", "size", "tag", NULL };

/* "alpine:3.20" to "alpine" and "3.20", "alpine@sha256:..." to "alpine" and "<none>"; a colon
 * before a slash belongs to a port. NULL: "<none>". */
static int split_name(const char *name, char **ret_repository, const char **ret_tag)
{
	char *repository = strdup(name ? human_image(name) : "<none>"), *colon, *slash;

	if (!repository)
		return -ENOMEM;
	*ret_tag = "<none>";
	*ret_repository = repository;
	colon = strchr(repository, '@');
	if (colon) {
		*colon = '\0';
		return 0;
	}
	colon = strrchr(repository, ':');
	slash = strrchr(repository, '/');
	if (colon && (!slash || colon > slash)) {
		*colon = '\0';
		*ret_tag = colon + 1;
	}
	return 0;
}

/* A line for each name, or each digest if there is no name, or one for an image that has neither.
 */
static int print_image(struct columns *columns, const struct usrct_image *image,
                       const struct image_view *view, struct err *e)
{
	const char *const *name =
		image->names && *image->names ? image->names : image->repo_digests;
	struct image_view v = *view;
	int r;

	v.image = image;
	do {
		_cleanup_free_ char *repository = NULL;

		r = split_name(name && *name ? *name : NULL, &repository, &v.tag);
		v.repository = repository;
		r = r < 0 ? err_oom(e) : columns_row(columns, &v, NULL, e);
	} while (r == 0 && name && *name && *++name);
	return r;
}

static int by_created(const void *left, const void *right)
{
	const struct usrct_image *a = left, *b = right;

	return (a->created_ns < b->created_ns) - (a->created_ns > b->created_ns);
}

static int by_size(const void *left, const void *right)
{
	const struct usrct_image *a = left, *b = right;

	return (a->size_bytes > b->size_bytes) - (a->size_bytes < b->size_bytes);
}

static int by_id(const void *left, const void *right)
{
	return strcmp(((const struct usrct_image *)left)->id,
	              ((const struct usrct_image *)right)->id);
}

static const char *first_name(const void *image)
{
	const struct usrct_image *i = image;

	return i->names && i->names[0] ? i->names[0] : "";
}

static int by_name(const void *left, const void *right)
{
	return strcmp(first_name(left), first_name(right));
}

static int by_tag(const void *left, const void *right)
{
	const char *a = strrchr(first_name(left), ':'), *b = strrchr(first_name(right), ':');

	return strcmp(a ? a : "", b ? b : "");
}

static void sort(struct usrct_image *list, size_t n, const char *key)
{
	static int (*const compare[])(const void *, const void *) = { by_created, by_id, by_name,
		                                                      by_size, by_tag };

	for (size_t i = 0; key && n > 0 && i < ARRAY_SIZE(compare); i++)
		if (strcmp(key, sort_keys[i]) == 0)
			qsort(list, n, sizeof(*list), compare[i]);
}

static int print_rows(struct cli *c, const struct args *a, const struct usrct_image *list, size_t n)
{
	const struct format_options form = {
		.text = args_string(a, "format"),
		.table = args_flag(a, "digests")
		                 ? "{{.Repository}}\\t{{.Tag}}\\t{{.Digest}}\\t{{.ID}}\\t"
		                   "{{.CreatedSince}}\\t{{.Size}}"
		                 : "{{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t"
		                   "{{.Size}}",
		.no_heading = args_flag(a, "noheading"),
	};
	const struct image_view view = { .now_ns = clock_realtime_ns(),
		                         .truncated = !args_flag(a, "no-trunc") };
	_cleanup_columns_ struct columns columns;
	struct err e;
	int r = columns_open(&columns, image_columns, &form, &e);

	for (size_t i = 0; i < n && r == 0; i++)
		r = print_image(&columns, &list[i], &view, &e);
	return r < 0 ? cli_fail_local(c, &e) : columns_print(c, &columns);
}

static int print_ids(struct cli *c, const struct usrct_image *list, size_t n, bool truncated)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(LIST_MAX_BYTES);
	char id[72];

	for (size_t i = 0; i < n; i++)
		sbuf_addf(&b, "%s\n", human_id(list[i].id, truncated, id));
	return cli_print(c, &b);
}

/* The argument is a name, a pattern of names or the beginning of an id. */
static int collect_filters(const struct args *a, const char *name, struct strv *ret)
{
	_cleanup_free_ const char **given = NULL;
	int r = args_list(a, "filter", &given);

	if (r == 0)
		r = strv_copy(ret, (char *const *)(uintptr_t)given);
	if (r == 0 && name)
		r = strv_addf(ret, "reference=%s", name);
	return r;
}

int images_print(struct cli *c, const struct args *a, const char *name)
{
	_cleanup_strv_ struct strv filters = { 0 };
	struct usrct_image_list_options o = { .size = sizeof(o) };
	struct usrct_image *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	int status;

	if (collect_filters(a, name, &filters) < 0)
		return cli_fail_memory(c);
	o.filters = (const char *const *)(uintptr_t)filters.v;
	if (usrct_image_list(c->u, &o, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	sort(list, n, args_string(a, "sort"));
	status = args_flag(a, "quiet") ? print_ids(c, list, n, !args_flag(a, "no-trunc"))
	                               : print_rows(c, a, list, n);
	usrct_image_list_free(list, n);
	return status;
}

static int images(struct cli *c, const struct args *a)
{
	if (args_flag(a, "tree"))
		return image_tree_print(c, a->n_words ? a->words[0] : NULL);
	return images_print(c, a, a->n_words ? a->words[0] : NULL);
}

const struct command cmd_images = {
	.name = "images",
	.aliases = (const char *const[]){ "image ls", "image list", NULL },
	.group = GROUP_IMAGES,
	.summary = "List images",
	.description =
		"With NAME only images of that name, which may be a pattern: 'team/*', "
		"'alpine:3.*'. SIZE is what the image's layers take on this disk, unpacked; layers "
		"that several images share are counted for each.\n\n"
		"A filter is KEY=VALUE. Keys are reference (a pattern of names), dangling (true: "
		"without a name), label (KEY or KEY=VALUE), label!, before, since (image), until "
		"(time), id and containers (true: in use).\n\n"
		"Fields of a template are Docker's: .ID .Repository .Tag .Digest .CreatedSince "
		".CreatedAt .Size; and podman's: .Id .Names .RepoTags .RepoDigests .Created "
		".Dangling.",
	.args = (const struct positional[]){ { "NAME", COMPLETE_IMAGE, true, false }, { NULL } },
	.options =
		(const struct option[]){
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "All there are, which is the default: there are no others" },
			{ "digests", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Also the manifests' digests" },
			{ "filter", 'f', OPTION_LIST, COMPLETE_IMAGE_FILTER, "KEY=VALUE",
	                  "Only those that fit" },
			{ "format", 0, OPTION_STRING, COMPLETE_IMAGE_FORMAT, "TEMPLATE",
	                  "How to print the list: a template, json, or table TEMPLATE", "table" },
			{ "no-trunc", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Ids in full", NULL,
	                  "notruncate" },
			{ "noheading", 'n', OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "A table without its first line", NULL, "no-heading" },
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Only the ids" },
			{ "tree", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "What image tree prints: layers, and the images upon them" },
			{ "sort", 0, OPTION_ENUM, COMPLETE_VALUES, "KEY", "The order of the list",
	                  "newest first", NULL, sort_keys },
			{ NULL },
		},
	.foreign = (const struct foreign_option[]){ { "history", 0,
	                                              "names that an image once had are not kept",
	                                              "usr-ct events --since tells of some" },
	                                            { NULL, 0, NULL, NULL } },
	.examples =
		(const struct example[]){
			{ "With the digests that pin them", "usr-ct images --digests" },
			{ "Names with tags", "usr-ct images --format '{{.Repository}}:{{.Tag}}'" },
			{ NULL, NULL } },
	.handler = images,
	.uses_store = true,
};
