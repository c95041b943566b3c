/* SPDX-License-Identifier: Apache-2.0 */
#include "container/resources.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum {
	SHARES_MIN = 2,
	SHARES_MAX = 262144,
	PERIOD_DEFAULT_US = 100000,
	UNIFIED_MAX = 64,
	VALUE_MAX_BYTES = 4096,
};

static int bad(struct err *e, const char *what)
{
	return err_set(e, UCT_BAD_CONFIG, -EINVAL, "config.json: linux.resources.%s", what);
}

/* A mistyped or later key would be a limit that is not there. */
static int only_keys(const json_t *object, const char *what, const char *const *known,
                     struct err *e)
{
	const char *key;
	json_t *v;

	if (object && !json_is_object(object))
		return bad(e, what);
	json_object_foreach((json_t *)(uintptr_t)object, key, v)
	{
		bool is_known = json_is_null(v) || (json_is_array(v) && !json_array_size(v)) ||
		                (json_is_object(v) && !json_object_size(v));

		for (const char *const *k = known; *k && !is_known; k++)
			is_known = !strcmp(*k, key);
		if (!is_known)
			return err_set(e, UCT_BAD_CONFIG, -EINVAL,
			               "config.json: linux.resources.%s%s'%.60s' cannot be "
			               "honoured",
			               what, *what ? ": " : "", key);
	}
	return 0;
}

/* 1 given, 0 not. */
static int number(const json_t *object, const char *key, json_int_t min, json_int_t *ret,
                  struct err *e)
{
	const json_t *v = json_object_get(object, key);

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_integer(v) || json_integer_value(v) < min)
		return bad(e, key);
	*ret = json_integer_value(v);
	return 1;
}

static int add(struct err *e, int r)
{
	return r < 0 ? err_oom(e) : 0;
}

/* A limit that is none needs no file to be kept. */
static int add_limit(struct strv *s, const char *file, json_int_t v, struct err *e)
{
	const char *optional = *file != '?' ? "?" : "";

	return add(e, v < 0 ? strv_addf(s, "%s%s=max", optional, file)
	                    : strv_addf(s, "%s=%lld", file, v));
}

/* "swap" of the document is memory and swap together; the kernel's file is swap alone. */
static int parse_swap(json_int_t limit, json_int_t swap, struct strv *ret, struct err *e)
{
	if (swap < 0)
		return add_limit(ret, "memory.swap.max", -1, e);
	if (limit <= 0 || swap < limit)
		return bad(e, "memory.swap is less than memory.limit");
	/* Twice the memory is what nobody asks for and everybody gets (Docker, podman). */
	return add_limit(ret, swap == 2 * limit ? "?memory.swap.max" : "memory.swap.max",
	                 swap - limit, e);
}

static int parse_memory(const json_t *m, struct strv *ret, struct err *e)
{
	static const char *const known[] = { "limit", "swap", "reservation", NULL };
	json_int_t limit = 0, swap = 0, reservation = 0;
	int r = only_keys(m, "memory", known, e);

	if (r == 0)
		r = MIN(number(m, "limit", -1, &limit, e), 0);
	if (r == 0)
		r = MIN(number(m, "swap", -1, &swap, e), 0);
	if (r == 0)
		r = MIN(number(m, "reservation", -1, &reservation, e), 0);
	if (r == 0 && limit > INT64_MAX / 4)
		r = bad(e, "memory.limit");
	if (r == 0 && reservation)
		r = add_limit(ret, "memory.low", MAX(reservation, (json_int_t)0), e);
	if (r == 0 && limit)
		r = add_limit(ret, "memory.max", limit, e);
	if (r == 0 && swap)
		r = parse_swap(limit, swap, ret, e);
	return r;
}

unsigned resources_weight(uint64_t shares)
{
	shares = MAX(shares, (uint64_t)SHARES_MIN);
	shares = MIN(shares, (uint64_t)SHARES_MAX);
	return 1 + (unsigned)((shares - SHARES_MIN) * 9999 / (SHARES_MAX - SHARES_MIN));
}

