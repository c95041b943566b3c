/* SPDX-License-Identifier: Apache-2.0 */
/* term - where text goes: a stream, and what the device behind it can show */
#include "cli/term.h"

#include "base/num.h"
#include "base/sbuf.h"

#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

enum { COLUMNS_DEFAULT = 80, COLUMNS_MIN = 30, ROWS_DEFAULT = 24 };

/* What setlocale(3) would find out, without reading locale files at every start. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	const char *v;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		v = getenv(names[i]);
		if (v && *v)
			return strcasestr(v, "UTF-8") || strcasestr(v, "utf8");
	}
	return false;
}

static bool wants_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

void term_measure(struct term *t)
{
	struct winsize ws = { 0 };
	int fd = fileno(t->f);
	const char *columns = getenv("COLUMNS");
	uint32_t n;

	t->columns = COLUMNS_DEFAULT;
	t->rows = ROWS_DEFAULT;
	t->is_tty = fd >= 0 && ioctl(fd, TIOCGWINSZ, &ws) == 0;
	if (ws.ws_col > 0)
		t->columns = ws.ws_col;
	else if (columns && parse_u32(columns, &n) == 0 && n <= 1000)
		t->columns = n;
	if (ws.ws_row > 0)
		t->rows = ws.ws_row;
	t->columns = MAX(t->columns, (unsigned)COLUMNS_MIN);
}

void term_init(struct term *t, FILE *f)
{
	*t = (struct term){ .f = f };
	term_measure(t);
	t->has_colour = t->is_tty && wants_colour();
	t->has_utf8 = t->is_tty && locale_is_utf8();
}

const char *term_style(const struct term *t, enum style s)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "\033[0m",    [STYLE_HEADING] = "\033[1m",
		[STYLE_ERROR] = "\033[1;31m", [STYLE_HINT] = "\033[36m",
		[STYLE_GOOD] = "\033[32m",    [STYLE_WARN] = "\033[33m",
		[STYLE_DIM] = "\033[2m",
	};

	return t->has_colour ? codes[s] : "";
}

void text_pad(struct sbuf *b, size_t n)
{
	while (n-- > 0)
		sbuf_addc(b, ' ');
}

size_t text_columns(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80; /* continuation bytes take no room */
	return n;
}

void text_clip(struct sbuf *b, const char *s, size_t columns)
{
	size_t n = 0;

	if (text_columns(s) <= columns) {
		sbuf_adds(b, s);
		return;
	}
	if (columns == 0)
		return;
	for (; *s; s++) {
		n += ((unsigned char)*s & 0xc0) != 0x80;
		if (n >= columns)
			break;
		sbuf_addc(b, *s);
	}
	sbuf_adds(b, "…");
}

/* Adds one paragraph or preformatted line of @n bytes; returns nothing but leaves the line open. */
static void wrap_words(struct sbuf *b, const char *s, size_t n, size_t at, size_t indent,
                       size_t columns)
{
	const char *end = s + n, *word;
	bool is_first = true;
	size_t width;

	while (s < end) {
		while (s < end && *s == ' ')
			s++;
		for (word = s; s < end && *s != ' ';)
			s++;
		width = (size_t)(s - word);
		if (width == 0)
			break;
		if (!is_first && at + 1 + width > columns) {
			sbuf_addc(b, '\n');
			text_pad(b, indent);
			at = indent;
		} else if (!is_first) {
			sbuf_addc(b, ' ');
			at++;
		}
		sbuf_add(b, word, width);
		at += width;
		is_first = false;
	}
}

void text_wrap(struct sbuf *b, const char *text, size_t at, size_t indent, size_t columns)
{
	size_t n;

	for (const char *line = text; *line; line += n) {
		n = strcspn(line, "\n");
		if (line != text) {
			sbuf_addc(b, '\n');
			if (n > 0)
				text_pad(b, indent);
			at = indent;
		}
		if (*line == ' ')
			sbuf_add(b, line, n);
		else
			wrap_words(b, line, n, at, indent, columns);
		if (line[n] == '\n')
			n++;
	}
}
