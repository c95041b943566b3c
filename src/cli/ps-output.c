/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/ps-output.h"

#include "base/num.h"
#include "base/sbuf.h"
#include "cli/term.h"

#include <stdbool.h>
#include <string.h>

enum { COLUMNS_MAX = 64, WIDTH_MIN = 20, PADDING = 3 };

/* The word at @index; NULL: there are not so many. */
static const char *word_at(const char *line, size_t index, size_t *ret_n)
{
	line += strspn(line, " \t");
	for (; index > 0 && *line; index--) {
		line += strcspn(line, " \t");
		line += strspn(line, " \t");
	}
	*ret_n = strcspn(line, " \t");
	return *ret_n ? line : NULL;
}

static size_t count_words(const char *line)
{
	size_t n = 0, len;

	while (word_at(line, n, &len))
		n++;
	return n;
}

/* Words divided by tabs; what is beyond the last column belongs to it. */
static void add_cells(struct sbuf *b, const char *line, size_t n_columns)
{
	size_t n;

	for (size_t i = 0; i < n_columns; i++) {
		const char *w = word_at(line, i, &n);

		if (!w)
			break;
		if (i)
			sbuf_addc(b, '\t');
		if (i + 1 < n_columns)
			sbuf_add(b, w, n);
		else
			sbuf_adds(b, w);
	}
	sbuf_addc(b, '\n');
}

static bool has_pid(const char *w, size_t n, const int *pids, size_t n_pids)
{
	char digits[16];
	uint32_t pid;

	if (n >= sizeof(digits))
		return false;
	memcpy(digits, w, n);
	digits[n] = '\0';
	for (size_t i = 0; parse_u32(digits, &pid) == 0 && i < n_pids; i++)
		if ((uint32_t)pids[i] == pid)
			return true;
	return false;
}

int ps_output_filter(char *text, const int *pids, size_t n_pids, struct sbuf *b, struct err *e)
{
	char *save = NULL, *line = strtok_r(text, "\n", &save);
	size_t n_columns = line ? count_words(line) : 0, at = 0, n = 0;
	bool is_thread_of_ours = false;
	const char *w;

	while ((w = word_at(line ? line : "", at, &n)) && (n != 3 || memcmp(w, "PID", 3) != 0))
		at++;
	if (!w)
		return err_set(e, UCT_NO_PS, -EINVAL, "ps printed no column PID");
	add_cells(b, line, n_columns);
	while ((line = strtok_r(NULL, "\n", &save))) {
		w = word_at(line, at, &n);
		if (!w)
			continue;
		if (n != 1 || *w != '-')
			is_thread_of_ours = has_pid(w, n, pids, n_pids);
		if (is_thread_of_ours)
			add_cells(b, line, n_columns);
	}
	return 0;
}

/* The length of a cell in bytes, and in columns. */
static size_t cell(const char *s, size_t *ret_columns)
{
	size_t n = strcspn(s, "\t\n");

	*ret_columns = 0;
	for (size_t i = 0; i < n; i++)
		*ret_columns += (s[i] & 0xc0) != 0x80; /* not the rest of a UTF-8 character */
	return n;
}

void ps_output_align(char *rows, struct sbuf *b)
{
	size_t widths[COLUMNS_MAX] = { 0 }, columns, i = 0;

	for (const char *s = rows; *s; s++) {
		s += cell(s, &columns);
		if (i < COLUMNS_MAX)
			widths[i] = MAX(widths[i], columns + PADDING);
		i = *s == '\t' ? i + 1 : 0;
		if (!*s)
			break;
	}
	i = 0;
	for (const char *s = rows; *s; s++) {
		size_t n = cell(s, &columns);

		sbuf_add(b, s, n);
		s += n;
		if (*s == '\t' && i < COLUMNS_MAX) {
			text_pad(b, MAX(widths[i], (size_t)WIDTH_MIN) - columns);
			i++;
		} else {
			sbuf_addc(b, '\n');
			i = 0;
		}
		if (!*s)
			break;
	}
}
