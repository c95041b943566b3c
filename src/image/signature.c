/* SPDX-License-Identifier: Apache-2.0 */
#include "image/signature.h"

#include "image/descriptor.h"
#include "image/digest.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

enum { SIGNATURES_MAX = 256, SIGNATURE_MAX_BYTES = 4096, PAYLOAD_MAX_BYTES = 1 << 20 };
enum { RSA_MIN_BITS = 2048 };

#define MEDIA_PAYLOAD     "application/vnd.dev.cosign.simplesigning.v1+json"
#define ANNOTATION        "dev.cosignproject.cosign/signature"
#define TYPE_OF_SIGNATURE "cosign container image signature"

/* --- the manifest of signatures */

void signatures_free(struct signature *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i].base64);
	free(list);
}

static int bad(struct err *e, const char *what, const char *why)
{
	return err_set(e, UCT_IMAGE_UNSIGNED, -EACCES, "%s is not valid: %s", what, why);
}

static int take_signature(const json_t *layer, struct signature *ret, size_t *n, struct err *e)
{
	const char *type = json_string_value(json_object_get(layer, "mediaType"));
	const char *base64 = json_string_value(
		json_object_get(json_object_get(layer, "annotations"), ANNOTATION));

	if (!type || strcmp(type, MEDIA_PAYLOAD) != 0 || !base64)
		return 0;
	if (descriptor_parse(layer, "signature", PAYLOAD_MAX_BYTES, &ret[*n].payload, e) < 0)
		return bad(e, "the manifest of signatures", "a layer is none");
	ret[*n].base64 = strdup(base64);
	if (!ret[*n].base64)
		return err_oom(e);
	(*n)++;
	return 0;
}

int signatures_parse(const char *text, size_t n, struct signature **ret, size_t *ret_n,
                     struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	const json_t *layers, *layer;
	struct signature *list;
	size_t i, k = 0;
	int r = 0;

	if (json_parse(text, n, "manifest", &j, NULL) < 0)
		return bad(e, "the manifest of signatures", "it is no JSON");
	layers = json_object_get(j, "layers");
	if (!json_is_array(layers) || json_array_size(layers) > SIGNATURES_MAX)
		return bad(e, "the manifest of signatures", "its layers are none, or too many");
	list = calloc(json_array_size(layers) + 1, sizeof(*list));
	if (!list)
		return err_oom(e);
	json_array_foreach(layers, i, layer)
	{
		if (r == 0)
			r = take_signature(layer, list, &k, e);
	}
	if (r < 0) {
		signatures_free(list, k);
		return r;
	}
	*ret = list;
	*ret_n = k;
	return 0;
}

/* --- payload */

/* An object with exactly these keys: what a reader does not know, might change what is meant. */
static const json_t *exactly(const json_t *j, const char *a, const char *b, const char *c)
{
	size_t n = 1 + (b != NULL) + (c != NULL);

	return json_is_object(j) && json_object_size(j) == n && json_object_get(j, a) &&
	                       (!b || json_object_get(j, b)) && (!c || json_object_get(j, c))
	               ? j
	               : NULL;
}

static bool take_text(const json_t *j, const char *key, char *buf, size_t size)
{
	const char *text = json_string_value(json_object_get(j, key));

	if (!text || strlen(text) >= size)
		return false;
	memcpy(buf, text, strlen(text) + 1);
	return true;
}

int signature_claim_parse(const char *text, size_t n, struct signature_claim *ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	const json_t *critical, *optional, *image, *identity;
	char type[sizeof(TYPE_OF_SIGNATURE)];

	if (n > PAYLOAD_MAX_BYTES || json_parse(text, n, "payload", &j, NULL) < 0)
		return bad(e, "what was signed", "it is no JSON, or too large");
	optional = json_object_get(j, "optional");
	critical = exactly(exactly(j, "critical", "optional", NULL) ? json_object_get(j, "critical")
	                                                            : NULL,
	                   "type", "image", "identity");
	image = exactly(json_object_get(critical, "image"), "docker-manifest-digest", NULL, NULL);
	identity = exactly(json_object_get(critical, "identity"), "docker-reference", NULL, NULL);
	if (!image || !identity || (!json_is_object(optional) && !json_is_null(optional)))
		return bad(e, "what was signed", "it lacks a field, or has others");
	if (!take_text(critical, "type", type, sizeof(type)) ||
	    strcmp(type, TYPE_OF_SIGNATURE) != 0)
		return bad(e, "what was signed", "it is not of the type of images' signatures");
	if (!take_text(image, "docker-manifest-digest", ret->digest, sizeof(ret->digest)) ||
	    !digest_is_valid(ret->digest) ||
	    !take_text(identity, "docker-reference", ret->reference, sizeof(ret->reference)))
		return bad(e, "what was signed", "it names no image");
	return 0;
}

/* --- keys */

int signature_decode(const char *base64, unsigned char *buf, size_t *ret_n)
{
	EVP_ENCODE_CTX *ctx = EVP_ENCODE_CTX_new();
	int n = 0, more = 0, r = -EINVAL;

	if (!ctx)
		return -ENOMEM;
	EVP_DecodeInit(ctx);
	if (EVP_DecodeUpdate(ctx, buf, &n, (const unsigned char *)base64, (int)strlen(base64)) >=
	            0 &&
	    EVP_DecodeFinal(ctx, buf + n, &more) == 1)
		r = 0;
	EVP_ENCODE_CTX_free(ctx);
	*ret_n = (size_t)n + (size_t)more;
	return r;
}

