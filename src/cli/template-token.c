/* SPDX-License-Identifier: Apache-2.0 */
/* template-token - the words between {{ and }} */
#include "cli/template-token.h"

#include "base/num.h"
#include "base/sbuf.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

static char at(const struct reader *r, size_t ahead)
{
	return r->pos + ahead < r->n ? r->s[r->pos + ahead] : '\0';
}

static bool starts(const struct reader *r, const char *word)
{
	size_t n = strlen(word);

	return r->n - r->pos >= n && memcmp(r->s + r->pos, word, n) == 0;
}

/* Letters beyond ASCII count, as in Go. */
static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static size_t name_length(const struct reader *r, size_t from)
{
	size_t n = 0;

	while (r->pos + from + n < r->n && is_name_char(r->s[r->pos + from + n]))
		n++;
	return n;
}

static int hex_digits(struct reader *r, size_t n, unsigned long *ret)
{
	unsigned long v = 0;

	for (size_t i = 0; i < n; i++) {
		char c = at(r, 0);

		if (!isxdigit((unsigned char)c))
			return reader_fail(r, r->pos, "%zu hexadecimal digits are expected", n);
		v = v * 16 + (unsigned long)(isdigit((unsigned char)c)
		                                     ? c - '0'
		                                     : tolower((unsigned char)c) - 'a' + 10);
		r->pos++;
	}
	*ret = v;
	return 0;
}

static int octal_digits(struct reader *r, unsigned long *ret)
{
	unsigned long v = 0;

	for (size_t i = 0; i < 3; i++) {
		char c = at(r, 0);

		if (c < '0' || c > '7')
			return reader_fail(r, r->pos, "three octal digits are expected");
		v = v * 8 + (unsigned long)(c - '0');
		r->pos++;
	}
	if (v > 255)
		return reader_fail(r, r->pos - 3, "an octal escape is at most \\377");
	*ret = v;
	return 0;
}

/* What stands behind a backslash; *@ret_is_byte: a byte, not a character. */
static int escape(struct reader *r, char quote, unsigned long *ret, bool *ret_is_byte)
{
	static const char letters[] = "abfnrtv\\", meant[] = "\a\b\f\n\r\t\v\\";
	char c = at(r, 0);
	const char *known = c ? strchr(letters, c) : NULL;

	*ret_is_byte = false;
	if (known || c == quote) {
		*ret = known ? (unsigned char)meant[known - letters] : (unsigned char)quote;
		r->pos++;
		return 0;
	}
	if (c >= '0' && c <= '7') {
		*ret_is_byte = true;
		return octal_digits(r, ret);
	}
	if (c != 'x' && c != 'u' && c != 'U')
		return reader_fail(r, r->pos,
		                   "unknown escape; \\n \\t \\\\ \\%c \\xhh \\uhhhh are known",
		                   quote);
	r->pos++;
	*ret_is_byte = c == 'x';
	return hex_digits(r, c == 'x' ? 2 : c == 'u' ? 4 : 8, ret);
}

/* One character of a quoted literal, escaped or not. */
static int quoted_char(struct reader *r, char quote, struct sbuf *b, unsigned long *ret_code)
{
	bool is_byte = false;
	unsigned long code = 0;
	char utf8[4];
	size_t n;
	int rc;

	if (at(r, 0) != '\\') {
		n = value_next_char(r->s + r->pos, r->n - r->pos, ret_code);
		sbuf_add(b, r->s + r->pos, n);
		r->pos += n;
		return 0;
	}
	r->pos++;
	rc = escape(r, quote, &code, &is_byte);
	if (rc < 0)
		return rc;
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return reader_fail(r, r->pos, "the escape is not a Unicode character");
	*ret_code = code;
	if (is_byte)
		sbuf_addc(b, (char)code);
	else
		sbuf_add(b, utf8, value_utf8(code, utf8));
	return 0;
}

static int take_string(struct reader *r, struct sbuf *b)
{
	r->tok.kind = TOKEN_LITERAL;
	if (b->err)
		return err_oom(r->e);
	r->tok.value = json_stringn_nocheck(b->s ? b->s : "", b->len);
	return r->tok.value ? 0 : err_oom(r->e);
}

