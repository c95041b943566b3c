/* SPDX-License-Identifier: Apache-2.0 */
/* signed-rule - "sigstoreSigned" of containers-policy.json(5)
 *
 * What a field that we do not know, or cannot meet, would have demanded is refused, never passed
 * over: a policy is not weaker for whoever reads less of it.
 */
#include "image/signature.h"

#include "base/file.h"
#include "base/sbuf.h"
#include "image/descriptor.h"

#include <fcntl.h>
#include <string.h>

enum { KEY_MAX_BYTES = 64 << 10, KEYS_MAX = 64 };

void signed_rule_done(struct signed_rule *rule)
{
	strv_done(&rule->keys);
	free(rule->given);
	free(rule->signed_prefix);
	*rule = (struct signed_rule){ 0 };
}

static int bad(const char *key, const char *why, struct err *e)
{
	char shown[64];

	return err_set(e, UCT_IMAGE_POLICY, -EACCES, "policy.json: '%s' of 'sigstoreSigned' %s",
	               text_shown(key, shown, sizeof(shown)), why);
}

/* --- keys */

static int key_of_file(const char *path, char **ret, struct err *e)
{
	_cleanup_free_ char *real = path[0] == '/' ? realpath(path, NULL) : NULL;
	int r;

	if (!real)
		return bad("keyPath", path[0] == '/' ? "is not there" : "is not absolute", e);
	r = file_read_at(AT_FDCWD, real, KEY_MAX_BYTES, ret, NULL, NULL);
	return r < 0 ? bad("keyPath", "cannot be read", e) : 0;
}

static int key_of_base64(const char *base64, char **ret, struct err *e)
{
	size_t len = strlen(base64), n;
	char *pem;
	int r;

	if (len > KEY_MAX_BYTES)
		return bad("keyData", "is too long", e);
	pem = malloc(len + 1);
	r = pem ? signature_decode(base64, (unsigned char *)pem, &n) : -ENOMEM;
	if (r < 0) {
		free(pem);
		return r == -ENOMEM ? err_oom(e) : bad("keyData", "is not base64", e);
	}
	pem[n] = '\0';
	*ret = pem;
	return 0;
}

static int add_key(struct signed_rule *rule, const json_t *j, bool is_path, struct err *e)
{
	const char *text = json_string_value(j);
	char *pem = NULL;
	int r;

	if (!text || rule->keys.n == KEYS_MAX)
		return bad("keys", "are not texts, or too many", e);
	r = is_path ? key_of_file(text, &pem, e) : key_of_base64(text, &pem, e);
	if (r < 0)
		return r;
	return strv_take(&rule->keys, pem) < 0 ? err_oom(e) : 0;
}

static int take_keys(struct signed_rule *rule, const json_t *j, struct err *e)
{
	static const struct {
		const char *name;
		bool is_path, is_list;
	} forms[] = { { "keyPath", true, false },
		      { "keyPaths", true, true },
		      { "keyData", false, false },
		      { "keyDatas", false, true } };
	unsigned n = 0;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(forms) && r == 0; i++) {
		const json_t *v = json_object_get(j, forms[i].name), *one;
		size_t k;

		n += v != NULL;
		if (v && !forms[i].is_list)
			r = add_key(rule, v, forms[i].is_path, e);
		else if (v && !json_is_array(v))
			r = bad(forms[i].name, "is not a list", e);
		json_array_foreach(v, k, one)
		{
			if (r == 0)
				r = add_key(rule, one, forms[i].is_path, e);
		}
	}
	if (r == 0 && (n != 1 || rule->keys.n == 0))
		r = bad("keyPath", "or keyPaths, keyData, keyDatas: exactly one has to be there",
		        e);
	return r;
}

/* --- signedIdentity */

static const struct {
	const char *type;
	enum identity_kind kind;
	const char *given, *more; /* the fields besides the type */
} identities[] = {
	{ "matchRepoDigestOrExact", IDENTITY_REPO_DIGEST_OR_EXACT, NULL, NULL },
	{ "matchExact", IDENTITY_EXACT, NULL, NULL },
	{ "matchRepository", IDENTITY_REPOSITORY, NULL, NULL },
	{ "exactReference", IDENTITY_EXACT_REFERENCE, "dockerReference", NULL },
	{ "exactRepository", IDENTITY_EXACT_REPOSITORY, "dockerRepository", NULL },
	{ "remapIdentity", IDENTITY_REMAP, "prefix", "signedPrefix" },
};

static int take_field(const json_t *j, const char *key, char **ret, struct err *e)
{
	const char *text = key ? json_string_value(json_object_get(j, key)) : NULL;

	if (!key)
		return 0;
	if (!text || !*text || strlen(text) > 512)
		return bad(key, "is missing", e);
	*ret = strdup(text);
	return *ret ? 0 : err_oom(e);
}

static int take_identity(struct signed_rule *rule, const json_t *j, struct err *e)
{
	const char *type = json_string_value(json_object_get(j, "type"));
	int r;

	if (!j)
		return 0; /* matchRepoDigestOrExact */
	for (size_t i = 0; type && i < ARRAY_SIZE(identities); i++) {
		size_t n = 1 + (identities[i].given != NULL) + (identities[i].more != NULL);

		if (strcmp(type, identities[i].type) != 0)
			continue;
		if (json_object_size(j) != n)
			return bad("signedIdentity", "has fields that it should not have", e);
		rule->identity = identities[i].kind;
		r = take_field(j, identities[i].given, &rule->given, e);
		return r < 0 ? r : take_field(j, identities[i].more, &rule->signed_prefix, e);
	}
	return bad("signedIdentity", "is of a type that usr-ct does not know", e);
}

int signed_rule_parse(const json_t *j, struct signed_rule *ret, struct err *e)
{
	static const char *const known[] = { "type",    "keyPath",  "keyPaths",
		                             "keyData", "keyDatas", "signedIdentity" };
	const char *key;
	json_t *v;
	int r;

	json_object_foreach((json_t *)(uintptr_t)j, key, v)
	{
		size_t i = 0;

		while (i < ARRAY_SIZE(known) && strcmp(key, known[i]) != 0)
			i++;
		if (i < ARRAY_SIZE(known))
			continue;
		r = bad(key, "is nothing that usr-ct can check", e);
		return err_hint(
			e, r,
			"only signatures by keys are checked, without Fulcio, Rekor or a PKI");
	}
	*ret = (struct signed_rule){ 0 };
	r = take_keys(ret, j, e);
	if (r == 0)
		r = take_identity(ret, json_object_get(j, "signedIdentity"), e);
	if (r < 0)
		signed_rule_done(ret);
	return r;
}
