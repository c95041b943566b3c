/* SPDX-License-Identifier: Apache-2.0 */
#include "store/tar-check.h"

#include "store/unpack.h"

#include <stdlib.h>
#include <string.h>

enum {
	BLOCK = 512,
	TEXT_MAX = 1 << 20,
	NUMBER_AT = 124,
	NUMBER_SIZE = 12,
	SUM_AT = 148,
	TYPE_AT = 156
};
enum { SPARSE_MORE_AT = 482, SPARSE_MORE_AGAIN_AT = 504 };

void tar_check_init(struct tar_check *c)
{
	*c = (struct tar_check){ .pax_size = UINT64_MAX };
}

void tar_check_done(struct tar_check *c)
{
	free(c->text);
	c->text = NULL;
}

/* Octal with spaces, or GNU's base 256. False: neither, or too large. */
static bool number(const uint8_t *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;

	if (p[0] == 0x80) {
		for (i = 1; i < n; i++) {
			if (v >> 55)
				return false;
			v = v << 8 | p[i];
		}
		*ret = v;
		return true;
	}
	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	*ret = v;
	return i == n || p[i] == ' ' || p[i] == '\0';
}

static bool has_checksum(const uint8_t *h)
{
	uint64_t want;
	uint32_t sum = 8 * ' '; /* as which its own field counts */

	for (size_t i = 0; i < BLOCK;
	     i++) /* no condition in here: the compiler makes vectors of it */
		sum += h[i];
	for (size_t i = SUM_AT; i < SUM_AT + 8; i++)
		sum -= h[i];
	return number(h + SUM_AT, 8, &want) && want == sum;
}

static bool is_key(const char *p, size_t n, const char *key)
{
	return n > strlen(key) && !memcmp(p, key, strlen(key)) && p[strlen(key)] == '=';
}

/* The records of a pax header: "LENGTH KEY=VALUE\n" each (POSIX.1-2001, pax). */
static int check_pax(struct tar_check *c, struct err *e)
{
	const char *p = c->text, *end = c->text + c->n_text;

	while (p < end) {
		size_t len = 0, digits = 0;

		for (; p + digits < end && digits < 8 && p[digits] >= '0' && p[digits] <= '9';
		     digits++)
			len = len * 10 + (size_t)(p[digits] - '0');
		if (p + digits == end || p[digits] != ' ' || len < digits + 2 ||
		    len > (size_t)(end - p)) {
			c->has_ended = true; /* libarchive has a word for it */
			return 0;
		}
		const char *key = p + digits + 1;
		size_t n = len - digits - 2; /* without the newline */

		if ((is_key(key, n, "path") || is_key(key, n, "linkpath")) && memchr(key, 0, n))
			return BAD_LAYER(e, "a name in the archive has a zero byte");
		if (is_key(key, n, "size")) {
			c->pax_size = 0;
			for (size_t i = 5; i < n && c->pax_size < UINT64_MAX / 16; i++)
				c->pax_size = c->pax_size * 10 + (uint64_t)(key[i] - '0');
		}
		p += len;
	}
	return 0;
}

/* The header of something whose contents are about the next entry. */
static int begin_text(struct tar_check *c, uint64_t size, char type, struct err *e)
{
	if (size > TEXT_MAX)
		return BAD_LAYER(e, "a header of the archive has more than %d bytes", TEXT_MAX);
	free(c->text);
	c->text = malloc((size_t)size + 1);
	if (!c->text)
		return err_oom(e);
	c->n_text = 0;
	c->text_size = (size_t)size;
	c->text_padding = -(size_t)size % BLOCK;
	c->is_pax = type == 'x';
	if (size == 0) {
		free(c->text);
		c->text = NULL;
	}
	return 0;
}

static int check_header(struct tar_check *c, struct err *e)
{
	const uint8_t *h = c->header;
	char type = (char)h[TYPE_AT];
	uint64_t size;

	if (c->is_extended) {
		c->is_extended = h[SPARSE_MORE_AGAIN_AT] != 0;
		return 0;
	}
	if (!has_checksum(h) || !number(h + NUMBER_AT, NUMBER_SIZE, &size)) {
		c->has_ended = true; /* the end mark, too: its sum is no number */
		return 0;
	}
	if (type == 'x' || type == 'g' || type == 'L' || type == 'K')
		return begin_text(c, size, type, e);
	if (!strchr("0123456S", type)) /* finds the 0 of old archives as well */
		return BAD_LAYER(e, "entry '%.100s' is of type '%c', which layers do not have",
		                 (const char *)h, type > ' ' && type < 0x7f ? type : '?');
	if (c->pax_size != UINT64_MAX)
		size = c->pax_size;
	c->pax_size = UINT64_MAX;
	c->is_extended = type == 'S' && h[SPARSE_MORE_AT];
	/* Others have no contents, and whether a size is to be believed is libarchive's guess. */
	if (type && type != '0' && type != 'S' && size)
		c->has_ended = true;
	c->skip = size > UINT64_MAX - BLOCK ? UINT64_MAX : (size + BLOCK - 1) / BLOCK * BLOCK;
	return 0;
}

static size_t take_text(struct tar_check *c, const uint8_t *p, size_t n)
{
	n = MIN(n, c->text_size - c->n_text);
	memcpy(c->text + c->n_text, p, n);
	c->n_text += n;
	return n;
}

int tar_check_add(struct tar_check *c, const void *data, size_t n, struct err *e)
{
	const uint8_t *p = data;
	int r = 0;

	while (n > 0 && r == 0 && !c->has_ended) {
		size_t took;

		if (c->text) {
			took = take_text(c, p, n);
			if (c->n_text == c->text_size) {
				r = c->is_pax ? check_pax(c, e) : 0;
				c->skip = c->text_padding;
				tar_check_done(c);
			}
		} else if (c->skip && !c->is_extended) {
			took = (size_t)MIN(c->skip, (uint64_t)n);
			c->skip -= took;
		} else {
			took = MIN(n, BLOCK - c->n_header);
			memcpy(c->header + c->n_header, p, took);
			c->n_header += took;
			if (c->n_header == BLOCK) {
				c->n_header = 0;
				r = check_header(c, e);
			}
		}
		p += took;
		n -= took;
	}
	return r;
}