static int read_quoted(struct reader *r)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_MAX_BYTES);
	unsigned long code = 0;
	int rc;

	for (r->pos++; at(r, 0) != '"';) {
		if (r->pos >= r->n)
			return reader_fail(r, r->tok.at, "the string has no closing quote");
		rc = quoted_char(r, '"', &b, &code);
		if (rc < 0)
			return rc;
	}
	r->pos++;
	return take_string(r, &b);
}

static int read_raw(struct reader *r)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_MAX_BYTES);
	const char *from = r->s + r->pos + 1, *end = memchr(from, '`', r->n - r->pos - 1);

	if (!end)
		return reader_fail(r, r->tok.at, "the raw string has no closing `");
	sbuf_add(&b, from, (size_t)(end - from));
	r->pos += (size_t)(end - from) + 2;
	return take_string(r, &b);
}

/* 'a' is a number, as in Go. */
static int read_char(struct reader *r)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(TEMPLATE_MAX_BYTES);
	unsigned long code = 0;
	int rc;

	r->pos++;
	if (r->pos >= r->n || at(r, 0) == '\'')
		return reader_fail(r, r->tok.at, "a character is expected between the quotes");
	rc = quoted_char(r, '\'', &b, &code);
	if (rc < 0)
		return rc;
	if (at(r, 0) != '\'')
		return reader_fail(r, r->tok.at,
		                   "'...' holds one character; strings are written \"...\"");
	r->pos++;
	r->tok.kind = TOKEN_LITERAL;
	r->tok.value = json_integer((json_int_t)code);
	return r->tok.value ? 0 : err_oom(r->e);
}

/* The digits after a sign and a prefix, without underscores. */
static json_t *integer_of(const char *text)
{
	bool negative = *text == '-';
	unsigned base = 10, digit;
	uint64_t v = 0;

	text += *text == '-' || *text == '+';
	if (text[0] == '0' && text[1]) {
		char c = (char)tolower((unsigned char)text[1]);

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		text += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
	}
	if (!*text)
		return NULL;
	for (; *text; text++) {
		if (!isxdigit((unsigned char)*text))
			return NULL;
		digit = isdigit((unsigned char)*text)
		                ? (unsigned)(*text - '0')
		                : (unsigned)(tolower((unsigned char)*text) - 'a' + 10);
		if (digit >= base || v > ((uint64_t)INT64_MAX - digit) / base)
			return NULL;
		v = v * base + digit;
	}
	return json_integer(negative ? -(json_int_t)v : (json_int_t)v);
}

static int read_number(struct reader *r)
{
	char text[64], *end = NULL;
	size_t k = 0, n = 0;
	bool is_real;

	for (; n < sizeof(text) && r->pos + n < r->n; n++) {
		char c = at(r, n), last = n ? (char)tolower((unsigned char)at(r, n - 1)) : '\0';
		bool is_sign = (c == '+' || c == '-') && (n == 0 || last == 'e');

		if (!is_sign && !is_name_char(c) && c != '.')
			break;
		if (c != '_')
			text[k++] = c;
	}
	if (n == sizeof(text))
		return reader_fail(r, r->pos, "the number is too long");
	text[k] = '\0';
	is_real = strchr(text, '.') || (!strchr(text, 'x') && strpbrk(text, "eE"));
	r->tok.kind = TOKEN_LITERAL;
	if (!is_real)
		r->tok.value = integer_of(text);
	else {
		double d = strtod(text, &end);

		r->tok.value = *end == '\0' ? json_real(d) : NULL;
	}
	if (!r->tok.value)
		return reader_fail(r, r->pos, "'%s' is not a number", text);
	r->pos += n;
	return 0;
}

static int read_named(struct reader *r, enum token_kind kind, size_t skip)
{
	r->tok.kind = kind;
	r->tok.name = r->s + r->pos + skip;
	r->tok.len = name_length(r, skip);
	r->pos += skip + r->tok.len;
	return 0;
}

