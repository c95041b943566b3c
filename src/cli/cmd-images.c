/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct images - list images */
#include "cli/cli.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/json.h"
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

/* What one line of the list is about: an image under one of its names. */
struct line {
	const struct usrct_image *image;
	char *repository; /* owned */
	const char *tag;  /* inside it, or "<none>" */
	size_t place;     /* in the list as it came */
};

struct lines {
	struct line *v;
	size_t n, cap;
};

static void lines_done(struct lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].repository);
	free(l->v);
}
#define _cleanup_lines_ _cleanup_(lines_done)

/* A line for each name, or each digest if there is no name, or one for an image that has neither.
 */
static int add_image(struct lines *l, const struct usrct_image *image)
{
	const char *const *name =
		image->names && *image->names ? image->names : image->repo_digests;
	int r;

	do {
		struct line *next;

		r = array_grow(&l->v, l->n, &l->cap, sizeof(*l->v));
		if (r < 0)
			return r;
		next = &l->v[l->n];
		*next = (struct line){ .image = image, .place = l->n };
		r = split_name(name && *name ? *name : NULL, &next->repository, &next->tag);
		if (r < 0)
			return r;
		l->n++;
	} while (name && *name && *++name);
	return 0;
}

static int by_repository(const void *left, const void *right)
{
	const struct line *a = left, *b = right;
	int order = strcmp(a->repository, b->repository);

	if (order == 0)
		order = strcmp(a->tag, b->tag);
	return order ? order : (a->place > b->place) - (a->place < b->place);
}

static int by_tag(const void *left, const void *right)
{
	const struct line *a = left, *b = right;
	int order = strcmp(a->tag, b->tag);

	return order ? order : by_repository(left, right);
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

static void sort(struct usrct_image *list, size_t n, const char *key)
{
	static int (*const compare[])(const void *, const void *) = { by_created, by_id, NULL,
		                                                      by_size, NULL };

	for (size_t i = 0; key && n > 0 && i < ARRAY_SIZE(compare); i++)
		if (compare[i] && strcmp(key, sort_keys[i]) == 0)
			qsort(list, n, sizeof(*list), compare[i]);
}

/* Names, unlike what else may be sorted by, belong to lines. */
static int make_lines(const struct usrct_image *list, size_t n, const char *key, struct lines *ret)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_image(ret, &list[i]);
	if (r == 0 && ret->n > 0 && key && strcmp(key, "repository") == 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_repository);
	if (r == 0 && ret->n > 0 && key && strcmp(key, "tag") == 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), by_tag);
	return r;
}

/* NULL after a failure, which @e tells. */
static json_t *labels_of(struct cli *c, const char *id, struct usrct_err *e)
{
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *text = NULL;
	json_t *labels;

	if (usrct_image_inspect(c->u, id, &text, e) < 0)
		return NULL;
	j = json_loads(text, 0, NULL);
	labels = json_object_get(j, "Labels");
	return json_is_object(labels) ? json_incref(labels) : json_object();
}

static int print_lines(struct cli *c, const struct lines *l, struct columns *columns,
                       bool is_truncated)
{
	struct image_view view = { .now_ns = clock_realtime_ns(), .truncated = is_truncated };
	bool has_labels = columns_need(columns, "Labels");
	struct usrct_err e = { 0 };
	struct err bad;
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0; i++) {
		_cleanup_json_ json_t *labels = NULL;

		view.image = l->v[i].image;
		view.repository = l->v[i].repository;
		view.tag = l->v[i].tag;
		if (has_labels) {
			labels = labels_of(c, view.image->id, &e);
			if (!labels)
				return cli_fail(c, &e);
		}
		view.labels = labels;
		r = columns_row(columns, &view, NULL, &bad);
	}
	return r < 0 ? cli_fail_local(c, &bad) : columns_print(c, columns);
}

