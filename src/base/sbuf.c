/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int reserve(struct sbuf *b, size_t n)
{
	size_t want, cap;
	char *s;

	if (b->err)
		return b->err;
	if (n > b->max || b->len > b->max - n)
		return b->err = -E2BIG;
	want = b->len + n + 1;
	if (want <= b->cap)
		return 0;
	cap = MAX(want, b->cap * 2);
	cap = MAX(cap, (size_t)64);
	s = realloc(b->s, cap);
	if (!s)
		return b->err = -ENOMEM;
	b->s = s;
	b->cap = cap;
	return 0;
}

void sbuf_add(struct sbuf *b, const void *data, size_t n)
{
	if (reserve(b, n) < 0)
		return;
	if (n)
		memcpy(b->s + b->len, data, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void sbuf_adds(struct sbuf *b, const char *s)
{
	sbuf_add(b, s, strlen(s));
}

void sbuf_addc(struct sbuf *b, char c)
{
	sbuf_add(b, &c, 1);
}

PRINTF(2, 0)
static void addv(struct sbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0) {
		b->err = b->err ? b->err : -EINVAL;
		return;
	}
	if (reserve(b, (size_t)n) < 0)
		return;
	(void)vsnprintf(b->s + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void sbuf_addf(struct sbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	addv(b, fmt, ap);
	va_end(ap);
}

void sbuf_clear(struct sbuf *b)
{
	b->len = 0;
	if (b->s)
		b->s[0] = '\0';
}

int sbuf_take(struct sbuf *b, char **ret)
{
	if (reserve(b, 0) < 0)
		return b->err;
	b->s[b->len] = '\0';
	*ret = TAKE_PTR(b->s);
	b->len = b->cap = 0;
	return 0;
}

void sbuf_done(struct sbuf *b)
{
	cleanup_free(&b->s);
	b->s = NULL;
	b->len = b->cap = 0;
}

char *strf(const char *fmt, ...)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(SIZE_MAX / 4);
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	addv(&b, fmt, ap);
	va_end(ap);
	return sbuf_take(&b, &s) < 0 ? NULL : s;
}
