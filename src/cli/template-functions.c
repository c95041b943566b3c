/* SPDX-License-Identifier: Apache-2.0 */
/* template-functions - what a template can call: Go's own, and those that Docker adds */
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/template-tree.h"

#include <ctype.h>
#include <string.h>

static json_t *new_bool(bool is)
{
	return json_boolean(is);
}

static const char *text_of(const json_t *v, size_t *ret_n)
{
	*ret_n = json_string_length(v);
	return json_string_value(v);
}

/* The argument as a string; NULL after a failure. */
static const char *need_string(struct call *c, size_t i, size_t *ret_n)
{
	if (json_is_string(c->args[i]))
		return text_of(c->args[i], ret_n);
	(void)call_fail(c, "argument %zu is %s, a string is needed", i + 1, value_kind(c->args[i]));
	return NULL;
}

static int need_number(struct call *c, size_t i, json_int_t max, json_int_t *ret)
{
	json_int_t v = json_integer_value(c->args[i]);

	if (json_is_integer(c->args[i]) && v >= 0 && v <= max) {
		*ret = v;
		return 0;
	}
	(void)call_fail(c, "argument %zu has to be a number from 0 to %lld", i + 1, (long long)max);
	return -EINVAL;
}

/* --- text */

static json_t *in_json(struct call *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING);
	_cleanup_free_ char *text = NULL;

	errno = 0;
	text = json_dumps(c->args[0], JSON_COMPACT | JSON_ENCODE_ANY);
	if (!text)
		return errno == ENOMEM ? call_memory(c) : call_fail(c, "the text is not UTF-8");
	sbuf_adds(&b, text);
	return call_take(c, &b);
}

/* Letters beyond ASCII stay as they are. */
static json_t *each_byte(struct call *c, int (*change)(int))
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING);
	size_t n;
	const char *s = need_string(c, 0, &n);

	if (!s)
		return NULL;
	for (size_t i = 0; i < n; i++)
		sbuf_addc(&b, (unsigned char)s[i] < 0x80 ? (char)change(s[i]) : s[i]);
	return call_take(c, &b);
}

static json_t *lower(struct call *c)
{
	return each_byte(c, tolower);
}

static json_t *upper(struct call *c)
{
	return each_byte(c, toupper);
}

static bool is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '\'' || (unsigned char)c >= 0x80;
}

static json_t *title(struct call *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING);
	size_t n;
	const char *s = need_string(c, 0, &n);

	if (!s)
		return NULL;
	for (size_t i = 0; i < n; i++)
		sbuf_addc(&b, i && is_letter(s[i - 1]) ? s[i] : (char)toupper((unsigned char)s[i]));
	return call_take(c, &b);
}

static json_t *split(struct call *c)
{
	_cleanup_json_ json_t *list = json_array();
	size_t n, n_sep, len;
	const char *s = need_string(c, 0, &n), *sep = s ? need_string(c, 1, &n_sep) : NULL, *end;
	unsigned long code;

	if (!sep)
		return NULL;
	if (!list)
		return call_memory(c);
	for (;;) {
		if (n_sep == 0 && n == 0)
			break;
		end = n_sep ? memmem(s, n, sep, n_sep) : NULL;
		len = end ? (size_t)(end - s) : n_sep ? n : value_next_char(s, n, &code);
		if (json_array_append_new(list, json_stringn_nocheck(s, len)) < 0)
			return call_memory(c);
		if (n_sep && !end)
			break;
		s += len + n_sep;
		n -= len + n_sep;
	}
	return json_incref(list);
}

static json_t *join(struct call *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING);
	size_t n_sep, i;
	const char *sep = need_string(c, 1, &n_sep);
	json_t *v;

	if (!sep)
		return NULL;
	if (!json_is_array(c->args[0]) && !json_is_null(c->args[0]))
		return call_fail(c, "argument 1 is %s, a list is needed", value_kind(c->args[0]));
	json_array_foreach(c->args[0], i, v)
	{
		if (i)
			sbuf_add(&b, sep, n_sep);
		value_print(&b, v);
	}
	return call_take(c, &b);
}

static json_t *truncate_text(struct call *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING);
	size_t n, bytes = 0;
	const char *s = need_string(c, 0, &n);
	unsigned long code;
	json_int_t max;

	if (!s || need_number(c, 1, TEMPLATE_STRING, &max) < 0)
		return NULL;
	for (; bytes < n && max > 0; max--)
		bytes += value_next_char(s + bytes, n - bytes, &code);
	sbuf_add(&b, s, bytes);
	return call_take(c, &b);
}

