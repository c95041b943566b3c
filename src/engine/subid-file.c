/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/subid-file.h"

#include "base/num.h"

#include <stdio.h>
#include <string.h>

struct line {
	char name[SUBID_NAME_SIZE];
	uint64_t first, count;
};

static bool parse_number(const char *s, size_t n, uint64_t *ret)
{
	char word[24];

	if (n >= sizeof(word))
		return false;
	memcpy(word, s, n);
	word[n] = '\0';
	return parse_u64(word, ret) == 0;
}

static bool parse_line(const char *s, size_t n, struct line *ret)
{
	const char *first = memchr(s, ':', n), *count;

	if (!first || (size_t)(first - s) >= sizeof(ret->name))
		return false;
	first++;
	count = memchr(first, ':', n - (size_t)(first - s));
	if (!count)
		return false;
	count++;
	(void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(first - 1 - s), s);
	return parse_number(first, (size_t)(count - 1 - first), &ret->first) &&
	       parse_number(count, n - (size_t)(count - s), &ret->count) &&
	       ret->first <= UINT32_MAX && ret->count <= UINT32_MAX;
}

static bool meets(const struct line *x, const struct id_map *held)
{
	for (size_t i = 1; i < held->n; i++) {
		uint64_t first = held->extents[i].outside;

		if (x->first < first + held->extents[i].count && first < x->first + x->count)
			return true;
	}
	return false;
}

bool subid_overlaps(const char *text, const char *name, uint32_t id, const struct id_map *held,
                    char ret_other[SUBID_NAME_SIZE])
{
	char number[16];
	struct line x;

	(void)snprintf(number, sizeof(number), "%u", id);
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (parse_line(text, n, &x) && strcmp(x.name, name) != 0 &&
		    strcmp(x.name, number) != 0 && meets(&x, held)) {
			memcpy(ret_other, x.name, sizeof(x.name));
			return true;
		}
		text += n + (text[n] == '\n');
	}
	return false;
}
