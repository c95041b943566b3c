/* SPDX-License-Identifier: Apache-2.0 */
/* template-printf - Go's printf: verbs %v %s %q %d %x %X %o %b %c %U %t %e %f %g and %%, flags - +
 * # 0 and space, width and precision as digits or *
 *
 * What does not fit is written into the output, as Go does: %!d(string=x), %!s(MISSING).
 */
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/template-tree.h"

#include <ctype.h>
#include <string.h>

enum { WIDTH_MAX = 10000, UNSET = -1 };

struct verb {
	bool minus, plus, sharp, zero, space;
	int width, precision; /* UNSET */
	char letter;
};

/* %v of a value within a list and of one alone differ in nothing but this. */
static void add_plain(struct sbuf *b, const json_t *v)
{
	if (json_is_null(v))
		sbuf_adds(b, "<nil>");
	else
		value_print(b, v);
}

static const char *go_type(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "map",  [JSON_ARRAY] = "list",   [JSON_STRING] = "string",
		[JSON_INTEGER] = "int", [JSON_REAL] = "float64", [JSON_TRUE] = "bool",
		[JSON_FALSE] = "bool",  [JSON_NULL] = "nil",
	};

	return names[json_typeof(v)];
}

static void add_mismatch(struct sbuf *b, const struct verb *f, const json_t *v)
{
	sbuf_addf(b, "%%!%c(", f->letter);
	if (!json_is_null(v))
		sbuf_addf(b, "%s=", go_type(v));
	add_plain(b, v);
	sbuf_addc(b, ')');
}

/* Fills up to the width, which counts characters. */
static void add_padded(struct sbuf *b, const struct verb *f, const char *s, size_t n)
{
	size_t chars = value_chars(s, n), width = f->width > 0 ? (size_t)f->width : 0;
	int fill = width > chars ? (int)(width - chars) : 0;

	if (!f->minus)
		sbuf_addf(b, "%*s", fill, "");
	sbuf_add(b, s, n);
	if (f->minus)
		sbuf_addf(b, "%*s", fill, "");
}

static void add_hex(struct sbuf *b, const struct verb *f, const char *s, size_t n)
{
	if (f->sharp && n)
		sbuf_adds(b, f->letter == 'x' ? "0x" : "0X");
	for (size_t i = 0; i < n; i++) {
		if (f->space && i)
			sbuf_addc(b, ' ');
		sbuf_addf(b, f->letter == 'x' ? "%02x" : "%02X", (unsigned char)s[i]);
	}
}

static void format_string(struct sbuf *b, const struct verb *f, const json_t *v)
{
	_cleanup_sbuf_ struct sbuf text = SBUF_INIT(TEMPLATE_STRING);
	const char *s = json_string_value(v);
	size_t n = json_string_length(v), cut = 0;
	unsigned long code;

	if (f->precision != UNSET && strchr("svq", f->letter)) {
		for (int left = f->precision; cut < n && left > 0; left--)
			cut += value_next_char(s + cut, n - cut, &code);
		n = cut;
	}
	if (f->precision != UNSET && strchr("xX", f->letter))
		n = MIN(n, (size_t)f->precision);
	if (f->letter == 'q' && f->sharp && !memchr(s, '`', n) && !memchr(s, '\n', n)) {
		sbuf_addc(&text, '`');
		sbuf_add(&text, s, n);
		sbuf_addc(&text, '`');
	} else if (f->letter == 'q' || (f->letter == 'v' && f->sharp))
		value_quote(&text, s, n);
	else if (f->letter == 's' || f->letter == 'v')
		sbuf_add(&text, s, n);
	else if (f->letter == 'x' || f->letter == 'X')
		add_hex(&text, f, s, n);
	else {
		add_mismatch(b, f, v);
		return;
	}
	if (text.err)
		b->err = b->err ? b->err : text.err;
	else
		add_padded(b, f, text.s ? text.s : "", text.len);
}

/* The digits of a number in some base, at least @precision of them. */
static void add_digits(struct sbuf *b, uint64_t v, unsigned base, bool is_upper, int precision)
{
	const char *digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[65];
	size_t n = sizeof(text);

	do {
		text[--n] = digits[v % base];
		v /= base;
	} while (v > 0);
	for (int have = (int)(sizeof(text) - n); have < precision; have++)
		sbuf_addc(b, '0');
	sbuf_add(b, text + n, sizeof(text) - n);
}