/* pad TEXT BEFORE AFTER: spaces around what is not empty. */
static json_t *pad(struct call *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING);
	json_int_t before, after;
	size_t n;
	const char *s = need_string(c, 0, &n);

	if (!s || need_number(c, 1, 10000, &before) < 0 || need_number(c, 2, 10000, &after) < 0)
		return NULL;
	if (n > 0) {
		sbuf_addf(&b, "%*s", (int)before, "");
		sbuf_add(&b, s, n);
		sbuf_addf(&b, "%*s", (int)after, "");
	}
	return call_take(c, &b);
}

/* Go puts spaces between operands of print when neither is a string; between all for println. */
static json_t *print_values(struct call *c, bool always, const char *end)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING);

	for (size_t i = 0; i < c->n; i++) {
		if (i &&
		    (always || (!json_is_string(c->args[i]) && !json_is_string(c->args[i - 1]))))
			sbuf_addc(&b, ' ');
		if (json_is_null(c->args[i]))
			sbuf_adds(&b, "<nil>");
		else
			value_print(&b, c->args[i]);
	}
	sbuf_adds(&b, end);
	return call_take(c, &b);
}

static json_t *print(struct call *c)
{
	return print_values(c, false, "");
}

static json_t *println(struct call *c)
{
	return print_values(c, true, "\n");
}

static void add_html(struct sbuf *b, char ch)
{
	static const struct {
		char ch;
		const char *text;
	} table[] = {
		{ '&', "&amp;" }, { '<', "&lt;" },   { '>', "&gt;" },
		{ '"', "&#34;" }, { '\'', "&#39;" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].ch == ch) {
			sbuf_adds(b, table[i].text);
			return;
		}
	sbuf_addc(b, ch);
}

static void add_query(struct sbuf *b, char ch)
{
	if (isalnum((unsigned char)ch) || (ch && strchr("-_.~", ch)))
		sbuf_addc(b, ch);
	else if (ch == ' ')
		sbuf_addc(b, '+');
	else
		sbuf_addf(b, "%%%02X", (unsigned char)ch);
}

static json_t *escaped(struct call *c, void (*add)(struct sbuf *b, char ch))
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING),
				   text = SBUF_INIT(TEMPLATE_STRING);

	for (size_t i = 0; i < c->n; i++)
		value_print(&text, c->args[i]);
	if (text.err)
		return call_take(c, &text);
	for (size_t i = 0; i < text.len; i++)
		add(&b, text.s[i]);
	return call_take(c, &b);
}

static json_t *html(struct call *c)
{
	return escaped(c, add_html);
}

static json_t *urlquery(struct call *c)
{
	return escaped(c, add_query);
}

/* --- lists and maps */

static json_t *len(struct call *c)
{
	const json_t *v = c->args[0];
	size_t n;

	if (json_is_string(v))
		n = json_string_length(v);
	else if (json_is_array(v) || json_is_object(v))
		n = json_is_array(v) ? json_array_size(v) : json_object_size(v);
	else if (json_is_null(v)) /* a list that Docker leaves out */
		n = 0;
	else
		return call_fail(c, "%s has no length", value_kind(v));
	v = json_integer((json_int_t)n);
	return v ? (json_t *)(uintptr_t)v : call_memory(c);
}

/* A map of strings answers with an empty one for what it does not have, as Go's does. */
static json_t *missing_value(struct call *c, json_t *map)
{
	void *first = json_object_iter(map);
	json_t *v;

	if (first && !json_is_string(json_object_iter_value(first)))
		return json_null();
	v = json_string("");
	return v ? v : call_memory(c);
}

/* One step into @v, borrowed; the result is new. */
static json_t *index_one(struct call *c, json_t *v, const json_t *key)
{
	json_int_t i = json_integer_value(key);
	size_t n = json_is_string(v) ? json_string_length(v) : json_array_size(v);
	json_t *found;

	if (json_is_object(v)) {
		if (!json_is_string(key))
			return call_fail(c, "a map's key is a string, not %s", value_kind(key));
		found = json_object_get(v, json_string_value(key));
		return found ? json_incref(found) : missing_value(c, v);
	}
	if (!json_is_array(v) && !json_is_string(v))
		return call_fail(c, "%s cannot be indexed", value_kind(v));
	if (!json_is_integer(key))
		return call_fail(c, "an index is a number, not %s", value_kind(key));
	if (i < 0 || (uint64_t)i >= n)
		return call_fail(c, "index %lld is out of range, there are %zu", (long long)i, n);
	if (json_is_array(v))
		return json_incref(json_array_get(v, (size_t)i));
	found = json_integer((unsigned char)json_string_value(v)[i]);
	return found ? found : call_memory(c);
}