static int read_word(struct reader *r)
{
	bool is_true;

	(void)read_named(r, TOKEN_WORD, 0);
	is_true = r->tok.len == 4 && memcmp(r->tok.name, "true", 4) == 0;
	if (!is_true && (r->tok.len != 5 || memcmp(r->tok.name, "false", 5) != 0))
		return 0;
	r->tok.kind = TOKEN_LITERAL;
	r->tok.value = json_boolean(is_true);
	return 0;
}

static int read_mark(struct reader *r)
{
	static const struct {
		const char *mark;
		enum token_kind kind;
	} marks[] = {
		{ "}}", TOKEN_END },  { ":=", TOKEN_DECLARE }, { "=", TOKEN_ASSIGN },
		{ "|", TOKEN_PIPE },  { ",", TOKEN_COMMA },    { "(", TOKEN_OPEN },
		{ ")", TOKEN_CLOSE },
	};
	char c = at(r, 0);

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (starts(r, marks[i].mark)) {
			r->tok.kind = marks[i].kind;
			r->pos += strlen(marks[i].mark);
			return 0;
		}
	if (c == '}')
		return reader_fail(r, r->pos, "'}}' is expected, not '}'");
	if (isgraph((unsigned char)c))
		return reader_fail(r, r->pos, "unexpected '%c'", c);
	return reader_fail(r, r->pos, "unexpected byte 0x%02x", (unsigned char)c);
}

/* Whether " -}}" stands here. The space before it was skipped. */
static bool ends_trimming(const struct reader *r)
{
	return r->tok.is_spaced && starts(r, "-}}");
}

int token_next(struct reader *r)
{
	size_t from = r->pos;
	char c, next;

	json_decref(r->tok.value);
	while (r->pos < r->n && isspace((unsigned char)r->s[r->pos]))
		r->pos++;
	r->tok = (struct token){ .at = r->pos, .is_spaced = r->pos > from };
	if (r->pos >= r->n)
		return reader_fail(r, r->pos, "the action has no '}}'");
	if (ends_trimming(r)) {
		r->trims_next = true;
		r->pos += 3;
		r->tok.kind = TOKEN_END;
		return 0;
	}
	c = at(r, 0);
	next = at(r, 1);
	if (c == '"')
		return read_quoted(r);
	if (c == '`')
		return read_raw(r);
	if (c == '\'')
		return read_char(r);
	if (c == '$')
		return read_named(r, TOKEN_VARIABLE, 1);
	if (c == '.' && is_name_char(next) && !isdigit((unsigned char)next))
		return read_named(r, TOKEN_FIELD, 1);
	if (c == '.' && !isdigit((unsigned char)next)) {
		r->tok.kind = TOKEN_DOT;
		r->pos++;
		return 0;
	}
	if (isdigit((unsigned char)c) || c == '.' ||
	    ((c == '-' || c == '+') && (isdigit((unsigned char)next) || next == '.')))
		return read_number(r);
	return is_name_char(c) ? read_word(r) : read_mark(r);
}

void token_name(const struct reader *r, char *buf, size_t size)
{
	static const char *const names[] = {
		[TOKEN_END] = "'}}'",   [TOKEN_DOT] = "'.'",   [TOKEN_LITERAL] = "a value",
		[TOKEN_PIPE] = "'|'",   [TOKEN_COMMA] = "','", [TOKEN_DECLARE] = "':='",
		[TOKEN_ASSIGN] = "'='", [TOKEN_OPEN] = "'('",  [TOKEN_CLOSE] = "')'",
		[TOKEN_WORD] = NULL,
	};
	const struct token *t = &r->tok;
	const char *mark = t->kind == TOKEN_FIELD ? "." : t->kind == TOKEN_VARIABLE ? "$" : "";

	if (names[t->kind])
		(void)snprintf(buf, size, "%s", names[t->kind]);
	else
		(void)snprintf(buf, size, "'%s%.*s'", mark, (int)MIN(t->len, (size_t)64), t->name);
}

int reader_fail(struct reader *r, size_t at_byte, const char *fmt, ...)
{
	char what[300], where[64];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	template_where(r->t, at_byte, where, sizeof(where));
	return err_set(r->e, UCT_TEMPLATE, -EINVAL, "bad template at %s: %s", where, what);
}
