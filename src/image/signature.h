/* SPDX-License-Identifier: Apache-2.0 */
/* signature - cosign's signatures of images ("sigstoreSigned" of containers-policy.json(5))
 *
 * A signature lies beside the image, as the layer of a manifest of its own with the tag
 * sha256-HEX.sig: the layer is a JSON text (the payload), which says of which digest it is and
 * under which name that was signed; the signature of this text stands in an annotation. What it
 * takes to be believed: one of the keys made it, it is of this digest, and the name fits.
 *
 * Should: hold all of that against a rule, in the words of containers/image.
 * Mustn't: ask for anything; know who signed, as certificates of Fulcio and the log Rekor would
 * say.
 */
#pragma once

#include "base/json.h"
#include "base/strv.h"
#include "image/source.h"

enum identity_kind {
	IDENTITY_REPO_DIGEST_OR_EXACT, /* the same name and tag; by digest the same name */
	IDENTITY_EXACT,
	IDENTITY_REPOSITORY, /* the same name, whatever the tag */
	IDENTITY_EXACT_REFERENCE,
	IDENTITY_EXACT_REPOSITORY,
	IDENTITY_REMAP,
};

/* One "sigstoreSigned" requirement. */
struct signed_rule {
	struct strv keys; /* PEM; any of them will do */
	enum identity_kind identity;
	char *given, *signed_prefix; /* the name, or the prefix, that the rule has; else NULL */
};
void signed_rule_done(struct signed_rule *rule);
/* Of the policy's JSON; keys that are files are read. UCT_IMAGE_POLICY. */
int signed_rule_parse(const json_t *j, struct signed_rule *ret, struct err *e);

/* A layer of a signature's manifest. */
struct signature {
	struct descriptor payload;
	char *base64;
};
void signatures_free(struct signature *list, size_t n);
/* Those of a manifest; layers of other types are passed over. UCT_IMAGE_UNSIGNED. */
int signatures_parse(const char *text, size_t n, struct signature **ret, size_t *ret_n,
                     struct err *e);

/* What a payload says. */
struct signature_claim {
	char digest[72];
	char reference[512];
};
int signature_claim_parse(const char *text, size_t n, struct signature_claim *ret, struct err *e);
/* Base64; @buf has room for as many bytes as @base64. 0, -EINVAL, -ENOMEM. */
int signature_decode(const char *base64, unsigned char *buf, size_t *ret_n);
/* Whether one of the keys signed the payload: 1, 0, or negative (a key is of no use). */
int signature_is_by(const struct signed_rule *rule, const char *base64, const char *payload,
                    size_t n, struct err *e);
/* Whether an image that was asked for as @wanted may have been signed as @signed_as. */
bool signature_name_fits(const struct signed_rule *rule, const struct reference *wanted,
                         const char *signed_as);
/* All of it: 0, or UCT_IMAGE_UNSIGNED and why not. */
int signature_check(const struct signed_rule *rule, const struct reference *wanted,
                    const char *digest, const char *base64, const struct document *payload,
                    struct err *e);