static void add_number(struct sbuf *b, const struct verb *f, json_int_t i, unsigned base)
{
	_cleanup_sbuf_ struct sbuf text = SBUF_INIT(2 * WIDTH_MAX);
	uint64_t magnitude = i < 0 ? -(uint64_t)i : (uint64_t)i;
	bool has_sign = i < 0 || f->plus || f->space;
	int precision = f->precision;

	if (f->zero && !f->minus && precision == UNSET && f->width > 0)
		precision = f->width - has_sign;
	if (has_sign)
		sbuf_addc(&text, i < 0 ? '-' : f->plus ? '+' : ' ');
	if (f->sharp && base == 16)
		sbuf_adds(&text, f->letter == 'X' ? "0X" : "0x");
	else if (f->sharp && base < 10)
		sbuf_adds(&text, base == 8 ? "0" : "0b");
	add_digits(&text, magnitude, base, f->letter == 'X', precision);
	if (text.err)
		b->err = b->err ? b->err : text.err;
	else
		add_padded(b, f, text.s, text.len);
}

static void add_char(struct sbuf *b, const struct verb *f, json_int_t i)
{
	unsigned long code =
		i < 0 || i > 0x10ffff || (i >= 0xd800 && i < 0xe000) ? 0xfffd : (unsigned long)i;
	char utf8[8] = "'";
	size_t n = value_utf8(code, utf8 + 1);

	utf8[n + 1] = '\'';
	if (f->letter == 'c')
		add_padded(b, f, utf8 + 1, n);
	else
		add_padded(b, f, utf8, n + 2);
}

static void format_integer(struct sbuf *b, const struct verb *f, const json_t *v)
{
	json_int_t i = json_integer_value(v);
	char text[32];

	switch (f->letter) {
	case 'd':
	case 'v':
		add_number(b, f, i, 10);
		break;
	case 'x':
	case 'X':
		add_number(b, f, i, 16);
		break;
	case 'o':
	case 'O':
		add_number(b, f, i, 8);
		break;
	case 'b':
		add_number(b, f, i, 2);
		break;
	case 'c':
	case 'q':
		add_char(b, f, i);
		break;
	case 'U':
		(void)snprintf(text, sizeof(text), "U+%04llX", (unsigned long long)i);
		add_padded(b, f, text, strlen(text));
		break;
	default:
		add_mismatch(b, f, v);
	}
}

static void format_real(struct sbuf *b, const struct verb *f, const json_t *v)
{
	_cleanup_sbuf_ struct sbuf text = SBUF_INIT(4 * WIDTH_MAX);
	int precision = f->precision == UNSET ? 6 : f->precision;
	double d = json_real_value(v);
	bool has_sign = f->plus && d >= 0;
	size_t left;

	if (!strchr("vgGeEfF", f->letter)) {
		add_mismatch(b, f, v);
		return;
	}
	if (has_sign)
		sbuf_addc(&text, '+');
	if (strchr("vgG", f->letter) && f->precision == UNSET)
		value_print_real(&text, d);
	else if (strchr("eE", f->letter))
		sbuf_addf(&text, f->letter == 'e' ? "%.*e" : "%.*E", precision, d);
	else if (strchr("fF", f->letter))
		sbuf_addf(&text, "%.*f", precision, d);
	else
		sbuf_addf(&text, "%.*g", precision, d);
	if (text.err) {
		b->err = b->err ? b->err : text.err;
		return;
	}
	left = text.len && strchr("+-", text.s[0]) ? 1 : 0;
	if (f->zero && !f->minus && f->width > 0 && (size_t)f->width > text.len) {
		sbuf_add(b, text.s, left);
		for (size_t n = text.len; n < (size_t)f->width; n++)
			sbuf_addc(b, '0');
		sbuf_add(b, text.s + left, text.len - left);
		return;
	}
	add_padded(b, f, text.s, text.len);
}

static void format_any(struct sbuf *b, const struct verb *f, const json_t *v)
{
	_cleanup_sbuf_ struct sbuf text = SBUF_INIT(TEMPLATE_STRING);

	if (json_is_boolean(v) && (f->letter == 't' || f->letter == 'v'))
		value_print(&text, v);
	else if (f->letter == 'v' || (json_is_object(v) && f->letter == 's'))
		add_plain(&text, v);
	else {
		add_mismatch(b, f, v);
		return;
	}
	if (text.err)
		b->err = b->err ? b->err : text.err;
	else
		add_padded(b, f, text.s ? text.s : "", text.len);
}

