/* SPDX-License-Identifier: Apache-2.0 */
/* image - finding and naming images */
#include "engine/engine.h"

#include "base/sbuf.h"
#include "image/config.h"
#include "image/reference.h"
#include "image/registries.h"
#include "store/blobs.h"
#include "store/images.h"

#include <stdlib.h>
#include <string.h>

/* What the index knows it by. A digest beside a tag counts alone: the tag may have moved on. */
static int key_of(const struct reference *ref, char *buf, size_t size, struct err *e)
{
	struct reference by_digest;

	if (ref->kind != REFERENCE_REGISTRY || !ref->digest[0])
		return reference_full_name(ref, buf, size, e);
	by_digest = *ref;
	by_digest.tag[0] = '\0';
	return reference_full_name(&by_digest, buf, size, e);
}

int engine_find_image(struct usrct *u, const char *text, struct image_row *ret, struct err *e)
{
	struct reference ref;
	char full[600] = "";
	int r = reference_resolve(text, &ref, e);

	if (r == 0)
		r = key_of(&ref, full, sizeof(full), e);
	if (r == 0 && full[0]) {
		r = image_find(u->store, full, ret, e);
		if (r != 0)
			return r;
	} else if (e && e->uct != UCT_BAD_REFERENCE) {
		return r;
	}
	/* Not a name that we have: perhaps an id. A bad reference that is none either stays bad. */
	struct err none = { 0 };
	int found = image_find(u->store, text, ret, &none);

	if (found == 1 || found == -ENOTUNIQ) {
		if (found < 0 && e)
			*e = none;
		return found;
	}
	return MIN(r, 0);
}

int engine_need_image(struct usrct *u, const char *text, struct image_row *ret, struct err *e)
{
	int r = engine_find_image(u, text, ret, e);

	if (r == 0)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no image '%s'", text);
	return MIN(r, 0);
}

static int read_blob(struct usrct *u, const char *digest, size_t max_bytes, const char *what,
                     json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = blob_read(u->store, digest, max_bytes, &text, &n, e);

	return r < 0 ? r : json_parse(text, n, what, ret, e);
}

int engine_image_config(struct usrct *u, const char *id, json_t **ret, struct err *e)
{
	return read_blob(u, id, CONFIG_MAX_BYTES, "the image's config", ret, e);
}

int engine_image_manifest(struct usrct *u, const char *digest, json_t **ret, struct err *e)
{
	return read_blob(u, digest, MANIFEST_MAX_BYTES, "the image's manifest", ret, e);
}

int engine_image_key(const char *text, char *buf, size_t size)
{
	struct reference ref;

	buf[0] = '\0';
	return reference_resolve(text, &ref, NULL) == 0 ? key_of(&ref, buf, size, NULL) : -EINVAL;
}

static const char hex[] = "0123456789abcdef";

static bool is_id_length(size_t n)
{
	return n == 12 || n == 64;
}

/* As many hex digits as an id has, or what stands in front of them: nobody could tell whether the
 * name or an id is meant. */
static bool looks_like_id(const struct reference *ref)
{
	const char *name = strncmp(ref->name, "library/", 8) ? ref->name : ref->name + 8;
	size_t n = strlen(name);

	return !strcmp(ref->host, "docker.io") &&
	       ((is_id_length(n) && strspn(name, hex) == n) || !strcmp(name, "sha256"));
}

static int new_name(const struct reference *ref, const char *text, char *buf, size_t size,
                    struct err *e)
{
	if (ref->kind != REFERENCE_REGISTRY || ref->digest[0])
		return err_set(e, UCT_BAD_REFERENCE, -EINVAL,
		               "'%s' is not a name that an image can be given", text);
	if (looks_like_id(ref) || (strspn(text, hex) == strlen(text) && is_id_length(strlen(text))))
		return err_set(e, UCT_BAD_REFERENCE, -EINVAL,
		               "'%s' reads like an image's id and cannot be its name", text);
	return reference_full_name(ref, buf, size, e);
}

int engine_new_name(const char *text, char *buf, size_t size, struct err *e)
{
	struct reference ref;
	int r = reference_resolve(text, &ref, e);

	return r < 0 ? r : new_name(&ref, text, buf, size, e);
}

int engine_archive_name(const char *text, char *buf, size_t size, struct err *e)
{
	struct reference ref;
	int r = reference_parse(text, &ref, e);

	return r < 0 ? r : new_name(&ref, text, buf, size, e);
}

const char *usrct_image_familiar(const char *name)
{
	char familiar[600];
	size_t n = strlen(name), k;

	if (n >= sizeof(familiar))
		return name;
	reference_familiar(name, familiar, sizeof(familiar));
	k = strlen(familiar);
	return k <= n && !strcmp(name + n - k, familiar) ? name + n - k : name;
}

static int tag(struct usrct *u, const char *image, const char *name, struct err *e)
{
	struct image_row row = { 0 };
	char full[600];
	int r = engine_new_name(name, full, sizeof(full), e);

	if (r == 0)
		r = engine_store(u, STORE_WRITE, e);
	if (r == 0)
		r = engine_need_image(u, image, &row, e);
	if (r == 0)
		r = image_tag(u->store, row.id, full, e);
	if (r > 0)
		engine_image_event(u, "tag", row.id, full);
	image_row_done(&row);
	return MIN(r, 0);
}

int usrct_image_tag(struct usrct *u, const char *image, const char *name, struct usrct_err *out)
{
	struct err e = { 0 };
	int r = tag(u, image, name, &e);

	return ENGINE_RETURN(r, out, &e);
}

static int untag_one(struct usrct *u, const struct image_row *row, const char *full, struct err *e)
{
	bool is_its_own = false;
	int r;

	for (char *const *n = row->names; n && *n; n++)
		is_its_own = is_its_own || !strcmp(*n, full);
	for (char *const *n = row->digests; n && *n; n++)
		is_its_own = is_its_own || !strcmp(*n, full);
	if (!is_its_own)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "'%s' is not a name of image %.19s",
		               full, row->id);
	r = image_untag(u->store, full, e);
	if (r > 0)
		engine_image_event(u, "untag", row->id, full);
	return MIN(r, 0);
}

static int untag(struct usrct *u, const char *image, const char *const *names, struct err *e)
{
	struct image_row row = { 0 };
	char full[600];
	int r = engine_store(u, STORE_WRITE, e);

	if (r == 0)
		r = engine_need_image(u, image, &row, e);
	if (r == 0 && (!names || !*names))
		for (char *const *n = row.names; r == 0 && n && *n; n++)
			r = untag_one(u, &row, *n, e);
	for (; r == 0 && names && *names; names++) {
		if (engine_image_key(*names, full, sizeof(full)) < 0)
			r = err_set(e, UCT_BAD_REFERENCE, -EINVAL, "'%s' is not a name", *names);
		else
			r = untag_one(u, &row, full, e);
	}
	image_row_done(&row);
	return r;
}

int usrct_image_untag(struct usrct *u, const char *image, const char *const *names,
                      struct usrct_err *out)
{
	struct err e = { 0 };
	int r = untag(u, image, names, &e);

	return ENGINE_RETURN(r, out, &e);
}
