/* SPDX-License-Identifier: Apache-2.0 */
/* image-columns - the fields of an image in images, with Docker's and podman's names */
#include "cli/image-columns.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/human.h"
#include "cli/status.h"

#include <string.h>

static const struct usrct_image *image(const void *row)
{
	return ((const struct image_view *)row)->image;
}

static json_t *created_at(const void *row)
{
	char text[HUMAN_SIZE];

	human_time(image(row)->created_ns, text);
	return json_string(text[0] ? text : "N/A");
}

static json_t *created_since(const void *row)
{
	const struct image_view *v = row;
	char text[STATUS_SIZE];

	status_ago(v->image->created_ns, v->now_ns, text);
	return json_string(text);
}

/* What the registry gave for the line's repository; else the manifest's own. */
static json_t *digest(const void *row)
{
	const struct image_view *v = row;
	const char *const *d = v->image->repo_digests;

	for (; d && *d; d++) {
		const char *name = human_image(*d), *at = strchr(name, '@');

		if (at && v->repository && strlen(v->repository) == (size_t)(at - name) &&
		    !strncmp(name, v->repository, (size_t)(at - name)))
			return json_string(at + 1);
	}
	return json_string(v->image->digest ? v->image->digest : "<none>");
}

static json_t *id(const void *row)
{
	const struct image_view *v = row;
	char text[72];

	return json_string(human_id(v->image->id, v->truncated, text));
}

static json_t *full_id(const void *row)
{
	return json_string(image(row)->id);
}

static json_t *repository(const void *row)
{
	return json_string(((const struct image_view *)row)->repository);
}

static json_t *tag(const void *row)
{
	return json_string(((const struct image_view *)row)->tag);
}

static json_t *size(const void *row)
{
	char text[HUMAN_SIZE];

	human_bytes(image(row)->size_bytes, text);
	return json_string(text);
}

static json_t *not_known(const void *row)
{
	(void)row;
	return json_string("N/A");
}

static json_t *is_dangling(const void *row)
{
	const char *const *names = image(row)->names, *const *digests = image(row)->repo_digests;

	return json_boolean((!names || !*names) && (!digests || !*digests));
}

static json_t *no(const void *row)
{
	(void)row;
	return json_false();
}

static json_t *names(const void *row)
{
	json_t *list = json_array();

	for (const char *const *n = image(row)->names; n && *n; n++)
		(void)json_array_append_new(list, json_string(human_image(*n)));
	return list;
}

/* podman's list of the names that it has had, of which we know those that it has. */
static json_t *history(const void *row)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(1 << 20);

	for (const char *const *n = image(row)->names; n && *n; n++)
		sbuf_addf(&b, "%s%s", b.len ? ", " : "", human_image(*n));
	return b.err ? NULL : json_string(b.s ? b.s : "");
}

static json_t *labels(const void *row)
{
	json_t *j = ((const struct image_view *)row)->labels;

	return j ? json_incref(j) : json_object();
}

static json_t *repo_digests(const void *row)
{
	const struct image_view *v = row;
	const char *const *d = v->image->repo_digests;
	_cleanup_free_ char *text = NULL;
	json_t *list = json_array();

	for (; d && *d; d++)
		(void)json_array_append_new(list, json_string(human_image(*d)));
	if (json_array_size(list))
		return list;
	text = strf("%s@%s", v->repository, v->image->digest);
	(void)json_array_append_new(list, json_string(text));
	return list;
}

const struct column image_columns[] = {
	{ "Containers", "CONTAINERS", not_known, false },
	{ "CreatedAt", "CREATED AT", created_at, false },
	{ "CreatedSince", "CREATED", created_since, false },
	{ "Digest", "DIGEST", digest, false },
	{ "ID", "IMAGE ID", id, false },
	{ "Repository", "REPOSITORY", repository, false },
	{ "SharedSize", "SHARED SIZE", not_known, false },
	{ "Size", "SIZE", size, false },
	{ "Tag", "TAG", tag, false },
	{ "UniqueSize", "UNIQUE SIZE", not_known, false },
	{ "VirtualSize", "SIZE", size, false },
	{ "Created", "CREATED", created_since, true },
	{ "CreatedTime", "CREATED AT", created_at, true },
	{ "Dangling", "DANGLING", is_dangling, true },
	{ "History", "HISTORY", history, true },
	{ "Id", "IMAGE ID", full_id, true },
	{ "Labels", "LABELS", labels, true },
	{ "Names", "NAMES", names, true },
	{ "ReadOnly", "READONLY", no, true },
	{ "RepoDigests", "REPO DIGESTS", repo_digests, true },
	{ "RepoTags", "REPO TAGS", names, true },
	{ NULL, NULL, NULL, false },
};
