/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include "base/clock.h"
#include "base/file.h"

#include <string.h>

int json_parse(const char *text, size_t n, const char *what, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	json_error_t je;

	/* Of memory jansson 2.14 says "invalid token", nothing at all, or it goes on with text
	 * that lacks a byte (lex_save() in load.c ignores the failure). malloc(3) does say it. */
	errno = 0;
	j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &je);
	if (errno == ENOMEM)
		return err_oom(e);
	if (!j)
		return err_set(e, UCT_SYSTEM, -EBADMSG,
		               "%s is not valid JSON: line %d, column %d: %s", what, je.line,
		               je.column, je.text);
	*ret = TAKE_PTR(j);
	return 0;
}

bool json_is_modest(const char *text, size_t n)
{
	size_t values = 0;
	bool in_string = false;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"')
			in_string = !in_string;
		else if (in_string)
			i += text[i] == '\\';
		else
			values += text[i] == ',' || text[i] == '{' || text[i] == '[';
	}
	return values <= JSON_MODEST_VALUES;
}

int json_read_at(int dirfd, const char *name, size_t max_bytes, json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	int r = file_read_at(dirfd, name, max_bytes, &text, &n, e);

	return r < 0 ? r : json_parse(text, n, name, ret, e);
}

json_t *json_at(const json_t *j, const char *path)
{
	while (j && *path) {
		size_t n = strcspn(path, ".");
		char key[64];

		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		j = json_object_get(j, key);
		path += n + (path[n] == '.');
	}
	return j && !json_is_null(j) ? (json_t *)(uintptr_t)j : NULL;
}

static int wrong_type(struct err *e, const char *path, const char *type)
{
	return err_set(e, UCT_SYSTEM, -EINVAL, "'%s' is not %s", path, type);
}

int json_get_string(const json_t *j, const char *path, const char **ret, struct err *e)
{
	const json_t *v = json_at(j, path);

	if (!v)
		return 0;
	if (!json_is_string(v))
		return wrong_type(e, path, "a string");
	*ret = json_string_value(v);
	return 1;
}

int json_get_int(const json_t *j, const char *path, json_int_t *ret, struct err *e)
{
	const json_t *v = json_at(j, path);

	if (!v)
		return 0;
	if (!json_is_integer(v))
		return wrong_type(e, path, "an integer");
	*ret = json_integer_value(v);
	return 1;
}

int json_get_bool(const json_t *j, const char *path, bool *ret, struct err *e)
{
	const json_t *v = json_at(j, path);

	if (!v)
		return 0;
	if (!json_is_boolean(v))
		return wrong_type(e, path, "true or false");
	*ret = json_is_true(v);
	return 1;
}

int json_print(const json_t *j, bool indent, char **ret, struct err *e)
{
	char *s;

	errno = 0; /* as in json_parse() */
	s = json_dumps(j, (indent ? JSON_INDENT(2) : JSON_COMPACT) | JSON_ENCODE_ANY);
	if (!s || errno == ENOMEM) {
		free(s);
		return err_oom(e);
	}
	*ret = s;
	return 0;
}

json_t *json_time(uint64_t ns)
{
	char text[RFC3339_SIZE] = "0001-01-01T00:00:00Z"; /* what Docker shows for "never" */

	if (ns)
		clock_rfc3339(ns, text);
	return json_string(text);
}
