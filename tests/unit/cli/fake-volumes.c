/* SPDX-License-Identifier: Apache-2.0 */
/* fake-volumes - the volumes and secrets of the double's little world: data, and one anonymous */
#include "base/err.h"

#include <stdio.h>
#include <string.h>
#include <usrct/usrct.h>

static int fail(struct usrct_err *e, int uct, int r, const char *what, const char *name)
{
	const struct err_entry *t = err_lookup(uct);

	if (!e)
		return r;
	*e = (struct usrct_err){ .kind = (enum usrct_err_kind)t->kind, .code = r, .number = uct };
	(void)snprintf(e->msg, sizeof(e->msg), "%s '%s'", what, name);
	(void)snprintf(e->hint, sizeof(e->hint), "%s", t->hint);
	return r;
}

static int answer(const char *text, char **ret)
{
	if (!ret)
		return 0;
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

int usrct_volume_create(struct usrct *u, const struct usrct_volume_options *opts, char **ret_name,
                        struct usrct_err *e)
{
	(void)u;
	(void)e;
	return answer(opts->name ? opts->name : "0123456789abcdef", ret_name);
}

static const char *const data_labels[] = { "app=shop", NULL };
static const char *const nothing[] = { NULL };
static const struct usrct_volume volumes[] = {
	{ "0123456789abcdef", "local", "/data/volumes/0123456789abcdef/_data", nothing, nothing,
	  UINT64_C(1700000000000000000), true },
	{ "data", "local", "/data/volumes/data/_data", data_labels, nothing,
	  UINT64_C(1700000000000000000), false },
};

int usrct_volume_list(struct usrct *u, const char *const *filters, struct usrct_volume **ret,
                      size_t *ret_n, struct usrct_err *e)
{
	(void)u;
	(void)filters;
	(void)e;
	*ret = malloc(sizeof(volumes));
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, volumes, sizeof(volumes));
	*ret_n = ARRAY_SIZE(volumes);
	return 0;
}

void usrct_volume_list_free(struct usrct_volume *list, size_t n)
{
	(void)n;
	free(list);
}

static int check(const char *name, struct usrct_err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(volumes); i++)
		if (!strcmp(volumes[i].name, name))
			return 0;
	return fail(e, UCT_VOLUME_UNKNOWN, -ENOENT, "no volume", name);
}

int usrct_volume_inspect(struct usrct *u, const char *name, char **ret_json, struct usrct_err *e)
{
	int r = check(name, e);

	(void)u;
	return r < 0 ? r : answer("{\"Name\":\"data\",\"Driver\":\"local\"}", ret_json);
}

void usrct_volume_pruned(struct usrct *u, uint64_t reclaimed_bytes)
{
	(void)u;
	(void)reclaimed_bytes;
}

int usrct_volume_remove(struct usrct *u, const char *name, struct usrct_err *e)
{
	(void)u;
	return check(name, e);
}

int usrct_volume_export(struct usrct *u, const char *name, int fd, struct usrct_err *e)
{
	(void)u;
	(void)fd;
	return check(name, e);
}

int usrct_volume_import(struct usrct *u, const char *name, int fd, struct usrct_err *e)
{
	return usrct_volume_export(u, name, fd, e);
}

int usrct_volume_snapshot(struct usrct *u, const char *name,
                          const struct usrct_volume_options *opts, char **ret_name,
                          struct usrct_err *e)
{
	int r = check(name, e);

	(void)u;
	return r < 0 ? r : answer(opts->name ? opts->name : "fedcba", ret_name);
}

int usrct_volume_reload(struct usrct *u, void (*each)(const char *name, bool is_added, void *arg),
                        void *arg, struct usrct_err *e)
{
	(void)u;
	(void)e;
	each("lost", false, arg);
	each("found", true, arg);
	return 0;
}

int usrct_secret_create(struct usrct *u, const struct usrct_secret_options *opts, char **ret_id,
                        struct usrct_err *e)
{
	(void)u;
	if (!strcmp(opts->name, "key") && !opts->replace)
		return fail(e, UCT_SECRET_EXISTS, -EEXIST, "secret exists:", opts->name);
	return answer("0123456789abcdef012345678", ret_id);
}

int usrct_secret_list(struct usrct *u, const char *const *filters, struct usrct_secret **ret,
                      size_t *ret_n, struct usrct_err *e)
{
	static const struct usrct_secret key = { "0123456789abcdef012345678",
		                                 "key",
		                                 "file",
		                                 data_labels,
		                                 UINT64_C(1700000000000000000),
		                                 UINT64_C(1700000000000000000) };

	(void)u;
	(void)filters;
	(void)e;
	*ret = malloc(sizeof(key));
	if (!*ret)
		return -ENOMEM;
	**ret = key;
	*ret_n = 1;
	return 0;
}

void usrct_secret_list_free(struct usrct_secret *list, size_t n)
{
	(void)n;
	free(list);
}

int usrct_secret_inspect(struct usrct *u, const char *ref, bool with_data, char **ret_json,
                         struct usrct_err *e)
{
	(void)u;
	if (strcmp(ref, "key") != 0)
		return fail(e, UCT_SECRET_UNKNOWN, -ENOENT, "no secret", ref);
	return answer(with_data ? "{\"ID\":\"0123\",\"SecretData\":\"x\"}" : "{\"ID\":\"0123\"}",
	              ret_json);
}

int usrct_secret_remove(struct usrct *u, const char *ref, char **ret_id, struct usrct_err *e)
{
	char *json = NULL;
	int r = usrct_secret_inspect(u, ref, false, &json, e);

	free(json);
	return r < 0 ? r : answer("0123456789abcdef012345678", ret_id);
}