static json_t *index_value(struct call *c)
{
	json_t *v = json_incref(c->args[0]), *next;

	for (size_t i = 1; v && i < c->n; i++) {
		next = index_one(c, v, c->args[i]);
		json_decref(v);
		v = next;
	}
	return v;
}

static json_t *slice(struct call *c)
{
	json_t *v = c->args[0], *out;
	bool is_text = json_is_string(v);
	json_int_t n = (json_int_t)(is_text ? json_string_length(v) : json_array_size(v));
	json_int_t from = 0, to = n;

	if (!is_text && !json_is_array(v))
		return call_fail(c, "%s cannot be sliced", value_kind(v));
	if ((c->n > 1 && need_number(c, 1, n, &from) < 0) ||
	    (c->n > 2 && need_number(c, 2, n, &to) < 0))
		return NULL;
	if (from > to)
		return call_fail(c, "the end %lld comes before the begin %lld", (long long)to,
		                 (long long)from);
	if (is_text) {
		out = json_stringn_nocheck(json_string_value(v) + from, (size_t)(to - from));
		return out ? out : call_memory(c);
	}
	out = json_array();
	for (json_int_t i = from; out && i < to; i++)
		if (json_array_append(out, json_array_get(v, (size_t)i)) < 0) {
			json_decref(out);
			return call_memory(c);
		}
	return out ? out : call_memory(c);
}

/* --- truth */

static json_t * not(struct call * c)
{
	return new_bool(!value_is_true(c->args[0]));
}

/* Never called: template.c evaluates and, or step by step. */
static json_t *lazy(struct call *c)
{
	return json_incref(c->args[0]);
}

/* -2: the error is filled. */
static int compare(struct call *c, size_t i, bool needs_order)
{
	bool is_unordered;
	int r = value_compare(c->args[0], c->args[i], &is_unordered);

	if (r != -2 && !(needs_order && is_unordered))
		return r;
	(void)call_fail(c, "%s and %s cannot be compared", value_kind(c->args[0]),
	                value_kind(c->args[i]));
	return -2;
}

/* eq A B C: whether A is B or C. */
static json_t *eq(struct call *c)
{
	int r;

	for (size_t i = 1; i < c->n; i++) {
		r = compare(c, i, false);
		if (r == -2)
			return NULL;
		if (r == 0)
			return new_bool(true);
	}
	return new_bool(false);
}

static json_t *ne(struct call *c)
{
	int r = compare(c, 1, false);

	return r == -2 ? NULL : new_bool(r != 0);
}

static json_t *lt(struct call *c)
{
	int r = compare(c, 1, true);

	return r == -2 ? NULL : new_bool(r < 0);
}

static json_t *le(struct call *c)
{
	int r = compare(c, 1, true);

	return r == -2 ? NULL : new_bool(r <= 0);
}

static json_t *gt(struct call *c)
{
	int r = compare(c, 1, true);

	return r == -2 ? NULL : new_bool(r > 0);
}

static json_t *ge(struct call *c)
{
	int r = compare(c, 1, true);

	return r == -2 ? NULL : new_bool(r >= 0);
}

enum { ANY = TEMPLATE_ARGUMENTS };

static const struct template_function functions[] = {
	{ "and", 1, ANY, lazy, true },
	{ "eq", 2, ANY, eq, false },
	{ "ge", 2, 2, ge, false },
	{ "gt", 2, 2, gt, false },
	{ "html", 1, ANY, html, false },
	{ "index", 1, ANY, index_value, false },
	{ "join", 2, 2, join, false },
	{ "json", 1, 1, in_json, false },
	{ "le", 2, 2, le, false },
	{ "len", 1, 1, len, false },
	{ "lower", 1, 1, lower, false },
	{ "lt", 2, 2, lt, false },
	{ "ne", 2, 2, ne, false },
	{ "not", 1, 1, not, false },
	{ "or", 1, ANY, lazy, true },
	{ "pad", 3, 3, pad, false },
	{ "print", 0, ANY, print, false },
	{ "printf", 1, ANY, template_printf, false },
	{ "println", 0, ANY, println, false },
	{ "slice", 1, 3, slice, false },
	{ "split", 2, 2, split, false },
	{ "title", 1, 1, title, false },
	{ "truncate", 2, 2, truncate_text, false },
	{ "upper", 1, 1, upper, false },
	{ "urlquery", 1, ANY, urlquery, false },
};

const struct template_function *template_function_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	return NULL;
}

const char *const *template_function_names(void)
{
	static const char *const names[] = {
		"and",   "eq",       "ge",    "gt",       "html",    "index", "join",
		"json",  "le",       "len",   "lower",    "lt",      "ne",    "not",
		"or",    "pad",      "print", "printf",   "println", "slice", "split",
		"title", "truncate", "upper", "urlquery", NULL,
	};

	return names;
}
