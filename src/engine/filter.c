/* SPDX-License-Identifier: Apache-2.0 */
/* filter - "KEY=VALUE" as --filter has it: which of the things in a list are wanted */
#include "engine/filter.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "base/sbuf.h"

#include <string.h>
#include <time.h>

void filters_done(struct filters *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].has_regex)
			regfree(&f->v[i].regex);
		free(f->v[i].text);
	}
	free(f->v);
	*f = (struct filters){ 0 };
}

static int unknown_key(const char *text, const struct filter_key *keys, struct err *e)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(240);
	int r;

	for (const struct filter_key *k = keys; k->name; k++)
		sbuf_addf(&b, "%s%s", k == keys ? "" : ", ", k->name);
	r = err_set(e, UCT_FILTER, -EINVAL, "unknown filter '%.*s'",
	            (int)MIN(strcspn(text, "="), (size_t)64), text);
	return err_hint(e, r, "filters are %s", b.s ? b.s : "");
}

static const struct filter_key *find_key(const struct filter_key *keys, const char *text, size_t n)
{
	for (; keys->name; keys++)
		if (strlen(keys->name) == n && strncmp(keys->name, text, n) == 0)
			return keys;
	return NULL;
}

static int prepare_one(const char *text, const struct filter_key *keys, void *arg,
                       struct filter *ret, struct err *e)
{
	size_t n = strcspn(text, "=");
	int r;

	if (!text[n]) {
		r = err_set(e, UCT_FILTER, -EINVAL, "a filter is KEY=VALUE, not '%.64s'", text);
		return find_key(keys, text, n) ? err_hint(e, r, "write %.64s=VALUE", text)
		                               : unknown_key(text, keys, e);
	}
	*ret = (struct filter){ .key = find_key(keys, text, n), .value = text + n + 1 };
	if (!ret->key)
		return unknown_key(text, keys, e);
	return ret->key->prepare ? ret->key->prepare(ret, arg, e) : 0;
}

int filters_prepare(const char *const *list, const struct filter_key *keys, void *arg,
                    struct filters *ret, struct err *e)
{
	size_t n = 0;
	int r = 0;

	*ret = (struct filters){ .keys = keys };
	while (list && list[n])
		n++;
	if (n == 0)
		return 0;
	ret->v = calloc(n, sizeof(*ret->v));
	if (!ret->v)
		return err_oom(e);
	for (size_t i = 0; i < n && r >= 0; i++) {
		r = prepare_one(list[i], keys, arg, &ret->v[i], e);
		ret->n += ret->v[i].key != NULL;
	}
	return MIN(r, 0);
}

static int key_fits(const struct filters *f, const struct filter_key *key, void *thing,
                    struct err *e)
{
	int fits = -1, r;

	for (size_t i = 0; i < f->n; i++) {
		if (f->v[i].key != key)
			continue;
		r = key->fits(&f->v[i], thing, e);
		if (r < 0)
			return r;
		if (key->needs_all && r == 0)
			return 0;
		fits = MAX(fits, r);
	}
	return fits != 0; /* -1: this key was not asked for */
}

int filters_fit(const struct filters *f, unsigned stage, void *thing, struct err *e)
{
	int r = 1;

	if (f->n == 0)
		return 1;
	for (const struct filter_key *key = f->keys; key->name && r > 0; key++)
		if (key->stage == stage)
			r = key_fits(f, key, thing, e);
	return r;
}

bool filters_have(const struct filters *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->v[i].key->name, key) == 0)
			return true;
	return false;
}

int filter_bad_value(const struct filter *f, const char *wanted, struct err *e)
{
	int r = err_set(e, UCT_FILTER, -EINVAL, "filter '%s' does not know '%.64s'", f->key->name,
	                f->value);

	return err_hint(e, r, "its value is %s", wanted);
}

int filter_prepare_regex(struct filter *f, void *arg, struct err *e)
{
	int rc = regcomp(&f->regex, f->value, REG_EXTENDED | REG_NOSUB);
	char why[128];

	(void)arg;
	f->has_regex = rc == 0;
	if (rc == REG_ESPACE)
		return err_oom(e);
	if (rc == 0)
		return 0;
	(void)regerror(rc, &f->regex, why, sizeof(why));
	rc = err_set(e, UCT_FILTER, -EINVAL, "filter '%s': '%.64s' is no regular expression: %s",
	             f->key->name, f->value, why);
	return err_hint(e, rc, "special characters such as ( [ * are written with a backslash");
}

bool filter_regex_fits(const struct filter *f, const char *text)
{
	return regexec(&f->regex, text, 0, NULL, 0) == 0;
}

int filter_prepare_bool(struct filter *f, void *arg, struct err *e)
{
	(void)arg;
	f->number = !strcmp(f->value, "true") || !strcmp(f->value, "1");
	return f->number || !strcmp(f->value, "false") || !strcmp(f->value, "0")
	               ? 0
	               : filter_bad_value(f, "true or false", e);
}

/* "1h30m" to nanoseconds. */
static int parse_duration(const char *s, uint64_t *ret_ns)
{
	static const char units[] = "smhdw";
	static const uint64_t seconds[] = { 1, 60, 3600, 86400, 604800 };
	uint64_t total = 0, n;
	char digits[10];

	if (!*s)
		return -EINVAL;
	while (*s) {
		size_t len = strspn(s, "0123456789");
		const char *unit = s[len] ? strchr(units, s[len]) : NULL;

		if (len == 0 || len >= sizeof(digits) || !unit)
			return -EINVAL;
		memcpy(digits, s, len);
		digits[len] = '\0';
		if (parse_u64(digits, &n) < 0)
			return -EINVAL;
		total += n * seconds[unit - units];
		if (total > UINT64_MAX / 2000000000)
			return -EINVAL;
		s += len + 1;
	}
	*ret_ns = total * 1000000000;
	return 0;
}

static int parse_date(const char *s, uint64_t *ret_ns)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
		                             "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(s, forms[i], &tm);
		time_t t = end && !*end ? mktime(&tm) : -1;

		if (t >= 0) {
			*ret_ns = (uint64_t)t * 1000000000;
			return 0;
		}
	}
	return -EINVAL;
}

int filter_prepare_time(struct filter *f, void *arg, struct err *e)
{
	uint64_t now_ns = clock_realtime_ns(), ns;

	(void)arg;
	if (clock_parse_rfc3339(f->value, &f->number) == 0 || parse_date(f->value, &f->number) == 0)
		return 0;
	if (parse_u64(f->value, &ns) == 0 && ns < UINT64_MAX / 2000000000) {
		f->number = ns * 1000000000;
		return 0;
	}
	if (parse_duration(f->value, &ns) < 0)
		return filter_bad_value(f, "a time, a date, seconds since 1970, or 10m, 24h ...",
		                        e);
	f->number = ns < now_ns ? now_ns - ns : 0;
	return 0;
}

bool filter_label_fits(const char *value, const struct json_t *labels)
{
	size_t n = strcspn(value, "=");
	_cleanup_free_ char *key = strndup(value, n);
	const char *have = key ? json_string_value(json_object_get(labels, key)) : NULL;

	return have && (!value[n] || strcmp(have, value + n + 1) == 0);
}
