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

/* An optional fraction, of which nine digits count; NULL: a point without digits. */
static const char *parse_fraction(const char *p, uint64_t *ret_ns)
{
	uint64_t unit = 100000000;

	*ret_ns = 0;
	if (*p != '.')
		return p;
	for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
		*ret_ns += (uint64_t)(*p - '0') * unit;
	return p[-1] == '.' ? NULL : p;
}

/* Whether @s begins as @form does, where '0' stands for any digit. */
static int has_form(const char *s, const char *form)
{
	for (; *form; s++, form++)
		if (*form == '0' ? *s < '0' || *s > '9' : *s != *form)
			return 0;
	return 1;
}

static int parse_zone(const char *p, int *ret_offset_s)
{
	int hours, minutes;

	*ret_offset_s = 0;
	if (!strcmp(p, "Z"))
		return 0;
	if ((*p != '+' && *p != '-') || strlen(p) != 6 || !has_form(p + 1, "00:00"))
		return -EINVAL;
	hours = (p[1] - '0') * 10 + (p[2] - '0');
	minutes = (p[4] - '0') * 10 + (p[5] - '0');
	if (hours > 23 || minutes > 59)
		return -EINVAL;
	*ret_offset_s = (hours * 60 + minutes) * 60 * (*p == '-' ? -1 : 1);
	return 0;
}

int clock_parse_rfc3339(const char *s, uint64_t *ret_realtime_ns)
{
	struct tm tm = { 0 };
	int offset_s, day, seconds;
	const char *p = NULL;
	uint64_t ns, sec;
	time_t t;

	/* strptime(3) alone would also take spaces, signs and single digits. */
	if (has_form(s, "0000-00-00T00:00:00"))
		p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (p)
		p = parse_fraction(p, &ns);
	if (!p || parse_zone(p, &offset_s) < 0)
		return -EINVAL;
	/* timegm(3) makes a March of the 30th of February; a leap second may end the day. */
	day = tm.tm_mday;
	seconds = tm.tm_sec;
	tm.tm_sec = 0;
	t = timegm(&tm) + seconds - offset_s;
	if (t < 0 || tm.tm_mday != day)
		return -EINVAL;
	/* Until the year 2554 */
	if (__builtin_mul_overflow((uint64_t)t, 1000000000ULL, &sec) ||
	    __builtin_add_overflow(sec, ns, &ns))
		return -EINVAL;
	*ret_realtime_ns = ns;
	return 0;
}

int clock_remaining_ms(uint64_t deadline_ns, int timeout_ms)
{
	uint64_t now = clock_monotonic_ns();

	if (timeout_ms < 0)
		return -1;
	return now >= deadline_ns ? 0 : (int)((deadline_ns - now) / 1000000 + 1);
}
