/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct images - list images */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"
#include "cli/print-json.h"
#include "cli/status.h"
#include "cli/table.h"

#include <string.h>

enum { LIST_MAX_BYTES = 64 << 20 };

/* An image under one of its names. */
struct row {
	const struct usrct_image *image;
	char *repository;
	const char *tag; /* within @repository's memory, or "<none>" */
	char id[72], size[HUMAN_SIZE], ago[STATUS_SIZE];
	const char *shown_id;
};

/* "alpine:3.20" to "alpine" and "3.20"; a colon before a slash belongs to a port. */
static int row_init(struct row *r, const struct usrct_image *image, const char *name,
                    bool truncated)
{
	char *colon, *slash;

	*r = (struct row){ .image = image, .tag = "<none>" };
	r->repository = strdup(name ? human_image(name) : "<none>");
	if (!r->repository)
		return -ENOMEM;
	colon = strrchr(r->repository, ':');
	slash = strrchr(r->repository, '/');
	if (colon && (!slash || colon > slash)) {
		*colon = '\0';
		r->tag = colon + 1;
	}
	human_bytes(image->size_bytes, r->size);
	status_ago(image->created_ns, clock_realtime_ns(), r->ago);
	r->shown_id = human_id(image->id, truncated, r->id);
	return 0;
}

static void row_done(struct row *r)
{
	free(r->repository);
}

struct printer {
	struct sbuf *b;
	struct table table;
	bool truncated, digests, as_json;
};

static void print_row(struct printer *p, const struct row *r)
{
	const char *digest = r->image->digest ? r->image->digest : "<none>";
	char created[RFC3339_SIZE];

	if (p->as_json) {
		clock_rfc3339(r->image->created_ns, created);
		print_json_line(p->b, json_pack("{ss ss ss ss ss ss ss}", "CreatedAt", created,
		                                "CreatedSince", r->ago, "Digest", digest, "ID",
		                                r->shown_id, "Repository", r->repository, "Size",
		                                r->size, "Tag", r->tag));
		return;
	}
	table_add(&p->table, r->repository);
	table_add(&p->table, r->tag);
	if (p->digests)
		table_add(&p->table, digest);
	table_add(&p->table, r->shown_id);
	table_add(&p->table, r->ago);
	table_add(&p->table, r->size);
}

/* A line for each name, and one for an image that has none. */
static void print_image(struct printer *p, const struct usrct_image *image)
{
	const char *const *name = image->names;

	do {
		struct row r;

		if (row_init(&r, image, name ? *name : NULL, p->truncated) < 0) {
			p->b->err = -ENOMEM;
			return;
		}
		print_row(p, &r);
		row_done(&r);
	} while (name && *name && *++name);
}

static void print_list(struct printer *p, const struct usrct_image *list, size_t n)
{
	static const char *const titles[] = { "REPOSITORY", "TAG",     "DIGEST",
		                              "IMAGE ID",   "CREATED", "SIZE" };

	p->table.n_columns = ARRAY_SIZE(titles) - !p->digests;
	for (size_t i = 0; i < ARRAY_SIZE(titles); i++)
		if (p->digests || strcmp(titles[i], "DIGEST") != 0)
			table_add(&p->table, titles[i]);
	for (size_t i = 0; i < n; i++)
		print_image(p, &list[i]);
	if (!p->as_json)
		table_print(&p->table, p->b);
	table_done(&p->table);
}

static int images(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(LIST_MAX_BYTES);
	const char *format = args_string(a, "format");
	struct printer p = { .b = &b,
		             .truncated = !args_flag(a, "no-trunc"),
		             .digests = args_flag(a, "digests"),
		             .as_json = format && strcmp(format, "json") == 0 };
	struct usrct_image *list = NULL;
	struct usrct_err e = { 0 };
	size_t n = 0;
	char id[72];

	if (usrct_image_list(c->u, &list, &n, &e) < 0)
		return cli_fail(c, &e);
	if (args_flag(a, "quiet"))
		for (size_t i = 0; i < n; i++)
			sbuf_addf(&b, "%s\n", human_id(list[i].id, p.truncated, id));
	else
		print_list(&p, list, n);
	usrct_image_list_free(list, n);
	return cli_print(c, &b);
}

const struct command cmd_images = {
	.name = "images",
	.aliases = (const char *const[]){ "image ls", "image list", NULL },
	.group = GROUP_IMAGES,
	.summary = "List images",
	.description = "SIZE is what the image's layers take on this disk, unpacked; layers that "
		       "several images share are counted for each.",
	.options =
		(const struct option[]){
			{ "quiet", 'q', OPTION_FLAG, COMPLETE_NONE, NULL, "Only the ids" },
			{ "digests", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Also the manifests' digests" },
			{ "no-trunc", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Ids in full" },
			{ "format", 0, OPTION_ENUM, COMPLETE_VALUES, "FORM",
	                  "How to print the list", "table", NULL, print_formats },
			{ NULL },
		},
	.examples = (const struct example[]){ { "With the digests that pin them",
	                                        "usr-ct images --digests" },
	                                      { NULL, NULL } },
	.handler = images,
	.uses_store = true,
};
