/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int strv_take(struct strv *s, char *str)
{
	if (!str)
		return -ENOMEM;
	if (s->n + 2 > s->cap) {
		size_t cap = MAX(s->cap * 2, (size_t)8);
		char **v = realloc(s->v, cap * sizeof(*v));

		if (!v) {
			free(str);
			return -ENOMEM;
		}
		s->v = v;
		s->cap = cap;
	}
	s->v[s->n++] = str;
	s->v[s->n] = NULL;
	return 0;
}

int strv_add(struct strv *s, const char *str)
{
	return strv_take(s, strdup(str));
}

int strv_addf(struct strv *s, const char *fmt, ...)
{
	char *str = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&str, fmt, ap);
	va_end(ap);
	return n < 0 ? -ENOMEM : strv_take(s, str);
}

int strv_copy(struct strv *s, char *const *from)
{
	for (; from && *from; from++) {
		int r = strv_add(s, *from);

		if (r < 0)
			return r;
	}
	return 0;
}

void strv_done(struct strv *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i]);
	cleanup_free(&s->v);
	*s = (struct strv){ 0 };
}

static char **env_find(const struct strv *env, const char *name, size_t len)
{
	for (size_t i = 0; i < env->n; i++)
		if (!strncmp(env->v[i], name, len) && env->v[i][len] == '=')
			return &env->v[i];
	return NULL;
}

int strv_env_set(struct strv *env, const char *assignment)
{
	const char *eq = strchr(assignment, '=');
	char **at, *copy;

	if (!eq)
		return -EINVAL;
	at = env_find(env, assignment, (size_t)(eq - assignment));
	if (!at)
		return strv_add(env, assignment);
	copy = strdup(assignment);
	if (!copy)
		return -ENOMEM;
	free(*at);
	*at = copy;
	return 0;
}

const char *strv_env_get(const struct strv *env, const char *name)
{
	char **at = env_find(env, name, strlen(name));

	return at ? strchr(*at, '=') + 1 : NULL;
}
