/* SPDX-License-Identifier: Apache-2.0 */
#include "image/descriptor.h"

#include "image/digest.h"

#include <stdio.h>
#include <string.h>

const char *text_shown(const char *text, char *buf, size_t size)
{
	size_t n = strnlen(text, size - 1);

	for (size_t i = 0; i < n; i++)
		buf[i] = (unsigned char)text[i] < ' ' || (unsigned char)text[i] >= 0x7f ? '?'
		                                                                        : text[i];
	buf[n] = '\0';
	return buf;
}

int document_bad(struct err *e, int r, const char *what)
{
	(void)err_in(e, r, "%s is not valid", what);
	return err_recode(e, r, UCT_BAD_MANIFEST);
}

int document_parse(const char *json, size_t n, const char *what, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	int r;

	if (!json_is_modest(json, n))
		return err_set(e, UCT_BAD_MANIFEST, -E2BIG, "%s has more than %d values", what,
		               JSON_MODEST_VALUES);
	r = json_parse(json, n, what, &j, e);
	if (r < 0)
		return err_recode(e, r, UCT_BAD_MANIFEST);
	if (!json_is_object(j))
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "%s is not a JSON object", what);
	*ret = TAKE_PTR(j);
	return 0;
}

int document_text(const json_t *j, const char *path, char *buf, size_t size, struct err *e)
{
	const char *s;
	int r = json_get_string(j, path, &s, e);

	buf[0] = '\0';
	if (r <= 0)
		return r;
	if (strlen(s) >= size)
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "'%s' is longer than %zu bytes", path,
		               size - 1);
	memcpy(buf, s, strlen(s) + 1);
	return 1;
}

int document_array(const json_t *j, const char *key, size_t max, const json_t **ret, struct err *e)
{
	const json_t *a = json_at(j, key);

	if (!a)
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "'%s' is missing", key);
	if (!json_is_array(a))
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "'%s' is not an array", key);
	if (json_array_size(a) > max)
		return err_set(e, UCT_BAD_MANIFEST, -E2BIG, "'%s' has more than %zu elements", key,
		               max);
	*ret = a;
	return 0;
}

static int descriptor_fields(const json_t *j, uint64_t max_bytes, struct descriptor *d,
                             struct err *e)
{
	json_int_t size;
	int r;

	if (!json_is_object(j))
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "a descriptor is an object");
	r = document_text(j, "mediaType", d->media_type, sizeof(d->media_type), e);
	if (r < 0)
		return r;
	r = document_text(j, "digest", d->digest, sizeof(d->digest), e);
	if (r < 0)
		return r;
	if (!digest_is_valid(d->digest))
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "'digest' is not a sha256 digest");
	r = json_get_int(j, "size", &size, e);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "'size' is missing");
	if (size < 0)
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "'size' is negative");
	if ((uint64_t)size > max_bytes)
		return err_set(e, UCT_BAD_MANIFEST, -EFBIG, "'size' is %lld; at most %llu is taken",
		               (long long)size, (unsigned long long)max_bytes);
	d->size_bytes = (uint64_t)size;
	return 0;
}

int descriptor_parse(const json_t *j, const char *what, uint64_t max_bytes, struct descriptor *ret,
                     struct err *e)
{
	struct descriptor d = { 0 };
	int r = descriptor_fields(j, max_bytes, &d, e);

	if (r < 0)
		return document_bad(e, r, what);
	*ret = d;
	return 0;
}

bool media_is_index(const char *type)
{
	return !strcmp(type, MEDIA_OCI_INDEX) || !strcmp(type, MEDIA_DOCKER_LIST);
}

bool media_is_manifest(const char *type)
{
	return !strcmp(type, MEDIA_OCI_MANIFEST) || !strcmp(type, MEDIA_DOCKER_MANIFEST);
}