/* "0-3,7" as cpuset(7) writes lists. */
static bool is_list(const char *s)
{
	return *s && strlen(s) < 1024 && strspn(s, "0123456789,-") == strlen(s);
}

static int add_list(const json_t *cpu, const char *key, struct strv *ret, struct err *e)
{
	const json_t *v = json_object_get(cpu, key);
	const char *s = json_string_value(v);

	if (!v || json_is_null(v) || (s && !*s))
		return 0;
	if (!s || !is_list(s))
		return bad(e, key);
	return add(e, strv_addf(ret, "cpuset.%s=%s", key, s));
}

static int parse_cpu(const json_t *c, struct strv *ret, struct err *e)
{
	static const char *const known[] = { "shares", "quota", "period", "cpus", "mems", NULL };
	json_int_t shares = 0, quota = 0, period = 0;
	int r = only_keys(c, "cpu", known, e);

	if (r == 0)
		r = MIN(number(c, "shares", 0, &shares, e), 0);
	if (r == 0)
		r = MIN(number(c, "quota", -1, &quota, e), 0);
	if (r == 0)
		r = MIN(number(c, "period", 0, &period, e), 0);
	if (r < 0)
		return r;
	if (shares)
		r = add(e, strv_addf(ret, "cpu.weight=%u", resources_weight((uint64_t)shares)));
	period = period ? period : PERIOD_DEFAULT_US;
	if (r == 0 && quota > 0)
		r = add(e, strv_addf(ret, "cpu.max=%lld %lld", quota, period));
	else if (r == 0 && (quota < 0 || json_object_get(c, "period")))
		r = add(e, strv_addf(ret, "?cpu.max=max %lld", period));
	if (r == 0)
		r = add_list(c, "cpus", ret, e);
	return r < 0 ? r : add_list(c, "mems", ret, e);
}

static int parse_pids(const json_t *p, struct strv *ret, struct err *e)
{
	static const char *const known[] = { "limit", NULL };
	json_int_t limit = 0;
	int r = only_keys(p, "pids", known, e);

	if (r == 0)
		r = number(p, "limit", INT64_MIN, &limit, e);
	if (r <= 0)
		return r;
	return add_limit(ret, "pids.max", limit <= 0 ? -1 : limit, e);
}

/* A file of a controller, nothing that leads elsewhere: "memory.high", not "cgroup.kill". */
static bool is_controller_file(const char *key)
{
	const char *dot = strchr(key, '.');

	if (!dot || dot == key || !dot[1] || strlen(key) > 60 || !strncmp(key, "cgroup.", 7))
		return false;
	for (const char *p = key; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '.' &&
		    *p != '_')
			return false;
	return true;
}

static int parse_unified(const json_t *u, struct strv *ret, struct err *e)
{
	const char *key;
	json_t *v;

	if (u && !json_is_object(u))
		return bad(e, "unified");
	if (json_object_size(u) > UNIFIED_MAX)
		return bad(e, "unified: too many");
	json_object_foreach((json_t *)(uintptr_t)u, key, v)
	{
		const char *s = json_string_value(v);

		if (!is_controller_file(key) || !s || strlen(s) > VALUE_MAX_BYTES ||
		    strchr(s, '\n'))
			return bad(e, "unified");
		if (strv_addf(ret, "%s=%s", key, s) < 0)
			return err_oom(e);
	}
	return 0;
}

int resources_parse(const json_t *resources, struct strv *ret, struct err *e)
{
	static const char *const known[] = { "memory", "cpu", "pids", "unified", NULL };
	int r = only_keys(resources, "", known, e);

	if (r == 0)
		r = parse_memory(json_object_get(resources, "memory"), ret, e);
	if (r == 0)
		r = parse_cpu(json_object_get(resources, "cpu"), ret, e);
	if (r == 0)
		r = parse_pids(json_object_get(resources, "pids"), ret, e);
	return r < 0 ? r : parse_unified(json_object_get(resources, "unified"), ret, e);
}
