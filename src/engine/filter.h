/* SPDX-License-Identifier: Apache-2.0 */
/* filter - "KEY=VALUE" as --filter has it: which of the things in a list are wanted
 *
 * Each kind of thing has a table of keys, the cheapest to look at first. Values of one key are
 * alternatives, unless the key says that all must fit; different keys must all fit.
 */
#pragma once

#include "base/err.h"

#include <regex.h>
#include <stdbool.h>

struct filter;
struct json_t; /* jansson's */

/**
 * struct filter_key - one key of a kind of things
 * @prepare:   checks the value once; may be NULL. @arg is filters_prepare()'s
 * @fits:      1, 0 or a negative errno. @thing is filters_fit()'s
 * @needs_all: every value must fit, not just one
 * @stage:     the caller's, so that it can ask without having read everything yet
 */
struct filter_key {
	const char *name;
	int (*prepare)(struct filter *f, void *arg, struct err *e);
	int (*fits)(const struct filter *f, void *thing, struct err *e);
	bool needs_all;
	unsigned stage;
};

struct filter {
	const struct filter_key *key;
	const char *value; /* borrowed from the caller's list */
	regex_t regex;
	bool has_regex;
	uint64_t number; /* whatever @prepare makes of the value */
	char *text;      /* the same, owned */
};

struct filters {
	const struct filter_key *keys;
	struct filter *v;
	size_t n;
};

void filters_done(struct filters *f);
#define _cleanup_filters_ _cleanup_(filters_done)

/* @list: NULL-terminated, may be NULL, kept. @keys: ends with a NULL name. UCT_FILTER names the
 * keys there are. */
int filters_prepare(const char *const *list, const struct filter_key *keys, void *arg,
                    struct filters *ret, struct err *e);
/* Whether a thing fits as far as the keys of that stage can tell: 1, 0, or a negative errno. */
int filters_fit(const struct filters *f, unsigned stage, void *thing, struct err *e);
bool filters_have(const struct filters *f, const char *key);

/* For tables of keys. */
int filter_bad_value(const struct filter *f, const char *wanted, struct err *e);
int filter_prepare_regex(struct filter *f, void *arg, struct err *e);
bool filter_regex_fits(const struct filter *f, const char *text);
/* "true", "1", "false", "0" to .number. */
int filter_prepare_bool(struct filter *f, void *arg, struct err *e);
/* RFC 3339, a date, seconds since 1970, or "10m" ago to .number, realtime ns. */
int filter_prepare_time(struct filter *f, void *arg, struct err *e);
/* Whether "KEY" or "KEY=VALUE" is among labels. */
bool filter_label_fits(const char *value, const struct json_t *labels);
