/* SPDX-License-Identifier: Apache-2.0 */
/* signed - whether an image has the signatures that policy.json demands
 *
 * They are asked of whoever gave the manifest; a mirror that lacks them is as one that lacks the
 * image. podman looks for signatures of the manifest for its platform, cosign makes them of what
 * the tag names, which may be an index: both are taken, since the index has the manifest's digest.
 */
#include "fetch.h"

#include <string.h>

/* One document of signatures, against one rule. 0; or UCT_IMAGE_UNSIGNED, and why the last of them
 * did not do, or -ENOENT: there are none. */
static int try_all(const struct fetch *f, const struct signed_rule *rule, const char *digest,
                   const struct document *manifest, struct err *e)
{
	struct signature *list = NULL;
	size_t n = 0;
	int r = signatures_parse(manifest->text, manifest->n, &list, &n, e);

	if (r == 0 && n == 0)
		r = err_set(e, UCT_IMAGE_UNSIGNED, -ENOENT, "there is none beside it");
	for (size_t i = 0; i < n; i++) {
		_cleanup_document_ struct document payload = { 0 };

		r = source_blob(f->source, &list[i].payload, &payload, e);
		if (r < 0)
			break;
		r = signature_check(rule, &f->ref, digest, list[i].base64, &payload, e);
		if (r == 0 || e->uct != UCT_IMAGE_UNSIGNED)
			break;
	}
	signatures_free(list, n);
	return r;
}

static int check_digest(const struct fetch *f, const struct signed_rule *rule, const char *digest,
                        struct err *e)
{
	_cleanup_document_ struct document manifest = { 0 };
	int r = source_signatures(f->source, digest, &manifest, e);

	if (r == -ENOENT)
		return err_set(e, UCT_IMAGE_UNSIGNED, -ENOENT, "there is none beside it");
	return r < 0 ? r : try_all(f, rule, digest, &manifest, e);
}

static int check_rule(const struct fetch *f, const struct signed_rule *rule, const char *manifest,
                      const char *named, struct err *e)
{
	struct err of_image = { 0 }, of_index = { 0 };
	int r = check_digest(f, rule, manifest, &of_image);

	if (r < 0 && of_image.uct == UCT_IMAGE_UNSIGNED && strcmp(manifest, named) != 0) {
		r = check_digest(f, rule, named, &of_index);
		/* What is wrong with a signature says more than that there is none. */
		if (r < 0 && (r != -ENOENT || of_index.uct != UCT_IMAGE_UNSIGNED))
			of_image = of_index;
	}
	if (r < 0 && e)
		*e = of_image;
	return r;
}

int fetch_check_signed(const struct fetch *f, const char *manifest, const char *named,
                       struct err *e)
{
	for (size_t i = 0; i < f->policy.n; i++) {
		struct err why = { 0 };
		int r = check_rule(f, &f->policy.rules[i], manifest, named, &why);

		if (r < 0 && why.uct == UCT_IMAGE_UNSIGNED)
			return err_set(e, UCT_IMAGE_UNSIGNED, -EACCES,
			               "'%s/%s' has no signature that policy.json accepts: %s",
			               f->ref.host, f->ref.name, why.msg);
		if (r < 0 && e)
			*e = why;
		if (r < 0)
			return r;
	}
	return 0;
}