static void format_value(struct sbuf *b, const struct verb *f, const json_t *v);

static void format_list(struct sbuf *b, const struct verb *f, const json_t *list)
{
	const json_t *v;
	size_t i;

	sbuf_addc(b, '[');
	json_array_foreach(list, i, v)
	{
		if (b->err)
			return;
		if (i)
			sbuf_addc(b, ' ');
		if (json_is_array(v)) /* one level, deeper ones as they are: no recursion */
			add_plain(b, v);
		else
			format_value(b, f, v);
	}
	sbuf_addc(b, ']');
}

static void format_value(struct sbuf *b, const struct verb *f, const json_t *v)
{
	if (json_is_string(v))
		format_string(b, f, v);
	else if (json_is_integer(v))
		format_integer(b, f, v);
	else if (json_is_real(v))
		format_real(b, f, v);
	else if (json_is_array(v))
		format_list(b, f, v);
	else
		format_any(b, f, v);
}

/* Digits or *, capped. A * takes an argument. */
static int read_size(struct call *c, const char **s, const char *end, size_t *next)
{
	json_int_t n = 0;

	if (*s < end && **s == '*') {
		++*s;
		if (*next < c->n && json_is_integer(c->args[*next]))
			n = json_integer_value(c->args[*next]);
		++*next;
		n = MIN(n, (json_int_t)WIDTH_MAX);
		return (int)MAX(n, (json_int_t)-WIDTH_MAX);
	}
	for (; *s < end && isdigit((unsigned char)**s); ++*s)
		n = MIN(n * 10 + (**s - '0'), (json_int_t)WIDTH_MAX);
	return (int)n;
}

static void read_flags(struct verb *f, const char **s, const char *end)
{
	for (; *s < end; ++*s) {
		bool *flag = **s == '-'   ? &f->minus
		             : **s == '+' ? &f->plus
		             : **s == '#' ? &f->sharp
		             : **s == '0' ? &f->zero
		             : **s == ' ' ? &f->space
		                          : NULL;

		if (!flag)
			return;
		*flag = true;
	}
}

/* What stands between % and the letter. */
static void read_verb(struct call *c, struct verb *f, const char **s, const char *end, size_t *next)
{
	*f = (struct verb){ .precision = UNSET };
	read_flags(f, s, end);
	f->width = read_size(c, s, end, next);
	if (f->width < 0) {
		f->minus = true;
		f->width = -f->width;
	}
	if (*s < end && **s == '.') {
		++*s;
		f->precision = MAX(read_size(c, s, end, next), 0);
	}
	f->letter = *s < end ? *(*s)++ : '\0';
}

static void add_verb(struct call *c, struct sbuf *b, const struct verb *f, size_t *next)
{
	if (f->letter == '\0')
		sbuf_adds(b, "%!(NOVERB)");
	else if (f->letter == '%')
		sbuf_addc(b, '%');
	else if (*next >= c->n)
		sbuf_addf(b, "%%!%c(MISSING)", f->letter);
	else
		format_value(b, f, c->args[(*next)++]);
}

json_t *template_printf(struct call *c)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_STRING);
	const char *s = json_string_value(c->args[0]), *end, *percent;
	struct verb f;
	size_t next = 1;

	if (!s)
		return call_fail(c, "the first argument has to be a string, not %s",
		                 value_kind(c->args[0]));
	for (end = s + json_string_length(c->args[0]); s < end && !b.err;) {
		percent = memchr(s, '%', (size_t)(end - s));
		sbuf_add(&b, s, (size_t)((percent ? percent : end) - s));
		if (!percent)
			break;
		s = percent + 1;
		read_verb(c, &f, &s, end, &next);
		add_verb(c, &b, &f, &next);
	}
	if (next < c->n)
		sbuf_adds(&b, "%!(EXTRA ");
	for (size_t i = next; i < c->n; i++) {
		sbuf_addf(&b, "%s%s=", i > next ? ", " : "", go_type(c->args[i]));
		add_plain(&b, c->args[i]);
	}
	if (next < c->n)
		sbuf_addc(&b, ')');
	return call_take(c, &b);
}
