/* SPDX-License-Identifier: Apache-2.0 */
#include "image/policy.h"

#include "base/file.h"
#include "base/json.h"
#include "base/sbuf.h"
#include "image/descriptor.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { FILE_MAX_BYTES = 1 << 20 };

/* From the whole image to parts of its name, the host, "*.domain", "": the first that is there. */
static const json_t *find_docker(const json_t *scopes, const struct reference *ref)
{
	_cleanup_free_ char *scope =
		strf("%s/%s%c%s", ref->host, ref->name, ref->digest[0] ? '@' : ':',
	             ref->digest[0] ? ref->digest : ref->tag);
	const json_t *found;
	char *cut;

	if (!scope)
		return NULL;
	found = json_object_get(scopes, scope);
	if (found)
		return found;
	if (ref->digest[0] || !ref->tag[0])
		scope[strlen(ref->host) + 1 + strlen(ref->name)] = '\0';
	for (;;) {
		found = json_object_get(scopes, scope);
		if (found)
			return found;
		cut = strrchr(scope, '/');
		if (strrchr(scope, ':') && (!cut || strrchr(scope, ':') > cut) && cut)
			cut = strrchr(scope, ':');
		if (!cut)
			break;
		*cut = '\0';
	}
	for (const char *dot = strchr(ref->host, '.'); dot; dot = strchr(dot + 1, '.')) {
		_cleanup_free_ char *wild = strf("*%s", dot);

		found = wild ? json_object_get(scopes, wild) : NULL;
		if (found)
			return found;
	}
	return json_object_get(scopes, "");
}

static const json_t *find(const json_t *policy, const struct reference *ref)
{
	const json_t *transports = json_object_get(policy, "transports"), *found;

	if (ref->kind == REFERENCE_LAYOUT) {
		const json_t *oci = json_object_get(transports, "oci");

		found = json_object_get(oci, ref->path);
		if (!found)
			found = json_object_get(oci, "");
	} else {
		found = find_docker(json_object_get(transports, "docker"), ref);
	}
	return found ? found : json_object_get(policy, "default");
}

static const char *name_of(const struct reference *ref)
{
	return ref->kind == REFERENCE_LAYOUT ? ref->path : ref->name;
}

void policy_done(struct policy *p)
{
	for (size_t i = 0; i < p->n; i++)
		signed_rule_done(&p->rules[i]);
	free(p->rules);
	*p = (struct policy){ 0 };
}

static int add_signed(struct policy *p, const json_t *one, const struct reference *ref,
                      struct err *e)
{
	int r;

	if (ref->kind == REFERENCE_LAYOUT)
		return err_set(e, UCT_IMAGE_POLICY, -EACCES,
		               "policy.json demands a signature of '%s', but only registries keep "
		               "them beside images",
		               name_of(ref));
	r = signed_rule_parse(one, &p->rules[p->n], e);
	p->n += r == 0;
	return r;
}

static int take_requirement(struct policy *p, const json_t *one, const struct reference *ref,
                            struct err *e)
{
	const char *type = json_string_value(json_object_get(one, "type"));
	char shown[64];

	if (type && !strcmp(type, "insecureAcceptAnything"))
		return 0;
	if (type && !strcmp(type, "sigstoreSigned"))
		return add_signed(p, one, ref, e);
	if (type && !strcmp(type, "reject"))
		return err_set(e, UCT_IMAGE_POLICY, -EACCES, "policy.json rejects '%s'",
		               name_of(ref));
	return err_set(e, UCT_IMAGE_POLICY, -EACCES,
	               "policy.json demands '%s' of '%s', which usr-ct cannot check",
	               text_shown(type ? type : "?", shown, sizeof(shown)), name_of(ref));
}

int policy_find_in(const char *text, size_t n, const struct reference *ref, struct policy *ret,
                   struct err *e)
{
	_cleanup_json_ json_t *policy = NULL;
	const json_t *list, *one;
	size_t i;
	int r = 0;

	*ret = (struct policy){ 0 };
	if (json_parse(text, n, "policy.json", &policy, e) < 0)
		return err_set(e, UCT_IMAGE_POLICY, -EACCES,
		               "policy.json cannot be read, so no image is accepted");
	list = find(policy, ref);
	if (!json_is_array(list) || json_array_size(list) == 0)
		return err_set(e, UCT_IMAGE_POLICY, -EACCES,
		               "policy.json says nothing that could be met about '%s'",
		               name_of(ref));
	ret->rules = calloc(json_array_size(list), sizeof(*ret->rules));
	if (!ret->rules)
		return err_oom(e);
	json_array_foreach(list, i, one)
	{
		if (r == 0)
			r = take_requirement(ret, one, ref, e);
	}
	if (r < 0)
		policy_done(ret);
	return r;
}

int policy_find(const struct reference *ref, struct policy *ret, struct err *e)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	_cleanup_free_ char *own = NULL, *text = NULL, *real = NULL;
	size_t n = 0;
	int r;

	*ret = (struct policy){ 0 };
	if (config && *config)
		own = strf("%s/containers/policy.json", config);
	else if (home)
		own = strf("%s/.config/containers/policy.json", home);
	real = own ? realpath(own, NULL) : NULL;
	if (!real)
		real = realpath("/etc/containers/policy.json", NULL);
	if (!real)
		return 0;
	r = file_read_at(AT_FDCWD, real, FILE_MAX_BYTES, &text, &n, e);
	return r < 0 ? r : policy_find_in(text, n, ref, ret, e);
}
