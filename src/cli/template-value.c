/* SPDX-License-Identifier: Apache-2.0 */
/* template-value - JSON values as Go would show and compare them */
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/template-tree.h"

#include <string.h>

enum { PRINT_DEPTH_MAX = 200 };

bool value_is_true(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return json_object_size(v) > 0;
	case JSON_ARRAY:
		return json_array_size(v) > 0;
	case JSON_STRING:
		return json_string_length(v) > 0;
	case JSON_INTEGER:
		return json_integer_value(v) != 0;
	case JSON_REAL:
		return json_real_value(v) < 0 || json_real_value(v) > 0;
	case JSON_TRUE:
		return true;
	case JSON_FALSE:
	case JSON_NULL:
	default:
		return false;
	}
}

const char *value_kind(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",    [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "a bool",
		[JSON_FALSE] = "a bool",     [JSON_NULL] = "no value",
	};

	return names[json_typeof(v)];
}

size_t value_utf8(unsigned long code, char buf[4])
{
	if (code < 0x80) {
		buf[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		buf[0] = (char)(0xc0 | code >> 6);
		buf[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		buf[0] = (char)(0xe0 | code >> 12);
		buf[1] = (char)(0x80 | (code >> 6 & 0x3f));
		buf[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	buf[0] = (char)(0xf0 | code >> 18);
	buf[1] = (char)(0x80 | (code >> 12 & 0x3f));
	buf[2] = (char)(0x80 | (code >> 6 & 0x3f));
	buf[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

size_t value_next_char(const char *s, size_t n, unsigned long *ret_code)
{
	static const unsigned long least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)s[0];
	size_t len = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 0;
	unsigned long code = len == 1 ? c : c & (0xffUL >> (len + 1));

	*ret_code = 0xfffd;
	if (len == 0 || len > n)
		return 1;
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | ((unsigned char)s[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 1;
	*ret_code = code;
	return len;
}

size_t value_chars(const char *s, size_t n)
{
	unsigned long code;
	size_t count = 0;

	for (size_t i = 0; i < n; count++)
		i += value_next_char(s + i, n - i, &code);
	return count;
}

/* As Go's strconv.Quote(). */
void value_quote(struct sbuf *b, const char *s, size_t n)
{
	static const char plain[] = "\a\b\f\n\r\t\v\\\"", letters[] = "abfnrtv\\\"";
	unsigned long code;
	const char *known;
	size_t len;

	sbuf_addc(b, '"');
	for (size_t i = 0; i < n; i += len) {
		len = value_next_char(s + i, n - i, &code);
		known = code && code < 0x80 ? strchr(plain, (int)code) : NULL;
		if (known)
			sbuf_addf(b, "\\%c", letters[known - plain]);
		else if (len == 1 && (code >= 0x80 || code < 0x20 || code == 0x7f))
			sbuf_addf(b, "\\x%02x", (unsigned char)s[i]);
		else if (code >= 0x80 && code < 0xa0)
			sbuf_addf(b, "\\u%04lx", code);
		else
			sbuf_add(b, s + i, len);
	}
	sbuf_addc(b, '"');
}

void value_print_real(struct sbuf *b, double d)
{
	char text[400];
	int digits = 1, exponent;

	for (; digits < 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*e", digits - 1, d);
		if (!(strtod(text, NULL) < d) && !(strtod(text, NULL) > d))
			break;
	}
	(void)snprintf(text, sizeof(text), "%.*e", digits - 1, d);
	exponent = strchr(text, 'e') ? (int)strtod(strchr(text, 'e') + 1, NULL) : 0;
	if (exponent >= -4 && exponent < 21)
		(void)snprintf(text, sizeof(text), "%.*f", MAX(digits - 1 - exponent, 0), d);
	sbuf_adds(b, text);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_at(struct sbuf *b, const json_t *v, unsigned depth);

static void print_object(struct sbuf *b, const json_t *object, unsigned depth)
{
	size_t k = 0;
	_cleanup_free_ const char **keys = calloc(json_object_size(object) + 1, sizeof(*keys));
	const char *key;
	json_t *v;

	if (!keys) {
		b->err = b->err ? b->err : -ENOMEM;
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)object, key, v) keys[k++] = key;
	qsort(keys, k, sizeof(*keys), compare_names);
	sbuf_adds(b, "map[");
	for (size_t i = 0; i < k && !b->err; i++) {
		sbuf_addf(b, "%s%s:", i ? " " : "", keys[i]);
		print_at(b, json_object_get(object, keys[i]), depth + 1);
	}
	sbuf_addc(b, ']');
}

static void print_at(struct sbuf *b, const json_t *v, unsigned depth)
{
	if (depth > PRINT_DEPTH_MAX)
		return;
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		print_object(b, v, depth);
		break;
	case JSON_ARRAY:
		sbuf_addc(b, '[');
		for (size_t i = 0; i < json_array_size(v) && !b->err; i++) {
			if (i)
				sbuf_addc(b, ' ');
			print_at(b, json_array_get(v, i), depth + 1);
		}
		sbuf_addc(b, ']');
		break;
	case JSON_STRING:
		sbuf_add(b, json_string_value(v), json_string_length(v));
		break;
	case JSON_INTEGER:
		sbuf_addf(b, "%lld", (long long)json_integer_value(v));
		break;
	case JSON_REAL:
		value_print_real(b, json_real_value(v));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		sbuf_adds(b, json_is_true(v) ? "true" : "false");
		break;
	case JSON_NULL:
	default:
		sbuf_adds(b, depth ? "<nil>" : "<no value>");
		break;
	}
}

void value_print(struct sbuf *b, const json_t *v)
{
	print_at(b, v, 0);
}

static int compare_strings(const json_t *a, const json_t *b)
{
	size_t n = MIN(json_string_length(a), json_string_length(b));
	int r = memcmp(json_string_value(a), json_string_value(b), n);

	if (r == 0 && json_string_length(a) != json_string_length(b))
		r = json_string_length(a) < json_string_length(b) ? -1 : 1;
	return r < 0 ? -1 : r > 0;
}

int value_compare(const json_t *a, const json_t *b, bool *ret_unordered)
{
	*ret_unordered = false;
	if (json_is_integer(a) && json_is_integer(b))
		return (json_integer_value(a) > json_integer_value(b)) -
		       (json_integer_value(a) < json_integer_value(b));
	if (json_is_number(a) && json_is_number(b))
		return (json_number_value(a) > json_number_value(b)) -
		       (json_number_value(a) < json_number_value(b));
	if (json_is_string(a) && json_is_string(b))
		return compare_strings(a, b);
	*ret_unordered = true;
	if (json_is_boolean(a) && json_is_boolean(b))
		return json_is_true(a) != json_is_true(b);
	if (json_is_null(a) || json_is_null(b))
		return !json_is_null(a) || !json_is_null(b);
	return -2;
}
