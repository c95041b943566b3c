/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json-where.h"

#include <string.h>

struct scan {
	const char *p, *end;
};

static void skip_space(struct scan *s)
{
	while (s->p < s->end && strchr(" \t\r\n", *s->p) && *s->p)
		s->p++;
}

static void skip_string(struct scan *s)
{
	s->p++;
	while (s->p < s->end && *s->p != '"')
		s->p += *s->p == '\\' && s->p + 1 < s->end ? 2 : 1;
	if (s->p < s->end)
		s->p++;
}

/* A string, number or word; or an object or array with all that is in it. */
static void skip_value(struct scan *s)
{
	size_t depth = 0;

	do {
		skip_space(s);
		if (s->p >= s->end)
			return;
		if (*s->p == '"') {
			skip_string(s);
		} else if (*s->p == '{' || *s->p == '[') {
			depth++;
			s->p++;
		} else if (*s->p == '}' || *s->p == ']') {
			depth -= depth > 0;
			s->p++;
		} else {
			s->p++;
			while (depth == 0 && s->p < s->end && !strchr(",]} \t\r\n", *s->p))
				s->p++;
		}
	} while (depth > 0);
}

/* A key and its colon. */
static int skip_key(struct scan *s)
{
	if (*s->p != '"')
		return -ENOENT;
	skip_string(s);
	skip_space(s);
	if (s->p >= s->end || *s->p++ != ':')
		return -ENOENT;
	skip_space(s);
	return 0;
}

/* From the beginning of an object or array to its member or element number @index: to the key, or
 * with @to_value behind it. */
static int enter(struct scan *s, size_t index, bool to_value)
{
	bool is_object;

	skip_space(s);
	if (s->p >= s->end || (*s->p != '{' && *s->p != '['))
		return -ENOENT;
	is_object = *s->p++ == '{';
	for (size_t i = 0;; i++) {
		skip_space(s);
		if (s->p >= s->end || *s->p == '}' || *s->p == ']')
			return -ENOENT;
		if (i == index && !(is_object && to_value))
			return 0;
		if (is_object && skip_key(s) < 0)
			return -ENOENT;
		if (i == index)
			return s->p < s->end ? 0 : -ENOENT;
		skip_value(s);
		skip_space(s);
		if (s->p >= s->end || *s->p++ != ',')
			return -ENOENT;
	}
}

int json_where(const char *text, size_t n, const size_t *way, size_t n_way, bool is_key,
               struct json_place *ret)
{
	struct scan s = { text, text + n };
	struct json_place at = { 1, 1 };

	skip_space(&s);
	for (size_t i = 0; i < n_way; i++) {
		int r = enter(&s, way[i], !is_key || i + 1 < n_way);

		if (r < 0)
			return r;
	}
	for (const char *p = text; p < s.p && p < s.end; p++) {
		if (*p == '\n')
			at = (struct json_place){ at.line + 1, 1 };
		else if (((unsigned char)*p & 0xc0) != 0x80)
			at.column++;
	}
	*ret = at;
	return 0;
}