/* Docker's "raw": what scripts took apart before there were templates. */
static const char *form_of(const struct args *a)
{
	const char *text = args_string(a, "format");

	if (!text || strcmp(text, "raw") != 0)
		return text;
	return args_flag(a, "digests")
	               ? "repository: {{.Repository}}\ntag: {{.Tag}}\ndigest: {{.Digest}}\n"
	                 "image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\n"
	                 "virtual_size: {{.Size}}\n"
	               : "repository: {{.Repository}}\ntag: {{.Tag}}\nimage_id: {{.ID}}\n"
	                 "created_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n";
}

static int print_rows(struct cli *c, const struct args *a, const struct usrct_image *list, size_t n)
{
	const struct format_options form = {
		.text = form_of(a),
		.table = args_flag(a, "digests")
		                 ? "{{.Repository}}\\t{{.Tag}}\\t{{.Digest}}\\t{{.ID}}\\t"
		                   "{{.CreatedSince}}\\t{{.Size}}"
		                 : "{{.Repository}}\\t{{.Tag}}\\t{{.ID}}\\t{{.CreatedSince}}\\t"
		                   "{{.Size}}",
		.no_heading = args_flag(a, "noheading"),
	};
	_cleanup_columns_ struct columns columns;
	_cleanup_lines_ struct lines lines = { 0 };
	struct err e;

	if (columns_open(&columns, image_columns, &form, &e) < 0)
		return cli_fail_local(c, &e);
	if (make_lines(list, n, args_string(a, "sort"), &lines) < 0)
		return cli_fail_memory(c);
	return print_lines(c, &lines, &columns, !args_flag(a, "no-trunc"));
}

static int print_ids(struct cli *c, const struct usrct_image *list, size_t n, bool truncated)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(LIST_MAX_BYTES);
	char id[72];

	for (size_t i = 0; i < n; i++)
		sbuf_addf(&b, "%s\n", human_id(list[i].id, truncated, id));
	return cli_print(c, &b);
}

/* "sha256:..." or its digits, perhaps only the first of them. */
static bool reads_like_id(const char *name)
{
	const char *hex = strncmp(name, "sha256:", 7) == 0 ? name + 7 : name;

	return *hex && strspn(hex, "0123456789abcdef") == strlen(hex);
}

static int list_with(struct cli *c, const struct args *a, const char *key, const char *name,
                     struct usrct_image **ret, size_t *ret_n)
{
	_cleanup_strv_ struct strv filters = { 0 };
	_cleanup_free_ const char **given = NULL;
	struct usrct_image_list_options o = { .size = sizeof(o) };
	struct usrct_err e = { 0 };
	int r = args_list(a, "filter", &given);

	if (r == 0)
		r = strv_copy(&filters, (char *const *)(uintptr_t)given);
	if (r == 0 && name)
		r = strv_addf(&filters, "%s=%s", key, name);
	if (r < 0)
		return cli_fail_memory(c);
	o.filters = (const char *const *)(uintptr_t)filters.v;
	return usrct_image_list(c->u, &o, ret, ret_n, &e) < 0 ? cli_fail(c, &e) : 0;
}

/* @name is a name, a pattern of names, or, where there is none, the beginning of an id. */
int images_print(struct cli *c, const struct args *a, const char *name)
{
	struct usrct_image *list = NULL;
	size_t n = 0;
	int status = list_with(c, a, "reference", name, &list, &n);

	if (status == 0 && n == 0 && name && reads_like_id(name)) {
		usrct_image_list_free(list, n);
		list = NULL;
		status = list_with(c, a, "id", name, &list, &n);
	}
	if (status)
		return status;
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
		"'alpine:3.*'; an id or its beginning will do as well. SIZE is what the image's "
		"layers take on this disk, unpacked; layers "
		"that several images share are counted for each.\n\n"
		"A filter is KEY=VALUE. Keys are reference (a pattern of names), dangling (true: "
		"without a name), label (KEY or KEY=VALUE), label!, before, since (image), until "
		"(time), id and containers (true: in use).\n\n"
		"Fields of a template are Docker's: .ID .Repository .Tag .Digest .CreatedSince "
		".CreatedAt .Size; and podman's: .Id .Names .RepoTags .RepoDigests .Created "
		".Dangling .Labels. raw is Docker's old form, a line for each field.",
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
