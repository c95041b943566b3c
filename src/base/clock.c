/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec t = { 0 };

	(void)clock_gettime(id, &t); /* cannot fail for these clocks */
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

uint64_t clock_realtime_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void clock_rfc3339(uint64_t realtime_ns, char *buf)
{
	time_t sec = (time_t)(realtime_ns / 1000000000ULL);
	struct tm tm = { 0 };
	size_t n;

	(void)gmtime_r(&sec, &tm); /* fails only for years beyond int */
	n = strftime(buf, RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf + n, RFC3339_SIZE - n, ".%09uZ",
	               (unsigned)(realtime_ns % 1000000000ULL));
}

/* ":ss", then an optional fraction of up to nine digits that count. */
static const char *parse_fraction(const char *p, uint64_t *ret_ns)
{
	uint64_t unit = 100000000;

	*ret_ns = 0;
	if (*p != '.')
		return p;
	for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
		*ret_ns += (uint64_t)(*p - '0') * unit;
	return p;
}

int clock_parse_rfc3339(const char *s, uint64_t *ret_realtime_ns)
{
	int offset_s = 0, hours, minutes;
	struct tm tm = { 0 };
	uint64_t ns;
	time_t t;
	const char *p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!p)
		return -EINVAL;
	p = parse_fraction(p, &ns);
	if (*p == '+' || *p == '-') {
		if (strlen(p) != 6 || p[3] != ':' || strspn(p + 1, "0123456789:") != 5)
			return -EINVAL;
		hours = (p[1] - '0') * 10 + (p[2] - '0');
		minutes = (p[4] - '0') * 10 + (p[5] - '0');
		offset_s = (hours * 60 + minutes) * 60 * (*p == '-' ? -1 : 1);
	} else if (strcmp(p, "Z") != 0) {
		return -EINVAL;
	}
	t = timegm(&tm) - offset_s;
	if (t < 0)
		return -EINVAL;
	*ret_realtime_ns = (uint64_t)t * 1000000000ULL + ns;
	return 0;
}