static EVP_PKEY *read_key(const char *pem, struct err *e)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	int id = key ? EVP_PKEY_base_id(key) : 0;

	BIO_free(bio);
	if (id == EVP_PKEY_EC || id == EVP_PKEY_ED25519 ||
	    (id == EVP_PKEY_RSA && EVP_PKEY_bits(key) >= RSA_MIN_BITS))
		return key;
	EVP_PKEY_free(key);
	(void)err_set(e, UCT_IMAGE_POLICY, -EACCES, "policy.json: %s",
	              id ? "a key is neither ECDSA, Ed25519 nor RSA of at least 2048 bits"
	                 : "a key is not a public one in PEM");
	return NULL;
}

/* Ed25519 has its own hash; the others sign SHA-256, RSA with PKCS #1 1.5, as cosign has it. */
static bool is_signed_by(EVP_PKEY *key, const unsigned char *sig, size_t n_sig,
                         const unsigned char *text, size_t n)
{
	const EVP_MD *md = EVP_PKEY_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is = ctx && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
	          EVP_DigestVerify(ctx, sig, n_sig, text, n) == 1;

	EVP_MD_CTX_free(ctx);
	return is;
}

int signature_is_by(const struct signed_rule *rule, const char *base64, const char *payload,
                    size_t n, struct err *e)
{
	unsigned char sig[SIGNATURE_MAX_BYTES];
	bool is = false;
	size_t n_sig;

	if (strlen(base64) > sizeof(sig) || signature_decode(base64, sig, &n_sig) < 0)
		return 0;
	for (size_t i = 0; i < rule->keys.n && !is; i++) {
		EVP_PKEY *key = read_key(rule->keys.v[i], e);

		if (!key)
			return -EACCES;
		is = is_signed_by(key, sig, n_sig, (const unsigned char *)payload, n);
		EVP_PKEY_free(key);
	}
	return is;
}

/* --- names */

/* "NAME" with neither tag nor digest: it names no single image. */
static bool is_name_only(const char *text)
{
	const char *slash = strrchr(text, '/');

	return !strchr(text, '@') && !strchr(slash ? slash : text, ':');
}

static bool read_name(const char *text, struct reference *ret)
{
	return reference_parse(text, ret, NULL) == 0 && ret->kind == REFERENCE_REGISTRY;
}

static bool is_same_name(const struct reference *a, const struct reference *b)
{
	return !strcmp(a->host, b->host) && !strcmp(a->name, b->name);
}

static bool is_same(const struct reference *a, const struct reference *b)
{
	return is_same_name(a, b) && !strcmp(a->tag, b->tag) && !strcmp(a->digest, b->digest);
}

/* By digest the digest counts, which the payload has; beside it a tag says nothing. */
static bool is_same_or_by_digest(const struct reference *wanted, const struct reference *claimed)
{
	return wanted->digest[0] ? is_same_name(wanted, claimed) : is_same(wanted, claimed);
}

/* "PREFIX" and "PREFIX/..." are signed as "SIGNED" and "SIGNED/...". */
static bool remap(const struct signed_rule *rule, const struct reference *wanted,
                  struct reference *ret)
{
	size_t n = strlen(rule->given);
	char text[600], moved[1200];
	struct reference there;

	*ret = *wanted;
	(void)snprintf(text, sizeof(text), "%s/%s", wanted->host, wanted->name);
	if (strncmp(text, rule->given, n) != 0 || (text[n] && text[n] != '/'))
		return true;
	(void)snprintf(moved, sizeof(moved), "%s%s", rule->signed_prefix, text + n);
	if (!read_name(moved, &there))
		return false;
	memcpy(ret->host, there.host, sizeof(ret->host));
	memcpy(ret->name, there.name, sizeof(ret->name));
	return true;
}

bool signature_name_fits(const struct signed_rule *rule, const struct reference *wanted,
                         const char *signed_as)
{
	bool is_whole = !is_name_only(signed_as);
	struct reference claimed, other;

	if (!read_name(signed_as, &claimed))
		return false;
	switch (rule->identity) {
	case IDENTITY_REPO_DIGEST_OR_EXACT:
		return is_whole && is_same_or_by_digest(wanted, &claimed);
	case IDENTITY_EXACT:
		return is_whole && is_same(wanted, &claimed);
	case IDENTITY_REPOSITORY:
		return is_same_name(wanted, &claimed);
	case IDENTITY_EXACT_REFERENCE:
		return is_whole && read_name(rule->given, &other) && is_same(&other, &claimed);
	case IDENTITY_EXACT_REPOSITORY:
		return read_name(rule->given, &other) && is_same_name(&other, &claimed);
	case IDENTITY_REMAP:
		return is_whole && remap(rule, wanted, &other) &&
		       is_same_or_by_digest(&other, &claimed);
	}
	return false;
}

int signature_check(const struct signed_rule *rule, const struct reference *wanted,
                    const char *digest, const char *base64, const struct document *payload,
                    struct err *e)
{
	struct signature_claim claim;
	char shown[512];
	int r = signature_is_by(rule, base64, payload->text, payload->n, e);

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(e, UCT_IMAGE_UNSIGNED, -EACCES,
		               "none of the keys in policy.json made the signature");
	r = signature_claim_parse(payload->text, payload->n, &claim, e);
	if (r < 0)
		return r;
	if (strcmp(claim.digest, digest) != 0)
		return err_set(e, UCT_IMAGE_UNSIGNED, -EACCES,
		               "the signature is of another image, %s", claim.digest);
	if (!signature_name_fits(rule, wanted, claim.reference))
		return err_set(e, UCT_IMAGE_UNSIGNED, -EACCES,
		               "it was signed as '%s', which policy.json does not let stand for it",
		               text_shown(claim.reference, shown, sizeof(shown)));
	return 0;
}
