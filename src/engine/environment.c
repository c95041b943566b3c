/* SPDX-License-Identifier: Apache-2.0 */
/* environment - the variables a container starts with: the image's, the caller's, the user's */
#include "engine/environment.h"

#include <string.h>

static const char *const proxies[] = { "http_proxy", "https_proxy", "ftp_proxy",   "no_proxy",
	                               "all_proxy",  "HTTP_PROXY",  "HTTPS_PROXY", "FTP_PROXY",
	                               "NO_PROXY",   "ALL_PROXY",   NULL };

static bool is_listed(const char *assignment, const char *const *names)
{
	size_t n = strcspn(assignment, "=");

	for (; names && *names; names++)
		if (strlen(*names) == n && !strncmp(*names, assignment, n))
			return true;
	return false;
}

static int pass_on(struct strv *env, const char *name)
{
	const char *own = getenv(name);
	_cleanup_strv_ struct strv one = { 0 };
	int r;

	if (!own)
		return 0;
	r = strv_addf(&one, "%s=%s", name, own);
	return r < 0 ? r : strv_env_set(env, one.v[0]);
}

/* "PREFIX*": all variables of the caller that begin so, as podman has it. */
static int pass_on_all(struct strv *env, const char *prefix, size_t n)
{
	int r = 0;

	for (char **v = environ; v && *v && r == 0; v++)
		if (!strncmp(*v, prefix, n) && strchr(*v, '='))
			r = strv_env_set(env, *v);
	return r;
}

static int add_one(struct strv *env, const char *text, struct err *e)
{
	size_t n = strlen(text);
	int r;

	if (!n || text[0] == '=')
		return err_hint(e,
		                err_set(e, UCT_BAD_VALUE, -EINVAL,
		                        "environment variable '%s' has no name", text),
		                "write NAME=VALUE, or NAME for your own value");
	if (strchr(text, '='))
		r = strv_env_set(env, text);
	else if (text[n - 1] == '*')
		r = pass_on_all(env, text, n - 1);
	else
		r = pass_on(env, text);
	return r < 0 ? err_oom(e) : 0;
}

int environment_merge(const struct usrct_create_options *o, char *const *image, struct strv *ret,
                      struct err *e)
{
	_cleanup_strv_ struct strv env = { 0 };
	const char *const *v;
	int r = 0;

	for (; image && *image && !o->unset_env_all && r == 0; image++)
		if (!is_listed(*image, o->unset_env))
			r = strv_env_set(&env, *image);
	for (v = proxies; o->http_proxy && *v && r == 0; v++)
		r = pass_on(&env, *v);
	if (r == 0 && o->env_host)
		r = pass_on_all(&env, "", 0);
	if (r < 0)
		return err_oom(e);
	for (v = o->env; v && *v && r == 0; v++)
		r = add_one(&env, *v, e);
	if (r < 0)
		return r;
	*ret = env;
	env = (struct strv){ 0 };
	return 0;
}
