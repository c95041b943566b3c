/* SPDX-License-Identifier: Apache-2.0 */
/* suggest - what somebody probably meant to type
 *
 * Damerau-Levenshtein distance in its optimal string alignment form: swapped neighbours ("rnu")
 * count as one edit, which plain Levenshtein would count as two.
 */
#include "cli/suggest.h"

#include <limits.h>
#include <string.h>

enum { WORD_MAX_BYTES = 32 };

unsigned suggest_distance(const char *a, const char *b)
{
	unsigned d[WORD_MAX_BYTES + 1][WORD_MAX_BYTES + 1] = { { 0 } };
	size_t n = strlen(a), m = strlen(b);
	unsigned cost, best;

	if (n > WORD_MAX_BYTES || m > WORD_MAX_BYTES)
		return UINT_MAX;
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		for (size_t j = 1; j <= m; j++) {
			cost = a[i - 1] != b[j - 1];
			best = MIN(d[i - 1][j] + 1, d[i][j - 1] + 1);
			best = MIN(best, d[i - 1][j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, d[i - 2][j - 2] + 1);
			d[i][j] = best;
		}
	}
	return d[n][m];
}

/* Keeps the better of two candidates. Of a short word a third may be wrong, of any at most three
 * letters; more is another word. A longer name that starts with what was typed is near as well. */
static void consider(const char *typed, const char *name, const char **best, unsigned *best_score)
{
	size_t n = strlen(typed);
	unsigned limit = (unsigned)MIN(n / 3 + (n < 3), (size_t)3);
	unsigned score = suggest_distance(typed, name);

	if (score > limit && n >= 2 && strncmp(typed, name, n) == 0)
		score = 3;
	else if (score > limit)
		return;
	if (score < *best_score) {
		*best_score = score;
		*best = name;
	}
}

const char *suggest_word(const char *typed, const char *const *names)
{
	unsigned score = UINT_MAX;
	const char *best = NULL;

	for (; names && *names; names++)
		consider(typed, *names, &best, &score);
	return best;
}

const char *suggest_option(const struct command *cmd, const char *typed, size_t n)
{
	const struct option *o = NULL;
	char word[WORD_MAX_BYTES + 1];
	unsigned score = UINT_MAX;
	const char *best = NULL;

	if (n >= sizeof(word))
		return NULL;
	memcpy(word, typed, n);
	word[n] = '\0';
	while ((o = command_next_option(cmd, o)))
		consider(word, o->name, &best, &score);
	consider(word, "help", &best, &score);
	return best;
}

const char *suggest_command(const char *typed)
{
	unsigned score = UINT_MAX;
	const char *best = NULL;

	for (const struct command *const *c = commands_all(); *c; c++) {
		if ((*c)->hidden)
			continue;
		consider(typed, (*c)->name, &best, &score);
		for (const char *const *a = (*c)->aliases; a && *a; a++)
			if (!strchr(*a, ' '))
				consider(typed, *a, &best, &score);
	}
	return best;
}

const char *suggest_second(const char *first, const char *typed)
{
	unsigned score = UINT_MAX;
	const char *best = NULL;

	for (const struct command *const *c = commands_all(); *c; c++) {
		const char *word = NULL;

		while (!(*c)->hidden && (word = command_next_word(*c, first, word)))
			consider(typed, word, &best, &score);
	}
	return best;
}
