/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/when.h"

#include "base/clock.h"
#include "cli/human.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int args_when(const struct args *a, const char *name, uint64_t *ret_ns, struct err *e)
{
	const char *s = args_string(a, name);
	int r;

	*ret_ns = 0;
	if (!s || parse_when(s, clock_realtime_ns(), ret_ns) == 0)
		return 0;
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--%s takes a time, not '%s'", name, s);
	return err_hint(e, r, "write it as 10m, 2h30m, 2026-01-31 or 2026-01-31T12:34:56Z");
}

/* Length of the unit at @s and its nanoseconds; 0 none. */
static size_t unit_at(const char *s, uint64_t *ret_ns)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = { { "ns", 1 },           { "us", 1000 },      { "\302\265s", 1000 },
		      { "ms", 1000000 },     { "s", 1000000000 }, { "m", 60000000000 },
		      { "h", 3600000000000 } };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strncmp(s, units[i].name, strlen(units[i].name))) {
			*ret_ns = units[i].ns;
			return strlen(units[i].name);
		}
	return 0;
}

static int add_product(uint64_t *sum, uint64_t a, uint64_t b)
{
	return __builtin_mul_overflow(a, b, &a) || __builtin_add_overflow(*sum, a, sum) ? -EINVAL
	                                                                                : 0;
}

int parse_go_duration(const char *s, uint64_t *ret_ns)
{
	uint64_t total = 0;

	if (!strcmp(s, "0")) {
		*ret_ns = 0;
		return 0;
	}
	if (!*s)
		return -EINVAL;
	while (*s) {
		uint64_t n = 0, fraction = 0, divisor = 1, unit = 0;
		size_t digits = 0, len;

		for (; *s >= '0' && *s <= '9'; s++, digits++)
			if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
			    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
				return -EINVAL;
		if (*s == '.')
			for (s++; *s >= '0' && *s <= '9'; s++, digits++)
				if (divisor < 1000000000) {
					fraction = fraction * 10 + (uint64_t)(*s - '0');
					divisor *= 10;
				}
		len = digits ? unit_at(s, &unit) : 0;
		if (!len || add_product(&total, n, unit) < 0)
			return -EINVAL;
		total += (uint64_t)((__uint128_t)fraction * unit / divisor);
		s += len;
	}
	*ret_ns = total;
	return 0;
}

int args_duration(const struct args *a, const char *name, uint64_t *ret_ns, struct err *e)
{
	const char *s = args_string(a, name);
	int r;

	*ret_ns = 0;
	if (!s || (parse_go_duration(s, ret_ns) == 0 && (*ret_ns == 0 || *ret_ns >= 1000000) &&
	           *ret_ns <= INT64_MAX))
		return 0;
	r = err_set(e, UCT_BAD_VALUE, -EINVAL, "--%s takes a duration, not '%s'", name, s);
	return err_hint(e, r, "write it as 30s, 1m30s or 500ms, at least 1ms");
}

void local_time(uint64_t realtime_ns, char *buf)
{
	time_t sec = (time_t)(realtime_ns / 1000000000);
	struct tm tm = { 0 };
	long zone;
	size_t n;

	(void)localtime_r(&sec, &tm);
	zone = tm.tm_gmtoff / 60;
	n = strftime(buf, LOCAL_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	n += (size_t)snprintf(buf + n, LOCAL_TIME_SIZE - n, ".%09u",
	                      (unsigned)(realtime_ns % 1000000000));
	if (zone == 0)
		(void)snprintf(buf + n, LOCAL_TIME_SIZE - n, "Z");
	else
		(void)snprintf(buf + n, LOCAL_TIME_SIZE - n, "%c%02ld:%02ld", zone < 0 ? '-' : '+',
		               labs(zone) / 60, labs(zone) % 60);
}
