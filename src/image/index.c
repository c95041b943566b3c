/* SPDX-License-Identifier: Apache-2.0 */
/* index - chooses the manifest that fits a platform from an image index or manifest list */
#include "base/sbuf.h"
#include "image/descriptor.h"
#include "image/platform.h"

#include <stdio.h>
#include <string.h>

enum { INDEX_MANIFESTS_MAX = 1024 };

/* A manifest of an index together with how well it fits. */
struct choice {
	struct descriptor d;
	unsigned fit;
};

static int check_is_index(const json_t *j, struct err *e)
{
	char type[128];
	int r;

	r = document_text(j, "mediaType", type, sizeof(type), e);
	if (r < 0)
		return document_bad(e, r, "manifest");
	if (r == 1 ? !media_is_index(type) : !json_at(j, "manifests"))
		return 0;
	/* Two programs must not read it as two things; see check_kind() in manifest.c. */
	if (json_at(j, "layers") || json_at(j, "config"))
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL,
		               "image index is not valid: it is both a manifest and an index");
	return 1;
}

/* buildx stores attestations beside the images, as manifests for "unknown/unknown". */
static bool is_attestation(const json_t *m, const struct platform *p)
{
	const json_t *a = json_object_get(json_at(m, "annotations"), "vnd.docker.reference.type");

	return json_is_string(a) || !strcmp(p->os, "unknown") ||
	       !strcmp(p->architecture, "unknown") || json_at(m, "artifactType");
}

static int parse_platform(const json_t *m, struct platform *ret, struct err *e)
{
	const json_t *j = json_at(m, "platform");
	int r;

	*ret = (struct platform){ 0 };
	if (!j)
		return 0;
	if (!json_is_object(j))
		return err_set(e, UCT_BAD_MANIFEST, -EINVAL, "'platform' is not an object");
	r = document_text(j, "os", ret->os, sizeof(ret->os), e);
	if (r >= 0)
		r = document_text(j, "architecture", ret->architecture, sizeof(ret->architecture),
		                  e);
	if (r >= 0)
		r = document_text(j, "variant", ret->variant, sizeof(ret->variant), e);
	return r < 0 ? r : 0;
}

static void list_platform(struct sbuf *b, const struct platform *p)
{
	char shown[128], text[128];

	(void)snprintf(text, sizeof(text), "%s/%s%s%s", p->os, p->architecture,
	               p->variant[0] ? "/" : "", p->variant);
	sbuf_addf(b, "%s%s", b->len ? ", " : "", text_shown(text, shown, sizeof(shown)));
}

static int consider(const json_t *m, const struct platform *want, struct choice *best,
                    struct sbuf *offers, struct err *e)
{
	struct choice c = { 0 };
	struct platform have;
	int r;

	r = descriptor_parse(m, "manifest", MANIFEST_MAX_BYTES, &c.d, e);
	if (r < 0)
		return err_in(e, r, "image index is not valid");
	r = parse_platform(m, &have, e);
	if (r < 0)
		return document_bad(e, r, "image index");
	if (is_attestation(m, &have) || (c.d.media_type[0] && !media_is_index(c.d.media_type) &&
	                                 !media_is_manifest(c.d.media_type)))
		return 0;
	if (!have.os[0] && !have.architecture[0]) {
		c.fit = 1; /* no platform said: any, if nothing fits better (layouts of umoci) */
	} else {
		c.fit = platform_fit(want, &have);
		list_platform(offers, &have);
	}
	if (c.fit > best->fit)
		*best = c;
	return 0;
}

int index_choose(const char *json, size_t n, const char *platform, struct descriptor *ret,
                 struct err *e)
{
	_cleanup_sbuf_ struct sbuf offers = SBUF_INIT(300);
	_cleanup_json_ json_t *j = NULL;
	const json_t *manifests;
	struct choice best = { 0 };
	struct platform want;
	int r;

	if (n > MANIFEST_MAX_BYTES)
		return err_set(e, UCT_BAD_MANIFEST, -EFBIG, "the manifest is larger than %d bytes",
		               MANIFEST_MAX_BYTES);
	if (platform_split(platform, &want) < 0)
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "invalid platform '%.64s'", platform);
	r = document_parse(json, n, "manifest", &j, e);
	if (r < 0)
		return r;
	r = check_is_index(j, e);
	if (r <= 0)
		return r;
	r = document_array(j, "manifests", INDEX_MANIFESTS_MAX, &manifests, e);
	if (r < 0)
		return document_bad(e, r, "image index");
	for (size_t i = 0; i < json_array_size(manifests); i++) {
		r = consider(json_array_get(manifests, i), &want, &best, &offers, e);
		if (r < 0)
			return r;
	}
	/* The list of offers may be cut (its bound); it is for reading only. */
	if (best.fit == 0)
		return err_set(e, UCT_NO_PLATFORM, -ENOENT,
		               "the image has no variant for %s, only for: %s", platform,
		               offers.s ? offers.s : "none");
	*ret = best.d;
	return 1;
}
